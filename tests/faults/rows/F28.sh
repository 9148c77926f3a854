# a rank dies under mpirun: all end within 10 s, and the checkpoint can be resumed with fewer
# counts: 1 20
[ -n "${MPIEXEC:-}" ] && command -v "$MPIEXEC" >/dev/null || exit 77
. "$faults/../ranks/mpi.sh"
long="../in.h5 --net mlp,width=120,depth=2 --batch 500 --threads 1 -q --steps 100000"
while [ $tried -lt "$count" ]; do
    rm -f c c.prev o
    ranks 3 timeout 300 si-train $long --checkpoint "$work/out/c" --checkpoint-interval 0.2s -o o 2>../err &
    run=$!
    wait_for() { # a condition, for so many tenths of a second
        tenths=0
        until eval "$1" || [ $tenths -ge "$2" ]; do
            sleep 0.1
            tenths=$((tenths + 1))
        done
        eval "$1"
    }
    wait_for '[ -e c.prev ]' 600 || wrong "no checkpoint"
    victim=$(pgrep -f "^si-train .*--checkpoint $work/out/c " | sort -n | tail -$((tried % 3 + 1)) | head -1)
    kill -KILL "$victim" || wrong "no rank to kill"
    wait_for "! kill -0 $run 2>/dev/null" 100 || wrong "the other ranks went on for 10 s"
    kill $run 2>/dev/null
    wait $run && wrong "a run that lost a rank ended well"
    rm -f .*.tmp # of a rank that was killed as it wrote
    [ ! -e o ] || wrong "a run that lost a rank left an output"
    si-train $long --checkpoint "$work/out/c" --resume yes --max-time 1s -o o 2>../err
    judge $? 75 "the checkpoint of a run that lost a rank"
    tried=$((tried + 1))
done
