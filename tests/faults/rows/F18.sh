# with and without a terminal, TERM=dumb, -q: lines drawn again where they belong, no escapes, no data on a terminal
# counts: 1 1
escape=$(printf '\033')
# $1 settings, $2 whether a line is drawn again (yes, no, any), $3 statuses, then a command, on a
# terminal: it puts a return before every end of a line, which does not count.
on_terminal() {
    settings=$1 again=$2 want=$3
    shift 3
    env $settings timeout 60 script -qec "$*" "$work/typed" >/dev/null 2>&1 </dev/null
    status=$?
    tried=$((tried + 1))
    case " $want " in *" $status "*) ;; *) wrong "status $status: $settings $*" ;; esac
    sed '1d;$d' "$work/typed" | tr '\r' '~' | sed 's/~*$//' >"$work/lines"
    grep -q "$escape" "$work/lines" && wrong "escapes: $settings $*"
    grep -q "$(printf '\211HDF')" "$work/lines" && wrong "binary data on a terminal: $settings $*"
    case $again in
    yes) grep -q '~' "$work/lines" || wrong "no progress: $settings $*" ;;
    no) grep -q '~' "$work/lines" && wrong "lines drawn again: $settings $*" ;;
    esac
}
# Long enough for progress, which has a second's patience.
train="si-train ../in.h5 --steps 100000000 --net mlp,width=32,depth=2 --batch 256 --threads 1 --checkpoint c --resume auto --max-time 2s -o o"
for settings in TERM=xterm "TERM=xterm NO_COLOR=1" "TERM=xterm COLUMNS=10" "TERM=xterm COLUMNS=0"; do
    on_terminal "$settings" yes 75 "$train"
done
for settings in TERM=dumb TERM=; do
    on_terminal "$settings" no 75 "$train"
done
on_terminal TERM=xterm no 75 "$train -q"
on_terminal TERM=xterm no 75 "$train --progress none"
on_terminal TERM=xterm no 75 "$train --progress lines"
for settings in TERM=xterm TERM=dumb; do
    on_terminal "$settings" no 0 "si-data --help"
    on_terminal "$settings" no 66 "si-train missing.h5 -o o"
    on_terminal "$settings" any 0 "si-likelihood ../m.json ../in.h5 --ode euler,steps=2"
    on_terminal "$settings" no 64 "si-data gaussian -n 10"
    env $settings $train >../stdout 2>../err </dev/null
    [ $? = 75 ] || wrong "$train"
    grep -q "step [0-9]" ../err || wrong "no progress without a terminal: $settings"
    grep -q "$escape" ../stdout ../err && wrong "escapes without a terminal: $settings"
    grep -q "$(printf '\r')" ../stdout ../err && wrong "a line drawn again without a terminal"
    tried=$((tried + 1))
done
