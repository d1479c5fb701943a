# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154
# A host of the lab: its own ovsdb-server and ovs-vswitchd on the userspace datapath, and its bridges.

readonly schema=/usr/share/openvswitch/vswitch.ovsschema

host_names() {
    local n
    for ((n = 1; n <= hosts; n++)); do printf 'h%s\n' "$n"; done
}

# All hosts at once. Each failure has been reported by its own job.
for_each_host() {
    local host job jobs=() failed=''
    for host in $(host_names); do
        "$1" "$host" &
        jobs+=($!)
    done
    for job in "${jobs[@]}"; do
        wait "$job" || failed=1
    done
    [[ -z $failed ]] || exit 1
}

need_host() { [[ -d $lab_dir/hosts/$1 ]] || die "lab '$lab' has no host '$1'. It has: $(host_names | paste -sd ' ')"; }

# From here on the OVS tools and daemons of this shell are those of the host.
use_ovs_of() {
    export OVS_RUNDIR=$lab_dir/hosts/$1
    export OVS_DBDIR=$OVS_RUNDIR OVS_LOGDIR=$OVS_RUNDIR
}

vsctl() (
    use_ovs_of "$1"
    shift
    exec ovs-vsctl --timeout=20 "$@"
)

appctl() (
    use_ovs_of "$1"
    shift
    exec ovs-appctl --timeout=20 "$@"
)

make_host() {
    local host=$1
    make_namespace "$host"
    # The kernel too would answer for the VTEP's address, on eth0 and with the MAC of eth0, which no tunnel ends at.
    ip netns exec "$lab-$host" tee /proc/sys/net/ipv4/conf/all/arp_ignore <<<1 >/dev/null
    cable "$host" eth0 underlay
    cable "$host" mgmt0 mgmt
    ip -n "$lab-$host" address add "$(management_of "$host")/24" dev mgmt0
    mkdir -p "$lab_dir/hosts/$host"
    make_database "$host"
    start_vswitchd "$host"
    if [[ -n $bare ]]; then
        ip -n "$lab-$host" address add "$(vtep_of "$host")/24" dev eth0
    else
        make_br_ext "$host"
    fi
    [[ -z $announce ]] || announce_host "$host"
}

make_database() {
    local dir=$lab_dir/hosts/$1 version
    ovsdb-tool create "$dir/conf.db" "$schema"
    start_ovsdb "$1"
    version=$(ovs-vswitchd --version | sed -n '1s/.* //p')
    vsctl "$1" --no-wait init -- set Open_vSwitch . ovs_version="$version" \
        db_version="$(ovsdb-tool schema-version "$schema")" system_type=lab
}

start_ovsdb() (
    use_ovs_of "$1"
    exec ip netns exec "$lab-$1" ovsdb-server "$OVS_DBDIR/conf.db" --remote="punix:$OVS_RUNDIR/db.sock" \
        --remote=db:Open_vSwitch,Open_vSwitch,manager_options --private-key=db:Open_vSwitch,SSL,private_key \
        --certificate=db:Open_vSwitch,SSL,certificate --ca-cert=db:Open_vSwitch,SSL,ca_cert -vconsole:err --pidfile --detach --no-chdir --log-file
)

# There is no kernel module to rely on, so only the userspace datapath is offered. It detaches when it has made what the
# database asks for.
start_vswitchd() (
    use_ovs_of "$1"
    exec ip netns exec "$lab-$1" ovs-vswitchd "unix:$OVS_RUNDIR/db.sock" --disable-system -vconsole:err \
        --pidfile --detach --no-chdir --log-file
)

# The userspace datapath sends tunnel packets only through a bridge of its own, so the underlay's NIC and address are in one.
make_br_ext() {
    vsctl "$1" add-br br-ext -- set bridge br-ext datapath_type=netdev -- add-port br-ext eth0
    set_vtep_address "$1"
}

set_vtep_address() {
    ip -n "$lab-$1" address replace "$(vtep_of "$1")/24" dev br-ext
    ip -n "$lab-$1" link set br-ext up
}

announce_host() {
    vsctl "$1" set Open_vSwitch . external_ids:system-id="$1" external_ids:dwcp-vtep-ip="$(vtep_of "$1")" \
        external_ids:dwcp-datapath-type=netdev
}

# The certificate names the bridge that the controller makes, and the one that is there already.
give_certificate() {
    local dir=$lab_dir/hosts/$1 dpid=''
    [[ -z $adopt ]] || dpid=$(vsctl "$1" get bridge br-int datapath_id)
    "$here/dwcpctl" pki issue "$1" --host "$1" ${dpid:+--dpid "$dpid"} --data "$tls" --out "$dir" >/dev/null
    vsctl "$1" set-ssl "$dir/$1.key" "$dir/$1.crt" "$dir/ca.crt"
}

