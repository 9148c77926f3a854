# kill -9 while an output is written: the old file or the new one
# counts: 4 200
si-data gaussian,dim=2 -n 200000 -o ../new.h5 -q
while [ $tried -lt "$count" ]; do
    printf %s "$old" >o
    si-data gaussian,dim=2 -n 200000 -o o -q &
    sleep "0.$(awk -v s=$tried 'BEGIN { srand(s); printf "%03d", 10 + 280 * rand() }')"
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
    tried=$((tried + 1))
    [ "$(cat o | head -c 21 | tr -d '\0')" = "$old" ] || cmp -s o ../new.h5 || wrong "neither old nor new"
    rm -f .[!.]*
done
