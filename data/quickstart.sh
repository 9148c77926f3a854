#!/usr/bin/env bash
# From a fresh Debian machine to generated digits: builds the programs, trains a model, draws samples,
# computes the held-out cross-entropy and makes a picture.
# usage: data/quickstart.sh [FOLDER]     FOLDER gets the results (default ./quickstart)
set -euo pipefail
source_dir=$(cd "$(dirname "$0")/.." && pwd)
out=$(mkdir -p "${1:-quickstart}" && cd "${1:-quickstart}" && pwd)

. "$source_dir/data/install-packages.sh"
need "${build_packages[@]}"

echo "== building into $source_dir/build/release (about 5 minutes on two cores)"
cd "$source_dir"
cmake --preset release >"$out/build.log" 2>&1 || { tail -n 20 "$out/build.log" >&2; exit 1; }
if [ -t 1 ]; then
    cmake --build --preset release  # ninja counts on one line
else
    # In a file or a pipe, every tenth of the count.
    cmake --build --preset release 2>&1 | tee -a "$out/build.log" | awk -F'[][/]' '
        /^\[[0-9]+\/[0-9]+\]/ { tenth = int(10 * $2 / $3); if (tenth != last) print; last = tenth }
        /error:|FAILED:/ { print }
        { fflush() }'
fi
PATH="$source_dir/build/release/bin:$PATH"
cd "$out"

echo "== training on handwritten digits, with one tenth held out"
si-data split "$source_dir/data/digits.h5" --fraction 0.1 -o train.h5 --held-out test.h5
si-train train.h5 --dequantize 0.0625 --log train.jsonl -o digits.json

echo "== drawing 100 digits"
si-sample digits.json -n 100 --seed 1 -o samples.h5

echo "== held-out cross-entropy, in nats"
si-likelihood digits.json test.h5

si-plot train.h5 samples.h5 -o digits.png
echo "== $out/digits.png: real digits on the left, generated ones on the right"