# Checks the underlay, and tells each switch where the other tunnel endpoints are. Open vSwitch loses the first packet to a
# VTEP that its userspace datapath has no neighbour for, and it learns none from ARP while it has no tunnel.
reach_other_hosts() {
    local other
    for other in $(host_names); do
        [[ $other != "$1" && ! -e $lab_dir/hosts/$other/dead ]] || continue
        ip netns exec "$lab-$1" ping -q -c 1 -w 5 "$(vtep_of "$other")" >/dev/null || {
            say "lab $lab: $1 cannot reach $(vtep_of "$other") over the underlay"
            return 1
        }
        know_neighbour "$1" "$other"
    done
}

know_neighbour() {
    local mac
    mac=$(ip -n "$lab-$2" -json link show br-ext | jq -r '.[].address')
    appctl "$1" tnl/neigh/set br-ext "$(vtep_of "$2")" "$mac" >/dev/null
}

# A br-int that is not ours to manage. Protected ports exchange nothing among themselves, which is the split horizon
# that a full mesh needs.
make_br_int() {
    local host=$1 other
    local commands=(add-br br-int -- set bridge br-int datapath_type=netdev)
    for other in $(host_names); do
        [[ $tunnel != none && $other != "$host" ]] || continue
        commands+=(-- add-port br-int "tun-$other" -- set port "tun-$other" protected=true
            -- set interface "tun-$other" type="$tunnel" options:key=1
            options:local_ip="$(vtep_of "$host")" options:remote_ip="$(vtep_of "$other")")
    done
    vsctl "$host" "${commands[@]}"
    ip -n "$lab-$host" link set br-int up
}

set_manager() {
    local target=$manager scheme=${tls:+ssl}
    : "${scheme:=tcp}"
    case $manager in
        ssl:* | tcp:* | ptcp:* | pssl:* | unix:*) ;;
        :*) target=$scheme:$(management_here)$manager ;;
        *:*) target=$scheme:$manager ;;
        *) target=$scheme:$manager:6640 ;;
    esac
    vsctl "$1" set-manager "$target"
}

# A process that has ended may still be listed until somebody has waited for it (Z), and its database lock is held until
# its last thread is gone.
runs() {
    local threads=("/proc/$1/task/"*)
    [[ $(cat "/proc/$1/stat" 2>/dev/null) =~ \("$2"\)\ [^ZX] || ${#threads[@]} -gt 1 ]]
}

pid_of() {
    local pid
    pid=$(cat "$lab_dir/hosts/$1/$2.pid" 2>/dev/null) || return 0
    ! runs "$pid" "$2" || printf '%s' "$pid"
}

# Ends a daemon of a host, and by force what has not ended after five seconds.
stop_daemon() {
    local daemon=$2 signal=$3 pid tries=0
    pid=$(pid_of "$1" "$daemon")
    [[ -n $pid ]] || return 0
    kill "-$signal" "$pid" 2>/dev/null || return 0
    while runs "$pid" "$daemon"; do
        ((++tries < 100)) || kill -KILL "$pid" 2>/dev/null || true
        sleep 0.05
    done
}

stop_everything() {
    local dir jobs=() host
    for dir in "$lab_dir"/hosts/*/; do
        [[ -d $dir ]] || continue
        host=$(basename "$dir")
        { stop_daemon "$host" ovs-vswitchd TERM; stop_daemon "$host" ovsdb-server TERM; } &
        jobs+=($!)
    done
    ((${#jobs[@]} == 0)) || wait "${jobs[@]}"
}

restart_ovs() {
    stop_daemon "$1" ovs-vswitchd TERM
    start_vswitchd "$1"
    restore_underlay "$1"
}

# The internal port of br-ext goes with its daemon, and its address with it.
restore_underlay() {
    [[ -z $bare ]] || return 0
    set_vtep_address "$1"
    reach_other_hosts "$1"
}

# Cables first: the kernel of a host without power sends no FIN for its processes.
kill_host() {
    : >"$lab_dir/hosts/$1/dead"
    set_cables "$1" down
    stop_daemon "$1" ovs-vswitchd KILL
    stop_daemon "$1" ovsdb-server KILL
}

start_host() {
    set_cables "$1" up
    rm -f "$lab_dir/hosts/$1/dead"
    [[ -n $(pid_of "$1" ovsdb-server) ]] || start_ovsdb "$1"
    [[ -n $(pid_of "$1" ovs-vswitchd) ]] || start_vswitchd "$1"
    restore_underlay "$1"
}
