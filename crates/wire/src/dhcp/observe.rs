//! What a DHCP message means: what was asked, who the client says it is, which address it holds.

use super::parser::{Message, Options, fqdn};
use crate::context::Context;
use crate::text;
use nullius_model::{Attribute, BindingSource, Mac, Object, Outcome, Protocol, Symbol, VerbClass};
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};

/// Longest parameter request list kept, options. Stacks ask for about 20; the fingerprint stays within a fact.
const MAX_PARAMETERS: usize = 60;

const NAK: u8 = 6;

/// What a message of a client asks; BOOTP (RFC 951) where it names no type.
pub(super) fn request(message_type: Option<u8>) -> Symbol {
    let connect = |verb| Symbol::new(VerbClass::Connect, verb);
    match message_type {
        None => connect("BOOTREQUEST"),
        Some(1) => connect("DISCOVER"),
        Some(3) => connect("REQUEST"),
        Some(4) => connect("DECLINE"),
        Some(7) => connect("RELEASE"),
        Some(8) => connect("INFORM"),
        Some(9) => Symbol::new(VerbClass::Configure, "FORCERENEW"),
        Some(10) => Symbol::new(VerbClass::Read, "LEASEQUERY"),
        Some(other) => {
            Symbol::new(VerbClass::Admin, "unknown_function").about(Object::Code(u64::from(other)))
        }
    }
}

/// A server is expected to answer the message.
pub(super) const fn is_answered(message: &Message<'_>) -> bool {
    !message.from_server && matches!(message.options.message_type, None | Some(1 | 3 | 8 | 10))
}

/// The requests a reply may answer, likeliest first. Empty where the message is no reply (RFC 2131, RFC 4388).
pub(super) fn answers(message: &Message<'_>) -> &'static [Option<u8>] {
    match message.options.message_type {
        _ if !message.from_server => &[],
        None => &[None],
        Some(2) => &[Some(1)],
        // Without an address, an acknowledgement grants none: it answers an INFORM. With one it may also answer a
        // DISCOVER at once (rapid commit, RFC 4039).
        Some(5) if message.your_ip.is_unspecified() => &[Some(8), Some(3)],
        Some(5) => &[Some(3), Some(1)],
        Some(NAK) => &[Some(3)],
        Some(11..=13) => &[Some(10)],
        Some(_) => &[],
    }
}

/// Refused by a NAK, which has no code but its own number.
pub(super) fn outcome(message: &Message<'_>) -> Outcome {
    match message.options.message_type {
        Some(NAK) => Outcome::Refused(u32::from(NAK)),
        _ => Outcome::Done,
    }
}

/// What a client says about itself. The frame may be a relay agent's, so it is the hardware address in the message
/// that counts.
pub(super) fn client_facts(message: &Message<'_>, context: &mut Context<'_>) {
    let Some(mac) = message.client_mac else { return };
    let ip = is_one_station(message.client_ip).then_some(IpAddr::V4(message.client_ip));
    let Options { host_name, parameters, vendor_class, client_id, fqdn: domain, mud_url, .. } =
        message.options;
    let mut tell = |attribute, value: &str| context.fact_about(mac, ip, Protocol::Dhcp, attribute, value);
    tell(Attribute::Hostname, &host_name.map(text::utf8).unwrap_or_default());
    tell(Attribute::Hostname, &domain.and_then(|option| fqdn(option).ok()).unwrap_or_default());
    tell(Attribute::VendorClass, &vendor_class.map(text::utf8).unwrap_or_default());
    tell(Attribute::ClientId, &client_id.map(|id| client_id_text(id, mac)).unwrap_or_default());
    tell(Attribute::DhcpFingerprint, &parameters.map(fingerprint).unwrap_or_default());
    tell(Attribute::MudUrl, &mud_url.map(text::utf8).unwrap_or_default());
}

/// Who answers, and what an acknowledgement says about where the client is.
pub(super) fn server_facts(message: &Message<'_>, context: &mut Context<'_>) {
    server_role(message, context);
    let leased = if message.your_ip.is_unspecified() { message.client_ip } else { message.your_ip };
    if let (Some(5), Some(mac), true) =
        (message.options.message_type, message.client_mac, is_one_station(leased))
    {
        context.binding(mac, IpAddr::V4(leased), BindingSource::DhcpLease);
    }
}

/// A reply reaches a distant client, or comes from a distant server, by a relay agent: then the server is who its
/// identifier (option 54) says, and the sender may be the relay.
fn server_role(message: &Message<'_>, context: &mut Context<'_>) {
    const SERVER: &str = "dhcp server";
    let relayed = !message.relay_ip.is_unspecified();
    let sender = context.sender().ip;
    match message.options.server_id.map(IpAddr::V4) {
        Some(server) if relayed && sender != Some(server) => {
            context.fact_about(Mac::NONE, Some(server), Protocol::Dhcp, Attribute::DeviceRole, SERVER);
            if sender == Some(IpAddr::V4(message.relay_ip)) {
                context.fact(Protocol::Dhcp, Attribute::DeviceRole, "dhcp relay");
            }
        }
        _ => context.fact(Protocol::Dhcp, Attribute::DeviceRole, SERVER),
    }
}

fn is_one_station(ip: Ipv4Addr) -> bool {
    !(ip.is_unspecified() || ip.is_broadcast() || ip.is_multicast() || ip.is_loopback())
}

/// Text where it is text (type 0, RFC 2132 §9.14, or a client that leaves the type out), else hexadecimal; nothing
/// where it only repeats the hardware address.
fn client_id_text(id: &[u8], mac: Mac) -> String {
    match id {
        [1, address @ ..] if address == mac.octets() => String::new(),
        [0, name @ ..] | name if is_printable(name) => text::utf8(name).into_owned(),
        _ => text::hex(id),
    }
}

fn is_printable(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| (b' '..=b'~').contains(byte))
}

/// `1,3,6,15`: the options in the order asked for, which tells stacks apart.
fn fingerprint(parameters: &[u8]) -> String {
    let mut list = String::new();
    for code in parameters.iter().take(MAX_PARAMETERS) {
        let separator = if list.is_empty() { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(list, "{separator}{code}");
    }
    list
}
