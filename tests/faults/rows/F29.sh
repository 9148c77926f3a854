# a disk without hard links (link fails): checkpoints go on, and the one before is kept as a copy
# counts: 5 5
train() {
    si-train ../in.h5 -o o --net mlp,width=4,depth=1 --steps 40 --batch 8 --threads 1 --seed 3 \
        --checkpoint c --checkpoint-interval 1e-9s -q >../stdout 2>../err </dev/null
}
rm -f o c c.prev
train || wrong "training itself"
mv o ../whole
for how in EOPNOTSUPP ENOSYS EMLINK EXDEV EPERM; do
    rm -f c c.prev ../fired
    printf %s "$old" >o
    FAULT=link:1+:$how FAULT_MARK=$work/fired LD_PRELOAD=$FAULT_SHIM train
    judge $? 0 "link $how"
    [ -e ../fired ] || wrong "link $how: was never asked for"
    cmp -s o ../whole || wrong "link $how: another model"
    [ -e c.prev ] && ! cmp -s c c.prev || wrong "link $how: no checkpoint before the last"
    # The one before is whole: it is used where the last one is damaged.
    printf damage >c
    si-train ../in.h5 -o o --net mlp,width=4,depth=1 --steps 40 --batch 8 --threads 1 --seed 3 \
        --checkpoint c --resume yes >../stdout 2>../err </dev/null || wrong "link $how: resuming"
    grep -q 'the one before is used' ../err || wrong "link $how: its copy was not read"
    cmp -s o ../whole || wrong "link $how: another model after resuming"
    tried=$((tried + 1))
done
