#!/bin/sh
# Records samba.pcap anew: two nmbd, one of them a WINS server, and nmblookup, in two network namespaces joined by a veth
# pair. Debian, as root; needs samba, samba-common-bin, dumpcap (tshark), ethtool and iproute2.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)

set_up() {
    ip netns add nb-hmi
    ip netns add nb-plc
    ip link add nb0 netns nb-hmi address 02:00:5e:85:00:01 type veth peer name nb1 netns nb-plc address 02:00:5e:85:00:02
    for end in "hmi nb0 10.85.0.1" "plc nb1 10.85.0.2"; do
        set -- $end
        ip netns exec nb-$1 sysctl -qw net.ipv6.conf.all.disable_ipv6=1
        ip netns exec nb-$1 ip address add $3/24 broadcast 10.85.0.255 dev $2
        ip netns exec nb-$1 ip link set lo up
        ip netns exec nb-$1 ip link set $2 up
        ip netns exec nb-$1 ethtool -K $2 tx off rx off tso off gso off gro off >/dev/null
    done
}
tear_down() {
    kill $pids 2>/dev/null || true
    ip netns del nb-hmi 2>/dev/null || true
    ip netns del nb-plc 2>/dev/null || true
    rm -rf "$work"
}
pids=
start() { # namespace, NetBIOS name, device, WINS option
    dir=$work/$2
    mkdir -p "$dir"
    cat >"$dir/smb.conf" <<CONF
[global]
netbios name = $2
workgroup = PLANT
interfaces = $3
bind interfaces only = yes
$4
local master = no
lock directory = $dir
state directory = $dir
cache directory = $dir
pid directory = $dir
private dir = $dir
ncalrpc dir = $dir/ncalrpc
nmbd:socket dir = $dir/nmbd
log file = $dir/log
CONF
    ip netns exec "$1" nmbd -F --no-process-group -l "$dir" -s "$dir/smb.conf" >"$dir/out" 2>&1 &
    pids="$pids $!"
}
look() { ip netns exec nb-plc nmblookup -s "$work/PLC-7/smb.conf" "$@" >/dev/null 2>&1 || true; }

trap tear_down EXIT
set_up
ip netns exec nb-hmi dumpcap -q -i nb0 -P -w "$work/samba.pcap" -f 'udp port 137' 2>/dev/null &
dump_pid=$!
sleep 1
start nb-hmi HMI-1 nb0 'wins support = yes'
sleep 6
start nb-plc PLC-7 nb1 'wins server = 10.85.0.1'
sleep 8
look HMI-1
look -A 10.85.0.1
kill $pids # names are released
sleep 3
kill $dump_pid
wait $dump_pid || true
mv "$work/samba.pcap" samba.pcap
