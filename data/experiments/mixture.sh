#!/bin/sh
# mixture.sh [DIRECTORY] [DIMENSION] [STEPS] [SAMPLES]: the high-dimensional experiment of
# arXiv:2303.08797 (section 7.2). Five Gaussian modes with means N(0, 7.5^2 I) and covariances
# W'W / d + I; the linear interpolant from N(0, I) with a Brownian latent. It trains the four pairs
# of fields, STEPS steps each (default 3000), prints their relative L2 errors against the exact
# fields, and for each epsilon (0 is the ODE) the KL divergence between kernel estimates of the truth
# and of the samples in the first two coordinates. In 128 dimensions (the default) this takes 20
# minutes on two cores.
set -eu
directory=${1:-mixture} dim=${2:-128} steps=${3:-3000} samples=${4:-5000}
epsilons='0 0.1 0.5 1 2 5'
mkdir -p "$directory" && cd "$directory"

si-data mixture,dim="$dim" -n 100000 --seed 1 --dtype f32 -q -o train.h5
si-data mixture,dim="$dim" -n $((3 * samples)) --seed 2 --dtype f32 -q -o test.h5
si-data exact mixture,dim="$dim" --gamma brownian -o exact.json

number() { sed "s/.*\"$1\":\([^,}]*\).*/\1/"; }
for learn in b,eta b,s v,eta v,s; do
    model=$(echo $learn | tr , -)
    [ -f $model.json ] || si-train train.h5 --base gaussian --standardize none --gamma brownian \
        --learn $learn --net mlp --batch 2048 --steps "$steps" -q -o $model.json
    echo "$learn: relative errors $(si-eval fields $model.json exact.json -q)"
done

printf '%-8s' 'KL'
for e in $epsilons; do printf '%20s' "epsilon $e"; done
echo
for learn in b,eta b,s v,eta v,s; do
    model=$(echo $learn | tr , -)
    printf '%-8s' $learn
    for e in $epsilons; do
        how="--sde heun,steps=200 --epsilon $e"
        [ "$e" = 0 ] && how='--ode dopri5,rtol=1e-4,atol=1e-4'
        si-sample $model.json -n "$samples" $how -q -o $model-$e.h5
        score=$(si-eval kernel $model-$e.h5 test.h5 -q)
        printf '%12.4f +-%6.4f' "$(echo "$score" | number kl)" "$(echo "$score" | number stderr)"
    done
    echo
done
echo "floor   $(echo "$score" | number floor) +- $(echo "$score" | number floor_stderr)"
