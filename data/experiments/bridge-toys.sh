#!/bin/sh
# bridge-toys.sh [DIRECTORY] [METHODS] [SEEDS]: bridges between sets in two dimensions, from 10000
# samples of each side at sigma = 1. For each method the W2 distance from 2000 fresh targets of where
# the SDE of the bridge (100 steps of Heun), or the flow for those that have no noise, takes 2000
# fresh starting points: mean over the seeds. Beside it stands the floor, W2 of two sets of fresh
# targets, which no method can be expected to pass.
set -eu
directory=${1:-bridge-toys}
methods=${2:-lightsb sinkhorn sf2m otcfm cfm}
seeds=${3:-1 2 3}
mkdir -p "$directory" && cd "$directory"

# draw NAME N SEED FILE; moons are three times as wide, about the origin.
draw() {
    case $1 in
        normal) si-data gaussian,dim=2 -n "$2" --seed "$3" -q -o "$4" ;;
        eight) si-data ring,modes=8,radius=5,sigma=0.316 -n "$2" --seed "$3" -q -o "$4" ;;
        moons)
            si-data moons,noise=0.2 -n "$2" --seed "$3" -q -o moons.h5
            si-data export moons.h5 -q -o moons.csv
            awk -F, '{ printf "%.17g,%.17g\n", 3 * $1 - 1, 3 * $2 - 1 }' moons.csv > "$4"
            ;;
    esac
}
w2() {
    si-bridge couple "$1" "$2" --plan exact -o pairs.h5 2>&1 |
        sed 's/.*"cost":\([^,]*\).*/\1/' | awk '{ print sqrt(2 * $1) }'
}
printf '%-22s%-12s%10s%10s%10s\n' pair method W2 floor seconds
for pair in 'normal eight' 'normal moons' 'moons eight' 'eight moons'; do
    set -- $pair
    for side in 1 2; do
        name=$1
        [ $side = 2 ] && name=$2
        draw "$name" 10000 11$side train$side
        draw "$name" 2000 12$side test$side
        draw "$name" 2000 13$side other$side
    done
    floor=$(w2 other2 test2)
    for method in $methods; do
        sum=0 seconds=0 count=0
        for seed in $seeds; do
            before=$(date +%s.%N)
            si-bridge train1 train2 --sigma 1 --method "$method" --seed "$seed" -q -o b.json
            after=$(date +%s.%N)
            how='--sde heun,steps=100 --epsilon bridge'
            case $method in *cfm* | reflow*) how= ;; esac
            si-sample b.json --x0 test1 $how --seed "$seed" -q -o made.h5
            sum=$(echo "$sum $(w2 made.h5 test2)" | awk '{ print $1 + $2 }')
            seconds=$(echo "$seconds $before $after" | awk '{ print $1 + $3 - $2 }')
            count=$((count + 1))
        done
        echo "$1 $2 $method $sum $floor $seconds $count" |
            awk '{ printf "%-22s%-12s%10.3f%10.3f%10.1f\n", $1 " to " $2, $3, $4/$7, $5, $6/$7 }'
    done
done
