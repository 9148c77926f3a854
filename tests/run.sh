#!/usr/bin/env bash
# Builds and runs every test on a machine that has nothing yet.
# usage: tests/run.sh [PRESET] [ctest options]     preset: test (default), dev, asan, tsan
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-test}
shift || true

. data/install-packages.sh
need "${build_packages[@]}" doctest-dev clang-format mandoc libopenmpi-dev openmpi-bin \
    python3-h5py clang-tidy
[ "$preset" != asan ] || need clang libclang-rt-dev llvm

echo "== format"
git ls-files -z '*.cpp' '*.hpp' 2>/dev/null | xargs -0 -r clang-format --dry-run -Werror

echo "== build ($preset)"
log=$(cmake --preset "$preset" 2>&1) || { echo "$log" >&2; exit 1; }
cmake --build --preset "$preset"

if git rev-parse --quiet --verify HEAD >/dev/null 2>&1; then
    echo "== clang-tidy, the last commits"
    bash tests/tidy.sh --seconds 45
fi

echo "== test ($preset)"
ctest --preset "$preset" -j "$(nproc)" -LE slow "$@"
