# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154
# A VM of the lab: a namespace whose eth0 is a veth into its host's br-int.

vm_name() {
    if ((hosts > 9 || vms > 9)); then printf 'vm%s-%s' "${1#h}" "$2"; else printf 'vm%s%s' "${1#h}" "$2"; fi
}

# The VMs of `up`. Without a controller nobody gives them addresses, so the lab does.
plug_all_vms() {
    local host=$1 n address
    for ((n = 1; n <= vms; n++)); do
        address=()
        [[ $tunnel == none ]] || address=("10.10.${host#h}.$n/16")
        plug "$host" "$(vm_name "$host" "$n")" "$(vm_name "$host" "$n")" \
            "$(printf '02:00:00:00:%02x:%02x' "${host#h}" "$n")" "$vm_mtu" "${address[@]}"
    done
}

parse_plug() {
    plug_iface='' plug_mac='' plug_mtu='' plug_addresses=()
    local positional=()
    while (($# > 0)); do
        case $1 in
            --iface-id | --mac | --ip | --mtu)
                [[ $# -ge 2 ]] || fail_usage "$1 wants a value"
                case $1 in
                    --iface-id) plug_iface=$2 ;;
                    --mac) plug_mac=$2 ;;
                    --ip) plug_addresses+=("$2") ;;
                    --mtu) plug_mtu=$2; number --mtu "$2" 576 1500 ;;
                esac
                shift 2
                ;;
            -*) fail_usage "plug does not know '$1'" ;;
            *) positional+=("$1"); shift ;;
        esac
    done
    [[ ${#positional[@]} -eq 2 && -n $plug_iface ]] || fail_usage "plug wants a host, a VM and --iface-id ID"
    plug_host=${positional[0]} plug_vm=${positional[1]}
    [[ $plug_vm =~ ^[a-z][a-z0-9-]{0,13}$ ]] || fail_usage "a VM's name is up to 14 of a-z, 0-9 and -, not '$plug_vm'"
    [[ -n $plug_mac ]] || plug_mac=$(mac_from_name "$plug_vm")
}

mac_from_name() {
    local digest
    digest=$(printf %s "$1" | md5sum)
    printf '02:%s:%s:%s:%s:%s' "${digest:0:2}" "${digest:2:2}" "${digest:4:2}" "${digest:6:2}" "${digest:8:2}"
}

wait_for_br_int() {
    local tries=0
    until vsctl "$1" br-exists br-int; do
        ((++tries < 100)) || die "$1 has had no br-int for 10 s. Does its manager answer? tools/lab exec --name $lab $1 ovs-vsctl show"
        sleep 0.1
    done
}

plug() {
    local host=$1 vm=$2 iface=$3 mac=$4 mtu=${5:-$vm_mtu} address
    shift 5
    [[ ! -e $lab_dir/namespaces/$vm ]] || die "lab '$lab' has a node '$vm' already"
    wait_for_br_int "$host"

    make_namespace "$vm"
    half_plugged=$vm
    mkdir -p "$lab_dir/vms"
    save "$lab_dir/vms/$vm" host iface

    ip link add dev "$vm" netns "$lab-$host" mtu "$mtu" type veth peer name eth0 netns "$lab-$vm"
    ip -n "$lab-$vm" link set eth0 address "$mac" mtu "$mtu"
    no_offload "$vm" eth0
    ip -n "$lab-$host" link set dev "$vm" up
    ip -n "$lab-$vm" link set eth0 up
    for address in "$@"; do
        ip -n "$lab-$vm" address add "$address" dev eth0
    done
    vsctl "$host" add-port br-int "$vm" -- set interface "$vm" external_ids:iface-id="$iface" external_ids:attached-mac="\"$mac\""
    half_plugged=''
}

unplug() {
    local vm=$1 host='' iface pid
    # shellcheck source=/dev/null
    [[ ! -f $lab_dir/vms/$vm ]] || . "$lab_dir/vms/$vm"
    if [[ -n $host && -n $(pid_of "$host" ovsdb-server) ]]; then
        # A dead ovs-vswitchd confirms nothing.
        vsctl "$host" --no-wait --if-exists del-port br-int "$vm"
    fi
    for pid in $(ip netns pids "$lab-$vm"); do
        kill -KILL "$pid" 2>/dev/null || true
    done
    [[ -z $host ]] || ip -n "$lab-$host" link delete dev "$vm" 2>/dev/null || true
    ip netns delete "$lab-$vm"
    rm -f "$lab_dir/vms/$vm" "$lab_dir/namespaces/$vm"
}
