# runs that share a checkpoint: one has it, the others end with 71 and name it, and nobody's state is lost
# counts: 3 30
run() (
    exec si-train ../in.h5 -o "$1" --net mlp,width=4,depth=1 --steps "$2" --batch 8 --threads 1 \
        --checkpoint c --checkpoint-interval 1s -q </dev/null
)
run ../whole 60 2>../err || wrong "training itself"
long() {
    exec si-train ../in.h5 -o first --net mlp,width=4,depth=1 --steps 100000000 --batch 8 --threads 1 \
        --checkpoint c --checkpoint-interval 1s -q </dev/null
}
while [ $tried -lt "$count" ]; do
    rm -f c c.prev c.lock first
    long 2>../err1 &
    first=$!
    # Without a lock the first checkpoint ends the wait.
    while [ ! -s c.lock ] && [ ! -e c ] && kill -0 $first; do sleep 0.05; done
    for other in 1 2; do
        run o$other 60 2>../err
        judge $? 71 "run $other"
        grep -q "c: is in use by process $first on host " ../err || wrong "run $other: does not name the first"
    done
    # What a killed run leaves of its lock holds nobody.
    kill -KILL $first
    wait $first 2>/dev/null
    rm -f c c.prev
    run o3 60 2>../err
    judge $? 0 "a run after one that was killed"
    cmp -s o3 ../whole || wrong "another model after one that was killed"
    [ ! -e c.lock ] || wrong "the lock is left"
    tried=$((tried + 1))
done
