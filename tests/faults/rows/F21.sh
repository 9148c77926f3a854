# files of every released version, in ../golden, and of versions to come: read as then, or refused by version
# counts: 1 1
for model in "$faults"/../golden/model-*.json; do
    name=$(basename "$model" .json)
    if grep -q '"probe"' "$model"; then
        si-info "$model" --verify >../stdout 2>../err || wrong "$name: its probe"
    fi
    if [ -e "${model%.json}.score" ]; then
        read -r data value <"${model%.json}.score"
        si-likelihood "$model" "$faults/../golden/$data" --ode rk4,steps=20 -q >../stdout 2>../err
        sed 's/.*"cross_entropy":\([^,]*\),.*/\1/' ../stdout |
            awk -v v="$value" '{ d = $1 - v; ok = NF == 1 && d * d <= 1e-10 * v * v } END { exit !(NR == 1 && ok) }' ||
            wrong "$name: $(cat ../stdout) is not $value"
    fi
    # Newer in what may be ignored, and in what may not.
    sed 's/"format_version": *\[ *\([0-9]*\), *[0-9]*/"format_version": [\1, 99/' "$model" >minor.json
    si-info minor.json >../stdout 2>../err || wrong "$name: a later minor version"
    sed 's/"format_version": *\[ *[0-9]*/"format_version": [99/' "$model" >major.json
    si-info major.json >../stdout 2>../err
    judge $? 65 "$name: a later major version"
    grep -q 'reads version 1, the file has 99' ../err || wrong "$name: what is said of a later version"
    tried=$((tried + 3))
done
for data in "$faults"/../golden/data-*.h5; do
    name=$(basename "$data" .h5)
    si-data info "$data" --json 2>../err | sed 's/"file":"[^"]*",//' | cmp -s - "${data%.h5}.info" || wrong "$name: other contents"
    tried=$((tried + 1))
done
