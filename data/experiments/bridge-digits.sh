#!/bin/sh
# bridge-digits.sh DIGITS [DIRECTORY] [FROM] [TO]: a bridge between two classes of handwritten digits
# (data/digits.h5: 1797 images of 8 x 8 pixels), by default from 3 to 8. It draws paths in both
# directions: pairs of ends in forward.png and backward.png, and states at t = 0, 0.25, 0.5, 0.75, 1 in
# paths.png, one path per column. It prints the W2 distance between the ends and held-out digits of the
# other class, and the distance between two sets of such digits.
set -eu
digits=$(realpath "$1") directory=${2:-bridge-digits} from=${3:-3} to=${4:-8}
mkdir -p "$directory" && cd "$directory"

si-data export "$digits:/label" -q -o label.csv
si-data export "$digits:/x" -q -o x.csv
for class in "$from" "$to"; do
    paste -d, label.csv x.csv | awk -F, -v class="$class" '$1 == class' | cut -d, -f2- > all.csv
    # The last 60 are held out, by halves.
    head -n -60 all.csv > rows.csv && tail -n 60 all.csv > "held-$class.csv"
    si-data import rows.csv --shape 8,8 -q -o "digit-$class.h5"
    head -n 30 "held-$class.csv" > "held-$class-a.csv"
    tail -n 30 "held-$class.csv" > "held-$class-b.csv"
done
# With noise below the deviation of a pixel, 0.38, paths keep what the digits have in common. This
# method ends in digits of the training data.
si-bridge "digit-$from.h5" "digit-$to.h5" --sigma 0.15 --method sinkhorn -o bridge.json
si-bridge draw bridge.json --x0 "held-$from.csv" --trajectory 0,0.25,0.5,0.75,1 -q -o forward.h5
si-bridge draw bridge.json --backward --x1 "held-$to.csv" --trajectory 1,0 -q -o backward.h5

grid() { si-plot "$1" --kind grid,rows="$3",columns="$4",size="${5:-8:8}",zoom=6 -q -o "$2"; }
grid forward.h5:/trajectory paths.png 1 20 40:8
si-data export forward.h5 -q -o ends.csv
si-data export backward.h5 -q -o starts.csv
# Each start beside its end.
paste -d'\n' "held-$from.csv" ends.csv > there.csv && grid there.csv forward.png 6 10
paste -d'\n' "held-$to.csv" starts.csv > back.csv && grid back.csv backward.png 6 10

w2() {
    si-bridge couple "$1" "$2" --plan exact -o pairs.h5 2>&1 |
        sed 's/.*"cost":\([^,]*\).*/\1/' | awk '{ printf "%.3f", sqrt(2 * $1) }'
}
head -n 30 ends.csv > ends-a.csv && head -n 30 starts.csv > starts-a.csv
printf 'W2 of %s made to held-out %s: %s (two held-out sets: %s; %s itself: %s)\n' "$to" "$to" \
    "$(w2 ends-a.csv "held-$to-a.csv")" "$(w2 "held-$to-b.csv" "held-$to-a.csv")" "$from" \
    "$(w2 "held-$from-a.csv" "held-$to-a.csv")"
printf 'W2 of %s made to held-out %s: %s (two held-out sets: %s; %s itself: %s)\n' "$from" "$from" \
    "$(w2 starts-a.csv "held-$from-a.csv")" "$(w2 "held-$from-b.csv" "held-$from-a.csv")" "$to" \
    "$(w2 "held-$to-a.csv" "held-$from-a.csv")"
