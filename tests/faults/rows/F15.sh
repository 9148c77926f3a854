# names and places: read-only, missing, directories, links, pipes, devices, odd and long names
# counts: 1 1
expect() { # status command...
    want=$1
    shift
    "$@" >../stdout 2>../err </dev/null
    judge $? "$want" "$*"
    tried=$((tried + 1))
}
draw() { expect "$1" si-data gaussian,dim=2 -n 300 -q -o "$2"; }
si-data gaussian,dim=2 -n 300 -q -o ../whole

# Outputs.
mkdir folder
draw 73 folder
draw 73 missing/o
draw 73 ../in.h5/o
draw 73 /proc/o
draw "73 64" ''
draw 73 "$(printf '%0300d' 0)"
ln -s o link # what it names is replaced, not the link
draw 0 link
[ -L link ] && cmp -s o ../whole || wrong "an output through a link"
ln -s one two && ln -s two one
draw 73 one
ln -s nowhere/o broken
draw 73 broken
draw 0 /dev/null
[ -c /dev/null ] || wrong "/dev/null is no device any more"
mkfifo fifo
timeout 20 cat fifo >o &
draw 0 fifo
wait $!
cmp -s o ../whole || wrong "an output to a pipe with a name"
[ -p fifo ] || wrong "the pipe was replaced"
for name in 'a b' "$(printf 'new\nline')" 'Zürich.h5' "it's" '$HOME' '-dash' '*' "$(printf '%0240d' 0)"; do
    case $name in -*) set -- "./$name" ;; *) set -- "$name" ;; esac
    draw 0 "$1"
    cmp -s -- "$name" ../whole || wrong "an output called $name"
    expect 0 si-data info "$1"
    rm -f -- "$name"
done
draw 0 -dash # the value of -o, whatever it looks like
rm -f ./-dash
touch ./-dash.h5 && cp ../in.h5 ./-dash.h5
expect 0 si-data info -- -dash.h5
rm -f ./-dash.h5

# Outputs that are inputs.
cp ../in.h5 same.h5
expect "0 64" si-data head same.h5 -n 7 -o same.h5
rows_of() { si-data export "$1" -o ../rows.csv && wc -l <../rows.csv; }
[ "$(rows_of same.h5)" = 7 ] || cmp -s same.h5 ../in.h5 || wrong "an output that is its input was spoiled"
cp ../in.h5 same.h5
expect "0 64" si-likelihood ../m.json same.h5 --ode euler,steps=1 -o same.h5 -q
expect 64 si-data split ../in.h5 -o same.h5 --held-out same.h5

# Inputs.
expect 66 si-data info missing.h5
expect 66 si-data info folder
expect 66 si-data info one
expect 66 si-data info broken
expect 66 si-data info ../in.h5/x
expect 66 si-likelihood missing.json ../in.h5
expect "65 66" si-data info /dev/null
expect 66 si-data info ''
expect 66 si-data info "$(printf '%05000d' 0)"
expect 65 si-likelihood ../m.json - -q
: >../nothing
expect 65 si-data info ../nothing
mkfifo pipe.h5
timeout 20 cat ../in.h5 >pipe.h5 &
expect 0 si-likelihood ../m.json pipe.h5 --ode euler,steps=1 -q
wait

# A folder in which nothing can be made; root may write anywhere but on what is mounted so.
mkdir closed
if [ "$(id -u)" = 0 ]; then
    mount -t tmpfs -o ro none closed 2>/dev/null
    sealed=$?
    trap 'umount "$work/out/closed" 2>/dev/null; rm -rf "$work"' EXIT
else
    chmod 555 closed
    sealed=0
fi
if [ $sealed = 0 ]; then
    draw 73 closed/o
    expect 73 si-train ../in.h5 --steps 2 --net mlp,width=4,depth=1 -q -o o --log closed/l
    expect 73 si-train ../in.h5 --steps 2 --net mlp,width=4,depth=1 -q -o o --checkpoint closed/c
    [ "$(id -u)" != 0 ] || umount closed
else
    note="without a read-only folder"
fi

# No room for a copy of what arrives, where one is needed.
si-data export ../in.h5 -o ../in.npy
export TMPDIR=$work/none
expect 73 sh -c 'cat ../in.npy | si-likelihood ../m.json - --ode euler,steps=1 -q'
expect 0 sh -c 'cat ../in.h5 | si-likelihood ../m.json - --ode euler,steps=1 -q'
