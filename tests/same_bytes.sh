#!/bin/sh
# same_bytes.sh OLD_BIN NEW_BIN: what two sets of programs write, compared byte by byte.
#
# Runs the commands below with the programs of either folder, each in an empty folder of its own
# and with the same relative names, so that the commands recorded in files are equal too. After
# each command it compares the exit status, standard output, and every file that has appeared;
# of a PNG only the picture counts, not how it is packed. Standard error, which has times in it,
# does not count. It prints `same` or `DIFFERS` for each, and ends with 1 where a difference is
# not in the list of those that are wanted. KEEP=DIR keeps both folders in DIR, to look at what
# differs. It takes a minute with two processors, and needs python3 where a PNG differs.
set -u
[ $# = 2 ] || {
    echo "usage: sh $0 OLD_BIN NEW_BIN" >&2
    exit 64
}

# Differences that are wanted: a line each, the name of a command and the reason.
wanted='
sample-trajectory-off-grid times that are asked for are by-products of equal steps, and change no result
sample-epsilon-alone --epsilon alone means the SDE, by multistep
bridge-otcfm flow methods have no noise, so that they take no --sigma any more
bridge-reflow flow methods have no noise, so that they take no --sigma any more
plot-density a PNG in an SVG is compressed by libpng
plot-grid a PNG in an SVG is compressed by libpng
plot-report sentences were rewritten
'

old_bin=$(cd "$1" && pwd) && new_bin=$(cd "$2" && pwd) || exit 66
for bin in "$old_bin" "$new_bin"; do
    [ -x "$bin/si-train" ] || {
        echo "same_bytes.sh: no programs in $bin" >&2
        exit 66
    }
done
data=$(cd "$(dirname "$0")/../data" && pwd)
if [ -n "${KEEP:-}" ]; then
    mkdir -p "$KEEP" && top=$(cd "$KEEP" && pwd) || exit 73
    [ ! -e "$top/old" ] && [ ! -e "$top/new" ] || {
        echo "same_bytes.sh: $top has folders of an earlier run" >&2
        exit 73
    }
else
    top=$(mktemp -d)
    trap 'rm -rf "$top"' EXIT
fi
mkdir "$top/old" "$top/new" "$top/say" || exit 73
for option in $(env | sed -n 's/^\(SI_[A-Z0-9_]*\)=.*/\1/p'); do
    [ "$option" = SI_ISA ] || unset "$option"
done
export LC_ALL=C TERM=dumb SI_THREADS=1 # both sides run at a time; threads never change a result
: >"$top/say/seen"
same=0 differ=0 unlisted=0

