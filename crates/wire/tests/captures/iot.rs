//! MQTT and CoAP.

use crate::counts::check_told;

/// tshark's `mqtt.msgtype`: 1 CONNECT, 2 CONNACK, 3 PUBLISH, 4 PUBACK, 7 PUBCOMP, 12 PINGREQ, 13 PINGRESP,
/// 14 DISCONNECT. Subscriptions are counted by filter, as `mqtt.topic` in types 8 and 10.
#[test]
fn mqtt_messages_are_as_many_as_the_referee_counts() {
    let same_in_3 = [
        ("request CONNECT", 9),
        ("response CONNECT", 9),
        ("request PUBLISH", 12),
        ("response PUBLISH qos1", 5),
        ("response PUBLISH qos2", 2),
        ("request SUBSCRIBE", 5),
        ("response SUBSCRIBE", 5),
        ("request UNSUBSCRIBE", 1),
        ("response UNSUBSCRIBE", 1),
        ("request PINGREQ", 1),
        ("response PINGREQ", 1),
        ("request DISCONNECT", 8),
        ("orphan", 0),
        ("malformed", 0),
    ];
    check_told("mqtt/v31.pcap", &same_in_3);
    check_told("mqtt/v311.pcap", &same_in_3);
    check_told(
        "mqtt/v5.pcap",
        &[
            ("request CONNECT", 13),
            ("response CONNECT", 13),
            ("request PUBLISH", 20),
            ("response PUBLISH qos1", 9),
            ("response PUBLISH qos2", 2),
            ("request SUBSCRIBE", 6),
            ("response SUBSCRIBE", 6),
            ("request PINGREQ", 1),
            ("request DISCONNECT", 12),
            ("orphan", 0),
            ("malformed", 0),
        ],
    );
    check_told(
        "mqtt/paho.pcap",
        &[
            ("request CONNECT", 2),
            ("request PUBLISH", 16),
            ("response PUBLISH qos1", 7),
            ("response PUBLISH qos2", 4),
            ("request SUBSCRIBE", 4),
            ("response SUBSCRIBE", 4),
            ("request UNSUBSCRIBE", 3),
            ("response UNSUBSCRIBE", 3),
            ("request DISCONNECT", 2),
            ("malformed", 0),
        ],
    );
    check_told(
        "mqtt/zeek-mqtt.pcap",
        &[
            ("request CONNECT", 2),
            ("response CONNECT", 2),
            ("request PUBLISH", 3),
            ("request SUBSCRIBE", 1),
            ("request PINGREQ", 5),
            ("response PINGREQ", 5),
            ("request DISCONNECT", 1),
            ("malformed", 0),
        ],
    );
}

#[test]
fn mqtt_passwords_are_noticed_and_refusals_told() {
    check_told(
        "mqtt/logins.pcap",
        &[
            ("cleartext", 5),
            ("request CONNECT", 6),
            ("response CONNECT", 6),
            ("request PUBLISH", 2),
            ("response PUBLISH qos1", 1),
            ("malformed", 0),
        ],
    );
}

/// tshark's `coap.code` by `coap.type`. An answer is any response but a notification.
#[test]
fn coap_messages_are_as_many_as_the_referee_counts() {
    check_told(
        "coap/libcoap.pcap",
        &[
            ("request GET", 47),
            ("request GET observe", 1),
            ("request POST", 1),
            ("request PUT", 7),
            ("request DELETE", 1),
            ("request FETCH", 1),
            ("request PATCH", 1),
            ("request iPATCH", 1),
            ("request notify", 3),
            ("response", 59),
            ("orphan", 0),
            ("malformed", 0),
        ],
    );
    check_told(
        "coap/aiocoap.pcap",
        &[
            ("request GET", 9),
            ("request POST", 1),
            ("request PUT", 3),
            ("request DELETE", 1),
            ("request FETCH", 1),
            ("request iPATCH", 1),
            ("request notify", 5),
            ("response", 16),
            ("orphan", 0),
            ("malformed", 0),
        ],
    );
}

/// The referee counts two requests and one answer.
#[test]
fn a_coap_request_sent_again_counts_once() {
    check_told("coap/lossy.pcap", &[("request GET", 1), ("response GET", 1), ("orphan", 0)]);
}

#[test]
fn a_coap_search_of_a_group_finds_what_a_server_serves() {
    let expected = [("request GET /.well-known/core", 1), ("orphan response", 1), ("fact service ticks", 1)];
    check_told("coap/discovery.pcap", &expected);
}
