#!/bin/sh
# examples.sh MAN: runs every example of the manual pages in the folder MAN and of --help, in an
# order in which the files that they read are there. Numbers of samples and of training steps and
# the widths of networks are made small on the way, by sed and by a configuration file; for that,
# sed names the methods that si-bridge would take by itself. Nothing else is changed. The tutorial
# is run from top to bottom in an empty folder, as it is read.
set -u
man=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PATH=${SI_BIN:+$SI_BIN:}$PATH
unset SI_BIN # no option of a program
real=$(dirname "$(command -v si-train)")
export PATH TERM=dumb LC_ALL=C
mkdir "$work/bin" "$work/cwd"
cd "$work/cwd" || exit 1
wrap() { # program, its configuration: options on the command line win over it
    printf "$2" >"$work/$1.toml"
    printf '#!/bin/sh\nSI_CONFIG=%s exec %s "$@"\n' "$work/$1.toml" "$real/$1" >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}
wrap si-train 'steps = 12\nbatch = 32\nnet = "mlp,width=8,depth=1"\nquiet = true\n'
cp "$real/si" "$work/bin/si"

# Commands after "$ ", with the lines that go on after a pipe, a backslash or an indent.
commands() {
    awk '/^(\.Dl )?\$ / { if (line) print line; sub(/^(\.Dl )?\$ /, ""); line = $0; next }
         /^    / && line { sub(/^ +/, ""); line = line " " $0; next }
         { if (line) print line; line = "" }
         END { if (line) print line }' "$1" | sed 's/\\e/\\/g; s/ \\ / /g; s/\\(aq/'"'"'/g; s/\\(dq/"/g; s/\\&//g'
}
smaller() {
    sed -E 's/-n ([0-9]+)(000|k|M)\b/-n 300/g; s/steps=[0-9]{3,}/steps=10/g; s/--steps [0-9]+[0-9kM]*/--steps 12/g; s/paths [0-9]+/paths 2/g; s/--sde [0-9]+/--sde 10/g; s/--max-time [0-9]+[hm]/--max-time 1m/g' |
        sed -E 's/bench make [^-]*/&-n 300 /; s/bench score .*/& --points 20 --samples 20 --n 300 --transport 100/' |
        sed -E 's/--method lightsb /--method lightsb,steps=60 /; s/(b\.h5 --sigma 0.5) /\1 --method lightsb,steps=60 /; s/--pairs /--pairs --method sf2m,steps=12 /; s/--net unet(,width=[0-9]+)?/--net unet,width=8/'
}
stage() { # the files that examples take for granted
    [ -e data.h5 ] || si-data mixture -n 300 -q -o data.h5
    [ -e test.h5 ] || si-data mixture -n 300 --seed 2 -q -o test.h5
    for copy in points a b board x samples made images before after start; do [ -e $copy.h5 ] || cp data.h5 $copy.h5; done
    [ -e damaged.h5 ] || {
        si-data gaussian,dim=64 -n 40 -q -o flat.h5 && awk 'BEGIN { for (i = 0; i < 40; ++i) print i % 3 }' >labels.csv
        si-data import flat.h5 --shape 1,8,8 --labels labels.csv -q -o train.h5
        cp train.h5 damaged.h5
    }
    [ -e treated.h5 ] || {
        si-data export data.h5 -o all.csv && awk 'BEGIN { for (i = 0; i < 300; ++i) print i % 3 }' >of.csv
        si-data import all.csv --labels of.csv -q -o treated.h5 && cp treated.h5 control.h5
    }
    [ -e pairs.h5 ] || si-bridge couple a.h5 b.h5 --plan independent -q -o pairs.h5
    [ -e points.csv ] || si-data export data.h5 -o points.csv
    [ -e model.json ] || si-train data.h5 --gamma brownian --learn b,eta --steps 12 --net mlp,width=8,depth=1 -q -o model.json
}
stage
run=0 failed=0
for page in "$man"/*.1.in; do
    commands "$page" >../list
    rm -f *.h5 *.json # what other pages left
    while read -r line; do
        small=$(printf '%s\n' "$line" | smaller)
        case $small in *digits* | *'<('* | sbatch*) continue ;; esac # another test has the data; a shell's own
        run=$((run + 1))
        stage
        PATH=$work/bin:$PATH sh -c "$small" >../out 2>../err </dev/null || {
            failed=$((failed + 1))
            echo "$(basename "$page"): $line"
            head -3 ../err
        }
    done <../list
done
echo "examples: $run run, $failed failed"
[ $failed = 0 ] && [ $run -gt 20 ] || exit 1

# Slurm as far as its script knows it, on this machine.
data=$(cd "$man/../data" && pwd)
mkdir "$work/tutorial" && cd "$work/tutorial" || exit 1
printf '#!/bin/sh\nSLURM_JOB_ID=1 SLURM_JOB_END_TIME=$(($(date +%%s) + 3600)) exec bash "$@"\n' >"$work/bin/sbatch"
printf '#!/bin/sh\nexec "$@"\n' >"$work/bin/srun"
printf '#!/bin/sh\nexit 1\n' >"$work/bin/scontrol"
chmod +x "$work/bin/sbatch" "$work/bin/srun" "$work/bin/scontrol"
commands "$man/si-tutorial.7" | sed "s|/usr/share/doc/si-tools|$data|" | smaller >../list
run=0
while read -r line; do
    run=$((run + 1))
    PATH=$work/bin:$PATH sh -c "$line" >../out 2>../err </dev/null || {
        echo "si-tutorial.7: $line"
        head -3 ../err
        exit 1
    }
done <../list
for made in table.png curves.svg density.html paths.png images.png night.json all.png; do
    [ -s $made ] || { echo "si-tutorial.7: makes no $made"; exit 1; }
done
echo "tutorial: $run commands"
[ $run -gt 20 ]
