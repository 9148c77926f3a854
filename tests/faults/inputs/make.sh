# The files that inputs/commands names, in the current folder: what people and other programs write.
ok='{"format": "si-model", "format_version": [1, 0], "dim": 1'
gaussian() { # weights means covariances
    printf '%s, "field": {"kind": "mixture", "weights": %s, "means": %s, "covariances": %s}}\n' "$ok" "$1" "$2" "$3"
}

# Tables.
: >empty.csv
printf '\n\n\n' >blank.csv
printf 'a,b\n' >header.csv
printf '1,2\n' >one.csv
printf '1,2\n3,5\n5,4\n7,8\n' >good.csv
printf '1\n2\n3\n4\n' >column.csv
printf '1,2\n3\n' >ragged.csv
printf '1,2\n3,4,5\n' >wide.csv
printf '1,2\n3,four\n' >word.csv
printf '1,2\n3,\n' >hole.csv
printf '1,2\nnan,4\n' >nan.csv
printf '1,2\n3,-inf\n' >inf.csv
printf '1,2\n3,1e400\n' >huge.csv
printf '%s\n' 1,1.7e308 3,-1.7e308 2,1.69e308 5,-1.69e308 4,1.68e308 7,1.67e308 6,1.66e308 9,1.65e308 >large.csv
printf '1,2\n3,4e\n' >half.csv
printf '1;2\n3;4\n' >semicolon.csv
printf '"1","2"\n"3","4"\n' >quoted.csv
printf '1,2\n"3,4\n' >quote.csv
printf '\357\273\2771,2\r\n3,4\r\n' >windows.csv
printf '1,2\0003\n' >nul.csv
printf '\377\376\001\002' >garbage.csv
printf '1,2\n1,2\n1,2\n1,2\n' >constant.csv
printf 'x y\n1 2\n' >spaces.txt
awk 'BEGIN { for (i = 0; i < 3; ++i) for (j = 0; j < 10000; ++j) printf "%d%s", i * j % 7, j == 9999 ? "\n" : "," }' >wide10000.csv
mkdir folder.csv
ln -s loop.csv loop.csv

# Arrays: version, header, and bytes of data.
npy() { # major header bytes
    length=$(printf '%s\n' "$2" | wc -c)
    printf '\\223NUMPY\\%03o\\000\\%03o\\%03o' "$1" $((length % 256)) $((length / 256)) >head.tmp
    printf "$(cat head.tmp)"
    printf '%s\n' "$2"
    head -c "$3" /dev/zero
}
npy 1 "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }" 48 >good.npy
npy 1 "{'descr': '<f8', 'fortran_order': True, 'shape': (3, 2), }" 48 >fortran.npy
npy 1 "{'descr': '>f8', 'fortran_order': False, 'shape': (3, 2), }" 48 >big_endian.npy
npy 1 "{'descr': '<c16', 'fortran_order': False, 'shape': (3, 2), }" 96 >complex.npy
npy 1 "{'descr': '|O', 'fortran_order': False, 'shape': (3, 2), }" 48 >object.npy
npy 1 "{'descr': '<U4', 'fortran_order': False, 'shape': (3, 2), }" 96 >text.npy
npy 1 "{'descr': [('a', '<f8'), ('b', '<f8')], 'fortran_order': False, 'shape': (3,), }" 48 >record.npy
npy 1 "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }" 40 >short.npy
npy 1 "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }" 56 >long.npy
npy 1 "{'descr': '<f8', 'fortran_order': False, 'shape': (), }" 8 >scalar.npy
npy 1 "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 2), }" 0 >empty.npy
npy 1 "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 0), }" 0 >thin.npy
npy 1 "{'descr': '<f8', 'fortran_order': False, 'shape': (-3, 2), }" 48 >negative.npy
npy 1 "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 99999999999), }" 48 >vast.npy
npy 1 "{'descr': '<f8', 'shape': (3, 2), }" 48 >no_order.npy
npy 9 "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }" 48 >version.npy
printf '\223NUMPY\001\000\377\377{' >cut.npy

# HDF5.
si-data import good.csv -o good.h5 -q
head -c 1000 good.h5 >cut.h5
head -c 8 good.h5 >signature.h5
{ head -c 8 good.h5; head -c 4000 /dev/zero; } >zeros.h5
{ cat good.h5; echo tail; } >longer.h5
tr '\000' '\001' <good.h5 >ones.h5
gzip -c good.h5 >good.h5.gz 2>/dev/null

