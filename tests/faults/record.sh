#!/bin/sh
# record.sh ROW FAULT SAID: puts one row into the table of README.md, in the place of the one with
# that name.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec 9<"$here/record.sh"
flock 9 # several may run side by side
new="| $1 | $2 | $3 |"
{
    sed '/^|---/q' "$here/README.md"
    { sed '1,/^|---/d' "$here/README.md" | awk -F' *[|] *' -v row="$1" '$2 != row'; printf '%s\n' "$new"; } |
        sort -V
} >"$here/README.new"
mv "$here/README.new" "$here/README.md"
