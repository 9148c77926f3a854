#!/bin/sh
# run.sh ROW COUNT: one row of the fault matrix (rows/ROW.sh), tried about COUNT times. The programs
# are found in $SI_BIN, the shim in $FAULT_SHIM. Prints "ROW: N tried, N failed", on a line of its own,
# with $note where the row has more to say, and what failed before. Status 1 when anything failed, 77
# when the row needs what is not here.
#
# A row is its file: a first line that says what goes wrong and what must come of it, a second with
# the counts of every run and of the label slow, and commands that count in tried and failed. It runs
# in an empty folder with in.h5 (two columns) and m.json (their exact model) in the one above.
set -u
row=$1 count=$2
faults=$(cd "$(dirname "$0")" && pwd)
[ -e "$faults/rows/$row.sh" ] || { echo "run.sh: no row $row" >&2; exit 64; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/tmp" "$work/out"
cd "$work/out" || exit 1
PATH=${SI_BIN:+$SI_BIN:}$PATH TMPDIR=$work/tmp LC_ALL=C TERM=dumb
export PATH TMPDIR LC_ALL TERM
unset SI_BIN # no option of a program
tried=0 failed=0 note= output=o

si-data gaussian,dim=2 -n 2000 -o ../in.h5 -q
si-data exact mixture,dim=2 --gamma brownian -o ../m.json -q
old='what was there before'

wrong() {
    failed=$((failed + 1))
    [ $failed -gt 5 ] || { echo "$row: $*"; head -3 "$work/err" 2>/dev/null; }
}

# Looks at a run that ended with status $1: "$2" lists the statuses it may have. Unless it is 0 there
# is one line on standard error, the output is the old one or the new one and whole, and nothing is
# left.
judge() {
    case " $2 " in *" $1 "*) ;; *) wrong "status $1, not one of $2: $3"; return ;; esac
    leftovers=$(ls -A . ../tmp | grep -c '\.tmp$')
    [ "$leftovers" = 0 ] || { wrong "$leftovers files left: $3"; rm -f .[!.]*; return; }
    [ "$1" = 0 ] && return
    [ "$(wc -l <../err)" = 1 ] || [ "$1" -ge 128 ] || { wrong "not one line: $3"; return; }
    [ ! -e $output ] || [ "$(head -c 30 $output | tr -d '\0')" = "$old" ] || cmp -s $output ../whole ||
        wrong "neither the old file nor the whole new one: $3"
}

# The commands that write: each makes ./o.
command_of() {
    case $1 in
    data) set -- si-data gaussian,dim=2 -n 300 -o o -q ;;
    sample) set -- si-sample ../m.json -n 300 --ode euler,steps=2 -o o -q ;;
    scores) set -- si-likelihood ../m.json ../in.h5 --ode euler,steps=1 --shard 1/9 -o o -q ;;
    train) set -- si-train ../in.h5 -o o --net mlp,width=4,depth=1 --steps 2 --batch 8 --threads 1 -q ;;
    split) set -- si-data split ../in.h5 -o o --held-out o2 ;;
    export) set -- si-data export ../in.h5 -o o.npy ;;
    esac
    "$@" >../stdout 2>../err </dev/null
}

# Call number 1, 1 + step, ... fails until there are no more, or it was tried often enough. A run that
# gets over it has the output of one that nothing happened to.
each_call() { # what call how step statuses most
    n=1 end=$((tried + $6)) output=o
    [ "$1" != export ] || output=o.npy
    rm -f o o2 o.npy ../whole ../whole2
    command_of "$1" || wrong "$1 itself"
    mv $output ../whole
    [ ! -e o2 ] || mv o2 ../whole2
    while [ $tried -lt $end ]; do
        rm -f ../fired o2
        printf %s "$old" >$output
        FAULT=$2:$n:$3 FAULT_MARK=$work/fired LD_PRELOAD=$FAULT_SHIM command_of "$1"
        status=$?
        [ -e ../fired ] || return 0
        tried=$((tried + 1))
        judge $status "$5" "$1, $2 $n $3"
        if [ $status = 0 ]; then
            cmp -s $output ../whole && { [ ! -e ../whole2 ] || cmp -s o2 ../whole2; } ||
                wrong "status 0 with another output: $1, $2 $n $3"
        fi
        n=$((n + $4))
    done
}

# $count inputs for a parser, after those of corpus/.
mutated() { # parser
    said=$(FAULT_CORPUS=$faults/corpus mutate "$1" "$count" 2>"$work/err") || wrong "$said"
    tried=$count note=${said#*inputs, }
}

. "$faults/rows/$row.sh"

echo "$row: $tried tried, $failed failed${note:+, $note}"
[ $failed = 0 ] && [ $tried -gt 0 ]
