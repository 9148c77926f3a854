# a file that is locked, replaced, cut or removed while it is read, an output that another program holds: clean
# counts: 4 60
big=400000
si-data gaussian,dim=2 -n $big -q -o ../big.h5
score() { si-likelihood ../m.json "$1" --ode euler,steps=1 --threads 1 -q; }
score ../big.h5 >../right
while [ $tried -lt "$count" ]; do
    cp ../big.h5 b.h5
    case $((tried % 4)) in
    0) # removed or replaced: what was opened is read to its end
        score b.h5 >../stdout 2>../err &
        sleep "0.0$((tried % 9 + 1))"
        if [ $((tried % 8)) = 0 ]; then rm b.h5; else cp ../in.h5 c.h5 && mv c.h5 b.h5; fi
        wait $!
        status=$?
        # Before it was opened there was none, or the other one.
        judge $status "0 66" "an input that goes"
        [ $status != 0 ] || cmp -s ../stdout ../right || grep -q '"n": *2000' ../stdout || wrong "numbers of an input that goes"
        ;;
    1) # cut
        score b.h5 >../stdout 2>../err &
        sleep "0.0$((tried % 9 + 1))"
        head -c 3000 ../big.h5 >b.h5
        wait $!
        status=$?
        judge $status "0 65" "an input that is cut"
        [ $status != 0 ] || cmp -s ../stdout ../right || wrong "numbers of an input that is cut"
        ;;
    2) # locked by a program that writes it
        flock -x b.h5 sleep 0.3 &
        sleep 0.05
        score b.h5 >../stdout 2>../err
        status=$?
        judge $status "0 65 66" "an input that is locked"
        [ $status != 0 ] || cmp -s ../stdout ../right || wrong "numbers of an input that is locked"
        wait
        ;;
    3) # two that write one file, and one that holds it: the last one stays, whole
        flock -x b.h5 sleep 0.1 &
        si-data gaussian,dim=2 -n $big -q -o b.h5 2>../err2 &
        other=$!
        si-data gaussian,dim=2 -n $big -q -o b.h5 2>../err
        status=$?
        wait $other
        judge $? 0 "an output that another writes"
        judge $status 0 "an output that is locked"
        wait
        cmp -s b.h5 ../big.h5 || wrong "an output of two"
        ;;
    esac
    tried=$((tried + 1))
done
