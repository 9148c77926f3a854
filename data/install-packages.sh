# Scripts source this file. need PACKAGE... installs those of the Debian packages that are missing.

need() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    local root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "Please install these packages as root, then run this again:" >&2
            echo "    apt-get install -y ${missing[*]}" >&2
            return 1
        fi
        root=(sudo)
    fi
    echo "installing: ${missing[*]}" >&2
    "${root[@]}" apt-get update -q >&2
    DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -qy --no-install-recommends "${missing[@]}" >&2
}

build_packages=(g++ cmake ninja-build pkg-config libcli11-dev libeigen3-dev libhdf5-dev
    libpng-dev libtomlplusplus-dev nlohmann-json3-dev zlib1g-dev)
