#!/bin/sh
# package.sh BUILD: makes the DEB and the TGZ of a build, looks into them, unpacks each into a root
# of its own and runs what is there. Exits with 77 where there is no dpkg.
set -eu
build=$1
command -v dpkg-deb >/dev/null && command -v dpkg-shlibdeps >/dev/null || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"${CPACK:-cpack}" --config "$build/CPackConfig.cmake" -B "$work/packages" >log 2>&1 || { tail log; exit 1; }

deb=$(echo packages/si-tools_*.deb)
dpkg-deb -c "$deb" >list
for file in bin/si bin/si-train bin/si-plot share/man/man1/si-plot.1 share/man/man7/si.7 \
    share/man/man5/si-model.5 share/man/man5/si-dataset.5 lib/pkgconfig/si.pc \
    share/bash-completion/completions/si-train share/zsh/vendor-completions/_si-train \
    share/fish/vendor_completions.d/si-train.fish share/doc/si-tools/copyright \
    share/doc/si-tools/CITATION.cff share/doc/si-tools/CHANGELOG.md; do
    grep -q " \./usr/$file\$" list || grep -q " \./usr/lib/[^/]*/${file#lib/}\$" list || {
        echo "$deb: has no /usr/$file" >&2
        exit 1
    }
done
for library in libc6 libstdc++6 libhdf5 libpng zlib1g; do
    dpkg-deb -f "$deb" Depends | grep -q "$library" || {
        echo "$deb: does not depend on $library: $(dpkg-deb -f "$deb" Depends)" >&2
        exit 1
    }
done

! dpkg-deb -f "$deb" Depends | grep -q mpi || { echo "$deb: needs MPI" >&2; exit 1; }
for module in packages/si-tools-mpi_*.deb; do # only where the build has MPI
    [ -e "$module" ] || continue
    dpkg-deb -c "$module" | grep -q 'si-tools/si-mpi.so' || { echo "$module: has no module" >&2; exit 1; }
    [ "$(dpkg-deb -c "$module" | grep -c -v '/$')" -eq 1 ] || { echo "$module: has more" >&2; exit 1; }
done

dpkg -x "$deb" root
mkdir flat && tar -xzf packages/*.tar.gz -C flat --strip-components 1
for bin in root/usr/bin flat/bin; do
    PATH=$work/$bin:$PATH
    [ "$(command -v si)" = "$work/$bin/si" ]
    si data moons -n 20 -q -o x.h5
    si plot x.h5 -o x.svg
    test -s x.svg
done
bash -c '. root/usr/share/bash-completion/completions/si-plot && complete -p si-plot'
dpkg-deb -f "$deb" Package Version Depends
