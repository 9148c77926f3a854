# the reader of a pipe leaves: its writer ends by SIGPIPE
# counts: 8 100
while [ $tried -lt "$count" ]; do
    { si-data gaussian,dim=2 -n 3000000 -q 2>../err; echo $? >../status; } | head -c $((tried * 977)) >/dev/null
    judge "$(cat ../status)" 141 "reader of $((tried * 977)) bytes"
    [ -s ../err ] && wrong "it said something"
    tried=$((tried + 1))
done
