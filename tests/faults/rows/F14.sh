# wrong files, shapes, numbers and options: the message and status of inputs/expected
# counts: 1 1
# UPDATE=1 writes inputs/expected. Whether a message is right is for a reader to say.
(. "$faults/inputs/make.sh")
: >"$work/said"
while read -r line; do
    eval "$line" >/dev/null 2>"$work/err" </dev/null
    status=$?
    printf '$ %s\n%s\n' "$line" "$status" >>"$work/said"
    cat "$work/err" >>"$work/said"
    tried=$((tried + 1))
    # Beside how a table was understood.
    [ $status = 0 ] || [ "$(grep -vc ' rows* of [0-9]* columns*' "$work/err")" = 1 ] || wrong "not one line: $line"
    [ $status = 0 ] || [ ! -e o ] || wrong "an output of a run that failed: $line"
    [ "$(ls -A | grep -c '\.tmp$')" = 0 ] || wrong "a file left: $line"
    rm -f o p o.*
done <"$faults/inputs/commands"
if [ "${UPDATE:-0}" = 1 ]; then cp "$work/said" "$faults/inputs/expected"; fi
diff "$faults/inputs/expected" "$work/said" >"$work/err" || wrong "$(grep -c '^[<>]' "$work/err") lines differ"
