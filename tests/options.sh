#!/bin/sh
# options.sh MAN: the options that --help lists, that shells complete and that the manual page
# describes are the same ones, for every program and command, and no page speaks of an option that
# no program has. MAN: the built pages. SI_BIN: the programs.
set -eu
man=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PATH=$SI_BIN:$PATH
bin=$SI_BIN
unset SI_BIN # no option of a program
failed=0
wrong() {
    echo "options: $*" >&2
    failed=1
}
# Names with their dashes, one on a line.
helped() { "$@" --help | sed -n 's/^  \(-[a-zA-Z], \)\{0,1\}\(--[a-z][a-z0-9-]*\).*/\2/p; s/^  \(-[a-zA-Z]\)\( .*\)\{0,1\}$/\1/p' | sort -u; }
completed() { program=$1; shift; "$program" --complete "$@" - | grep '^-' | grep -v -e '^--help$' -e '^--version$' | sort -u; }
same() { # WHAT A B
    difference=$(comm -3 "$2" "$3" | tr -d '\t' | tr '\n' ' ')
    [ -z "$difference" ] || wrong "$1: $difference"
}

commands_of() { "$@" --help | sed -n '/^Commands/,/^$/s/^  \([a-z][a-z0-9-]*\) .*/\1/p'; }
check() { # PROGRAM [COMMAND...]: and the commands below
    helped "$@" >"$work/helped"
    completed "$@" >"$work/completed"
    grep -e '^--' "$work/helped" >"$work/long" || :
    grep -e '^--' "$work/completed" >"$work/offered" || :
    same "$*: --help and completion" "$work/long" "$work/offered"
    # What a page describes is in the part of its command.
    last=
    [ $# -eq 1 ] || for last; do :; done
    awk -v command="$last" '
        /^\.Sh OPTIONS/ { on = command == ""; options = 1 }
        /^\.Sh/ && !/OPTIONS/ { on = options = 0 }
        /^\.Ss The / && options { on = $3 == command }
        on' "$page" | grep '^\.It Fl' | sed 's/^\.It //; s/ , /\n/g' |
        sed -n 's/^Fl \(\\&\)\{0,1\}\([a-zA-Z0-9-]*\).*/-\2/p' | grep -e '^--' | sort -u >"$work/page" || :
    same "$*: --help and manual" "$work/long" "$work/page"
    cat "$work/helped" "$work/page" >>"$work/all"
    for below in $(commands_of "$@"); do check "$@" "$below"; done
}

: >"$work/all"
for path in "$bin"/si-*; do
    program=${path##*/}
    page=$man/$program.1
    [ -e "$page" ] || { wrong "$program has no manual page"; continue; }
    check "$program"
done
printf '%s\n' --help --version --completion --complete >>"$work/all"
sort -u -o "$work/all" "$work/all"

for page in "$man"/*.[157]; do
    grep -o 'Fl -[a-z][a-z0-9-]*' "$page" | sed 's/^Fl /-/' | sort -u >"$work/named"
    unknown=$(comm -23 "$work/named" "$work/all" | tr '\n' ' ')
    [ -z "$unknown" ] || wrong "${page##*/} speaks of $unknown"
done
exit $failed
