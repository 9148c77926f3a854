# languages, time zones, umask, closed standard streams, empty environment: the same bytes
# counts: 1 1
chain() { # writes t.h5, t.json, s.h5 and scores, as one run of every kind of file
    si-data import ../table.csv -o t.h5 -q && si-train t.h5 --steps 3 --net mlp,width=8,depth=1 --batch 64 \
        --threads 2 --log log -q -o t.json && si-sample t.json -n 50 --log-density -q -o s.h5 &&
        si-likelihood t.json t.h5 -q -o l.h5 >"${1:-scores}" && si-data export s.h5 -o s.csv
}
si-data export ../in.h5 -o ../table.csv
made="t.h5 t.json s.h5 scores l.h5 s.csv log"
(chain) || wrong "the chain itself"
mkdir ../right && mv $made ../right
same() {
    tried=$((tried + 1))
    for file in $made; do cmp -s $file "../right/$file" || wrong "$1: $file differs"; done
    [ "$(ls -A | grep -c '\.tmp$')" = 0 ] || wrong "$1: a file left"
    rm -f $made
}
# Languages with a decimal comma and a dotless i; made here, as machines differ in what they have.
for language in de_DE tr_TR; do
    localedef -i $language -f UTF-8 "$work/$language.UTF-8" 2>/dev/null || note="without some languages"
done
for setting in LC_ALL=C LC_ALL=C.UTF-8 LC_ALL=de_DE.UTF-8 LC_ALL=tr_TR.UTF-8 LC_ALL=none LANG=de_DE.UTF-8 \
    TZ=Asia/Kathmandu TZ=nowhere COLUMNS=1 COLUMNS=x TERM= NO_COLOR=1 HOME= OMP_NUM_THREADS=7 POSIXLY_CORRECT=1; do
    (case $setting in LANG=*) unset LC_ALL ;; esac; export "LOCPATH=$work" "$setting" && chain 2>../err) || wrong "$setting"
    same "$setting"
done
for variable in $(env | sed -n 's/^\([A-Za-z_]*\)=.*/\1/p'); do
    case $variable in PATH | PWD) ;; *) unset_all="${unset_all:-} $variable" ;; esac
done
(unset $unset_all && chain 2>../err) || wrong "without variables"
same "without variables"
for mask in 000 022 077; do
    (umask $mask && chain 2>../err) || wrong "umask $mask"
    for file in t.h5 t.json l.h5 s.csv; do
        [ "$(stat -c %a $file)" = $(printf %o $((0666 & ~0$mask))) ] || wrong "umask $mask: $file is $(stat -c %a $file)"
    done
    same "umask $mask"
done
# Closed streams: nothing of a file may go where a stream was.
(chain) <&- 2>../err || wrong "no standard input"
same "no standard input"
(chain) 2>&- || wrong "no standard error"
same "no standard error"
(chain) <&- 2>&- || wrong "neither input nor error"
same "neither input nor error"
(chain) >&- 2>../err || wrong "no standard output where none is written"
same "no standard output"
si-likelihood ../m.json ../in.h5 --ode euler,steps=1 -q >&- 2>../err
judge $? 74 "numbers for a standard output that is closed"
si-data gaussian -n 3 -q >&- 2>../err
judge $? 73 "data for a standard output that is closed"
si-likelihood ../m.json - -q <&- 2>../err
judge $? "65 66" "data from a standard input that is closed"
tried=$((tried + 3))
