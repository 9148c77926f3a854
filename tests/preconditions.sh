#!/bin/sh
# preconditions.sh SOURCE MAN: each sentence of the manual pages that says what must be so names, in
# preconditions.txt, the code that looks and the test that holds it. MAN has the built pages.
set -eu
cd "$1"
built=$2
command -v mandoc >/dev/null || { echo "mandoc is not installed" >&2; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
complain() {
    echo "$1" >&2
    status=1
}

# One sentence a line: "page | sentence".
for page in "$built"/man1/*.1 man/*.5 man/*.7; do
    mandoc -T ascii -O width=1000 "$page" | sed 's/.\x08//g' | tr -s ' ' |
        sed 's/^ //; s/\([.:;]\) \([A-Z-]\)/\1\n\2/g' |
        grep -E '\b(must|ought to|needs?)\b' | grep -v '^\$' |
        sed "s|^|$(basename "$page") \| |" || true
done | sort -u >"$work/sentences"

grep -v '^#' tests/preconditions.txt |
    grep . >"$work/rows" || true
# Every sentence has a row,
while IFS= read -r sentence; do
    found=
    while IFS='|' read -r words _; do
        case "$sentence" in *"$(echo $words)"*) found=yes && break ;; esac
    done <"$work/rows"
    [ -n "$found" ] || complain "tests/preconditions.txt: has no row for: $sentence"
done <"$work/sentences"
# and every row a sentence, code and a test that are there: FILE:WORD each, or "fact" and why.
while IFS='|' read -r words code test; do
    words=$(echo $words) code=$(echo $code) test=$(echo $test)
    grep -qF -- "$words" "$work/sentences" ||
        complain "tests/preconditions.txt: no manual page says: $words"
    [ "$code" != fact ] || continue
    for place in "$code" "$test"; do
        file=${place%%:*} word=${place#*:}
        [ -f "$file" ] && grep -qF -- "$word" "$file" ||
            complain "tests/preconditions.txt: '$words': $file has no '$word'"
    done
done <"$work/rows"
exit $status
