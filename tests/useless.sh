#!/bin/sh
# useless.sh: options that would do nothing are refused with status 64, by one line that names the
# option and what it goes with. SI_BIN: the programs.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PATH=$SI_BIN:$PATH
unset SI_BIN # no option of a program
cd "$work"
failed=0

cat >g.json <<'MODEL'
{"format": "si-model", "format_version": [1, 0], "dim": 1, "base": {"kind": "normal"},
 "field": {"kind": "mixture", "weights": [1], "means": [[0]], "covariances": [[[1]]]}}
MODEL
printf '1\n2\n' >g.csv

# OPTION | PARTNER | a command line: its refusal begins with OPTION and names PARTNER. No file but
# g.json and g.csv is there: what does not depend on a model is refused before it is read.
while IFS='|' read -r option partner command; do
    [ -n "$command" ] || continue
    option=$(echo $option) partner=$(echo $partner)
    status=0
    rm -f x.h5 x.svg m.json
    sh -c "$command" >out 2>err </dev/null || status=$?
    program=${command##*; }
    program=$(echo $program | cut -d' ' -f1)
    line=$(head -n 1 err)
    # The rest of a name of a command, as in "si-info straightness: --x".
    case "$line" in
        "$program"*": $option"*"$partner"*) named=1 ;;
        *) named=0 ;;
    esac
    if [ $status -ne 64 ] || [ $named -eq 0 ] || [ "$(wc -l <err)" -ne 1 ] || [ -s out ]; then
        echo "useless: $command: status $status: $line" >&2
        failed=1
    fi
done <<'LIST'
--ode               | sampler sde       | si-sample g.json -n 5 --ode rk4 --epsilon 0.5 -o x.h5
--epsilon           | --sde             | si-sample g.json -n 5 --denoise 3 --epsilon 0.5 -o x.h5
--final             | --sde             | si-sample g.json -n 5 --final none -o x.h5
--final             | --sde             | si-sample g.json -n 5 --ode rk4 --final none -o x.h5
--ode               | sampler denoise   | si-sample g.json -n 5 --ode rk4 --denoise 3 -o x.h5
--sde               | sampler denoise   | si-sample g.json -n 5 --sde heun --denoise 3 -o x.h5
--given             | conditioned       | si-sample g.json -n 5 --given g.csv -o x.h5
--range             | images            | si-data import g.csv --range 0,2 -o x.h5
--guidance          | --label           | si-sample m.json -n 5 --label none --guidance 2 -o x.h5
--guidance-interval | --guidance        | si-sample m.json -n 5 --label 1 --guidance-interval 0,1 -o x.h5
--guidance-interval | --guidance        | si-info straightness m.json --label 1 --guidance-interval 0,1
unknown option      | --backward        | si-info straightness m.json --backward
--ode               | --epsilon         | si-likelihood m.json x.h5 --sde 10 --ode rk4
--divergence        | --sde             | si-likelihood m.json x.h5 --epsilon 0.5 --divergence hutchinson
--estimator         | --sde             | si-likelihood m.json x.h5 --estimator chain
--paths             | --epsilon         | si-likelihood m.json x.h5 --paths 3
--given             | --dump-batch      | si-train x.h5 --given b.h5 -o m.json
--dump-batch        | --dry-run         | si-train x.h5 --dump-batch b.h5 --dry-run -o m.json
--resume            | --checkpoint      | si-train x.h5 --resume auto -o m.json
--checkpoint-interval | --checkpoint    | si-train x.h5 --checkpoint-interval 5m -o m.json
--label-dropout     | --condition label | si-train x.h5 --label-dropout 0.2 -o m.json
--label-dropout     | --condition label | si-train x.h5 --label-dropout 0.2 --condition x0 -o m.json
--valid-interval    | --valid           | si-train x.h5 --valid 0 --valid-interval 10 -o m.json
--antithetic        | --gamma           | si-train x.h5 --x0 y.h5 --antithetic on -o m.json
--scale             | --output          | si-plot x.h5 --scale 3 -o x.svg
--label-dropout     | --condition label | printf 'label_dropout = 0.2' >c.toml; si-train x.h5 --config c.toml -o m.json
LIST
exit $failed
