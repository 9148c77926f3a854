#!/usr/bin/env bash
# newcomer.sh BUILD: what somebody types who has a fresh Debian and the DEB of a build, and how many
# seconds each line takes: to a first picture, and to the first table of their own scored. The fresh
# machine is a folder that debootstrap fills, so this wants to be root. Leaves first.png and report.html
# in BUILD/newcomer.
set -euo pipefail
build=$(cd "$1" && pwd)
command -v debootstrap >/dev/null || { echo "newcomer.sh: needs debootstrap" >&2; exit 77; }
root=$(mktemp -d)
trap 'status=$?; [ $status = 0 ] || tail "$root.log" >&2; rm -rf --one-file-system "$root" "$root.log"' EXIT
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -1)
debootstrap --variant=minbase bookworm "$root" "$mirror" >"$root.log"
cp /etc/apt/apt.conf.d/* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
cp /etc/resolv.conf "$root/etc/" 2>/dev/null || true
cpack --config "$build/CPackConfig.cmake" -G DEB -B "$root/root" >>"$root.log"
rm -f "$root"/root/*mpi*

# A table as it comes out of an instrument or a spreadsheet.
awk 'BEGIN {
    srand(3); print "length,width,mass"
    for (i = 0; i < 1200; ++i) {
        kind = rand() < 0.4; length_ = (kind ? 5.1 : 3.6) + 0.35 * sqrt(-2 * log(rand())) * cos(6.2831853 * rand())
        width = 0.4 * length_ + 0.2 * sqrt(-2 * log(rand())) * cos(6.2831853 * rand())
        printf "%.3f,%.3f,%.3f\n", length_, width, 0.5 * length_ * width * width * exp(0.05 * (rand() - 0.5))
    }
}' >"$root/root/beans.csv"

first=$(date +%s%N)
type_() {
    local began=$(date +%s%N)
    echo "\$ $1"
    chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb DEBIAN_FRONTEND=noninteractive \
        bash -c "cd /root && $1" >"$root/said" 2>&1 || { cat "$root/said"; exit 1; }
    tail -n "${2:-0}" "$root/said"
    local now=$(date +%s%N)
    printf '    %.1f s, %.1f s in all\n' "$(((now - began) / 100000000))e-1" "$(((now - first) / 100000000))e-1"
}
type_ 'apt-get update && apt-get install -y --no-install-recommends ./si-tools_*.deb'
type_ 'si-data moons -n 5000 -o moons.h5'
type_ 'si-train moons.h5 -o moons.json' 1
type_ 'si-sample moons.json -n 5000 -o samples.h5'
type_ 'si-plot moons.h5 samples.h5 -o first.png'
type_ 'si-data split beans.csv -o train.h5 --held-out test.h5'
type_ 'si-train train.h5 -o beans.json' 1
type_ 'si-likelihood beans.json test.h5' 1
type_ 'si-plot report beans.json test.h5 -o report.html'
mkdir -p "$build/newcomer"
cp "$root/root/first.png" "$root/root/report.html" "$build/newcomer/"
