#!/bin/sh
# run.sh ROW COUNT: one row of the fault matrix (README.md), tried about COUNT times. The programs
# are found in $SI_BIN, the shim in $FAULT_SHIM. Prints "ROW tried failed", on a line of its own, and
# what failed before; with $FAULT_TABLE that line is added there. Status 1 when anything failed.
set -u
row=$1 count=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/tmp" "$work/out"
cd "$work/out" || exit 1
PATH=${SI_BIN:+$SI_BIN:}$PATH TMPDIR=$work/tmp LC_ALL=C TERM=dumb
export PATH TMPDIR LC_ALL TERM
unset SI_BIN # no option of a program
tried=0 failed=0

si-data gaussian,dim=2 -n 2000 -o ../in.h5 -q
si-data exact mixture,dim=2 --gamma brownian -o ../m.json -q
old='what was there before'

wrong() {
    failed=$((failed + 1))
    [ $failed -gt 5 ] || { echo "$row: $*"; head -3 ../err; }
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
    [ ! -e o ] || [ "$(head -c 30 o | tr -d '\0')" = "$old" ] || cmp -s o ../whole ||
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

# Call number 1, 1 + step, ... fails until there are no more, or it was tried often enough.
each_call() { # what call how step statuses most
    n=1 end=$((tried + $6))
    rm -f o o2
    command_of "$1"
    [ ! -e o ] || mv o ../whole
    while [ $tried -lt $end ]; do
        rm -f ../fired o2
        printf %s "$old" >o
        FAULT=$2:$n:$3 FAULT_MARK=$work/fired LD_PRELOAD=$FAULT_SHIM command_of "$1"
        status=$?
        [ -e ../fired ] || return 0
        tried=$((tried + 1))
        judge $status "$5" "$1, $2 $n $3"
        n=$((n + $4))
    done
}

case $row in
F1) # kill -9 while the output is written: the old file, or the new one
    si-data gaussian,dim=2 -n 200000 -o ../new.h5 -q
    while [ $tried -lt "$count" ]; do
        printf %s "$old" >o
        si-data gaussian,dim=2 -n 200000 -o o -q &
        sleep "0.$(awk -v s=$tried 'BEGIN { srand(s); printf "%03d", 10 + 280 * rand() }')"
        kill -9 $! 2>/dev/null
        wait $! 2>/dev/null
        tried=$((tried + 1))
        [ "$(cat o | head -c 21 | tr -d '\0')" = "$old" ] || cmp -s o ../new.h5 || wrong "neither old nor new"
        rm -f .[!.]*
    done ;;
F5) # the disk is full at byte k, in steps over a file of 1 MB
    step=$((1100 / count + 1))
    k=0
    while [ $k -lt 1020 ]; do
        printf %s "$old" >o
        # What it says goes through a pipe, which has no limit.
        { (trap '' XFSZ; ulimit -f $k; exec si-data gaussian,dim=2 -n 44000 -o o -q 2>&1)
            echo $? >../status; } | cat >../err
        judge "$(cat ../status)" 74 "limit of $k blocks"
        tried=$((tried + 1)) k=$((k + step))
    done
    si-data gaussian,dim=2 -n 44000 -q >/dev/full 2>../err
    judge $? 74 /dev/full
    tried=$((tried + 1)) ;;
F6) # the n-th call fails
    for what in data sample scores train split export; do
        for call in write fsync close rename; do
            for how in EIO ENOSPC; do
                each_call $what $call $how 1 "0 65 66 73 74" $((count / 60 + 1))
            done
        done
        each_call $what write EINTR 1 0 $((count / 60 + 1))
        each_call $what write SHORT 1 0 $((count / 60 + 1))
    done ;;
F7) # the n-th allocation fails
    step=$((20000 / count + 1))
    [ "$count" -lt 1000 ] || step=1
    for what in data sample train; do
        each_call $what malloc ENOMEM $step "0 65 70 71 73 74" $((count / 3 + 1))
    done ;;
F8) # standard input ends at byte k
    size=$(wc -c <../in.h5)
    k=0
    while [ $k -lt "$size" ]; do
        head -c $k ../in.h5 | si-likelihood ../m.json - --ode euler,steps=1 -q >../stdout 2>../err
        judge $? 65 "cut at $k"
        tried=$((tried + 1))
        if [ $k -lt 3000 ]; then k=$((k + 3000 * 3 / count + 1)); else k=$((k + size * 3 / 2 / count)); fi
    done ;;
F9) # the writer dies while its reader works
    while [ $tried -lt "$count" ]; do
        rm -f ../fifo && mkfifo ../fifo
        si-data gaussian,dim=2 -n 3000000 -q >../fifo 2>/dev/null &
        writer=$!
        (sleep 0.0$((tried % 9 + 1)); kill -9 $writer) 2>/dev/null &
        si-likelihood ../m.json - --ode euler,steps=1 -q <../fifo >../stdout 2>../err
        judge $? 65 "writer killed"
        wait
        tried=$((tried + 1))
    done ;;
F10) # the reader leaves: the writer ends by SIGPIPE, without a word
    while [ $tried -lt "$count" ]; do
        { si-data gaussian,dim=2 -n 3000000 -q 2>../err; echo $? >../status; } | head -c $((tried * 977)) >/dev/null
        judge "$(cat ../status)" 141 "reader of $((tried * 977)) bytes"
        [ -s ../err ] && wrong "it said something"
        tried=$((tried + 1))
    done ;;
F13) # one bit of what was written is turned: found, or in what is not read
    si-data gaussian,dim=2 -n 100 -q >../a.h5
    size=$(wc -c <../a.h5)
    si-likelihood ../m.json ../a.h5 --ode euler,steps=1 -q >../right
    while [ $tried -lt "$count" ]; do
        at=$(awk -v s=$tried -v n="$size" 'BEGIN { srand(s + 7); print int(n * rand()) }')
        byte=$(od -An -tu1 -j "$at" -N 1 ../a.h5)
        turned=$((byte ^ (1 << (tried % 8))))
        { head -c "$at" ../a.h5; printf "\\$(printf %o $turned)"; tail -c +$((at + 2)) ../a.h5; } >../b.h5
        # A turned bit in the name of the checksums hides them, and changes no number.
        for from in - ../b.h5; do
            si-likelihood ../m.json $from --ode euler,steps=1 -q <../b.h5 >../stdout 2>../err
            status=$?
            judge $status "0 65" "bit $((tried % 8)) of byte $at, from $from"
            [ $status != 0 ] || cmp -s ../stdout ../right || wrong "byte $at changes the result"
        done
        tried=$((tried + 1))
    done ;;
*) echo "run.sh: no row $row" >&2; exit 64 ;;
esac

echo "$row $tried $failed"
[ -z "${FAULT_TABLE:-}" ] || echo "$row $tried $failed" >>"$FAULT_TABLE"
[ $failed = 0 ] && [ $tried -gt 0 ]
