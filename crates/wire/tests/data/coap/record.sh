#!/bin/sh
# Records the captures of this folder anew, with real peers: libcoap's example server and client and aiocoap, in two
# network namespaces joined by a veth pair. Debian, as root; needs libcoap3-bin, dumpcap (tshark), ethtool, iproute2 and a
# python3 with aiocoap 0.4 (PYTHON names another one).
set -eu
cd "$(dirname "$0")"
python=${PYTHON:-python3}
work=$(mktemp -d)
server=10.84.0.1
client=10.84.0.2

set_up() {
    ip netns add coap-server
    ip netns add coap-client
    ip link add co0 netns coap-server address 02:00:5e:84:00:01 type veth peer name co1 netns coap-client address 02:00:5e:84:00:02
    for end in "server co0 $server" "client co1 $client"; do
        set -- $end
        ip netns exec coap-$1 ip address add $3/24 dev $2
        ip netns exec coap-$1 ip link set lo up
        ip netns exec coap-$1 ip link set $2 up
        ip netns exec coap-$1 ip route add 224.0.0.0/4 dev $2
        ip netns exec coap-$1 ethtool -K $2 tx off rx off tso off gso off gro off >/dev/null
    done
    sleep 2 # IPv6 addresses become usable
}

server_pid=
start_server() {
    ip netns exec coap-server "$@" >"$work/log" 2>&1 &
    server_pid=$!
    sleep 1
}
stop_server() {
    [ -z "$server_pid" ] || { kill "$server_pid"; wait "$server_pid" || true; server_pid=; }
}
tear_down() {
    stop_server
    ip netns del coap-server 2>/dev/null || true
    ip netns del coap-client 2>/dev/null || true
    rm -rf "$work"
}

record() { # file, function
    ip netns exec coap-server dumpcap -q -i co0 -P -w "$work/$1" -f 'udp port 5683' 2>/dev/null &
    dump_pid=$!
    sleep 1
    "$2"
    sleep 0.7
    kill "$dump_pid"
    wait "$dump_pid" || true
    mv "$work/$1" "$1"
}

get() { ip netns exec coap-client coap-client-notls -B 5 "$@" >/dev/null 2>&1 || true; }

libcoap() {
    base=coap://$server
    get $base/.well-known/core
    get $base/time
    get -N $base/time
    get -m put -t 50 -e '{"on":true}' $base/lamp
    get $base/lamp
    get -m post -e 12 $base/lamp
    get -m fetch -t 60 -e x $base/lamp
    get -m patch -e y $base/lamp
    get -m ipatch -e y $base/lamp
    get -m delete $base/lamp
    get $base/lamp
    get $base/missing
    get "$base/async?1"
    get -s 3 $base/time
    get -b 64 $base/example_data
    head -c 3000 /dev/zero | tr '\0' 'f' >"$work/firmware"
    get -m put -b 512 -t 42 -f "$work/firmware" $base/image
    get -b 256 $base/image
    get -O 2049,0x01 $base/time
    get -O 2051,0x01 $base/time
}
discovery() { get -B 2 -N coap://224.0.1.187/.well-known/core; }
# The server's first answers are lost: the client sends again.
lossy() { get -B 20 coap://$server/time; }
aiocoap() { ip netns exec coap-client "$python" aiocoap_client.py $server; }

trap tear_down EXIT
set_up
start_server coap-server-notls -d 10 -A $server
record libcoap.pcap libcoap
stop_server
start_server coap-server-notls -G co0 -g 224.0.1.187
record discovery.pcap discovery
stop_server
start_server coap-server-notls -A $server -l 1
record lossy.pcap lossy
stop_server
start_server "$python" aiocoap_server.py $server
record aiocoap.pcap aiocoap
