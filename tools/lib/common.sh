# shellcheck shell=bash
# shellcheck disable=SC2034
# What every script here shares: where the checkout is, how to speak, what must be installed.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() { printf '%s\n' "$*" >&2; }
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# What each purpose needs: a command, or a library as lib:SONAME, and the Debian package that has it.
requirements() {
    case $1 in
        lab) printf '%s\n' ovs-vswitchd=openvswitch-switch ovsdb-server=openvswitch-switch ip=iproute2 \
                ethtool=ethtool ping=iputils-ping jq=jq ;;
        controller) printf '%s\n' lib:libsqlite3.so.0=libsqlite3-0 ;;
        run) requirements lab; requirements controller; printf '%s\n' curl=curl ss=iproute2 ;;
        test) requirements run; printf '%s\n' strace=strace tcpdump=tcpdump arping=iputils-arping ;;
        *) die "nothing is known as '$1'" ;;
    esac
}

present() {
    case $1 in
        lib:*) { ldconfig -p 2>/dev/null || /sbin/ldconfig -p; } | grep -q "${1#lib:}" ;;
        *) PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null ;;
    esac
}

missing_packages() {
    local requirement
    for requirement in $(requirements "$1"); do
        present "${requirement%=*}" || printf '%s\n' "${requirement#*=}"
    done | sort -u
}

# Installs what the purpose needs and is not there; where that cannot be done, says what is missing and how to get it.
need() {
    local missing
    mapfile -t missing < <(missing_packages "$1")
    ((${#missing[@]} > 0)) || return 0

    local by_hand="apt-get update && apt-get install ${missing[*]}"
    command -v apt-get >/dev/null ||
        die "missing here: ${missing[*]} (names of Debian packages). This system has no apt-get: install their like with its own package manager."
    [[ $EUID -eq 0 ]] || die "missing here: ${missing[*]}. As root: $by_hand"

    say "installing ${missing[*]}"
    local log
    log=$(mktemp)
    if ! { apt-get -qq -o DPkg::Lock::Timeout=120 update &&
        DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=120 install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        die "that failed. By hand: $by_hand"
    fi
    rm -f "$log"
}

need_root() {
    [[ $EUID -eq 0 ]] || die "$1 needs root (network namespaces, veth, tap devices): run it with sudo"
    PATH=$PATH:/usr/sbin:/sbin
}

need_sdk() {
    # Cheap check first: listing SDKs starts no build.
    if ! command -v dotnet >/dev/null || ! dotnet --list-sdks | grep -q '^10\.'; then
        die "missing here: the .NET 10 SDK. See https://dotnet.microsoft.com/download/dotnet/10.0 (its dotnet-install.sh needs no root)."
    fi
}
