#!/bin/sh
# bridges.sh [DIRECTORY] [SAMPLES] [DIMENSIONS] [METHODS]: how near bridges come to known ones, on the
# pairs of si-bridge bench make mixture (the construction of arXiv:2306.10161). For sigma^2 = 0.1, 1
# and 10 it prints cBW2-UVP in percent with its standard error, its value for the truth with 1000
# samples per point (floor), its value for the correct law of x1 that does not depend on x0
# (independent), and the seconds of the fit. Methods that learn from SAMPLES samples of each set know
# masses to 1 / sqrt(SAMPLES), which alone costs about a tenth of a percent at 100000.
set -eu
directory=${1:-bridges} samples=${2:-300000} dimensions=${3:-2 16 64 128}
methods=${4:-gaussian sinkhorn,points=2048 lightsb}
mkdir -p "$directory" && cd "$directory"

number() { echo "$1" | sed "s/.*\"$2\":\([^,}]*\).*/\1/"; }
printf '%-26s%6s%9s%12s%22s%10s%13s\n' method d sigma^2 seconds cBW2-UVP floor independent
for dim in $dimensions; do
    for e in 0.1 1 10; do
        pair=pair-$dim-$e.h5
        [ -f "$pair" ] ||
            si-bridge bench make mixture,dim="$dim" --epsilon $e -n "$samples" -q -o "$pair"
        for method in $methods; do
            before=$(date +%s.%N)
            si-bridge "$pair:/x0" "$pair:/x1" --epsilon $e --method "$method" -q -o bridge.json
            after=$(date +%s.%N)
            score=$(si-bridge bench score bridge.json "$pair" -q)
            printf '%-26s%6d%9s%12.1f%13.4f +-%6.4f%10.4f%13.2f\n' "$method" "$dim" $e \
                "$(awk "BEGIN { print $after - $before }")" "$(number "$score" cbw2_uvp)" \
                "$(number "$score" cbw2_uvp_stderr)" "$(number "$score" cbw2_uvp_floor)" \
                "$(number "$score" cbw2_uvp_independent)"
        done
    done
done
