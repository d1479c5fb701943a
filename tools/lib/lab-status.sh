# shellcheck shell=bash
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
# What the lab is and how it does, as a table and as JSON.

print_json() {
    local host vm
    jq -n --arg name "$lab" --arg directory "$lab_dir" --arg management "$(management_here)" --arg tunnel "$tunnel" \
        --argjson hosts "$(for host in $(host_names); do host_json "$host"; done | jq -s .)" \
        --argjson vms "$(for vm in $(vm_names); do vm_json "$vm"; done | jq -s .)" \
        '{name: $name, directory: $directory, management: $management, tunnel: $tunnel, hosts: $hosts, vms: $vms}'
}

vm_names() { [[ ! -d $lab_dir/vms ]] || find "$lab_dir/vms" -type f -printf '%f\n' | sort -V; }

host_json() {
    local bridges=''
    [[ -z $(pid_of "$1" ovsdb-server) ]] || bridges=$(vsctl "$1" list-br)
    jq -n --arg name "$1" --arg namespace "$lab-$1" --arg vtep "$(vtep_of "$1")" --arg management "$(management_of "$1")" \
        --arg ovsdb "$(pid_of "$1" ovsdb-server)" --arg vswitchd "$(pid_of "$1" ovs-vswitchd)" --arg bridges "$bridges" '
        def pid: if . == "" then null else tonumber end;
        {name: $name, namespace: $namespace, vtep: $vtep, management: $management,
         ovsdbServer: ($ovsdb | pid), vswitchd: ($vswitchd | pid), bridges: ($bridges | split("\n") | map(select(. != "")))}'
}

vm_json() {
    local host iface
    # shellcheck source=/dev/null
    . "$lab_dir/vms/$1"
    ip -n "$lab-$1" -j address show dev eth0 | jq --arg name "$1" --arg namespace "$lab-$1" --arg host "$host" --arg iface "$iface" '
        {name: $name, namespace: $namespace, host: $host, ifaceId: $iface, mac: .[0].address, mtu: .[0].mtu,
         addresses: [.[0].addr_info[] | select(.scope == "global") | "\(.local)/\(.prefixlen)"]}'
}

print_table() {
    print_json | jq -r '
        def pid: if . == null then "down" else "pid \(.)" end;
        def table: (transpose | map(map(length) | max + 2)) as $widths | .[]
            | [range(length) as $i | .[$i] + " " * ($widths[$i] - (.[$i] | length))] | join("") | sub(" +$"; "");
        "lab \(.name): this machine is \(.management) on its management network, files are in \(.directory)",
        "",
        ([["HOST", "VTEP", "MANAGEMENT", "OVSDB-SERVER", "OVS-VSWITCHD", "BRIDGES"]]
            + [.hosts[] | [.name, .vtep, .management, (.ovsdbServer | pid), (.vswitchd | pid), (.bridges | join(" "))]] | table),
        (if .vms == [] then empty else
            "",
            ([["VM", "HOST", "IFACE-ID", "MAC", "MTU", "ADDRESSES"]]
                + [.vms[] | [.name, .host, .ifaceId, .mac, "\(.mtu)", (.addresses | join(" "))]] | table)
        end)'
}
