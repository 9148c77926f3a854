#!/usr/bin/env bash
# coverage.sh [ctest options]: builds with counters, runs the fast tests, and prints the share of
# the lines of lib/ that they reach, for each of its parts and for all, and writes that into the table
# of faults/README.md. What is not reached stands line by line in build/coverage/coverage.txt.
set -euo pipefail
cd "$(dirname "$0")/.."

. data/install-packages.sh
need "${build_packages[@]}" doctest-dev libopenmpi-dev openmpi-bin gcovr

cmake --preset coverage >/dev/null
cmake --build --preset coverage
find build/coverage -name '*.gcda' -delete
# Counters are written at the end of a program, and what writes them does not bear a full disk (F5)
# or memory that ends (F7); a stranger's program that links the library has no counters to link.
ctest --preset coverage -j "$(nproc)" -LE slow -E '^(package|install|faults/F5|faults/F7)$' "$@"

# gcovr 5.2 asserts that a function begins at one line, which is not so of lambdas in templates.
PYTHONOPTIMIZE=1 gcovr --root . --filter 'lib/si/' --exclude '.*_test\.cpp' --object-directory build/coverage \
    --gcov-ignore-parse-errors --exclude-throw-branches --csv build/coverage/coverage.csv \
    --txt build/coverage/coverage.txt build/coverage
shares=$(awk -F, 'NR > 1 {
        split($1, at, "/")
        for (part in parts) delete parts[part]
        parts[at[3]]; parts["all"]
        for (part in parts) { lines[part] += $2; reached[part] += $3 }
    }
    END {
        for (part in lines) {
            printf "%-14s%8d lines%8.1f %%\n", part, lines[part], 100 * reached[part] / lines[part]
        }
    }' build/coverage/coverage.csv | sort)
echo "$shares"
share_of() { echo "$shares" | awk -v part="$1" '$1 == part { print $4 " %" }'; }
below() { awk -v a="$(share_of "$1")" -v b="$2" 'BEGIN { exit !(a + 0 < b) }'; }
status=0
below all 90 && status=1
below io 95 && status=1
sh tests/faults/record.sh F25 'lines of lib/ that the fast tests reach: 90 %, of io 95 %' \
    "$(share_of all) of all, $(share_of io) of io"
exit $status
