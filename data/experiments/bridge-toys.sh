#!/bin/sh
# bridge-toys.sh [DIRECTORY] [METHODS] [SEEDS]: bridges between sets in two dimensions, from 10000
# samples of each side at sigma = 1, with default settings: the table of arXiv:2307.03672 and
# arXiv:2303.16852. Each method carries 10000 fresh starting points by its plan, by its SDE (100 steps
# of Heun) or, without noise, by its flow. The table has the W2 distance between their ends and 10000
# fresh targets, and the energies of the drift and of the flow: means over the seeds, and half the range
# of W2 over the seeds. Rows above the methods have other fresh targets, one set per seed, and the
# targets that the methods learned from. Their distances have the noise of two sets; those of a method have the noise
# of three (the starting points, the training samples and the targets), so a method without any error
# of its own would have about sqrt(3/2) times the distance of fresh targets.
set -eu
directory=${1:-bridge-toys}
methods=${2-lightsb otcfm cfm sf2m dsbm}
seeds=${3:-1 2 3 4 5}
mkdir -p "$directory" && cd "$directory"

# draw NAME N SEED FILE. The eight points have covariance sqrt(0.1) I, as the code of those tables
# makes them. Moons are three times as wide, about the origin, as in those tables; an
# s-curve is that of scikit-learn without its middle coordinate, times three.
draw() {
    case $1 in
        normal) si-data gaussian,dim=2 -n "$2" --seed "$3" -q -o "$4" ;;
        eight) si-data ring,modes=8,radius=5,sigma=0.5623 -n "$2" --seed "$3" -q -o "$4" ;;
        moons)
            si-data moons,noise=0.2 -n "$2" --seed "$3" -q -o moons.h5
            si-data export moons.h5 -q -o moons.csv
            awk -F, '{ printf "%.17g,%.17g\n", 3 * $1 - 1, 3 * $2 - 1 }' moons.csv > "$4"
            ;;
        scurve)
            si-data gaussian,dim=3 -n "$2" --seed "$3" -q -o noise.h5
            si-data export noise.h5 -q -o noise.csv
            # A uniform angle from the direction of two normal numbers.
            awk -F, 'function sign(v) { return v < 0 ? -1 : 1 }
                { t = 1.5 * atan2($1, $2); printf "%.17g,%.17g\n",
                  3 * sin(t) + 0.1 * $3, 3 * sign(t) * (cos(t) - 1) }' noise.csv > "$4"
            ;;
    esac
}
number() { sed "s/.*\"$1\":\([^,}]*\).*/\1/" score; }
# w2 FILE FILE: between two sets of as many points.
w2() {
    si-bridge couple "$1" "$2" -q -o pairs.h5
    si-data info pairs.h5 | sed -n 's/.*report = .*"cost":\([^,]*\).*/\1/p' |
        awk '{ print sqrt(2 * $1), "null null null 0 0" }'
}
# row PAIR METHOD: of the seeds' "w2 path flow from to".
row() {
    awk -v pair="$1" -v method="$2" '
        NR == 1 || $1 < low { low = $1 }
        NR == 1 || $1 > high { high = $1 }
        { w2 += $1; path += $2; flow += $3; no_path = $2 == "null"; no_flow = $3 == "null"
          seconds += $5 - $4 }
        END { printf "%-18s%-10s%8.3f%8.3f%10s%10s%8s\n", pair, method, w2 / NR, (high - low) / 2,
              no_path ? "-" : sprintf("%.2f", path / NR), no_flow ? "-" : sprintf("%.2f", flow / NR),
              seconds ? sprintf("%.1f", seconds / NR) : "-" }' results
}
printf '%-18s%-10s%8s%8s%10s%10s%8s\n' pair method W2 spread path flow seconds
for pair in 'normal eight' 'moons eight' 'normal moons' 'normal scurve'; do
    set -- $pair
    for side in 1 2; do
        name=$1
        [ $side = 2 ] && name=$2
        draw "$name" 10000 11$side train$side
    done
    draw "$1" 10000 121 test1
    draw "$2" 20000 122 test2
    si-bridge couple test1 test2 --plan independent,pairs=20000 -q -o test.h5
    si-data head test.h5:/x1 -n 10000 -q -o reference.h5
    : > results
    for seed in $seeds; do
        draw "$2" 10000 13$seed fresh
        w2 fresh reference.h5:/x1 >> results
    done
    row "$pair" fresh
    w2 train2 reference.h5:/x1 > results
    row "$pair" learned
    for method in $methods; do
        : > results
        for seed in $seeds; do
            before=$(date +%s.%N)
            si-bridge train1 train2 --sigma 1 --method "$method" --seed "$seed" -q -o b.json
            after=$(date +%s.%N)
            si-bridge bench score b.json test.h5 --transport 10000 --seed "$seed" -q > score
            echo "$(number w2) $(number path_energy) $(number flow_energy) $before $after" >> results
        done
        row "$pair" "$method"
    done
done
