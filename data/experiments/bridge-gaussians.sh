#!/bin/sh
# bridge-gaussians.sh [DIRECTORY] [METHODS] [DIMENSIONS]: the Gaussian table of arXiv:2303.16852 and
# arXiv:2307.03672: N(-0.1, I) to N(0.1, I) at sigma = 1 from 10000 samples of each side, default
# settings. It prints the KL divergence between moments of the model and of the bridge, averaged over 21
# times, with diagonals and with whole covariances, each beside its value for 10000 samples of the
# truth: d / n and d (d + 3) / (4 n).
set -eu
directory=${1:-bridge-gaussians}
methods=${2:-gaussian lightsb sf2m dsbm dsbm,schedule=online}
dimensions=${3:-5 20 50 100}
mkdir -p "$directory" && cd "$directory"

number() { sed "s/.*\"$1\":\([^,}]*\).*/\1/" score; }
printf '%4s  %-22s%13s%10s%11s%10s%9s\n' d method 'diagonal KL' floor 'full KL' floor seconds
for dim in $dimensions; do
    pair=pair-$dim.h5
    [ -f "$pair" ] || si-bridge bench make gaussian,dim="$dim" --epsilon 1 -n 10000 -q -o "$pair"
    for method in $methods; do
        before=$(date +%s.%N)
        si-bridge "$pair:/x0" "$pair:/x1" --epsilon 1 --method "$method" -q -o bridge.json
        after=$(date +%s.%N)
        si-bridge bench score bridge.json "$pair" -n 10000 --points 10 --samples 10 -q > score
        printf '%4d  %-22s%13.5f%10.5f%11.5f%10.5f%9.1f\n' "$dim" "$method" "$(number kl_diagonal)" \
            "$(number kl_diagonal_floor)" "$(number kl_full)" "$(number kl_full_floor)" \
            "$(awk "BEGIN { print $after - $before }")"
    done
done
