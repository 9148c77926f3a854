# For rows of training that is stopped: a run of well under a second that saves its state often.
# stopped_training SIGNAL...: the run is stopped by these signals in turn, $count times in all at
# moments spread over it, up to eight times a run; every run must end in the model and the log of one
# that was never touched.

train() { # in the place of this shell, so that a signal reaches it, and INT too
    exec env --default-signal=INT si-train data.h5 --net mlp,width=32,depth=2 --steps 1500 --batch 256 --valid-interval 40 -q \
        --threads 1 --checkpoint run.ckpt --checkpoint-interval 0.05s --resume auto "$@"
}

stopped_training() {
    si-data moons -n 2000 -q -o data.h5
    began=$(date +%s%N)
    (train -o whole.json --log whole.jsonl)
    took=$((($(date +%s%N) - began) / 1000000)) # milliseconds
    after=0 early=0 runs=0 seen=
    while [ $tried -lt "$count" ]; do
        rm -f run.ckpt run.ckpt.prev part.json part.jsonl
        stops=0
        while [ $stops -lt 8 ] && [ $tried -lt "$count" ]; do
            train -o part.json --log part.jsonl 2>"$work/err" &
            process=$!
            # A tenth to nine tenths of a whole run, by a sequence that fills the interval evenly.
            moment=$((took / 10 + took * 8 * ((tried * 618) % 1000) / 10000))
            sleep "$((moment / 1000)).$(printf %03d $((moment % 1000)))"
            shift_by=$((tried % $#))
            signal=$(eval "echo \${$((shift_by + 1))}")
            kill "-$signal" $process 2>/dev/null
            wait $process 2>/dev/null
            status=$?
            tried=$((tried + 1)) stops=$((stops + 1))
            # Killed between the last rename and the end of the process: then the output is whole.
            [ ! -e part.json ] || cmp -s whole.json part.json || wrong "an output that is not whole"
            case $signal/$status in
            */0) [ "$signal" = USR1 ] || after=$((after + 1)); break ;; # USR1 saves and goes on
            KILL/137 | TERM/75 | INT/75 | HUP/75 | USR2/75) seen="$seen $signal" ;;
            TERM/143 | INT/130 | HUP/129 | USR1/138 | USR2/140) early=$((early + 1)) ;; # before it listened
            *) wrong "status $status after $signal" ;;
            esac
        done
        runs=$((runs + 1))
        (train -o part.json --log part.jsonl) || wrong "run $runs cannot be resumed"
        cmp -s whole.json part.json && cmp -s whole.jsonl part.jsonl || wrong "run $runs ended in other bytes"
        left=$(ls -A | grep -c '\.tmp$')
        [ "$left" -le "$stops" ] || wrong "$left temporary files"
        rm -f .*.tmp
    done
    # Each signal has met a run that listens, where they are many.
    [ $tried -lt 100 ] || for signal in "$@"; do
        case "$signal $seen " in USR1* | *" $signal "*) ;; *) wrong "$signal never stopped a run" ;; esac
    done
    [ $((early + after)) -lt "$tried" ] || wrong "no run was stopped on its way"
    note="$runs runs, $early stops before a run listened, $after after its end"
}
