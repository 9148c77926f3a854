#!/usr/bin/env bash
# usage: tests/bench/compare.sh BIN PEER [PAIRS]
# Times this toolkit and PyTorch on the same work, one thread each, in turns, and prints how many
# times faster it is: the median of PAIRS (5) ratios, with the least and the greatest. Times are
# those of the processor, of a long run less a short one, so that neither starting nor what others
# take from the core is in them.
# BIN is the folder of the programs; PEER is a script that takes
#   train DATA --hidden WxD --act relu --batch N --steps N --learn b[,s]
#   sample|nll --dim D --hidden WxD --act relu -n N --solver rk4 --steps N
# each with --threads 1.
set -euo pipefail
bin=$1 peer=$2 pairs=${3:-5}
python=${PYTHON:-/usr/bin/python3}
"$python" -c 'import torch, h5py' 2> /dev/null || {
    echo "compare.sh: no PyTorch here (Debian: python3-torch python3-h5py)"
    exit 0
}
export OMP_NUM_THREADS=1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$bin/si-data" checkerboard -n 20000 --seed 1 -o "$scratch/x.h5" 2> /dev/null

# compare NAME SHORT LONG "OUR COMMAND" "THEIR COMMAND", with @ for the number of steps or rows
compare() {
    "$python" - "$pairs" "$@" << 'END'
import os, shlex, statistics, subprocess, sys
pairs, name, short, long = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])

def seconds(command, size):
    child = subprocess.Popen(shlex.split(command.replace("@", str(size))),
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"compare.sh: failed: {command.replace('@', str(size))}")
    return used.ru_utime + used.ru_stime

def one(command):
    return (seconds(command, long) - seconds(command, short)) / (long - short)

times = [(one(sys.argv[5]), one(sys.argv[6])) for _ in range(pairs)]
ratios = sorted(theirs / ours for ours, theirs in times)
print(f"{name:34s} {statistics.median(ratios):5.2f} times faster  [{ratios[0]:.2f}, {ratios[-1]:.2f}]"
      f"   {1e6 * statistics.median(t for t, _ in times):.1f} us each against"
      f" {1e6 * statistics.median(t for _, t in times):.1f}", flush=True)
END
}

plain=activation=relu,fourier=0,time_features=0
run="--valid 0 --threads 1 --seed 1 -q -o $scratch/m.json"
compare "train 256x4 batch 2000, b and s" 5 65 \
    "$bin/si-train $scratch/x.h5 --net mlp,width=256,depth=4,$plain --batch 2000 --learn b,s --steps @ $run" \
    "$python $peer train $scratch/x.h5:x --hidden 256x4 --act relu --batch 2000 --learn b,s --steps @ --threads 1"
compare "train 64x3 batch 256, b" 100 4100 \
    "$bin/si-train $scratch/x.h5 --net mlp,width=64,depth=3,$plain --batch 256 --steps @ $run" \
    "$python $peer train $scratch/x.h5:x --hidden 64x3 --act relu --batch 256 --steps @ --threads 1"

"$bin/si-train" "$scratch/x.h5" --net "mlp,width=256,depth=4,$plain" --steps 20 $run
compare "sample 256x4, rk4" 256 8192 \
    "$bin/si-sample $scratch/m.json -n @ --ode rk4,steps=20 --threads 1 -q -o $scratch/s.h5" \
    "$python $peer sample --dim 2 --hidden 256x4 --act relu -n @ --solver rk4 --steps 20 --threads 1"
"$bin/si-sample" "$scratch/m.json" -n 256 --ode rk4,steps=20 -q -o "$scratch/256.h5"
"$bin/si-sample" "$scratch/m.json" -n 4096 --ode rk4,steps=20 -q -o "$scratch/4096.h5"
compare "likelihood 256x4, exact, d = 2" 256 4096 \
    "$bin/si-likelihood $scratch/m.json $scratch/@.h5 --ode rk4,steps=20 --divergence exact --threads 1 -q" \
    "$python $peer nll --dim 2 --hidden 256x4 --act relu -n @ --solver rk4 --steps 20 --threads 1"
