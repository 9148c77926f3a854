#!/bin/sh
# fuzz.sh BUILD SECONDS [PARSER...]: libFuzzer on each parser, or those that are named, from the
# valid inputs and what is in corpus/. What it finds stays in BUILD/fuzz/PARSER-*, to be minimised
# (fuzz_PARSER -minimize_crash=1), put right and added to corpus/.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
seconds=$2
shift 2
[ $# -gt 0 ] || set -- hdf5 stream json csv npy checkpoint spec
mkdir -p "$build/fuzz/tmp"
"$build/bin/mutate" seeds "$build/fuzz/seeds"
status=0
for parser in "$@"; do
    mkdir -p "$build/fuzz/$parser"
    dictionary=
    [ ! -s "$build/fuzz/seeds/$parser.dict" ] || dictionary="-dict=$build/fuzz/seeds/$parser.dict"
    # libhdf5 asks for whatever a damaged file says, is told no as malloc would, and forgets to give
    # back some of what it had.
    case $parser in
        hdf5 | stream) options=allocator_may_return_null=1:detect_leaks=0 ;;
        *) options= ;;
    esac
    # shellcheck disable=SC2086
    if ASAN_OPTIONS=$options TMPDIR=$build/fuzz/tmp "$build/bin/fuzz_$parser" $dictionary -max_total_time="$seconds" \
        -timeout=5 -rss_limit_mb=2048 -max_len=65536 -artifact_prefix="$build/fuzz/$parser-" \
        "$build/fuzz/$parser" "$build/fuzz/seeds/$parser" "$here/corpus/$parser" \
        >"$build/fuzz/$parser.log" 2>&1; then
        echo "$parser: $(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$build/fuzz/$parser.log") inputs, nothing found"
    else
        echo "$parser: see $build/fuzz/$parser.log" >&2
        status=1
    fi
done
rm -rf "$build/fuzz/tmp"
exit $status
