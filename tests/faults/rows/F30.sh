# descriptors run out (ulimit -n): 71 and the words of the system, never damaged data
# counts: 20 20
si-data export ../in.h5 -o ../in.csv -q
output=p
for what in likelihood sample data info csv; do
    for most in 3 4 5 6 7 8; do
        rm -f p
        (
            ulimit -n $most
            case $what in
            likelihood) exec si-likelihood ../m.json ../in.h5 --ode euler,steps=1 --threads 1 ;;
            sample) exec si-sample ../m.json -n 10 --ode euler,steps=1 --threads 1 -q -o p ;;
            data) exec si-data gaussian,dim=2 -n 10 -q -o p ;;
            info) exec si-data info ../in.h5 ;;
            csv) exec si-data import ../in.csv -q -o p ;;
            esac
        ) >../stdout 2>../err </dev/null
        status=$?
        # The loader of the C library needs one as well, and ends with 127 where there is none.
        judge $status "0 71 127" "$what, $most descriptors"
        [ $status != 71 ] || grep -q 'Too many open files' ../err || wrong "$what, $most: other words"
        [ $status != 71 ] || seen=1
        tried=$((tried + 1))
    done
done
[ "${seen:-0}" = 1 ] || wrong "descriptors never ran out"
