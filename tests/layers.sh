#!/bin/sh
# layers.sh SOURCE: includes go down the layers of lib/si, and a library that we wrap is included
# by its wrapper only. One line a folder: its name, then the folders that it may include.
set -eu
cd "$1"

layers='
base
random       base
cli          base
net          base random
density      base random
coupling     base random
interpolant  base density
metric       base random coupling net
model        base density coupling interpolant net
solver       base random interpolant model
flow         base random density interpolant model solver
train        base random density coupling interpolant net model solver flow
bridge       base random density coupling interpolant net model flow train
io           base density net model train
plot         base random io
energy       base random density interpolant model solver flow io
task         base random density coupling metric model solver flow train bridge io plot energy
'

status=0
complain() {
    echo "$1" >&2
    status=1
}

for directory in lib/si/*/; do
    folder=$(basename "$directory")
    allowed=$(echo "$layers" | awk -v f="$folder" '$1 == f { print "x", $0 }')
    if [ -z "$allowed" ]; then
        complain "lib/si/$folder: has no layer; give it a line in tests/layers.sh"
        continue
    fi
    # A unit test may use whatever helps it; what is shipped may not.
    for file in $(find "$directory" -name '*.?pp' ! -name '*_test.cpp'); do
        for used in $(sed -n 's|^ *#include "si/\([^/"]*\)/.*|\1|p' "$file" | sort -u); do
            case " $allowed " in
                *" $used "*) ;;
                *) complain "$file: includes si/$used, which is not below $folder" ;;
            esac
        done
    done
    for used in $allowed; do
        case "$used" in x | "$folder") continue ;; esac
        grep -qlE "^ *#include \"si/$used/" $(find "$directory" -name '*.?pp' ! -name '*_test.cpp') ||
            complain "lib/si/$folder: may include si/$used, and does not; take that from tests/layers.sh"
    done
done

only_in() {  # only_in PATTERN PREFIX; tests/faults damages files as our own writer never would
    for file in $(grep -rlE "^ *#include <($1)" lib apps tests --include='*.?pp' --exclude-dir=faults); do
        case "$file" in
            $2*) ;;
            *) complain "$file: includes $1, which only $2 may" ;;
        esac
    done
}
only_in 'CLI/' lib/si/cli/
only_in 'toml\+\+/' lib/si/cli/config.cpp
only_in 'hdf5|H5' lib/si/io/

# Two types of one name in headers: the linker would keep one of them without a word.
for name in $(find lib/si -name '*.hpp' | xargs sed -n 's/^\(struct\|class\) \([A-Za-z0-9]*\) .*{.*$/\2/p' |
    sort | uniq -d); do
    complain "si::$name is defined in two headers: $(grep -lE "^(struct|class) $name .*\{" -r lib/si --include='*.hpp' | tr '\n' ' ')"
done

exit $status
