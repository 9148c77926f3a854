# the n-th allocation fails: one line, no crash
# counts: 20 3000
step=$((20000 / count + 1))
[ "$count" -lt 1000 ] || step=1
for what in data sample train; do
    each_call $what malloc ENOMEM $step "0 65 70 71 73 74" $((count / 3 + 1))
done