# The picture in a PNG: its header, its palette and its pixels as they are before compression.
pixels() {
    python3 - "$1" <<'END'
import hashlib, struct, sys, zlib
data, at, parts, packed = open(sys.argv[1], 'rb').read(), 8, [], b''
while at < len(data):
    size, kind = struct.unpack('>I4s', data[at:at + 8])
    body = data[at + 8:at + 8 + size]
    if kind in (b'IHDR', b'PLTE', b'tRNS'):
        parts.append(body)
    if kind == b'IDAT':
        packed += body
    at += 12 + size
width, height, depth, colour = struct.unpack('>IIBB', parts[0][:10])
channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
step, row = max(1, channels * depth // 8), (width * channels * depth + 7) // 8
raw, above = zlib.decompress(packed), bytearray(row)
for y in range(height):
    how, line = raw[y * (row + 1)], bytearray(raw[y * (row + 1) + 1:(y + 1) * (row + 1)])
    for x in range(row):
        a, b, c = (line[x - step] if x >= step else 0), above[x], (above[x - step] if x >= step else 0)
        pa, pb, pc = abs(b - c), abs(a - c), abs(a + b - 2 * c)
        paeth = a if pa <= pb and pa <= pc else b if pb <= pc else c
        line[x] = (line[x] + (0, a, b, (a + b) // 2, paeth)[how]) & 255
    parts.append(bytes(line))
    above = line
print(hashlib.sha256(b'|'.join(parts)).hexdigest())
END
}

same_file() { # NAME, in both folders
    cmp -s "$top/old/$1" "$top/new/$1" && return 0
    case $1 in
    *.png) [ -f "$top/old/$1" ] && [ -f "$top/new/$1" ] &&
        [ "$(pixels "$top/old/$1")" = "$(pixels "$top/new/$1")" ] ;;
    *) return 1 ;;
    esac
}

side() { # old|new BIN NAME COMMAND
    (
        cd "$top/$1" || exit
        PATH=$2:$PATH
        status=0
        sh -c "$4" >"$3.stdout" 2>"$top/say/$3.$1" </dev/null || status=$?
        echo "$status" >"$3.status"
    )
}

# compare NAME COMMAND: runs it on either side and says whether what it wrote is the same. Only a
# command whose name begins with fails- may fail: two that wrote nothing are the same for nothing.
compare() {
    name=$1
    side old "$old_bin" "$name" "$2" &
    side new "$new_bin" "$name" "$2"
    wait
    what=
    (cd "$top" && { ls old; ls new; } | sort -u) >"$top/say/now"
    for file in $(sort "$top/say/seen" "$top/say/seen" "$top/say/now" | uniq -u); do
        same_file "$file" || what="$what $file"
    done
    mv "$top/say/now" "$top/say/seen"
    read -r status <"$top/old/$name.status"
    case $name in
    fails-*) [ "$status" != 0 ] || what="$what (did not fail)" ;;
    *) [ "$status" = 0 ] || what="$what (status $status: $(tail -n 1 "$top/say/$name.old"))" ;;
    esac
    reason=$(printf '%s\n' "$wanted" | sed -n "s/^ *$name  *//p")
    if [ -z "$what" ]; then
        same=$((same + 1))
        echo "same     $name${reason:+ (listed as different: $reason)}"
    else
        differ=$((differ + 1))
        [ -n "$reason" ] || unlisted=$((unlisted + 1))
        echo "DIFFERS  $name:$what${reason:+ (wanted: $reason)}"
    fi
}

# What the commands begin with: tables, images, and models in closed form.
for folder in old new; do
    cd "$top/$folder" || exit
    cp "$data/digits.h5" .
    printf 'x,y,label\n1,2,0\n-0.5,0.25,1\n3,-1,0\n0.125,8,1\n' >table.csv
    printf '%s\n' -2.5 -2 -1.5 0 2 2.2 >line.csv
    printf 'a,b\n0.5,-0.1\n2,-1\n-3,2\n' >plane.csv
    cat >normal.json <<'END'
{"format": "si-model", "format_version": [1, 0], "dim": 1,
 "field": {"kind": "gaussian", "mean": [1.5], "covariance": [[0.25]]}}
END
    cat >affine.json <<'END'
{"format": "si-model", "format_version": [1, 0], "dim": 2, "base": {"kind": "normal"},
 "field": {"kind": "affine", "A": [[0.3, -0.2], [0.1, -0.5]], "c": [0.4, -0.1], "e": [0, 0],
           "S": [[-0.9, 0], [0, -1.1]], "r": [0, 0.1]}}
END
    cat >modes.json <<'END'
{"format": "si-model", "format_version": [1, 0], "dim": 1,
 "interpolant": {"path": {"kind": "linear"}, "gamma": {"kind": "brownian", "a": 1}},
 "base": {"kind": "mixture", "weights": [1], "means": [[0]], "covariances": [[[1]]]},
 "field": {"kind": "mixture", "weights": [0.5, 0.5], "means": [[-2], [2]],
           "covariances": [[[0.25]], [[0.25]]]}}
END
    cat >sweep.jsonl <<'END'
{"n":6,"cross_entropy":2.5,"stderr":0.25,"epsilon":0.0}
{"n":6,"cross_entropy":2.25,"stderr":0.125,"epsilon":"taper,value=1"}
{"best_epsilon":"taper,value=1","cross_entropy":2.25}
END
    cat >log.jsonl <<'END'
{"event":"start","program":"si-train"}
{"event":"record","task":"train","done":100,"total":200,"loss":-0.5,"validation":-0.4}
{"event":"record","task":"train","done":200,"total":200,"loss":-0.75,"validation":-0.6}
END
done
ls "$top/old" >"$top/say/seen"

# Data.
compare data-checkerboard 'si-data checkerboard -n 1200 --seed 3 -o board.h5 && si-data info board.h5'
compare data-mixture 'si-data mixture,dim=3,modes=4 -n 500 --dtype f32 -o mixture.h5 && si-data info mixture.h5 --json'
compare data-names 'for name in uniform comb grid ring funnel banana circles spiral pinwheel swiss-roll; do
    si-data $name -n 60 --seed 5 -o name-$name.h5 || exit; done'
