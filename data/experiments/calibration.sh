#!/bin/sh
# calibration.sh [DRAWS] [SAMPLES]: how often the 95 % intervals of si-eval miss a distance that is known
# in closed form, and how often the verdict on samples of one law is "differs". DRAWS times (200) it
# draws SAMPLES samples (300) of x ~ N(m, I) and of y ~ N(0, I) with |m| = 1 in d dimensions: W1 (d = 1)
# and W2 are 1, the root mean square difference of the means is 1 / sqrt(d), the KL divergence is 1/2,
# and the energy distance in one dimension is 2 E|N(1, 2)| - 2 E|N(0, 2)|. A correct interval misses 5
# times in 100; the last column is 5 standard errors above that.
set -eu
draws=${1:-200} n=${2:-300}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo "d metric truth missed false_alarms draws at_most"
for d in 1 2 5; do
    shift_by=$(awk -v d=$d 'BEGIN { printf "%.17g", 1 / sqrt(d) }')
    mean=$(awk -v d=$d -v m="$shift_by" 'BEGIN { for (i = 1; i <= d; ++i) printf "%s%s", m, i < d ? ":" : "" }')
    metrics=w2,kl,moments
    [ $d != 1 ] || metrics=w1,w2,kl,moments,energy
    k=0
    : >rows
    while [ $k -lt "$draws" ]; do
        k=$((k + 1))
        si-data gaussian,dim=$d,mean="$mean" -n "$n" --seed $((3 * k)) -q -o x.h5
        si-data gaussian,dim=$d -n "$n" --seed $((3 * k + 1)) -q -o y.h5
        si-data gaussian,dim=$d -n "$n" --seed $((3 * k + 2)) -q -o z.h5
        echo "shifted $(si-eval x.h5 y.h5 --metrics $metrics --units raw -q)" >>rows
        echo "same $(si-eval z.h5 y.h5 --metrics $metrics --units raw -q)" >>rows
    done
    awk -v d=$d -v draws="$draws" '
        function of(metric, key,    at, rest) {
            at = index($0, "\"" metric "\":{\"value\"")
            if (!at) return ""
            rest = substr($0, at)
            rest = substr(rest, index(rest, "\"" key "\":") + length(key) + 3)
            return rest
        }
        BEGIN {
            truth["w1"] = truth["w2"] = 1; truth["mean"] = 1 / sqrt(d); truth["kl"] = 0.5
            # E|N(m, 2)| = 2 exp(-m^2/4) / sqrt(pi) + m erf(m/2); erf(1/2) = 0.5204998778
            truth["energy"] = 2 * (2 * exp(-0.25) / sqrt(3.14159265358979) + 0.5204998778) - 4 / sqrt(3.14159265358979)
        }
        {
            for (metric in truth) {
                if (of(metric, "interval") == "") continue
                if ($1 == "shifted") {
                    split(of(metric, "interval"), ends, /[][,]/)
                    if (ends[2] > truth[metric] || ends[3] < truth[metric]) ++missed[metric]
                    ++seen[metric]
                } else if (of(metric, "verdict") ~ /^"differs"/) ++alarms[metric]
            }
        }
        END {
            for (metric in seen) {
                printf "%d %s %.4f %d %d %d %.0f\n", d, metric, truth[metric], missed[metric], alarms[metric],
                    seen[metric], draws * 0.05 + 5 * sqrt(draws * 0.05 * 0.95)
            }
        }' rows | sort
done
