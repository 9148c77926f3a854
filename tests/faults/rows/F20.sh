# a process that is stopped for a while, a clock that jumps: no nonsense, --max-time still ends it
# counts: 1 10
sane() { # status, what happened
    [ "$1" = 75 ] || wrong "status $1, not 75: $2"
    [ -s log ] || wrong "no log: $2"
    grep -qiE 'null|nan|inf' log && wrong "nonsense in the log: $2"
    grep -qE 'elapsed [0-9:]+' ../err || wrong "no time is told: $2"
    grep -qiE '(eta|elapsed)[^a-z]*(nan|inf|-)' ../err && wrong "what it says of time: $2"
    tried=$((tried + 1))
}
long() {
    exec timeout 60 "$@" si-train ../in.h5 -o o --net mlp,width=32,depth=2 --batch 256 --steps 100000000 --threads 1 \
        --checkpoint c --max-time 1.5s --log log 2>../err
}
fake=$(find /usr/lib -name 'libfaketime.so.1' 2>/dev/null | head -1)
[ -n "$fake" ] || note="without libfaketime"
while [ $tried -lt "$count" ]; do
    rm -f c c.prev log
    (long env) &
    sleep 0.4
    process=$(pgrep -P $!)
    kill -STOP $process || wrong "nothing to stop"
    sleep 1.5
    kill -CONT $process
    wait $!
    sane $? "stopped for a while"
    [ -n "$fake" ] || continue
    for jump in -1h +1h; do # from half a second on
        rm -f c c.prev log
        echo '+0' >../clock
        (long env LD_PRELOAD="$fake" FAKETIME_TIMESTAMP_FILE="$work/clock" FAKETIME_NO_CACHE=1 \
            FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1) & # which never jumps
        sleep 0.5
        echo "$jump" >../clock.new && mv ../clock.new ../clock
        wait $!
        sane $? "a clock that jumps by $jump"
    done
done