compare data-pair 'si-data moons -n 400 --seed 1 -o moons.h5 && si-data gaussian,dim=2 -n 300 --seed 2 -o cloud.h5 &&
    si-data two-gaussians -n 400 --seed 4 -o two.h5'
compare data-import 'si-data import table.csv --label-column last --scale 0.5 -o table.h5 && si-data head table.h5 -n 3 &&
    si-data import digits.h5 --labels digits.h5:/label --shape 1,8,8 -o images.h5 && si-data head images.h5 -n 64 -o few.h5'
compare data-split 'si-data split board.h5 --held-out test.h5 --fraction 0.25 --seed 6 -o train.h5'
compare data-export 'si-data export moons.h5 -o moons.csv && si-data export moons.h5 -o moons.npy && si-data classes table.h5 -o classes.h5'
compare data-exact 'si-data exact mixture,dim=2 --gamma brownian -o exact.json && si-data exact comb,modes=3 --base two-gaussians --path trig'
compare fails-data-unknown 'si-data bored -n 3 -o bored.h5'

# Training.
net='--net mlp,width=24,depth=2,fourier=8 --batch 64'
compare train-one-sided "si-train board.h5 $net --steps 60 --seed 7 --valid-interval 20 --log one.log -o one.json; status=\$?; rm -f one.log; exit \$status"
compare train-between "si-train moons.h5 --x0 cloud.h5 --gamma brownian,a=0.5 --learn b,eta $net --steps 60 --errors -o between.json"
compare train-eta "si-train moons.h5 --learn eta --path trig $net --steps 40 --time logit-normal,mu=0.2 --weighting velocity,cap=50 -o eta.json"
compare train-x1 "si-train moons.h5 --learn x1 --path vp $net --steps 40 --time power,exponent=1.5 -o x1.json"
compare train-score "si-train two.h5 --learn v,s --base gaussian --gamma quadratic $net --steps 30 --time beta,a=0.8,b=1.2 -o score.json &&
    si-train moons.h5 --learn s --path trig $net --steps 20 --weighting noise -o only-score.json"
compare train-labels "si-train table.h5 --condition label --net mlp,width=16,depth=1,fourier=0,dropout=0.1 --batch 4 --steps 30 --valid 0 -o labels.json"
compare train-ot "si-train moons.h5 --x0 cloud.h5 --coupling ot,pool=100 $net --steps 30 -o ot.json"
compare train-sinkhorn "si-train moons.h5 --x0 cloud.h5 --coupling sinkhorn,epsilon=0.5,pool=100 $net --steps 20 -o sinkhorn.json"
compare train-learn-path "si-train moons.h5 --x0 cloud.h5 --path fourier,alpha=0:0,beta=0:0 $net --steps 30 --learn-path 0.001 -o path.json"
compare train-errors "si-train moons.h5 --learn b,s $net --steps 40 --errors --optimizer adamw,lr=0.003 --schedule constant --weighting likelihood -o errors.json"
compare train-dequantize "si-train digits.h5 --dequantize 0.0625 $net --steps 8 --precision bf16 -o dequantized.json"
compare train-unet "si-train few.h5 --net unet,width=4,multipliers=1:2,groups=2,blocks=1 --condition label --batch 8 --steps 4 --valid 0 -o unet.json"
compare train-sit "si-train few.h5 --net sit,patch=4,width=16,depth=1,heads=2 --batch 8 --steps 4 --valid 0 -o sit.json"
compare train-inpaint "si-train few.h5 --net unet,width=4,multipliers=1:2,groups=2,blocks=1 --coupling inpaint,p=0.5,tile=2 --batch 8 --steps 3 --valid 0 -o fill.json"
compare train-resume "for i in 1 2 3 4; do
    si-train moons.h5 $net --steps 3 --valid-interval 2 --max-time 0.000001s --checkpoint run.ckpt --resume auto -o resumed.json
    echo \$?; done; rm -f run.ckpt run.ckpt.prev"
compare train-dump-batch "si-train two.h5 --base gaussian --gamma brownian --learn b,eta --standardize none --batch 8 --dump-batch batch.h5 &&
    si-train moons.h5 --x0 cloud.h5 --coupling ot --batch 16 --dump-batch pairs-batch.h5"
