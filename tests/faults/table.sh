#!/bin/sh
# table.sh BUILD few|many [ROW...]: runs rows of the fault matrix, without names all of rows/, with
# the programs of a build folder, as often as every run of the tests does or as the label slow, and
# writes what they said into the table of README.md.
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd) size=$2
shift 2
SI_BIN=$build/bin FAULT_SHIM=$(find "$build" -name 'libfault_shim.so' | head -1)
MPIEXEC=${MPIEXEC:-mpirun}
export SI_BIN FAULT_SHIM MPIEXEC
[ $# -gt 0 ] || set -- $(cd "$here/rows" && ls | sed 's/\.sh$//' | sort -V)
column=3
[ "$size" = few ] || column=4
status=0
for row in "$@"; do
    file=$here/rows/$row.sh
    said=$(sh "$here/run.sh" "$row" "$(awk -v c=$column 'NR == 2 { print $c }' "$file")" 2>&1)
    result=$?
    [ $result != 77 ] || { echo "$row: skipped" && continue; }
    [ $result = 0 ] || status=1
    echo "$said"
    sh "$here/record.sh" "$row" "$(sed -n '1s/^# //p' "$file")" "$(echo "$said" | tail -1 | sed 's/^[^:]*: //')"
done
exit $status
