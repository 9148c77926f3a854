#!/bin/sh
# defaults.sh [DIRECTORY] [SETS]: si-train without options, beside the best of ten settings chosen by hand,
# from 500 to 100000 samples in 1 to 64 dimensions. A row of the table has, for one data set: minus the
# mean of the true log-density of the test samples, if it is known; seconds of training; the
# cross-entropy of the test samples in nats; the best cross-entropy of the other settings; and by how
# much the default is behind it, with the standard error of that difference. There are 3000 fresh test
# samples; for the real data, digits and tumours, they are held-out samples. Tumours are 569 rows of 30
# numbers that come with scikit-learn; set TUMOURS to its file breast_cancer.csv, otherwise they are
# left out. The whole takes about an hour on one core.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
directory=${1:-defaults}
sets=${2:-comb ring moons funnel spiral board mixture8 gaussian30 tumours digits}
table=$(realpath -m "${TUMOURS:-/usr/lib/python3/dist-packages/sklearn/datasets/data/breast_cancer.csv}")
mkdir -p "$directory" && cd "$directory"

number() { echo "$1" | sed "s/.*\"$2\":\([^,}]*\).*/\1/"; }
make() { # NAME GENERATOR SAMPLES
    [ -f "$1-test.h5" ] && return
    si-data "$2" -n "$3" --seed 1 -q -o "$1.h5"
    si-data "$2" -n 3000 --seed 2 -q -o "$1-test.h5"
}
data() {
    case $1 in
        comb) make comb comb 2000 ;;
        ring) make ring ring 500 ;;
        moons) make moons moons 2000 ;;
        funnel) make funnel funnel 5000 ;;
        spiral) make spiral spiral 10000 ;;
        board) make board checkerboard 100000 ;;
        mixture8) make mixture8 mixture,dim=8 20000 ;;
        gaussian30) make gaussian30 gaussian,dim=30 1000 ;;
        digits) si-data split "$here/../digits.h5" --fraction 0.1 -q -o digits.h5 \
            --held-out digits-test.h5 ;;
        tumours)
            tail -n +2 "$table" | cut -d, -f1-30 > tumours.csv
            si-data split tumours.csv --fraction 0.2 -q -o tumours.h5 --held-out tumours-test.h5
            ;;
        *) echo "defaults.sh: no data set is called $1" >&2 && exit 64 ;;
    esac
}
fit() { # NAME OF THE DATA, NAME OF THE MODEL, OPTIONS
    name=$1 model=$2 step=0
    shift 2
    [ "$name" = digits ] && step=0.0625
    [ -f "$model.csv" ] && return
    before=$(date +%s.%N)
    si-train "$name.h5" --dequantize $step "$@" -q -o "$model.json"
    awk "BEGIN { printf \"%.1f\", $(date +%s.%N) - $before }" > "$model.seconds"
    si-likelihood "$model.json" "$name-test.h5" --ode dopri5,rtol=1e-3,atol=1e-3 -q -o "$model.h5" \
        > "$model.score"
    si-data export "$model.h5:/log_density" -q -o "$model.csv"  # the mark that all is there
}
gap() { # by how much the first model is behind the second, with its standard error
    paste -d, "$1.csv" "$2.csv" | awk -F, '$1 + 0 == $1 {
            d = $2 - $1; n++; sum += d; squares += d * d
        }
        END {
            mean = sum / n
            printf "%8.3f +- %.3f", mean, sqrt((squares / n - mean * mean) / n)
        }'
}

printf '%-11s%8s%4s%10s%9s%19s%10s%18s  %s\n' data n d entropy seconds default best behind by
for set in $sets; do
    [ "$set" = tumours ] && [ ! -f "$table" ] && continue
    data "$set"
    fit "$set" "$set-default"
    steps=$(sed -n 's/.*"steps_done": *\([0-9]*\).*/\1/p' "$set-default.json")
    best='' least=''
    for net in width=128,fourier_scale=1 width=128,fourier_scale=3 width=256,fourier_scale=0.3 \
        width=256,fourier_scale=1 width=256,fourier_scale=3 width=512,fourier_scale=1; do
        fit "$set" "$set-$net" --net "mlp,$net"
    done
    fit "$set" "$set-half" --steps $((steps / 2))
    fit "$set" "$set-twice" --steps $((steps * 2))
    for rate in 0.001 0.004; do
        fit "$set" "$set-rate=$rate" --optimizer adam,lr=$rate
    done
    for score in "$set"-*.score; do
        model=${score%.score}
        [ "$model" = "$set-default" ] && continue
        entropy=$(number "$(cat "$score")" cross_entropy)
        if [ -z "$least" ] || awk "BEGIN { exit !($entropy < $least) }"; then
            least=$entropy best=$model
        fi
    done
    score=$(cat "$set-default.score")
    truth=$(si-data export "$set-test.h5:/log_density" -q -o - 2> /dev/null |
        awk '$1 + 0 == $1 { n++; sum -= $1 } END { if (n) printf "%.3f", sum / n }') || truth=''
    printf '%-11s%8d%4d%10s%9.1f%10.3f +- %.3f%10.3f%18s  %s\n' "$set" \
        "$(sed -n 's/.*"samples": *\([0-9]*\).*/\1/p' "$set-default.json")" \
        "$(sed -n 's/.*"dim": *\([0-9]*\).*/\1/p' "$set-default.json" | head -n 1)" "${truth:--}" \
        "$(cat "$set-default.seconds")" "$(number "$score" cross_entropy)" \
        "$(number "$score" stderr)" "$least" "$(gap "$set-default" "$best")" "${best#"$set"-}"
done