compare train-plain "si-train moons.h5 --standardize none --antithetic off --ema 0.9 --clip 0 $net --steps 20 -o plain.json"
compare train-rectify "si-train moons.h5 $net --steps 20 --coupling from-model,model=plain.json,pairs=100 -o rectified.json"
compare train-given-x0 "si-train moons.h5 --x0 cloud.h5 --gamma brownian,a=0.1 --condition x0 --learn u $net --steps 15 -o given-x0.json"
compare fails-train-nothing 'si-train nothing.h5 -o nothing.json'

# Samples.
compare sample-dopri5 'si-sample one.json -n 150 --seed 2 -o s-dopri5.h5 && si-sample exact.json -n 300 --ode dopri5,rtol=1e-8 -o s-tight.h5'
compare sample-steps 'for ode in rk4 heun midpoint euler; do si-sample modes.json -n 200 --ode $ode,steps=12 -o s-$ode.h5 &&
    si-sample between.json --x0 cloud.h5 --ode $ode,steps=4 -o s-net-$ode.h5 || exit; done'
compare sample-sde 'for sde in heun strang euler-maruyama; do si-sample modes.json -n 200 --sde $sde,steps=20 --epsilon 0.5 -o s-sde-$sde.h5 &&
    si-sample between.json --x0 cloud.h5 --sde $sde,steps=8 --epsilon 0.3 -o s-net-sde-$sde.h5 || exit; done'
compare sample-epsilon 'for e in taper,value=0.5,width=0.1 sine,value=2 sigma bridge linear decreasing,value=2; do
    si-sample modes.json -n 100 --sde heun,steps=10 --epsilon $e -o s-e-${e%%,*}.h5 || exit; done
    si-sample normal.json -n 100 --sde heun,steps=10 --epsilon sbdm,cap=5 -o s-e-sbdm.h5'
compare sample-optimal 'si-sample between.json --x0 cloud.h5 --sde heun,steps=8 --epsilon optimal -o s-optimal.h5 &&
    si-sample between.json --x0 cloud.h5 --sde heun,steps=8 --epsilon optimal,constant=on -o s-optimal-constant.h5 &&
    si-sample errors.json -n 100 --sde heun,steps=8 --epsilon kl,eta=0.1 -o s-kl.h5'
compare sample-final 'for final in ode euler mean denoise none; do
    si-sample eta.json -n 60 --sde heun,steps=8 --epsilon 0.4 --final $final,length=0.05 -o s-final-$final.h5 &&
    si-sample exact.json -n 60 --sde strang,steps=8 --epsilon 0.4 --final $final -o s-exact-$final.h5 || exit; done'
compare sample-denoise 'si-sample eta.json -n 80 --denoise 5 -o s-denoise.h5 && si-sample x1.json -n 80 --denoise 1 -o s-denoise-1.h5'
compare sample-backward 'si-sample between.json --backward --x1 moons.h5 --ode rk4,steps=5 -o s-back.h5 &&
    si-sample modes.json --backward --x1 line.csv --sde heun,steps=20 --epsilon 0.5 -o s-back-sde.h5'
compare sample-trajectory 'si-sample one.json -n 40 --trajectory 0,0.3,0.5,1 -o s-path.h5 &&
    si-sample modes.json -n 40 --sde heun,steps=20 --epsilon bridge --trajectory 0,0.5,1 -o s-path-sde.h5 &&
    si-sample modes.json --backward --x1 line.csv --trajectory 0.75,0.25 -o s-path-back.h5'
compare sample-trajectory-steps 'si-sample modes.json -n 40 --ode euler,steps=10 --trajectory 0.5 -o s-path-on-grid.h5'
compare sample-trajectory-off-grid 'si-sample modes.json -n 40 --ode euler,steps=1 --trajectory 0.5 -o s-path-euler.h5 &&
    si-sample modes.json -n 40 --ode rk4,steps=7 --trajectory 0.1,0.5 -o s-path-rk4.h5'
compare sample-epsilon-alone 'si-sample modes.json -n 40 --epsilon 0.5 -o s-epsilon-alone.h5; echo $?'
compare sample-log-density 'si-sample one.json -n 60 --log-density -o s-log-density.h5 && si-sample exact.json -n 200 --log-density --ode rk4,steps=20'
compare sample-shards 'for i in 1 2 3; do si-sample exact.json -n 31 --seed 3 --log-density --trajectory 0.5 --shard $i/3 -o part$i.h5 || exit; done
    si-data merge part3.h5 part1.h5 part2.h5 -o parts.h5'
