#!/bin/sh
# Records llmnr.pcap: one systemd-resolved asks by LLMNR for the name of a host on which another one runs.
# Needs root, ip, systemd-resolved (not running; $RESOLVED names the program), python3, dumpcap. Leaves nothing behind
# but the file.
set -eu
out=$(cd "$(dirname "$0")" && pwd)/llmnr.pcap
resolved=${RESOLVED:-/lib/systemd/systemd-resolved}
work=$(mktemp -d)
asker=llmnr-asker host=llmnr-host
cleanup() {
    for pid in "$work"/*.pid; do [ -s "$pid" ] && kill "$(cat "$pid")" 2>/dev/null || true; done
    ip netns del $asker 2>/dev/null || true
    ip netns del $host 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
ip netns add $asker
ip netns add $host
ip -n $asker link add lan type veth peer name lan netns $host
ip -n $asker link set lan address 02:00:00:00:07:01
ip -n $host link set lan address 02:00:00:00:07:02
last=1
for side in $asker $host; do
    ip netns exec $side sysctl -qw net.ipv6.conf.lan.accept_dad=0
    ip -n $side link set lo up
    ip -n $side link set lan up
    ip -n $side address add 192.0.2.$last/24 dev lan
    last=$((last + 1))
done
printf '[Resolve]\nLLMNR=yes\nMulticastDNS=no\nDNSSEC=no\nFallbackDNS=\n' > "$work/resolved.conf"
# The program wants a user of its own; it need not exist outside.
for file in passwd group; do grep -v '^systemd-resolve:' /etc/$file > "$work/$file"; done
echo 'systemd-resolve:x:989:989::/:/usr/sbin/nologin' >> "$work/passwd"
echo 'systemd-resolve:x:989:' >> "$work/group"
chmod 644 "$work/passwd" "$work/group"
resolve() { # netns, host name
    ip netns exec "$1" unshare -m -u sh -c '
        echo $$ > "$3/$1.pid"
        hostname "$2"
        mount --bind "$3/passwd" /etc/passwd
        mount --bind "$3/group" /etc/group
        mkdir -p /etc/systemd
        mount -t tmpfs tmpfs /etc/systemd
        cp "$3/resolved.conf" /etc/systemd/
        mount -t tmpfs tmpfs /run
        mkdir -p /run/systemd/resolve
        chown 989:989 /run/systemd/resolve
        exec "$4"' sh "$1" "$2" "$work" "$resolved" 2> "$work/$1.log" &
}
ip netns exec $asker dumpcap -q -i lan -P -w "$work/out.pcap" -f 'udp port 5355' 2>/dev/null &
echo $! > "$work/dumpcap.pid"
sleep 1
resolve $host sensor-7
resolve $asker panel-1
sleep 4
for name in sensor-7 nobody-here; do
    ip netns exec $asker python3 - "$name" <<'PY' || true
import socket, sys
name = sys.argv[1].encode()
query = b"\0\1\1\0\0\1\0\0\0\0\0\0" + bytes([len(name)]) + name + b"\0\0\1\0\1"
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
    asker.settimeout(5)
    asker.sendto(query, ("127.0.0.53", 53))
    print(asker.recv(512))
PY
done
sleep 2
kill "$(cat "$work/dumpcap.pid")"
sleep 1
cp "$work/out.pcap" "$out"
