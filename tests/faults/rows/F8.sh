# standard input ends at byte k: 65
# counts: 20 300
size=$(wc -c <../in.h5)
k=0
while [ $k -lt "$size" ]; do
    head -c $k ../in.h5 | si-likelihood ../m.json - --ode euler,steps=1 -q >../stdout 2>../err
    judge $? 65 "cut at $k"
    tried=$((tried + 1))
    if [ $k -lt 3000 ]; then k=$((k + 3000 * 3 / count + 1)); else k=$((k + size * 3 / 2 / count)); fi
done
