#!/bin/sh
# Records exchange.pcap: ISC dhclient takes an address from dnsmasq, renews it, gives it back and asks for settings only.
# Needs root, ip, dnsmasq-base, isc-dhcp-client, dumpcap. Leaves nothing behind but the file.
set -eu
out=$(cd "$(dirname "$0")" && pwd)/exchange.pcap
work=$(mktemp -d)
server=dhcp6-server client=dhcp6-client
cleanup() {
    for pid in "$work"/*.pid; do [ -s "$pid" ] && kill "$(cat "$pid")" 2>/dev/null || true; done
    ip netns del $server 2>/dev/null || true
    ip netns del $client 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
ip netns add $server
ip netns add $client
ip -n $server link add lan type veth peer name lan netns $client
ip -n $server link set lan address 02:00:00:00:06:01
ip -n $client link set lan address 02:00:00:00:06:02
for side in $server $client; do
    ip netns exec $side sysctl -qw net.ipv6.conf.lan.accept_dad=0
    ip -n $side link set lo up
    ip -n $side link set lan up
done
ip -n $server address add 2001:db8:6::1/64 dev lan nodad
ip netns exec $server dnsmasq --conf-file=/dev/null --port=0 --interface=lan --bind-interfaces --enable-ra \
    --dhcp-range=2001:db8:6::100,2001:db8:6::1ff,64,10m --dhcp-option=option6:dns-server,[2001:db8:6::1] \
    --dhcp-leasefile="$work/leases" --pid-file="$work/dnsmasq.pid" --dhcp-authoritative --user=root
cat > "$work/dhclient.conf" <<CONF
send fqdn.fqdn "sensor-7.plant.example.";
send fqdn.encoded on;
send dhcp6.vendor-class 00:00:ff:ff:00:08:73:65:6e:73:6f:72:2d:37;
also request dhcp6.info-refresh-time;
CONF
ip netns exec $server dumpcap -q -i lan -P -w "$work/out.pcap" -f 'udp port 546 or udp port 547' 2>/dev/null &
echo $! > "$work/dumpcap.pid"
sleep 2
dhclient6() {
    ip netns exec $client dhclient -6 -cf "$work/dhclient.conf" -lf "$work/client.leases" -pf "$work/dhclient.pid" \
        -sf /bin/true -D LL "$@" lan
}
dhclient6 -1
sleep 1
kill "$(cat "$work/dhclient.pid")"
sleep 1
dhclient6 -1
sleep 1
dhclient6 -r || true
sleep 1
dhclient6 -S -1
sleep 2
kill "$(cat "$work/dumpcap.pid")"
sleep 1
cp "$work/out.pcap" "$out"
