#!/bin/sh
# fashion.sh [DIRECTORY] [PARTS] [STEPS]: images of clothes (Fashion-MNIST, Debian's package
# dataset-fashion-mnist), generated and restored. PARTS are some of
#   toy       one coordinate of a ring of eight Gaussians given the other, coupled and not
#   costs     the costs of the couplings: E|x1 - x0|^2 on the first 5000 images, with pixels in [-1, 1]
#   unet      all classes by a U-Net: accuracy of the samples under a classifier, Frechet distance of
#             its answers, with and without guidance, by the flow and by the diffusion; picture
#   sit       the same by a transformer
#   inpaint   filling in tiles, with x0 coupled to the known part and with x0 of pure noise
#   superres  from 7 x 7 to 28 x 28, with both kinds of x0
# Numbers of steps are fixed, times are not. With one core the whole takes about 45 minutes.
set -eu
directory=${1:-fashion}
parts=${2:-toy costs unet sit inpaint superres}
steps=${3:-0}
images=${FASHION:-/usr/share/datasets/fashion-mnist}
mkdir -p "$directory" && cd "$directory"
[ -f "$images/train-images-idx3-ubyte.gz" ] || {
    echo "fashion.sh: there is no $images; install dataset-fashion-mnist, or set FASHION to its folder" >&2
    exit 66
}
for set in train t10k; do
    [ -f $set.h5 ] || si-data import "$images/$set-images-idx3-ubyte.gz" \
        --labels "$images/$set-labels-idx1-ubyte.gz" -q -o $set.h5
done
si-data head t10k.h5 -n 1000 -q -o truth.h5
si-data head t10k.h5 -n 200 -q -o few.h5 # of which the paths are followed closely
small=unet,width=16,multipliers=1:2:3,blocks=1
number() { sed "s/.*\"$1\":\([^,}]*\).*/\1/"; }

# A classifier is a model of labels given images: its mean answer is their probabilities.
classify() { # IMAGES WITH LABELS, ANSWERS
    si-data classes "$1" -q -o given.h5
    si-sample classifier.json --given given.h5 -n "$3" --denoise 1 -q -o "$2"
}
classifier() {
    [ -f classifier.json ] && [ -f answers.h5 ] && return
    si-data classes train.h5 -q -o given.h5
    si-train given.h5 --condition condition --learn x1 --net mlp,width=256,depth=3,fourier=0 \
        --time power,exponent=3 --batch 512 --steps 3000 --valid 0.05 -q -o classifier.json
    classify t10k.h5 answers.h5 10000
    echo "classifier: $(si-eval accuracy answers.h5 t10k.h5)"
}
classes() { # NAME NET STEPS
    classifier
    [ -f "$1.json" ] || si-train train.h5 --net "$2" --condition label --batch 64 \
        --steps "$3" --optimizer adam,lr=1e-3 --valid 0.05 --seed 1 -q --log "$1.jsonl" -o "$1.json"
    tail -n 1 "$1.jsonl" | awk -F'"square":' '{ split($2, a, ","); printf "'"$1"': loss per pixel %.4f (2 without a model)\n", a[1] / 784 }'
    for way in '--ode heun,steps=25' '--sde heun,steps=125 --epsilon kl --final mean,length=0.04'; do
        for guidance in 1 1.5; do
            si-sample "$1.json" -n 1000 --label each --guidance $guidance $way --seed 2 -q -o s.h5
            case $way in --ode*) cp s.h5 "$1-$guidance.h5" ;; esac
            classify s.h5 answered.h5 1000
            printf '%-6s guidance %-4s %-12s accuracy %.3f  Frechet %.4f\n' "$1" $guidance "${way%%,*}" \
                "$(si-eval accuracy answered.h5 s.h5 | number accuracy)" \
                "$(si-eval frechet answered.h5 answers.h5 | number frechet)"
        done
    done
    si-plot "$1-1.h5" "$1-1.5.h5" -o "$1.png"
}
restore() { # NAME STEPS COUPLING
    for coupled in on off; do
        name=$1-$coupled
        [ -f "$name.json" ] || si-train train.h5 --net $small --coupling "$3,coupled=$coupled" \
            --batch 48 --steps "$2" --optimizer adam,lr=1e-3 --valid 0.05 --seed 1 -q -o "$name.json"
        for ode in euler,steps=1 euler,steps=5 dopri5; do
            si-sample "$name.json" --observed truth.h5 --ode $ode --seed 2 -q -o "$name.h5"
            echo "$name $ode: $(si-eval restored "$name.h5" truth.h5 --blocks 4)"
        done
        echo "$name: $(si-info straightness "$name.json" --observed few.h5 -q)"
    done
    si-plot truth.h5 "$1-on.h5" "$1-off.h5" -o "$1.png"
}
toy() {
    si-data ring,modes=8,radius=2,sigma=0.15 -n 20000 --seed 1 -q -o ring.h5
    si-data ring,modes=8,radius=2,sigma=0.15 -n 4000 --seed 2 -q -o asked.h5
    for coupled in on off; do
        name=toy-$coupled
        [ -f "$name.json" ] || si-train ring.h5 --net mlp,width=96,depth=3 \
            --coupling inpaint,known=1,coupled=$coupled --batch 512 --steps 4000 --valid 0.05 -q -o "$name.json"
        for count in 1 2 5 20 100; do
            si-sample "$name.json" --observed asked.h5 --ode euler,steps=$count --seed 3 -q -o s.h5
            found=$(si-eval s.h5 asked.h5 --metrics energy --units raw -q)
            printf '%-8s %3d steps: energy distance %8.5f, floor %.5f +- %.5f; known coordinate off by %s\n' \
                "$name" $count "$(echo "$found" | number value)" "$(echo "$found" | number floor)" \
                "$(echo "$found" | number floor_deviation)" \
                "$(si-eval restored s.h5 asked.h5 | number known_error)"
        done
        echo "$name: $(si-info straightness "$name.json" --observed asked.h5)"
    done
}
for part in $parts; do
    case $part in
        toy) toy ;;
        costs)
            si-data head train.h5 -n 5000 -q -o first.h5
            for coupling in noise,scale=0,noise=1 inpaint,p=0.3 superres,factor=4,noise=0.1 \
                superres,factor=4,noise=0.3 superres,factor=4,noise=1 superres,factor=2,noise=0.1 \
                superres,factor=2,noise=0.3 superres,factor=2,noise=1; do
                si-train first.h5 --coupling $coupling --standardize none --valid 0 --batch 5000 \
                    --dump-batch batch.h5 -q
                si-data export batch.h5:/x0 -q -o x0.npy
                si-data export batch.h5:/x1 -q -o x1.npy
                echo "$coupling: $(si-eval restored x0.npy x1.npy | number cost)"
            done
            ;;
        unet) classes unet $small $((steps > 0 ? steps : 2000)) ;;
        sit) classes sit sit $((steps > 0 ? steps : 5000)) ;;
        inpaint) restore inpaint $((steps > 0 ? steps : 800)) inpaint,p=0.3 ;;
        superres) restore superres $((steps > 0 ? steps : 800)) superres,factor=4,noise=0.3 ;;
    esac
done
