#!/bin/sh
# run.sh BUILD: installs a build into an empty prefix, and builds and runs a stranger's project
# against it, once by CMake and once by pkg-config.
set -eu
source=$(cd "$(dirname "$0")" && pwd)
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
cmake=${CMAKE:-cmake}

"$cmake" --install "$build" --prefix "$prefix" >"$work/log"

"$cmake" -S "$source" -B "$work/cmake" -D CMAKE_PREFIX_PATH="$prefix" -D CMAKE_BUILD_TYPE=Debug >>"$work/log"
"$cmake" --build "$work/cmake" >>"$work/log"
"$work/cmake/stranger"

PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name si.pc)")
export PKG_CONFIG_PATH
# shellcheck disable=SC2046,SC2086: flags are words
${CXX:-c++} -std=c++20 ${CXXFLAGS:-} "$source/stranger.cpp" -o "$work/stranger" $(pkg-config --cflags --libs si)
"$work/stranger"

"$prefix/bin/si" --version
"$prefix/bin/si" data --version
test -s "$prefix/share/man/man1/si.1"
