#!/bin/sh
# kill_resume.sh COUNT: trains with checkpoints and kills the process (SIGKILL, and every third time
# TERM, INT, HUP or USR2) at COUNT moments spread over the run, in runs of up to eight kills. Every
# run must end in the model and the log of one that was never touched.
set -eu
count=$1
PATH=${SI_BIN:+$SI_BIN:}$PATH
unset SI_BIN # no option of a program
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
si-data moons -n 2000 -q -o data.h5
train() { # in the place of this shell, so that a kill reaches it
    exec si-train data.h5 --net mlp,width=32,depth=2 --steps 1500 --batch 256 --valid-interval 40 -q \
        --threads 1 --checkpoint run.ckpt --checkpoint-interval 0.05s --resume auto "$@"
}
began=$(date +%s%N)
(train -o whole.json --log whole.jsonl)
took=$((($(date +%s%N) - began) / 1000000)) # milliseconds
failed=0 killed=0 early=0 runs=0
while [ $killed -lt "$count" ]; do
    rm -f run.ckpt run.ckpt.prev part.json part.jsonl
    kills=0
    while [ $kills -lt 8 ] && [ $killed -lt "$count" ]; do
        train -o part.json --log part.jsonl 2>errors &
        process=$!
        # A tenth to nine tenths of a whole run, by a sequence that fills the interval evenly.
        wait_for=$((took / 10 + took * 8 * ((killed * 618) % 1000) / 10000))
        sleep "$((wait_for / 1000)).$(printf %03d $((wait_for % 1000)))"
        signal=KILL
        case $((killed % 12)) in 2) signal=TERM ;; 5) signal=INT ;; 8) signal=HUP ;; 11) signal=USR2 ;; esac
        kill -$signal $process 2>/dev/null || true
        status=0
        wait $process || status=$?
        killed=$((killed + 1)) kills=$((kills + 1))
        case $status in
        0) early=$((early + 1)) && break ;;
        75 | 137) ;;
        130 | 129 | 143 | 140) ;; # before it listened
        *)
            failed=$((failed + 1))
            echo "status $status after $signal:" && cat errors
            ;;
        esac
        # Killed between the last rename and the end of the process: then it is whole.
        [ ! -e part.json ] || cmp -s whole.json part.json || {
            failed=$((failed + 1))
            echo "an output that is not whole"
        }
    done
    runs=$((runs + 1))
    (train -o part.json --log part.jsonl)
    if ! cmp -s whole.json part.json || ! cmp -s whole.jsonl part.jsonl; then
        failed=$((failed + 1))
        echo "run $runs ended in other bytes"
    fi
    left=$(find . -name '.*.??????' | wc -l)
    [ "$left" -le "$kills" ] || { echo "$left temporary files" && failed=$((failed + 1)); }
    find . -name '.*.??????' -delete
done
echo "kill_resume: $killed kills in $runs runs ($early after the end), $failed failed"
[ $failed -eq 0 ]