compare sample-labels 'si-sample unet.json -n 6 --label each --guidance 1.5 --guidance-interval 0.2,0.8 --ode heun,steps=3 -o s-labels.h5 &&
    si-sample labels.json -n 20 --label 1 -o s-label.h5 && si-sample labels.json -n 20 --label none -o s-no-label.h5 &&
    si-sample labels.json -n 4 --given table.h5 --guidance 2 -o s-given.h5'
compare sample-path 'for path in trig vp sit-vp polynomial,n=1.5; do si-sample normal.json -n 50 --path $path -o s-along-${path%%,*}.h5 || exit; done
    si-sample one.json -n 50 --path trig --ode rk4,steps=6 -o s-along-net.h5'
compare sample-images 'si-sample sit.json -n 6 --ode euler,steps=4 -o s-sit.h5 && si-data head few.h5 -n 8 -o eight.h5 &&
    si-sample fill.json --observed eight.h5 --ode rk4,steps=2 -o restored.h5 && si-sample fill.json --observed eight.h5 --denoise 3 -o cleaned.h5'
compare sample-others 'si-sample path.json --x0 cloud.h5 --ode rk4,steps=5 -o s-learned-path.h5 && si-sample score.json -n 50 --sde heun,steps=10 -o s-score.h5 &&
    si-sample rectified.json -n 50 --denoise 1 -o s-rectified.h5 && si-sample given-x0.json --x0 cloud.h5 --sde heun,steps=6 --epsilon bridge -o s-given-x0.h5 &&
    si-sample modes.json -n 9 --dry-run | sed "s/\"seconds.*//"'

# Log-densities.
compare likelihood-exact 'si-data head test.h5 -n 60 -o sixty.h5 && si-likelihood one.json sixty.h5 -o l-one.h5 && si-likelihood normal.json line.csv --ode rk4,steps=20'
compare likelihood-hutchinson 'si-likelihood one.json sixty.h5 --divergence hutchinson,probes=3 --ode rk4,steps=8 -o l-hutchinson.h5 &&
    si-likelihood affine.json plane.csv --divergence hutchinson,law=gaussian'
for estimator in tilted chain feynman-kac elbo; do
    compare likelihood-$estimator "si-likelihood affine.json plane.csv --sde 40 --estimator $estimator --epsilon 0.4 --paths 12 -o l-$estimator.h5 &&
        si-likelihood score.json line.csv --sde 10 --estimator $estimator --epsilon 0.4 --paths 4"
done
compare likelihood-sweep 'si-likelihood modes.json line.csv --epsilon 0,0.5,taper,value=1,width=0.2 --paths 4 -o l-sweep.h5 &&
    si-likelihood errors.json sixty.h5 --epsilon optimal --sde 6 --paths 3'
compare likelihood-reverse 'si-likelihood normal.json line.csv --reverse && si-likelihood normal.json line.csv --reverse --epsilon 0.5 --sde 20'
compare likelihood-parts 'for i in 1 2; do si-likelihood modes.json two.h5 --epsilon 0.3 --sde 8 --paths 2 --shard $i/2 -o l-part$i.h5 || exit; done
    si-data merge l-part1.h5 l-part2.h5 -o l-parts.h5'

# Bridges.
for method in gaussian lightsb,steps=200,components=4 lightsbm,steps=60,components=4 sinkhorn sf2m,steps=20,width=16,pool=100 \
    otcfm,steps=15,width=16 reflow,steps=15,width=16 dsbm,steps=10,width=16,rounds=2,walk=8 \
    dsbm,steps=10,width=16,rounds=2,walk=8,schedule=online,refresh=5,cache=100 interpolant,modes=2 \
    neural-interpolant,steps=20,width=16,modes=2; do
    name=$(echo "$method" | sed 's/,.*schedule=/-/; s/,.*//')
    case $name in otcfm | reflow) noise= ;; *) noise='--sigma 0.5' ;; esac
    compare "bridge-$name" "si-bridge cloud.h5 moons.h5 $noise --method $method -o bridge-$name.json"