# Models.
gaussian '[1]' '[[0]]' '[[[1]]]' >good.json
printf '' >empty.json
printf '{' >open.json
printf '[]' >list.json
printf '{}' >nothing.json
printf 'null' >null.json
printf '{"format": "si-model", "format_version": [1, 0], "dim": 1}' >no_field.json
printf '{"format": "other", "format_version": [1, 0], "dim": 1, "field": {}}' >other.json
printf '{"format": "si-model", "format_version": [2, 0], "dim": 1, "field": {}}' >newer.json
printf '{"format": "si-model", "format_version": "1.0", "dim": 1, "field": {}}' >version.json
printf '{"format": "si-model", "dim": 1, "field": {}}' >no_version.json
for dim in 0 -1 1.5 1e3 '"1"' 99999999999 18446744073709551616 null '[1]'; do
    gaussian '[1]' '[[0]]' '[[[1]]]' | sed "s/\"dim\": 1/\"dim\": $dim/" >"dim$dim.json"
done
gaussian '[1]' '[[0, 0]]' '[[[1]]]' >means.json
gaussian '[1]' '[[0]]' '[[[1, 0]]]' >covariance.json
gaussian '[1]' '[[0]]' '[[[0]]]' >singular.json
gaussian '[1]' '[[0]]' '[[[-1]]]' >indefinite.json
gaussian '[-1]' '[[0]]' '[[[1]]]' >weight.json
gaussian '[0]' '[[0]]' '[[[1]]]' >weightless.json
gaussian '[1, 1]' '[[0]]' '[[[1]]]' >weights.json
gaussian '[]' '[]' '[]' >componentless.json
gaussian '[1]' '[[1e999]]' '[[[1]]]' >overflow.json
gaussian '[1]' '[["0"]]' '[[[1]]]' >string.json
gaussian '[1]' '[[NaN]]' '[[[1]]]' >nan.json
gaussian '[1]' '[[null]]' '[[[1]]]' >hole.json
gaussian '[1]' '[[0]]' '[[[1]]], "weights": [1]' >twice.json
gaussian '[1]' '[[0]]' '[[[1]]], "wieghts": [1]' >key.json
gaussian '[1]' '[[0]]' '[[[1]]]' | sed 's/mixture/mixtrue/' >kind.json
gaussian '[1]' '[[0]]' '[[[1]]]' | sed 's/"kind": "mixture", //' >no_kind.json
gaussian '[1]' '[[0]]' '[[[1]]]' | sed 's/mixture/network/' >network.json
for path in linaer '' 3; do
    gaussian '[1]' '[[0]]' '[[[1]]]' |
        sed "s/\"dim\"/\"interpolant\": {\"path\": {\"kind\": \"$path\"}}, \"dim\"/" >"path$path.json"
done
for a in -1 0 1e400 '"2"' 1e-320; do
    gaussian '[1]' '[[0]]' '[[[1]]]' |
        sed "s/\"dim\"/\"interpolant\": {\"gamma\": {\"kind\": \"brownian\", \"a\": $a}}, \"dim\"/" >"gamma$a.json"
done
{ cat good.json; echo '}'; } >tail.json
printf '\357\273\277' | cat - good.json >bom.json
gaussian '[1]' '[[0]]' '[[[1]]], "\377": 1' | sed 's/\\377/\xff/' >utf8.json
awk 'BEGIN { for (i = 0; i < 2000; ++i) printf "[" }' >deep.json
printf '{"format": "si-model", "format_version": [1, 0], "dim": 2, "field": {"kind": "affine", "A": [[1, 0], [0]], "c": [0, 0]}}' >uneven.json
printf '{"format": "si-model", "format_version": [1, 0], "dim": 2, "field": {"kind": "mixture", "weights": [1], "means": [[0, 0]], "covariances": [[[1, 2], [0, 1]]]}}' >asymmetric.json
si-train good.csv --valid 0 --steps 1 --net mlp,width=4,depth=1 --batch 4 --threads 1 -q -o trained.json
sed 's/"crc32c": *"[0-9a-f]*"/"crc32c": "00000000"/' trained.json >crc.json
sed 's/"data": *"..../"data": "!!!!/' trained.json >base64.json
sed 's/"data": *"..../"data": "/' trained.json >short.json
sed 's/"width": *4/"width": 5/' trained.json >size.json
sed 's/"width": *4/"width": 800000000/' trained.json >vast.json
sed 's/"dtype": *"F32"/"dtype": "F16"/' trained.json >dtype.json
rm -f head.tmp
