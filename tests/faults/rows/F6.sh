# the n-th write, fsync, close, rename fails, is interrupted or short
# counts: 40 5000
for what in data sample scores train split export; do
    for call in write fsync close rename; do
        for how in EIO ENOSPC; do
            each_call $what $call $how 1 "0 65 66 73 74" $((count / 60 + 1))
        done
    done
    each_call $what write EINTR 1 0 $((count / 60 + 1))
    each_call $what write SHORT 1 0 $((count / 60 + 1))
done
