# a second INT in a long step: 130 at once, and the checkpoint can be resumed
# counts: 2 50
long() { # steps of about a second
    # A shell lets what it puts into the background ignore INT.
    exec env --default-signal=INT si-train ../in.h5 -o o --net mlp,width=512,depth=4 --batch 16384 --steps 40 --threads 1 -q \
        --checkpoint c --checkpoint-interval 0.01s "$@"
}
printf %s "$old" >o
began=$(date +%s%N)
(long --max-time 0.1s 2>../err)
judge $? 75 "the run that leaves a checkpoint"
step=$((($(date +%s%N) - began) / 1000000)) # milliseconds, with the start of the program
longest=0 at_once=0
while [ $tried -lt "$count" ]; do
    cp c before
    long --resume yes --log log 2>../err &
    process=$!
    sleep "1.$((tried * 37 % 90 + 10))"
    kill -INT $process
    sleep 0.05
    began=$(date +%s%N)
    kill -INT $process 2>/dev/null
    wait $process 2>/dev/null
    status=$?
    took=$((($(date +%s%N) - began) / 1000000))
    # 75 when the step was over between the two.
    judge $status "130 75" "a second INT"
    if [ $status = 130 ]; then
        at_once=$((at_once + 1))
        [ $took -le $longest ] || longest=$took
    fi
    mv before c
    tried=$((tried + 1))
done
# Not at the end of the step: of many one would have come early in it.
[ $at_once -gt 0 ] || wrong "no step was cut short"
[ $longest -lt $step ] || wrong "a second INT took $longest ms of a step of $step"
(long --resume yes --max-time 0.1s 2>../err)
judge $? 75 "resuming after a second INT"
note="$at_once in a step of $step ms, the longest took $longest ms to end"
