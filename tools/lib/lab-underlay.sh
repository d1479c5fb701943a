# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154
# The lab's cables: an underlay that joins the hosts, and a management network that reaches this namespace.
# Names and settings of the lab ($lab, $lab_dir, $management, …) are those of tools/lab.

vtep_of() { printf '192.0.2.%s' "${1#h}"; }
management_of() { printf '%s.%s' "$management" "${1#h}"; }
management_here() { printf '%s.254' "$management"; }
root_link() { printf '%s-mgmt' "$lab"; }

# A namespace is noted when it has been made, so that nobody else's is removed later.
make_namespace() {
    ip netns add "$lab-$1"
    mkdir -p "$lab_dir/namespaces"
    : >"$lab_dir/namespaces/$1"
    ip -n "$lab-$1" link set lo up
}

node_names() { find "$lab_dir/namespaces" -type f -printf '%f\n' | sort -V | paste -sd ' '; }

make_underlay() {
    make_namespace net
    local name
    for name in underlay mgmt; do
        ip -n "$lab-net" link add dev "$name" type bridge mcast_snooping 0
        ip -n "$lab-net" link set "$name" up
    done
    ip link add dev "$(root_link)" type veth peer name here netns "$lab-net"
    ip -n "$lab-net" link set here master mgmt up
    ip link set "$(root_link)" up
    take_management_network
}

# The first /24 of the benchmarking range (RFC 2544) that is free. `ip route add` fails if the prefix is taken, so two
# labs that start at once do not get the same one.
take_management_network() {
    local n
    for n in {0..255}; do
        management=198.18.$n
        [[ -z $(ip -4 route show root "$management.0/24") ]] || continue
        if ip route add "$management.0/24" dev "$(root_link)" 2>/dev/null; then
            ip address add "$(management_here)/24" dev "$(root_link)" noprefixroute
            return
        fi
    done
    die "all of 198.18.0.0/16 is in use on this machine, no network is left for the lab's management"
}

# One cable from a host to a bridge of the underlay namespace. The last hop into a host must not leave checksums to a
# device that does not exist: Open vSwitch drops a tunnel packet whose outer UDP checksum is wrong.
cable() {
    local host=$1 interface=$2 bridge=$3
    local far=$host-${bridge:0:1}
    ip link add dev "$interface" netns "$lab-$host" type veth peer name "$far" netns "$lab-net"
    ip -n "$lab-net" link set "$far" master "$bridge" up
    no_offload "$host" "$interface"
    no_offload net "$far"
    ip -n "$lab-$host" link set "$interface" up
}

no_offload() { ip netns exec "$lab-$1" ethtool -K "$2" tx off tso off gso off >/dev/null; }

set_cables() {
    local host=$1 state=$2 far
    for far in "$host-u" "$host-m"; do
        ip -n "$lab-net" link set "$far" "$state"
    done
}

remove_namespaces() {
    if ip link show "$(root_link)" >/dev/null 2>&1 && [[ -f $lab_dir/namespaces/net ]]; then
        ip link delete "$(root_link)"
    fi
    local note node pid
    for note in "$lab_dir"/namespaces/*; do
        [[ -f $note ]] || continue
        node=${note##*/}
        [[ -e /run/netns/$lab-$node ]] || continue
        for pid in $(ip netns pids "$lab-$node"); do
            kill -KILL "$pid" 2>/dev/null || true
        done
        ip netns delete "$lab-$node"
    done
}
