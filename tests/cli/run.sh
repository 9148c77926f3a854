#!/bin/sh
# run.sh FOLDER: runs FOLDER/cmd in an empty directory and compares its standard output, standard
# error and exit status with the files beside it. UPDATE=1 rewrites those. The programs are found
# in $SI_BIN, or on the path; cmd finds its own folder in $here.
set -eu
here=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/cwd"
cd "$work/cwd"
PATH=${SI_BIN:+$SI_BIN:}$PATH
export here PATH LC_ALL=C TERM=dumb
unset SI_BIN # no option of a program
status=0
sh "$here/cmd" >"$work/stdout" 2>"$work/stderr" </dev/null || status=$?
echo "$status" >"$work/status"
for part in status stderr stdout; do
    if [ "${UPDATE:-0}" = 1 ]; then
        cp "$work/$part" "$here/$part"
    else
        diff -u "$here/$part" "$work/$part" || failed=1
    fi
done
exit "${failed:-0}"