done
compare bridge-draw 'for m in gaussian lightsb sinkhorn; do si-bridge draw bridge-$m.json --x0 cloud.h5 --trajectory 0,0.5,1 -o draw-$m.h5 || exit; done
    si-bridge draw bridge-sinkhorn.json --backward --x1 moons.h5 -o draw-back.h5'
compare bridge-sample 'for m in gaussian lightsb sinkhorn sf2m dsbm; do
    si-sample bridge-$m.json --x0 cloud.h5 --sde heun,steps=8 --epsilon bridge -o sample-$m.h5 || exit; done
    si-likelihood bridge-lightsb.json cloud.h5 --ode rk4,steps=8'
compare bridge-couple 'for plan in exact sinkhorn,epsilon=0.1,pairs=500 independent,pairs=50; do
    si-bridge couple cloud.h5 moons.h5 --plan $plan -o couple-${plan%%,*}.h5 || exit; done'
compare bridge-bench 'si-bridge bench make gaussian,dim=3,spread=4 --epsilon 0.5 -n 500 -o bench.h5 &&
    si-bridge bench.h5:/x0 bench.h5:/x1 --epsilon 0.5 --method gaussian -o bench.json && si-bridge bench score bench.json bench.h5 --points 50 --samples 50 --n 300'

# Judgements.
compare eval-metrics 'si-data gaussian,dim=1 -n 300 --seed 3 -o single.h5 &&
    si-eval single.h5 two.h5 --floors 3 --metrics w1,w2,sliced,energy,mmd,classifier,moments,kl,frechet,neighbours &&
    si-eval s-dopri5.h5 board.h5 --floors 3 --most 150 --exact 100'
compare eval-kl 'si-eval kl exact.json --truth mixture,dim=2 --ode rk4,steps=10 -n 200 && si-eval kl one.json --truth checkerboard --ode rk4,steps=5 -n 100'
compare eval-fields 'si-eval fields exact.json exact.json -n 500 && si-data exact two-gaussians --base gaussian,dim=1 --gamma quadratic -o truth.json && si-eval fields score.json truth.json -n 300'
compare eval-others 'si-eval frechet single.h5 two.h5 && si-eval kernel moons.h5 cloud.h5 && si-eval restored restored.h5 eight.h5 --blocks 2'

# What is in a model.
compare info-models 'for m in one between labels path errors unet sit bridge-lightsb bridge-sinkhorn bridge-sf2m exact; do
    si-info $m.json && si-info $m.json --json || exit; done; si-info one.json --verify'
compare info-interpolant 'si-info interpolant --path vp --gamma brownian,a=2 --t 0,0.25,1 && si-info interpolant --path enc-dec --gamma sine-squared --t 0.1,0.6 &&
    si-info interpolant --path "custom,alpha=cos(pi*t/2),beta=t^2" --gamma table,variance=0:0.3:0 --t 0,0.5'
compare info-field 'si-info field modes.json --at line.csv --t 0.1,0.5,1 -o f-modes.h5 && si-info field between.json --at plane.csv --t 0.5 -o f-between.h5'
compare info-straightness 'si-info straightness normal.json -n 200 && si-info straightness between.json --x0 cloud.h5'
compare info-export 'for f in onnx npz safetensors; do si-info export between.json --format $f -o between.$f && si-info export labels.json --format $f -o labels.$f || exit; done'

# Pictures.
plot() { # NAME OPTIONS: as SVG and as PNG
    compare "plot-$1" "si-plot $2 -o plot-$1.svg && si-plot $2 --scale 1 --theme dark -o plot-$1.png"
}
plot scatter 'moons.h5 cloud.h5 --kind scatter,limit=100'
plot density 'board.h5 s-dopri5.h5 --kind density,bins=20,pixels=80'
plot marginals 'two.h5 modes.json --kind marginals'
plot pairs 'mixture.h5 --kind pairs,limit=60'
plot trajectories 's-path.h5 --kind trajectories'
plot flow 'one.json --kind flow,n=20,size=100'
plot curves 'log.jsonl --kind curves'
plot epsilon 'sweep.jsonl --kind epsilon'
plot grid 'few.h5 --kind grid,rows=3,columns=4'
compare plot-report 'si-plot report modes.json two.h5 -n 60 -o report.html'

echo "$same same, $differ differ"
[ "$unlisted" = 0 ]
