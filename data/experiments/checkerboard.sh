#!/bin/sh
# checkerboard.sh [DIRECTORY] [STEPS]: the two-dimensional experiment of arXiv:2303.08797 (section
# 7.1). For each latent it trains the linear interpolant from N(0, I) to the checkerboard, in STEPS
# steps (default 3000): v and s, or without a latent b alone, which supports the ODE only. Then it
# prints the cross-entropy of fresh samples for each epsilon (0 is the ODE), and draws the densities.
# The minimum is the entropy, ln 32 = 3.4657.
set -eu
directory=${1:-checkerboard} steps=${2:-3000}
epsilons='0 0.5 1 2.5'
mkdir -p "$directory" && cd "$directory"

si-data checkerboard -n 200000 --seed 1 -q -o board.h5
si-data checkerboard -n 500 --seed 2 -q -o test.h5

number() { sed "s/.*\"$1\":\([^,}]*\).*/\1/"; }
pictures=''
printf '%-14s' gamma
for e in $epsilons; do printf '%20s' "epsilon $e"; done
echo
for gamma in none brownian quadratic sigmoid sine-squared; do
    learn=v,s
    [ $gamma = none ] && learn=b
    [ -f $gamma.json ] || si-train board.h5 --base gaussian --gamma $gamma --learn $learn \
        --batch 2048 --steps "$steps" -q -o $gamma.json
    printf '%-14s' $gamma
    for e in $epsilons; do
        if [ $gamma = none ] && [ "$e" != 0 ]; then
            printf '%20s' -
            continue
        fi
        how="--sde heun,steps=200 --epsilon $e" score="--sde 100 --paths 8 --epsilon $e"
        [ "$e" = 0 ] && how='--ode dopri5' score=$how
        si-sample $gamma.json -n 30000 $how -q -o $gamma-$e.h5
        score=$(si-likelihood $gamma.json test.h5 $score -q)
        printf '%12.4f +-%6.4f' "$(echo "$score" | number cross_entropy)" \
            "$(echo "$score" | number stderr)"
        [ $gamma = none ] || pictures="$pictures $gamma-$e.h5"
    done
    echo
done
si-plot board.h5 none-0.h5 --kind density,pixels=160 -o none.png
si-plot $pictures --kind density,pixels=160,across=4 -o panel.png
echo "data beside samples without a latent: $(pwd)/none.png; one row per latent, one column per epsilon: panel.png"
