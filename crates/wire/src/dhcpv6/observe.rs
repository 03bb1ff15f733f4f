//! What a DHCPv6 message means: what was asked, who the client says it is, which addresses it holds.

use super::parser::{Message, Relay, duid_mac};
use crate::context::Context;
use crate::dns::name::{Name, joined};
use crate::text;
use nullius_model::{Attribute, BindingSource, Endpoint, Mac, Object, Outcome, Protocol, Symbol, VerbClass};
use std::fmt::Write;
use std::net::IpAddr;

/// Longest option request kept, options; the fingerprint stays within a fact.
const MAX_REQUESTED: usize = 40;

const ADVERTISE: u8 = 2;
const REPLY: u8 = 7;

/// What a message asks; of an answer alone, what it is.
pub(super) fn symbol(kind: u8) -> Symbol {
    let connect = |verb| Symbol::new(VerbClass::Connect, verb);
    match kind {
        // An advertisement answers nothing but a solicitation.
        1 | ADVERTISE => connect("SOLICIT"),
        3 => connect("REQUEST"),
        4 => connect("CONFIRM"),
        5 => connect("RENEW"),
        6 => connect("REBIND"),
        REPLY => connect("REPLY"),
        8 => connect("RELEASE"),
        9 => connect("DECLINE"),
        10 => Symbol::new(VerbClass::Configure, "RECONFIGURE"),
        11 => connect("INFORMATION_REQUEST"),
        other => Symbol::new(VerbClass::Admin, "unknown_function").about(Object::Code(u64::from(other))),
    }
}

/// The message answers another.
pub(super) const fn is_answer(kind: u8) -> bool {
    matches!(kind, ADVERTISE | REPLY)
}

pub(super) const fn outcome(message: &Message<'_>) -> Outcome {
    match message.status {
        0 => Outcome::Done,
        status => Outcome::Refused(status as u32),
    }
}

/// What a client says about itself: about its hardware address, which behind a relay agent is not that of the frame.
/// And that who wraps it is a relay agent.
pub(super) fn request_facts(message: &Message<'_>, context: &mut Context<'_>) {
    const FROM_SERVER: u8 = 10;
    if message.kind == FROM_SERVER {
        return;
    }
    let (mac, ip) = match message.relay {
        None => (context.sender().mac, context.sender().ip),
        Some(Relay { peer, client_mac }) => {
            context.fact(Protocol::Dhcpv6, Attribute::DeviceRole, "dhcpv6 relay");
            let mac = client_mac.or_else(|| duid_mac(message.client_duid)).unwrap_or(Mac::NONE);
            (mac, Some(IpAddr::V6(peer)))
        }
    };
    let mut tell = |attribute, value: &str| context.fact_about(mac, ip, Protocol::Dhcpv6, attribute, value);
    tell(Attribute::ClientId, &text::hex(message.client_duid));
    tell(Attribute::Hostname, &host_name(message.fqdn));
    tell(Attribute::VendorClass, &text::utf8(message.vendor_class));
    tell(Attribute::DhcpFingerprint, &fingerprint(message.requested));
    tell(Attribute::MudUrl, &text::utf8(message.mud_url));
}

/// Who answers, and where a reply says the client is.
pub(super) fn answer_facts(message: &Message<'_>, context: &mut Context<'_>) {
    context.fact(Protocol::Dhcpv6, Attribute::DeviceRole, "dhcpv6 server");
    if message.kind != REPLY || message.status != 0 {
        return;
    }
    if let Some(mac) = answered_mac(message, context) {
        for ip in message.addresses.iter().filter(|ip| !ip.is_unspecified() && !ip.is_multicast()) {
            context.binding(mac, IpAddr::V6(*ip), BindingSource::DhcpLease);
        }
    }
}

/// On the link itself a reply goes to the client's own hardware address; through a relay agent, only the client's
/// identifier may name it.
fn answered_mac(message: &Message<'_>, context: &Context<'_>) -> Option<Mac> {
    let Endpoint { mac, .. } = *context.receiver();
    match message.relay {
        None if !mac.is_group() && !mac.is_none() => Some(mac),
        _ => duid_mac(message.client_duid),
    }
}

/// RFC 4704 §4: a name in wire form, not always whole.
fn host_name(name: &[u8]) -> String {
    match Name::read_plain(name) {
        Ok(name) if !name.labels().is_empty() => joined(name.labels()),
        _ => String::new(),
    }
}

/// `23,24,39`: the options in the order asked for, which tells stacks apart.
fn fingerprint(requested: &[u8]) -> String {
    let mut list = String::new();
    for code in requested.chunks_exact(2).take(MAX_REQUESTED) {
        let code = code.try_into().map_or(0, u16::from_be_bytes);
        let separator = if list.is_empty() { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(list, "{separator}{code}");
    }
    list
}
