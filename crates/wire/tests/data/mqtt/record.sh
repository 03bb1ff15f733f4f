#!/bin/sh
# Records the captures of this folder anew, with real peers: the mosquitto broker, its command-line clients and the
# Eclipse Paho client for Python, in two network namespaces joined by a veth pair. Debian, as root; needs mosquitto,
# mosquitto-clients, dumpcap (tshark), ethtool, iproute2 and a python3 with paho-mqtt 2 (PYTHON names another one).
set -eu
cd "$(dirname "$0")"
python=${PYTHON:-python3}
work=$(mktemp -d)
broker=10.83.0.1
device=10.83.0.2

in_device() { ip netns exec mqtt-device "$@"; }

set_up() {
    ip netns add mqtt-broker
    ip netns add mqtt-device
    ip link add mq0 netns mqtt-broker address 02:00:5e:83:00:01 type veth peer name mq1 netns mqtt-device address 02:00:5e:83:00:02
    ip netns exec mqtt-device ip link set lo up # Paho wakes itself over it
    for end in "broker mq0 $broker" "device mq1 $device"; do
        set -- $end
        ip netns exec mqtt-$1 sysctl -qw net.ipv6.conf.all.disable_ipv6=1
        ip netns exec mqtt-$1 ip address add $3/24 dev $2
        ip netns exec mqtt-$1 ip link set $2 up
        # Whole segments with true checksums, as a mirror port would see them.
        ip netns exec mqtt-$1 ethtool -K $2 tx off rx off tso off gso off gro off >/dev/null
    done
}

tear_down() {
    stop_broker
    ip netns del mqtt-broker 2>/dev/null || true
    ip netns del mqtt-device 2>/dev/null || true
    rm -rf "$work"
}

broker_pid=
start_broker() {
    printf 'listener 1883 %s\nmax_topic_alias 10\n%s\n' $broker "$1" >"$work/mosquitto.conf" # options of the scenario
    ip netns exec mqtt-broker mosquitto -c "$work/mosquitto.conf" >"$work/log" 2>&1 &
    broker_pid=$!
    sleep 0.7
}
stop_broker() {
    [ -z "$broker_pid" ] || { kill "$broker_pid"; wait "$broker_pid" || true; broker_pid=; }
}

record() { # file, function
    ip netns exec mqtt-broker dumpcap -q -i mq0 -P -w "$work/$1" -f 'tcp port 1883' 2>/dev/null &
    dump_pid=$!
    sleep 1
    "$2"
    sleep 0.7
    kill "$dump_pid"
    wait "$dump_pid" || true
    mv "$work/$1" "$1"
}

pub() { in_device mosquitto_pub -h $broker "$@"; }
# Run directly, so that the process in $! is the client itself and not a shell around it.
sub() { ip netns exec mqtt-device mosquitto_sub -h $broker -W 20 "$@" >/dev/null & sleep 0.4; }

# The same conversation in each version, so that the goldens can be laid side by side.
conversation() {
    sub -V "$1" -i reader -C 5 -k 5 -q 2 -t 'plant/+/temp' -t 'plant/a/#'
    reader=$!
    pub -V "$1" -i press-1 -t plant/a/temp -m 21.5
    pub -V "$1" -i press-1 -t plant/a/temp -m 21.6 -q 1
    pub -V "$1" -i press-1 -t plant/a/temp -m 21.7 -q 2
    pub -V "$1" -i press-1 -t plant/a/state -m running -q 1 -r
    pub -V "$1" -i press-1 -t plant/b/temp -n
    wait $reader || true
    # Reads the retained message, idles over one keep-alive, is killed: its will goes to the watcher.
    sub -V "$1" -i watcher -C 1 -t alarm/#
    watcher=$!
    sub -V "$1" -i panel -k 5 -t plant/a/state --will-topic alarm/panel --will-payload gone --will-qos 1 -q 1
    panel=$!
    sleep 6
    kill -9 $panel
    wait $panel || true
    wait $watcher || true
    in_device mosquitto_sub -V "$1" -i leaver -W 5 -h $broker -t plant/x -U plant/y -E >/dev/null
}
v31() { conversation mqttv31; }
v311() { conversation mqttv311; }
v5() {
    conversation mqttv5
    sub -V mqttv5 -i worker-1 -t '$share/workers/jobs/+' -C 2 -q 1
    worker=$!
    pub -V mqttv5 -i planner -t jobs/1 -m cut -q 1 -D publish topic-alias 3 -D publish user-property shift early -D publish content-type text/plain
    pub -V mqttv5 -i planner -t jobs/2 -m weld -q 1 -D publish message-expiry-interval 60 -D publish response-topic jobs/answer -D publish correlation-data 77
    wait $worker || true
    # Two messages over one alias: the second carries no topic.
    printf 'one\ntwo\nthree\n' | pub -V mqttv5 -i aliaser -t jobs/alias -l -D publish topic-alias 4
}
logins() {
    pub -V mqttv311 -i press-1 -u press -P hunter2 -t plant/a/temp -m 20
    pub -V mqttv311 -i thief -u press -P guess -t plant/a/temp -m 20 2>/dev/null || true
    pub -V mqttv5 -i thief -u press -P guess -t plant/a/temp -m 20 2>/dev/null || true
    pub -V mqttv311 -i nobody -t plant/a/temp -m 20 2>/dev/null || true
    # Allowed to enter, not allowed to read this.
    in_device timeout 2 mosquitto_sub -V mqttv311 -h $broker -i spy -u press -P hunter2 -t secret/plans >/dev/null 2>&1 || true
    in_device mosquitto_pub -V mqttv5 -h $broker -i press-1 -u press -P hunter2 -t secret/plans -m 1 -q 1 2>/dev/null || true
}
large() {
    head -c 40000 /dev/zero | tr '\0' 'x' >"$work/image"
    pub -V mqttv311 -i camera-1 -t cam/1/image -f "$work/image" -q 1
    pub -V mqttv311 -i camera-1 -t cam/1/state -m idle
}
paho() { in_device "$python" paho_client.py $broker; }

trap tear_down EXIT
tear_down 2>/dev/null
work=$(mktemp -d)
set_up
start_broker 'allow_anonymous true'
record v31.pcap v31
stop_broker
start_broker 'allow_anonymous true'
record v311.pcap v311
stop_broker
start_broker 'allow_anonymous true'
record v5.pcap v5
record large.pcap large
record paho.pcap paho
stop_broker
mosquitto_passwd -b -c "$work/passwords" press hunter2 2>/dev/null
printf 'user press\ntopic plant/#\n' >"$work/acl"
chmod 644 "$work/passwords" "$work/acl"
chmod 755 "$work"
start_broker "allow_anonymous false
password_file $work/passwords
acl_file $work/acl"
record logins.pcap logins
