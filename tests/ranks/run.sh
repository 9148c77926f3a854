#!/bin/sh
# Runs under mpirun against runs of one process: the same bytes, and one line for an error. SI_BIN: the programs; MPIEXEC: mpirun. Exit status 77: there is no MPI here.
set -eu
command -v "$MPIEXEC" >/dev/null || exit 77
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
PATH=$SI_BIN:$PATH
unset SI_BIN
. "$here/mpi.sh"
say() {
    echo "ranks: $*" >&2
    exit 1
}
same() { cmp "$1" "$2" || say "$1 and $2 differ"; }

si-data moons -n 3000 -o x1.h5
si-data checkerboard -n 3000 -o x0.h5
# Several blocks of parameters, and gradients that are clipped.
small="--net mlp,width=120,depth=2,dropout=0.1 --clip 0.01 --batch 500 --threads 1 -q"

# Training: chunks of unlike size, two networks, validation, a path that is learned.
pair="x1.h5 --x0 x0.h5 --gamma brownian --learn b,eta $small"
both="$pair --steps 60"
longer="$pair --steps 800"
path="x1.h5 --x0 x0.h5 --path fourier,alpha=0:0,beta=0:0 --learn-path 0.0005 --steps 40 $small"
si-train $both --log both.jsonl -o both.json
si-train $path -o path.json
for n in 2 3 4; do
    ranks $n si-train $both --log both-$n.jsonl -o both-$n.json
    same both.json both-$n.json
    same both.jsonl both-$n.jsonl
done
ranks 2 si-train $path -o path-2.json
same path.json path-2.json

# A run that is stopped and goes on with another number of ranks.
status=0
"$MPIEXEC" -n 2 si-train $longer --checkpoint c -o c.json 2>err &
run=$!
until [ -e c ] || ! kill -0 $run 2>/dev/null; do sleep 0.05; done
kill -USR2 $run
wait $run || status=$?
[ "$status" -eq 75 ] || say "a run that was asked to stop ended with $status, not 75: $(cat err)"
ranks 3 si-train $longer --checkpoint c --resume auto -o c.json
si-train $longer -o long.json
same long.json c.json

# Samples and densities: more rows than a part has.
sde="--sde heun,steps=20 --trajectory 0.5"
si-sample both.json --x0 x0.h5 $sde --threads 1 -o s.h5
for n in 2 4; do
    ranks $n si-sample both.json --x0 x0.h5 $sde --threads 1 -o s-$n.h5
    same s.h5 s-$n.h5
done
si-train x1.h5 --steps 60 $small -o one.json
si-sample one.json -n 5000 --log-density -o s.h5
si-likelihood one.json x1.h5 --threads 1 -o l.h5 >l.json
si-likelihood one.json x1.h5 --epsilon 0,0.2 --sde 10 --paths 4 --threads 1 2>/dev/null >e.json
for n in 2 4; do
    ranks $n si-sample one.json -n 5000 --log-density --threads 1 -o s-$n.h5
    same s.h5 s-$n.h5
    ranks $n si-likelihood one.json x1.h5 --threads 1 -o l-$n.h5 >l-$n.json
    same l.h5 l-$n.h5
    same l.json l-$n.json
    ranks $n si-likelihood one.json x1.h5 --epsilon 0,0.2 --sde 10 --paths 4 --threads 1 2>/dev/null >e-$n.json
    same e.json e-$n.json
done

# An error of all is told once.
for line in "si-train none.h5 -o m.json" "si-train x1.h5 --batch none -o m.json" "si-sample one.json - -o m.h5"; do
    ranks 3 $line 2>err && say "$line should have failed"
    [ "$(grep -c '^si-' err)" -eq 1 ] || say "$line: $(cat err)"
done
ranks 2 sh -c 'si-train x1.h5 --seed $OMPI_COMM_WORLD_RANK -o m.json' 2>err && say "different seeds"
grep -q 'different command lines' err || say "$(cat err)"
[ ! -e m.json ] || say "a run that failed wrote m.json"
