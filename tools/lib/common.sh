# shellcheck shell=bash
# shellcheck disable=SC2034
# What every script here shares: where the checkout is, how to speak, what must be installed.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PATH=$PATH:/usr/sbin:/sbin # Of an ordinary user on Debian it has neither, and ip and ldconfig are there.

say() { printf '%s\n' "$*" >&2; }
die() {
    printf 'tools/%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# What each purpose needs: a command, a library as lib:SONAME, a file as file:PATH or a module of the system's Python as
# python:NAME, and the Debian package that has it.
requirements() {
    case $1 in
        lab) printf '%s\n' ovs-vswitchd=openvswitch-switch ovsdb-server=openvswitch-switch ip=iproute2 \
                ethtool=ethtool ping=iputils-ping jq=jq ;;
        controller) printf '%s\n' lib:libsqlite3.so.0=libsqlite3-0 ;;
        run) requirements lab; requirements controller; printf '%s\n' curl=curl ;;
        bench) requirements run; printf '%s\n' wrk=wrk python:grpc=python3-grpcio ;;
        test) requirements run; requirements grpc; printf '%s\n' strace=strace tcpdump=tcpdump arping=iputils-arping \
                file:/usr/lib/frr/bgpd=frr gobgpd=gobgpd bgpdump=bgpdump mandoc=mandoc zsh=zsh fish=fish ;;
        grpc) printf '%s\n' protoc=protobuf-compiler grpc_python_plugin=protobuf-compiler-grpc \
                file:/usr/include/google/protobuf/any.proto=libprotobuf-dev python:grpc=python3-grpcio node=nodejs npm=npm ;;
        dwcpctl) ;;
        *) die "nothing is known as '$1'" ;;
    esac
}

present() {
    case $1 in
        file:*) [[ -e ${1#file:} ]] ;;
        python:*) /usr/bin/python3 -c "import ${1#python:}" 2>/dev/null ;;
        lib:*) [[ $(ldconfig -p) == *"${1#lib:}"* ]] ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

missing_packages() {
    local requirement
    for requirement in $(requirements "$1"); do
        present "${requirement%=*}" || printf '%s\n' "${requirement#*=}"
    done | sort -u
}

has_sdk() { command -v dotnet >/dev/null && [[ $'\n'$(dotnet --list-sdks) == *$'\n'10.* ]]; }

# Sees to it that a purpose has what it needs: `need PURPOSE [root] [sdk]`. Packages are installed; for what cannot be
# installed here it says, all at once, what is missing and how to get it.
need() {
    local purpose=$1 missing lacks=()
    shift
    mapfile -t missing < <(missing_packages "$purpose")
    if [[ " $* " == *' root '* && $EUID -ne 0 ]]; then
        lacks+=("root, for network namespaces, veth and tap devices: run it with sudo")
    fi
    if [[ " $* " == *' sdk '* ]] && ! has_sdk; then
        lacks+=("the .NET 10 SDK: https://dotnet.microsoft.com/download/dotnet/10.0 (its dotnet-install.sh needs no root)")
    fi
    if ((${#missing[@]} > 0)); then
        if ! command -v apt-get >/dev/null; then
            lacks+=("${missing[*]} (so called on Debian): install their like with this system's package manager")
        elif [[ $EUID -ne 0 ]]; then
            lacks+=("${missing[*]}: apt-get update && apt-get install ${missing[*]} (as root this script does it)")
        fi
    fi
    if ((${#lacks[@]} > 0)); then
        printf 'tools/%s: missing here:\n' "${0##*/}" >&2
        printf '  - %s\n' "${lacks[@]}" >&2
        exit 1
    fi
    ((${#missing[@]} == 0)) || install "${missing[@]}"
}

install() {
    say "installing $*"
    local log
    log=$(mktemp)
    if ! (
        # The daemons serve namespaces of our own: the machine's own services (a speaker on port 179) need not start.
        if [[ ! -e /usr/sbin/policy-rc.d ]]; then
            trap 'rm -f /usr/sbin/policy-rc.d' EXIT
            printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
            chmod 755 /usr/sbin/policy-rc.d
        fi
        apt-get -qq -o DPkg::Lock::Timeout=120 update &&
            DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=120 install --no-install-recommends "$@"
    ) >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        die "that failed. By hand: apt-get update && apt-get install $*"
    fi
    rm -f "$log"
}
