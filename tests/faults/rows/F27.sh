# data/slurm.sh under a queue that warns (USR2), kills and starts again: the same bytes
# counts: 3 20
mkdir ../queue
cat >../queue/srun <<'Q'
#!/bin/sh
exec "$@"
Q
cat >../queue/scontrol <<'Q'
#!/bin/sh
echo "$*" >>"$QUEUE/requeued"
Q
chmod +x ../queue/srun ../queue/scontrol
cp "$faults/../../data/slurm.sh" ../job.sh
spec="--net mlp,width=32,depth=2 --batch 256 --valid-interval 40 --steps 6000 -q --checkpoint-interval 0.2s"
job() { SLURM_JOB_ID=7 SLURM_CPUS_PER_TASK=1 QUEUE=$work/queue PATH=$work/queue:$PATH bash ../job.sh ../in.h5 "$@" $spec 2>../err; }
job whole.json || wrong "the job itself"
restarts=0 cycles=0 warned=0 killed=0
while [ $tried -lt "$count" ]; do
    rm -f part.json*
    cycles=$((cycles + 1))
    while [ $tried -lt "$count" ]; do
        rm -f ../queue/requeued
        SLURM_RESTART_COUNT=$restarts job "$PWD/part.json" &
        sleep "0.$((30 + tried * 37 % 60))"
        process=$(pgrep -n -f "si-train ../in.h5 -o $PWD/part.json")
        if [ $((tried % 3)) = 2 ]; then
            kill -KILL $process 2>/dev/null # the node is gone
        else
            kill -USR2 $process 2>/dev/null # --signal=USR2@120
        fi
        wait $!
        status=$?
        tried=$((tried + 1)) restarts=$((restarts + 1))
        case $status in
        0) break ;;
        75)
            warned=$((warned + 1))
            [ "$(cat ../queue/requeued)" = 'requeue 7' ] || wrong "stopped, and not queued again"
            ;;
        137) killed=$((killed + 1)) ;;
        140) ;; # before it listened
        *) wrong "status $status" ;;
        esac
    done
    job "$PWD/part.json" || wrong "the last start of job $cycles"
    cmp -s whole.json part.json && cmp -s whole.json.jsonl part.json.jsonl || wrong "job $cycles ended in other bytes"
done
[ $((warned + killed)) -gt 0 ] || wrong "no job was interrupted"
note="$cycles jobs, $warned warned and queued again, $killed killed"
