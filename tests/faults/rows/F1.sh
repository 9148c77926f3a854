# kill -9 while an output is written: the old file or the new one
# counts: 4 200
began=$(date +%s%N)
si-data gaussian,dim=2 -n 200000 -o ../new.h5 -q
took=$((($(date +%s%N) - began) / 1000000)) # milliseconds
killed=0
while [ $tried -lt "$count" ]; do
    printf %s "$old" >o
    si-data gaussian,dim=2 -n 200000 -o o -q &
    moment=$((took * ((tried * 618) % 1000) / 1000 + 1))
    sleep "$((moment / 1000)).$(printf %03d $((moment % 1000)))"
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
    case $? in 0) ;; 137) killed=$((killed + 1)) ;; *) wrong "status $?" ;; esac
    tried=$((tried + 1))
    [ "$(head -c 21 o | tr -d '\0')" = "$old" ] || cmp -s o ../new.h5 || wrong "neither old nor new"
    rm -f .[!.]*
done
[ $killed -gt 0 ] || wrong "none was killed on its way"
note="$killed killed on their way"
