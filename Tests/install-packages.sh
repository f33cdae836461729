#!/bin/sh
# Installs the system packages that the build needs and this machine lacks. Says which, and asks for rights only
# where it needs them.
set -eu

missing=""
need() { # PKG-CONFIG-NAME PACKAGE
    if ! pkg-config --exists "$1" 2>/dev/null; then missing="$missing $2"; fi
}

case "$(uname -s)" in
Darwin)
    command -v pkg-config >/dev/null 2>&1 || missing="$missing pkg-config"
    need hdf5 hdf5
    need libprotobuf-c protobuf-c
    [ -z "$missing" ] && exit 0
    echo "installing with Homebrew:$missing" >&2
    # shellcheck disable=SC2086
    exec brew install $missing
    ;;
esac

command -v pkg-config >/dev/null 2>&1 || missing="$missing pkg-config"
need hdf5 libhdf5-dev
need libprotobuf-c libprotobuf-c-dev
need zlib zlib1g-dev
[ -z "$missing" ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "skiff needs these packages, by their Debian names:$missing" >&2
    echo "install them with this system's package manager, then run make again" >&2
    exit 1
fi

echo "installing with apt-get:$missing" >&2
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "run as root: apt-get install$missing" >&2
        exit 1
    }
    as_root="sudo"
fi
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq $missing >/dev/null 2>&1 || {
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq $missing >/dev/null
}
