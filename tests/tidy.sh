#!/usr/bin/env bash
# clang-tidy, as .clang-tidy says, on the sources that changed.
# usage: tests/tidy.sh [--all | --since COMMIT] [--seconds N] [FILE...]
#   --since COMMIT  sources that changed after this commit, the latest first; unless said otherwise
#                   20 commits ago
#   --all           every source of lib and apps
#   --seconds N     begin no further file after this time; 0, the default, is no limit
# A changed header stands for the source of its name. Exit status 1 when anything is found.
set -euo pipefail
cd "$(dirname "$0")/.."
since='' all='' limit=0 files=()
while [ $# -gt 0 ]; do
    case "$1" in
        --all) all=yes ;;
        --since) since=${2:?"$0: --since COMMIT"} && shift ;;
        --seconds) limit=${2:?"$0: --seconds N"} && shift ;;
        -*) echo "usage: $0 [--all | --since COMMIT] [--seconds N] [FILE...]" >&2 && exit 64 ;;
        *) files+=("$1") ;;
    esac
    shift
done

# One compilation per source: unity builds and precompiled headers would hide the sources.
build=build/tidy
log=$(cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSI_UNITY=OFF \
    -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON -DCMAKE_EXPORT_COMPILE_COMMANDS=ON 2>&1) ||
    { echo "$log" >&2; exit 1; }

if [ ${#files[@]} -eq 0 ]; then
    if [ -n "$all" ]; then
        mapfile -t files < <(git ls-files 'lib/*.cpp' 'apps/*.cpp')
    else
        since=${since:-$(git rev-list --max-count=21 HEAD | tail -n 1)}
        # The latest first, so that a limit of time leaves out what has been looked at before.
        mapfile -t files < <({ git diff --name-only HEAD -- 'lib/*.?pp' 'apps/*.?pp'
            git log --name-only --pretty= "$since"..HEAD -- 'lib/*.?pp' 'apps/*.?pp'; } |
            sed 's/\.hpp$/.cpp/' | awk '!seen[$0]++' |
            while read -r file; do [ ! -e "$file" ] || echo "$file"; done)
    fi
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
check() {  # check NUMBER FILE: its report, unless time is up
    [ "$limit" -eq 0 ] || [ "$SECONDS" -lt "$limit" ] || return 0
    # Warnings are g++'s business: clang does not know all of its options.
    local status=0
    clang-tidy -p "$build" --quiet --extra-arg=-Wno-everything "$2" > "$work/$1" 2> "$work/$1.err" || status=$?
    if [ "$status" -le 1 ] && ! grep -q 'Error while processing' "$work/$1.err"; then
        touch "$work/$1.done"
    fi
}
running=0 number=0
for file in "${files[@]}"; do
    [ "$running" -lt "$(nproc)" ] || { wait -n && running=$((running - 1)); }
    number=$((number + 1)) running=$((running + 1))
    check "$number" "$file" &
done
wait

reports=("$work"/*[0-9])
[ -e "${reports[0]}" ] || reports=()
looked=$(find "$work" -name '*.done' | wc -l)
failed=$((${#reports[@]} - looked))
[ ${#reports[@]} -eq 0 ] || cat "${reports[@]}" > "$work/all"
touch "$work/all"
# A finding in a header comes once for each source that includes it.
grep -E '^[^ ].*: (warning|error): .*\[.*\]$' "$work/all" | sed "s|^$PWD/||; s/,-warnings-as-errors//" |
    sort -u > "$work/findings" || true
cat "$work/findings"
echo "clang-tidy: ${#files[@]} sources, $looked looked at, $(wc -l < "$work/findings") findings" \
    "in $SECONDS s$([ "$failed" -eq 0 ] || echo "; $failed failed")"
sed -n 's/.*\[\([a-z0-9.,-]*\)\]$/\1/p' "$work/findings" | sort | uniq -c | sort -rn
[ ! -s "$work/findings" ] && [ "$failed" -eq 0 ]
