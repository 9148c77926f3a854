# threads 1, 2, 4, 8, parts 2 and 7, pipe or file: the same bytes
# counts: 1 1
si-data ring -n 1500 -q -o r.h5
train="si-train r.h5 --steps 12 --net mlp,width=48,depth=2 --batch 700 --gamma brownian --learn b,eta -q"
$train --threads 1 -o ../t.json
sample="si-sample ../t.json -n 701 --log-density -q"
diffuse="si-sample ../t.json -n 701 --sde heun,steps=9 -q"
score="si-likelihood ../t.json"
scores="--sde 6 --estimator elbo --paths 3 --epsilon 0.5 -q"
$sample --threads 1 -o ../s.h5
$diffuse --threads 1 -o ../d.h5
$score r.h5 $scores --threads 1 -o ../l.h5 >../l.json
$score - $scores --threads 1 -o ../p.h5 <r.h5 >/dev/null # which says another command
equal() {
    tried=$((tried + 1))
    cmp -s "$1" "$2" || wrong "$3"
    rm -f "$2"
}
for threads in 1 2 4 8; do
    with="--threads $threads"
    $train $with -o t.json
    equal ../t.json t.json "training, $with"
    $train $with -o - <r.h5 >t.json
    equal ../t.json t.json "training to a pipe, $with"
    $sample $with >s.h5
    equal ../s.h5 s.h5 "flow, pipe, $with"
    cat r.h5 | $score - $scores $with -o l.h5 >l.json
    equal ../p.h5 l.h5 "scores, pipe, $with"
    equal ../l.json l.json "numbers, pipe, $with"
    for parts in 2 7; do
        part=0 sets=
        while [ $part -lt $parts ]; do
            part=$((part + 1)) sets="$sets $part"
            $sample $with --shard $part/$parts -o s$part.h5
            $diffuse $with --shard $part/$parts -o d$part.h5
            $score r.h5 $scores $with --shard $part/$parts -o l$part.h5 >/dev/null
        done
        for kind in s d l; do
            si-data merge $(for part in $sets; do echo $kind$part.h5; done) -o all.h5 -q
            equal ../$kind.h5 all.h5 "$kind in $parts parts, $with"
        done
        rm -f [sdl][0-9].h5
    done
done
