# the disk is full at byte k: 74
# counts: 12 256
step=$((1100 / count + 1))
k=0
while [ $k -lt 1020 ]; do
    printf %s "$old" >o
    # What it says goes through a pipe, which has no limit.
    { (ulimit -f $k; exec si-data gaussian,dim=2 -n 44000 -o o -q 2>&1)
        echo $? >../status; } | cat >../err
    judge "$(cat ../status)" 74 "limit of $k blocks"
    tried=$((tried + 1)) k=$((k + step))
done
si-data gaussian,dim=2 -n 44000 -q >/dev/full 2>../err
judge $? 74 /dev/full
tried=$((tried + 1))
