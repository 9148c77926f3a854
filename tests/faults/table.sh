#!/bin/sh
# table.sh BUILD [few|many]: runs the fault matrix with the programs of a build folder and writes the
# table of README.md from what the runs say. `many` takes as often as the label slow.
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd) size=${2:-few}
SI_BIN=$build/bin FAULT_SHIM=$(find "$build" -name 'libfault_shim.so' | head -1) FAULT_CORPUS=$here/corpus
export SI_BIN FAULT_SHIM FAULT_CORPUS
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
status=0
row() { # name, what it is, few, many, command...
    name=$1 what=$2 count=$3
    [ "$size" = few ] || count=$4
    shift 4
    said=$("$@" "$count" 2>&1) || status=1
    echo "$said" >&2
    last=$(echo "$said" | tail -1)
    printf '| %s | %s | %s |\n' "$name" "$what" "$last" >>"$lines"
}
matrix() { row "$1" "$2" "$3" "$4" sh "$here/run.sh" "$1"; }
matrix F1 'kill -9 while an output is written: the old file or the new one' 4 200
row F2/F3 'kill -9 and signals in training with checkpoints, then resume: same bytes' 6 200 sh "$here/kill_resume.sh"
matrix F5 'the disk is full at byte k: 74' 12 256
matrix F6 'the n-th write, fsync, close, rename fails, is interrupted or short' 60 5000
matrix F7 'the n-th allocation fails: one line, no crash' 30 3000
matrix F8 'standard input ends at byte k: 65' 20 300
matrix F9 'the writer of a pipe is killed: its reader says 65' 4 100
matrix F10 'the reader of a pipe leaves: its writer ends by SIGPIPE' 8 100
matrix F13 'one bit is turned in a file and in a stream: found, or not read' 20 2000
for parser in hdf5 stream json csv npy checkpoint spec; do
    few=2000 many=1000000
    case $parser in hdf5 | stream | checkpoint) few=500 many=100000 ;; esac
    row F11/F12 "mutated $parser: no crash, 5 s, 1 GiB" $few $many "$build/bin/mutate" $parser
done
{
    sed '/^| row/,$d' "$here/README.md"
    echo '| row | fault | what the run said (row, tried, failed) |'
    echo '|---|---|---|'
    cat "$lines"
} >"$here/README.new" && mv "$here/README.new" "$here/README.md"
exit $status
