"""A second client implementation for record.sh: Eclipse Paho, MQTT 3.1.1 and 5, against the broker given."""
import sys
import time

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

BROKER = sys.argv[1]


def client(name, version):
    made = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name, protocol=version)
    made.max_inflight_messages_set(20)
    return made


def wait(seconds=0.4):
    time.sleep(seconds)


def v311():
    line = client("line-1", mqtt.MQTTv311)
    line.will_set("line/1/alive", "0", qos=1, retain=True)
    line.connect(BROKER, keepalive=30)
    line.loop_start()
    wait()
    line.subscribe([("line/1/set", 1), ("line/+/stop", 2), ("$SYS/broker/version", 0)])
    wait()
    for number in range(5):
        line.publish("line/1/speed", str(number), qos=number % 3)
    line.publish("line/1/set", "7", qos=2)
    wait()
    line.unsubscribe(["line/1/set", "line/+/stop"])
    wait()
    line.disconnect()
    line.loop_stop()


def v5():
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 60
    properties.TopicAliasMaximum = 10
    properties.ReceiveMaximum = 5
    properties.UserProperty = ("site", "Münster")
    cell = client("", mqtt.MQTTv5)
    cell.connect(BROKER, keepalive=30, clean_start=True, properties=properties)
    cell.loop_start()
    wait()
    identifier = Properties(PacketTypes.SUBSCRIBE)
    identifier.SubscriptionIdentifier = 300
    cell.subscribe([("cell/#", SubscribeOptions(qos=2, noLocal=False, retainAsPublished=True))], properties=identifier)
    wait()
    alias = Properties(PacketTypes.PUBLISH)
    alias.TopicAlias = 1
    cell.publish("cell/9/torque", "1.0", qos=0, properties=alias)
    wait(0.1)
    for value in ("1.1", "1.2"):
        cell.publish("", value, qos=1, properties=alias)
    wait()
    cell.publish("cell/9/torque", "1.3", qos=2)
    wait()
    cell.unsubscribe("cell/none")
    wait()
    reason = Properties(PacketTypes.DISCONNECT)
    reason.ReasonString = "shift over"
    cell.disconnect(properties=reason)
    cell.loop_stop()


v311()
v5()
