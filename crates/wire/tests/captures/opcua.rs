//! OPC UA.

use crate::control::{Truth, check};

#[test]
fn opcua_requests_are_as_many_as_the_referee_counts() {
    check(OPCUA);
}

const OPCUA: &[Truth] = &[
    (
        "opcua/open62541_client-server_mainloop.pcap",
        &[
            ("ActivateSession", 1),
            ("AddNodes", 4),
            ("Browse", 2),
            ("Call", 1),
            ("CloseSecureChannel", 2),
            ("CloseSession", 1),
            ("CreateMonitoredItems", 1),
            ("CreateSession", 1),
            ("CreateSubscription", 1),
            ("DeleteSubscriptions", 1),
            ("GetEndpoints", 2),
            ("HEL", 2),
            ("OpenSecureChannel", 2),
            ("Publish", 11),
            ("Read", 1),
            ("Write", 2),
        ],
    ),
    (
        "opcua/open62541_client-server_mainloop-not-localhost-non-standard-port.pcap",
        &[
            ("ActivateSession", 1),
            ("AddNodes", 4),
            ("Browse", 2),
            ("Call", 1),
            ("CloseSecureChannel", 2),
            ("CloseSession", 1),
            ("CreateMonitoredItems", 1),
            ("CreateSession", 1),
            ("CreateSubscription", 1),
            ("DeleteSubscriptions", 1),
            ("GetEndpoints", 2),
            ("HEL", 2),
            ("OpenSecureChannel", 2),
            ("Publish", 11),
            ("Read", 1),
            ("Write", 2),
        ],
    ),
    (
        "opcua/open62541_client-server_mainloop-no-handshake.pcap",
        &[
            ("ActivateSession", 1),
            ("AddNodes", 4),
            ("Browse", 2),
            ("Call", 1),
            ("CloseSecureChannel", 1),
            ("CloseSession", 1),
            ("CreateMonitoredItems", 1),
            ("CreateSession", 1),
            ("CreateSubscription", 1),
            ("DeleteSubscriptions", 1),
            ("Publish", 11),
            ("Read", 1),
            ("Write", 2),
        ],
    ),
    (
        "opcua/python_opcua-client-server_minimal.pcap",
        &[
            ("ActivateSession", 1),
            ("Browse", 1),
            ("CloseSecureChannel", 1),
            ("CloseSession", 1),
            ("CreateSession", 1),
            ("HEL", 1),
            ("OpenSecureChannel", 1),
            ("TranslateBrowsePathsToNodeIds", 2),
        ],
    ),
    (
        "opcua/open62541_browse_request_with_results.pcap",
        &[
            ("ActivateSession", 2),
            ("Browse", 24),
            ("CreateSession", 2),
            ("HEL", 2),
            ("OpenSecureChannel", 3),
            ("Read", 179),
        ],
    ),
    (
        "opcua/open62541_read_service_test_data.pcap",
        &[
            ("ActivateSession", 1),
            ("CloseSecureChannel", 1),
            ("CloseSession", 1),
            ("CreateSession", 1),
            ("GetEndpoints", 1),
            ("HEL", 1),
            ("OpenSecureChannel", 1),
            ("Read", 86),
        ],
    ),
    (
        "opcua/open62541_create_monitored_items.pcap",
        &[
            ("ActivateSession", 2),
            ("Browse", 2),
            ("CreateMonitoredItems", 6),
            ("CreateSession", 2),
            ("CreateSubscription", 2),
            ("HEL", 2),
            ("OpenSecureChannel", 2),
        ],
    ),
    (
        "opcua/opcua_with-gap.pcap",
        &[
            ("ActivateSession", 1),
            ("CreateMonitoredItems", 24),
            ("CreateSession", 1),
            ("CreateSubscription", 1),
            ("HEL", 1),
            ("OpenSecureChannel", 1),
            ("Publish", 50),
            ("Read", 50),
        ],
    ),
    (
        "opcua/open62541_client-server_encrypted.pcap",
        &[("CloseSecureChannel", 2), ("GetEndpoints", 1), ("HEL", 2), ("MSG", 8), ("OpenSecureChannel", 2)],
    ),
];
