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
si-bridge g.csv g.csv --sigma 1 --method sinkhorn -q -o s.json
si-bridge bench make gaussian,dim=1 -n 20 -q -o p.h5

# OPTION | PARTNER | a command line: its refusal begins with OPTION and names PARTNER. No file but
# g.json, g.csv, the bridge s.json and the pair p.h5 is there: what does not depend on a model is
# refused before it is read.
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
--ode               | sampler multistep | si-sample g.json -n 5 --ode rk4 --epsilon 0.5 -o x.h5
--epsilon           | sampler denoise   | si-sample g.json -n 5 --denoise 3 --epsilon 0.5 -o x.h5
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
--sde               | --epsilon other   | si-likelihood m.json x.h5 --epsilon 0 --sde 10
--paths             | --epsilon other   | si-likelihood m.json x.h5 --epsilon 0 --paths 3
--estimator         | --epsilon other   | si-likelihood m.json x.h5 --epsilon 0,0 --estimator chain
--sigma             | otcfm, cfm        | si-bridge g.csv g.csv --sigma 1 --method cfm -o m.json
--sigma             | otcfm, cfm        | si-bridge g.csv g.csv --sigma 1 --method otcfm -o m.json
--epsilon           | otcfm, cfm        | si-bridge g.csv g.csv --epsilon 1 --method reflow -o m.json
--method: cfm       | no setting        | si-bridge g.csv g.csv --method cfm,pool=64 -o m.json
--method: reflow    | no setting        | si-bridge g.csv g.csv --method reflow,pool=64 -o m.json
--method: pool      | --pairs           | si-bridge g.csv g.csv --method otcfm,pool=64 --pairs -o m.json
--method: pool      | --pairs           | si-bridge g.csv g.csv --sigma 1 --method sf2m,pool=64 --pairs -o m.json
--method: dsbm: pool | first=sinkhorn   | si-bridge g.csv g.csv --sigma 1 --method dsbm,first=independent,pool=64 -o m.json
--method: dsbm: cache | schedule=online | si-bridge g.csv g.csv --sigma 1 --method dsbm,cache=64 -o m.json
--method: dsbm: refresh | schedule=online | si-bridge g.csv g.csv --sigma 1 --method dsbm,refresh=64 -o m.json
--method: neural-interpolant: modes | path_rate above 0 | si-bridge g.csv g.csv --sigma 1 --method neural-interpolant,path_rate=0,modes=2 -o m.json
--steps             | SDE               | si-bridge bench score s.json p.h5 --steps 5
--coupling: inpaint: p | known          | si-train x.h5 --coupling inpaint,known=1,p=0.3 -o m.json
--coupling: inpaint: tile | known       | si-train x.h5 --coupling inpaint,known=1,tile=2 -o m.json
--coupling: reuse   | several pools     | si-train g.csv --x0 g.csv --valid 0 --coupling ot,reuse=2 -q -o m.json
--coupling: reuse   | several pools     | si-train g.csv --x0 g.csv --valid 0 --coupling sinkhorn,epsilon=1,reuse=2 -q -o m.json
--x0                | g.json draws x0   | si-train g.csv --x0 g.csv --valid 0 --coupling from-model,model=g.json -q -o m.json
--base              | coupling          | si-train x.h5 --base normal --coupling from-model,model=m.json -o m.json
--base              | coupling          | si-train x.h5 --base normal --coupling noise -o m.json
--base              | --x0              | si-train x.h5 --base normal --x0 y.h5 -o m.json
--base              | --path mirror     | si-train x.h5 --base normal --path mirror --gamma brownian -o m.json
--net: mlp: fourier_scale | fourier above 0 | si-train x.h5 --net mlp,fourier=0,fourier_scale=2 -o m.json
--net: mlp: residual | depth above 1    | si-train x.h5 --net mlp,residual=on,depth=1 -o m.json
--net: label_features | --condition label | si-train x.h5 --net mlp,label_features=8 -o m.json
--output            | --dump-batch      | si-train x.h5 --dump-batch b.h5 -o m.json
--checkpoint        | --dump-batch      | si-train x.h5 --dump-batch b.h5 --checkpoint c
--optimizer         | --dump-batch      | si-train x.h5 --dump-batch b.h5 --optimizer adam,lr=0.1
--steps             | --dump-batch      | si-train x.h5 --dump-batch b.h5 --steps 5
--max-time          | --dump-batch      | si-train x.h5 --dump-batch b.h5 --max-time 5m
--exact             | w1, w2            | si-eval x.h5 y.h5 --metrics energy --exact 100
--most              | energy            | si-eval x.h5 y.h5 --metrics w1,sliced --most 100
--score             | log-density       | si-plot report s.json g.csv --x0 g.csv --score 2 -q -o x.svg
--given             | --dump-batch      | si-train x.h5 --given b.h5 -o m.json
--dump-batch        | --dry-run         | si-train x.h5 --dump-batch b.h5 --dry-run -o m.json
--resume            | --checkpoint      | si-train x.h5 --resume auto -o m.json
--checkpoint-interval | --checkpoint    | si-train x.h5 --checkpoint-interval 5m -o m.json
--label-dropout     | --condition label | si-train x.h5 --label-dropout 0.2 -o m.json
--label-dropout     | --condition label | si-train x.h5 --label-dropout 0.2 --condition x0 -o m.json
--valid-interval    | --valid           | si-train x.h5 --valid 0 --valid-interval 10 -o m.json
--antithetic        | --gamma           | si-train x.h5 --x0 y.h5 --antithetic on -o m.json
--scale             | --output          | si-plot x.h5 --scale 3 -o x.svg
LIST

# In a configuration it is refused with its place and status 78, and put aside where the command line
# is what makes it do nothing.
status=0
printf '\nlabel_dropout = 0.2\n' >c.toml
si-train x.h5 --config c.toml -o m.json 2>err || status=$?
if [ $status -ne 78 ] || ! grep -q 'c.toml: line 2, column 1: label_dropout: goes with --condition label' err; then
    echo "useless: in a configuration: status $status: $(cat err)" >&2
    failed=1
fi
printf 'ode = "rk4"\n' >c.toml
if ! si-sample g.json -n 5 --config c.toml --denoise 3 -q -o x.h5; then
    echo "useless: --denoise does not put the ode of a configuration aside" >&2
    failed=1
fi
exit $failed
