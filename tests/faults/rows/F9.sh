# the writer of a pipe is killed: its reader exits with 65
# counts: 4 100
while [ $tried -lt "$count" ]; do
    rm -f ../fifo ../open && mkfifo ../fifo
    si-data gaussian,dim=2 -n 3000000 -q >../fifo 2>/dev/null &
    writer=$!
    (until [ -e ../open ]; do sleep 0.01; done; sleep 0.0$((tried % 9)); kill -9 $writer) 2>/dev/null &
    sh -c ': >../open && exec si-likelihood ../m.json - --ode euler,steps=1 -q' <../fifo >../stdout 2>../err
    judge $? 65 "writer killed"
    wait
    tried=$((tried + 1))
done
