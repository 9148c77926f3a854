#!/bin/sh
# run.sh SOURCE [onnxruntime]: what the programs write is read by others: NumPy, h5py, zipfile, and
# with a second word the ONNX files by onnxruntime, which npm must bring (scripts off). Exits with
# 77, "skipped", where these are missing.
set -eu
here=$1/tests/interop
tools=$1/data
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PATH=${SI_BIN:+$SI_BIN:}$PATH
unset SI_BIN # no option of a program
export PATH LC_ALL=C PYTHONDONTWRITEBYTECODE=1
for python in python3 /usr/bin/python3 none; do
    [ $python != none ] || { echo "no python3 with numpy and h5py: skipped"; exit 77; }
    if $python -c 'import numpy, h5py' 2>/dev/null; then break; fi
done
cd "$work"

train() { # name, options
    name=$1
    shift
    si-train "$@" -q --steps 6 --batch 32 -o "$name.json"
    for format in safetensors npz onnx; do
        si-info export "$name.json" --format $format -o "$name.$format"
    done
}
si-data mixture,dim=3 -n 300 -q -o data.h5
si-data gaussian,dim=3,mean=4 -n 300 --seed 1 -q -o start.h5
si-data mixture,dim=3 -n 20 --seed 2 -q -o points.h5
awk 'BEGIN { for (i = 0; i < 300; ++i) print i % 3 }' >labels.csv
si-data import data.h5 --labels labels.csv -q -o labelled.h5
net=mlp,width=16
train plain data.h5 --net $net --learn b
train two data.h5 --x0 start.h5 --gamma brownian --net $net,fourier=0,residual=true --learn b,eta
train gelu data.h5 --gamma brownian --net $net,activation=gelu,time_features=0 --learn v,s
train relu data.h5 --net $net,activation=relu --learn x1
train tanh data.h5 --net $net,activation=tanh,depth=1 --learn x0
train factor data.h5 --base gaussian --gamma brownian --net $net --learn b,s
train labels labelled.h5 --condition label --net $net --learn b
si-data classes labelled.h5 -q -o classes.h5
train numbers classes.h5 --condition condition --net $net --learn x1,b
for name in plain two gelu relu tanh factor; do
    # The networks themselves: next to t = 0 fields go over to the mean of x1 otherwise.
    sed '/"start_error"/d; s/"start_error": *[0-9.e-]*, *//' $name.json >raw-$name.json
    si-info field raw-$name.json --at points.h5 --t 0.2,0.7 -q -o $name-field.h5
    rm raw-$name.json
done
# One step of Euler's method from points: what a field with conditions is there.
si-data head classes.h5 -n 20 -q -o given.h5
si-sample numbers.json --x0 points.h5 --given given.h5 --ode euler,steps=1 -q -o numbers-step.h5

# Every kind of output.
si-sample plain.json -n 10 --log-density --trajectory 0.5,1 -q -o sampled.h5
si-sample two.json --x0 start.h5 --sde heun,steps=5 --epsilon 0.1 -q -o carried.h5
si-likelihood plain.json points.h5 -q -o scored.h5 >/dev/null
si-bridge couple start.h5 data.h5 --plan exact -q -o pairs.h5 2>/dev/null
si-train data.h5 --dump-batch batch.h5 -q
si-data split data.h5 -q -o part.h5 --held-out rest.h5
si-data export points.h5 -o points.npy

if [ "${2:-}" = onnxruntime ]; then
    command -v npm >/dev/null || { echo "no npm: skipped"; exit 77; }
    npm install --ignore-scripts --no-audit --no-fund --silent onnxruntime-web >npm.log 2>&1 ||
        { echo "onnxruntime cannot be installed: skipped"; exit 77; }
    cp "$here/ort.mjs" .
    $python "$here/ort_inputs.py" "$tools" && node ort.mjs
else
    $python "$here/check.py" "$tools"
fi
