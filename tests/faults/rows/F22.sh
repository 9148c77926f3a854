# more samples through a pipe than there is memory (the count: 16ths of a GiB): 64 MiB resident at both ends
# counts: 4 512
printf '{"format": "si-model", "format_version": [1, 0], "dim": 64, "base": {"kind": "normal"}, "field": {"kind": "mixture", "weights": [1], "means": [[%s0]], "covariances": [[%s]]}}' \
    "$(awk 'BEGIN { for (i = 1; i < 64; ++i) printf "0, " }')" \
    "$(awk 'BEGIN { for (i = 0; i < 64; ++i) { printf "%s[", i ? ", " : ""; for (j = 0; j < 64; ++j) printf "%s%d", j ? ", " : "", i == j; printf "]" } }')" >g.json
rows=$((count * 1024 * 1024 / 8)) # of 512 bytes
began=$(date +%s)
resident ../writer si-sample g.json -n $rows --ode euler,steps=1 -q |
    resident ../reader si-likelihood g.json - --ode euler,steps=1 --divergence hutchinson -q >../stdout 2>../err ||
    wrong "status $?"
took=$(($(date +%s) - began))
[ "$(cat ../writer)" -lt 65536 ] || wrong "$(cat ../writer) KiB resident in the writer"
[ "$(cat ../reader)" -lt 65536 ] || wrong "$(cat ../reader) KiB resident in the reader"
grep -q "\"n\": *$rows" ../stdout || wrong "not all rows: $(cat ../stdout)"
tried=1 note="$((count * 64)) MiB in $took s, writer $(($(cat ../writer) / 1024)) MiB, reader $(($(cat ../reader) / 1024)) MiB"
