#!/bin/sh
# Records minidlna.pcap anew: a MiniDLNA server and a search for what is there, in two network namespaces joined by a
# veth pair. Debian, as root; needs minidlna, dumpcap (tshark), ethtool, iproute2 and python3.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)

set_up() {
    ip netns add up-server
    ip netns add up-client
    ip link add up0 netns up-server address 02:00:5e:86:00:01 type veth peer name up1 netns up-client address 02:00:5e:86:00:02
    for end in "server up0 10.86.0.1" "client up1 10.86.0.2"; do
        set -- $end
        ip netns exec up-$1 sysctl -qw net.ipv6.conf.all.disable_ipv6=1
        ip netns exec up-$1 ip address add $3/24 broadcast 10.86.0.255 dev $2
        ip netns exec up-$1 ip link set lo up
        ip netns exec up-$1 ip link set $2 up
        ip netns exec up-$1 ip route add default dev $2
        ip netns exec up-$1 ethtool -K $2 tx off rx off tso off gso off gro off >/dev/null
    done
}
server_pid=
tear_down() {
    [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true
    ip netns del up-server 2>/dev/null || true
    ip netns del up-client 2>/dev/null || true
    rm -rf "$work"
}
search() { # address, target
    ip netns exec up-client python3 -c '
import socket, sys
search = "M-SEARCH * HTTP/1.1\r\nHOST: %s:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: %s\r\n\r\n" % tuple(sys.argv[1:])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2)
s.sendto(search.encode(), (sys.argv[1], 1900))
try:
    while True:
        s.recv(2000)
except TimeoutError:
    pass' "$1" "$2"
}

trap tear_down EXIT
set_up
mkdir "$work/media" "$work/db"
cat >"$work/conf" <<CONF
network_interface=up0
media_dir=$work/media
db_dir=$work/db
log_dir=$work/db
friendly_name=plant media
uuid=4d696e69-444c-164e-9d41-02005e860001
notify_interval=60
CONF
ip netns exec up-server dumpcap -q -i up0 -P -w "$work/minidlna.pcap" -f 'udp port 1900' 2>/dev/null &
dump_pid=$!
sleep 1
ip netns exec up-server minidlnad -S -f "$work/conf" -P "$work/pid" >/dev/null 2>&1 &
server_pid=$!
sleep 3
search 239.255.255.250 ssdp:all
search 239.255.255.250 urn:schemas-upnp-org:device:MediaServer:1
search 10.86.0.1 upnp:rootdevice
kill $server_pid # says goodbye
sleep 2
server_pid=
kill $dump_pid
wait $dump_pid || true
mv "$work/minidlna.pcap" minidlna.pcap
