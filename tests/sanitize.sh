#!/usr/bin/env bash
# sanitize.sh asan-unit|asan-programs|tsan|valgrind: address and undefined-behaviour sanitizers over
# the unit tests and over all other tests, which together are the whole suite and take hours; the
# thread sanitizer over what has threads; valgrind over a run of every program of the preset `test`.
# Prints how many tests there were and how many had a report, and writes that into the table of
# faults/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
. data/install-packages.sh
need "${build_packages[@]}" doctest-dev mandoc libopenmpi-dev openmpi-bin python3-h5py valgrind
tests=$PWD/tests

# Prints "N tried, N failed" of a run of ctest that wrote to a file.
count_of() {
    sed -n 's/^[0-9]*% tests passed, \([0-9]*\) tests failed out of \([0-9]*\)$/\2 tried, \1 failed/p' "$1"
}

build() { # preset, and of what
    cmake --preset "$1" >/dev/null
    cmake --build --preset "$@"
}

log=$(mktemp)
trap 'rm -rf "$log" "$log.leaks" "${work:-}"' EXIT
status=0
case ${1:-} in
asan-unit | asan-programs)
    # Clang compiles this in a third of the time that GCC takes, and is a second opinion.
    need clang libclang-rt-dev llvm
    build asan
    # libhdf5 forgets some bytes of damaged files, and libp11-kit, which it loads,
    # those of LOCPATH.
    printf 'leak:libhdf5\nleak:argz_add_sep\n' >"$log.leaks"
    export LSAN_OPTIONS=suppressions=$log.leaks:print_suppressions=0
    # A package of these programs is of no use, and the library of MPI leaks by design. What
    # makes a clock jump (F20) is loaded before the sanitizer.
    export ASAN_OPTIONS=detect_stack_use_after_return=1:allocator_may_return_null=1:verify_asan_link_order=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    tests_of=(-E '^(unit/.*|package|ranks|faults/F28)$') what='programs, faults and examples'
    [ "$1" != asan-unit ] || tests_of=(-R '^unit/') what='unit tests'
    ctest --preset asan -j "$(nproc)" -LE slow "${tests_of[@]}" "${@:2}" | tee "$log" || status=$?
    name=F23-$1 what+=' under the address and undefined-behaviour sanitizers: no report'
    ;;
tsan)
    threaded=(base random coupling net train flow metric io)
    build tsan --target apps/all "${threaded[@]/#/test_}"
    export TSAN_OPTIONS=halt_on_error=1
    ctest --preset tsan -j "$(nproc)" -LE slow -R "^(unit/($(IFS='|' && echo "${threaded[*]}"))|faults/F19|cli/train-.*|cli/sample-.*|cli/likelihood-.*)$" \
        "${@:2}" | tee "$log" || status=$?
    name=F23-tsan what='programs and tests with threads under the thread sanitizer: no report'
    ;;
valgrind)
    build test
    work=$(mktemp -d)
    cd "$work"
    bin=$OLDPWD/build/test/bin
    tried=0 failed=0
    check() { # statuses command...
        local want=$1 got=0
        shift
        valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite "$bin/$@" \
            >stdout 2>stderr || got=$?
        tried=$((tried + 1))
        if [ "$got" != "$want" ]; then
            failed=$((failed + 1))
            echo "$* ended with $got, not $want:" && head -30 stderr
        fi
    }
    check 0 si-data moons -n 300 -o m.h5
    check 0 si-data checkerboard -n 300 -o c.h5
    check 0 si-data export m.h5 -o m.csv
    check 0 si-data import m.csv -o n.h5
    check 0 si-data split m.h5 -o a.h5 --held-out b.h5
    check 0 si-train m.h5 --steps 20 --net mlp,width=16,depth=2 --batch 64 --threads 2 --checkpoint k -o m.json
    check 0 si-train m.h5 --x0 c.h5 --gamma brownian --learn b,eta --coupling ot --steps 10 --net mlp,width=16,depth=2 --batch 32 -o p.json
    check 0 si-sample m.json -n 50 --log-density -o s.h5
    check 0 si-sample p.json --x0 c.h5 --sde heun,steps=5 -o q.h5
    check 0 si-likelihood m.json b.h5 --ode rk4,steps=5
    check 0 si-bridge a.h5 b.h5 --sigma 1 --method gaussian -o g.json
    check 0 si-bridge couple a.h5 a.h5 --plan exact -o pairs.h5
    check 0 si-eval s.h5 m.h5 --metrics energy,moments
    check 0 si-plot m.h5 s.h5 -o p.svg
    check 0 si-plot m.h5 -o p.png
    check 0 si-info m.json --verify
    check 0 si-info export m.json --format npz -o m.npz
    check 65 si-data info m.json
    check 66 si-data info none.h5
    check 64 si-train m.h5 --net mlp,width=0 -o x.json
    cd "$OLDPWD"
    said="$tried tried, $failed failed"
    [ $failed = 0 ] || status=1
    name=F23-valgrind what='a run of every program under valgrind: no report'
    ;;
*)
    echo "usage: sanitize.sh asan-unit|asan-programs|tsan|valgrind [ctest options]" >&2
    exit 64
    ;;
esac
said=${said:-$(count_of "$log")}
echo "$said"
sh "$tests/faults/record.sh" "$name" "$what" "$said"
exit $status
