//! How the page came to say what it says.

use super::markup::{Html, PLAIN};

/// The words of the page, in the order in which they build on each other.
const TERMS: [(&str, &str); 8] = [
    (
        "Device",
        "One thing with one or more addresses. Addresses are joined where ARP, neighbour discovery or a DHCP lease says \
         so, or where packets start from there. All of this can be forged by whoever is on the wire, so contradictions \
         are shown.",
    ),
    (
        "Conversation",
        "A client, a server, a protocol and a unit of the server. The client's port is no part of it: opening a new \
         connection does not make a new conversation.",
    ),
    (
        "Symbol",
        "One kind of message: verb, object and size, such as read_coils coil[16..24]. The symbols of a conversation are \
         its alphabet. Values are no part of a symbol.",
    ),
    (
        "Would have been blocked",
        "The message came after learning had ended, and its symbol was never seen in its conversation before. This is \
         what default deny would have done, had every symbol learned been allowed.",
    ),
    (
        "Ready",
        "Nothing speaks against enforcing the alphabet as learned: less than 0.1 % of messages are estimated to be unseen \
         (Good and Turing), the alphabet stood still for as long as it took to grow, every declared cycle was seen \
         twice, no byte is missing or malformed, and a person has sealed every symbol that changes something.",
    ),
    (
        "Class of a verb",
        "What a message does, whatever the protocol. Write, command, configure, program, firmware and admin change the \
         process or the device: a person has to seal them.",
    ),
    (
        "Kind of a device",
        "Rules add points; every reason is listed. It is for people to read, and gives no device any right.",
    ),
    (
        "Internet",
        "Every address that is neither private, nor local to a link, nor sent from this site without a router between.",
    ),
];

/// Definitions, limits and the version.
pub(super) fn section(html: &mut Html) {
    html.element("section", &[("id", &"method")], |html| {
        html.leaf("h2", PLAIN, "How it was judged");
        html.element("dl", &[("class", &"terms")], |html| {
            for (term, meaning) in TERMS {
                html.leaf("dt", PLAIN, term);
                html.leaf("dd", PLAIN, meaning);
            }
        });
        html.leaf("h3", PLAIN, "Limits");
        html.leaf(
            "p",
            PLAIN,
            "A capture shows what passed its tap, while it ran. A device that kept silent is not listed, a symbol that \
             comes once a month was perhaps not heard, and what is encrypted was not read. Frame numbers count from 1, as \
             Wireshark does (frame.number). Times are UTC, as the capture stamped them.",
        );
        html.leaf(
            "p",
            &[("class", &"note")],
            concat!("Made by nullius ", env!("CARGO_PKG_VERSION"), ". This file loads nothing and sends nothing."),
        );
    });
}
