#!/bin/sh
# names.sh SOURCE: what the prose of lib says of names is so.
set -eu
cd "$1"

status=0
complain() {
    echo "$1" >&2
    status=1
}

# The map has the folders of layers.sh, in its order, and they are all that there is.
in_layers=$(sed -n "/^layers='/,/^'/s/^\([a-z][a-z]*\).*/\1/p" tests/layers.sh | grep -v '^layers$')
in_map=$(sed -n 's/^| `\([a-z]*\)` |.*/\1/p' lib/README.md)
[ "$in_layers" = "$in_map" ] ||
    complain "lib/README.md: its folders are not those of tests/layers.sh, in that order"
for directory in lib/si/*/; do
    folder=$(basename "$directory")
    echo "$in_map" | grep -qx "$folder" || complain "lib/README.md: has no folder $folder"
done

# Files that the map names exist.
for file in $(cat lib/README.md lib/THEORY.md | grep -oE '`[a-z_./0-9-]+/[a-z_./0-9-]+`' | tr -d '`' | sort -u); do
    [ -e "$file" ] || complain "lib: README.md or THEORY.md names $file, which does not exist"
done

# Citations lead somewhere: THEORY A.3, T33, property 18.
cited() { grep -rhoE "$1" lib/si tests apps --include='*.?pp' | grep -oE "$2" | sort -u; }
for section in $(cited 'THEORY [A-Z]\.[0-9]+' '[A-Z]\.[0-9]+'); do
    grep -q "^### $section " lib/THEORY.md || complain "lib/THEORY.md: has no section $section, which is cited"
done
for number in $(cited '\(T[0-9]+[,)]|, T[0-9]+\)|THEORY T[0-9]+' 'T[0-9]+'); do
    grep -qF "**$number**" lib/THEORY.md || complain "lib/THEORY.md: has no property $number, which is cited"
done
for number in $(cited '[Pp]ropert(y|ies) [0-9]+( and [0-9]+)?' '[0-9]+'); do
    grep -q "^$number\. " lib/THEORY.md || complain "lib/THEORY.md: has no property of bridges $number, which is cited"
done

# A header says what it is before it opens the namespace.
for file in $(find lib/si tests/support -name '*.hpp'); do
    awk '/^namespace si/ { exit } /^\/\// { found = 1 } END { exit !found }' "$file" ||
        complain "$file: has no comment before its namespace that says what it is"
done

# A name in backquotes in a comment stands in the code of that file or, for a source, in that of its
# header. A type, a constant and a member named with what it belongs to (`spec.steps`,
# `TrainSpec::steps`) may stand anywhere in lib and apps.
code() { sed 's|//.*||' "$@" | grep -oE '[A-Za-z_][A-Za-z0-9_]*' | sort -u; }
words=$(mktemp -d)
trap 'rm -rf "$words"' EXIT
find lib/si apps -name '*.?pp' -o -name '*.inl' | sort > "$words/sources"
code $(cat "$words/sources") > "$words/all"
for file in $(xargs grep -lE '//.*`' < "$words/sources"); do
    sed -n 's|^.*//||p' "$file" | grep -oE '`[^`]+`' | tr -d '`' |
        grep -E '^[A-Za-z_][A-Za-z0-9_]*([.:][A-Za-z0-9_:.]*)?([(].*)?$' | sed 's/(.*//' | sort -u > "$words/named"
    header=${file%.*}.hpp
    [ "$header" != "$file" ] && [ -e "$header" ] || header=
    code "$file" $header > "$words/near"
    while read -r name; do
        case "$name" in
            [A-Z]* | *[.:]*) place=all ;;
            *) place=near ;;
        esac
        for word in $(echo "$name" | tr '.:' '  '); do
            grep -qx "$word" "$words/$place" ||
                complain "$file: \`$name\` in a comment is no name of its code"
        done
    done < "$words/named"
done

exit $status
