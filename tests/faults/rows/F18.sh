# with and without a terminal, TERM=dumb, NO_COLOR: no escapes where none belong, no data on a terminal
# counts: 1 1
escape=$(printf '\033')
# $1 settings, $2 whether escapes may be there (may, no), $3 statuses, then a command, on a terminal.
on_terminal() {
    settings=$1 may=$2 want=$3
    shift 3
    env $settings script -qec "$*" "$work/typed" >/dev/null 2>&1 </dev/null
    status=$?
    tried=$((tried + 1))
    case " $want " in *" $status "*) ;; *) wrong "status $status: $settings $*" ;; esac
    if [ "$may" = no ] && sed '1d;$d' "$work/typed" | grep -q "$escape"; then wrong "escapes: $settings $*"; fi
}
train="si-train ../in.h5 --steps 400 --net mlp,width=32,depth=2 --threads 1 -o o"
for settings in TERM=xterm TERM=dumb "TERM=xterm NO_COLOR=1" "TERM=" "COLUMNS=10" "COLUMNS=0"; do
    case $settings in TERM=xterm | COLUMNS=*) may=may ;; *) may=no ;; esac
    on_terminal "$settings" $may 0 "$train"
    on_terminal "$settings" no 0 "$train -q"
    on_terminal "$settings" $may 0 "si-data --help"
    on_terminal "$settings" $may 66 "si-train missing.h5 -o o"
    on_terminal "$settings" $may 0 "si-likelihood ../m.json ../in.h5 --ode euler,steps=2"
    on_terminal "$settings" no "64" "si-data gaussian -n 10"
    grep -q HDF "$work/typed" && wrong "binary data on a terminal"
done
for settings in TERM=xterm TERM=dumb; do
    env $settings $train >../stdout 2>../err </dev/null || wrong "$train"
    env $settings si-train missing.h5 -o o >>../stdout 2>>../err </dev/null
    env $settings si-data --help >>../stdout 2>>../err </dev/null
    grep -q "$escape" ../stdout ../err && wrong "escapes without a terminal: $settings"
    grep -q "$(printf '\r')" ../stdout ../err && wrong "a line drawn again without a terminal"
    tried=$((tried + 1))
done
