//! What a DNS message asks or announces, as symbols.

use super::name::{is, joined};
use super::parser::{Message, Opcode, Question};
use nullius_model::{Object, Outcome, Protocol, Symbol, VerbClass};

/// Most announcements told of one message, each about another object: a flood of names is one message, not many.
const MAX_ANNOUNCED: usize = 16;

/// Second levels that registries sell names under, below a country's two letters: `example.co.uk` is one owner's,
/// `co.uk` is nobody's. A short rule in place of the public suffix list, which changes weekly; where it errs, a suffix
/// is one label too wide or too narrow, and says so by being shown.
const PUBLIC_SECOND_LEVELS: [&str; 14] =
    ["ac", "co", "com", "edu", "go", "gob", "gov", "mil", "ne", "net", "nom", "or", "org", "gouv"];

/// What a message asks; of a response, what the request asked. One for each question.
pub(super) fn asked<'m>(
    protocol: Protocol,
    message: &'m Message<'_>,
) -> impl Iterator<Item = Symbol> + use<'m> {
    let whole = message.questions.is_empty().then(|| symbol(protocol, message.opcode, None));
    let each = message.questions.iter().map(move |question| symbol(protocol, message.opcode, Some(question)));
    each.chain(whole)
}

/// What an unsolicited response announces: one symbol for each service or name in its answers.
pub(super) fn announced(protocol: Protocol, message: &Message<'_>) -> Vec<Symbol> {
    let announce = || Symbol::new(VerbClass::Publish, "announce");
    let mut symbols = Vec::new();
    for record in &message.answers {
        let symbol = announce().about(object(protocol, record.name.labels()));
        if symbols.len() < MAX_ANNOUNCED && !symbols.contains(&symbol) {
            symbols.push(symbol);
        }
    }
    if symbols.is_empty() {
        symbols.push(announce());
    }
    symbols
}

pub(super) fn outcome(message: &Message<'_>) -> Outcome {
    match message.rcode {
        0 => Outcome::Done,
        code => Outcome::Refused(u32::from(code)),
    }
}

/// The labels of a DNS-SD service type within a name (RFC 6763 §4.1): `_http._tcp` and what follows, without instance
/// and subtype.
pub(super) fn service_type<'n, 'a>(labels: &'n [&'a [u8]]) -> Option<&'n [&'a [u8]]> {
    let transport = labels.iter().position(|label| is(label, "_tcp") || is(label, "_udp"))?;
    let service = transport.checked_sub(1)?;
    labels.get(service)?.starts_with(b"_").then(|| labels.get(service..))?
}

fn symbol(protocol: Protocol, opcode: Opcode, question: Option<&Question<'_>>) -> Symbol {
    let verb = match opcode {
        Opcode::Query if protocol != Protocol::Dns => Symbol::new(VerbClass::Discover, "query"),
        Opcode::Query => {
            Symbol::new(VerbClass::Read, question.map_or("query", |question| query_verb(question.kind)))
        }
        Opcode::InverseQuery => Symbol::new(VerbClass::Read, "inverse_query"),
        Opcode::Status => Symbol::new(VerbClass::Diagnose, "status"),
        Opcode::Notify => Symbol::new(VerbClass::Configure, "notify"),
        Opcode::Update => Symbol::new(VerbClass::Write, "update"),
        Opcode::Other(code) => {
            return Symbol::new(VerbClass::Admin, "unknown_function").about(Object::Code(u64::from(code)));
        }
    };
    verb.about(question.map_or(Object::Peer, |question| object(protocol, question.name.labels())))
}

/// The suffix that stands for a name (dynamics §5.2): of mDNS the service type, where there is one; else what one owner
/// has registered. In lower case: resolvers play with it (0x20 bits), and DNS knows none.
fn object(protocol: Protocol, labels: &[&[u8]]) -> Object {
    let service = service_type(labels).filter(|_| protocol == Protocol::Mdns);
    Object::name(&joined(service.unwrap_or_else(|| registered(labels))).to_ascii_lowercase())
}

/// The last two labels; three beneath a public second level.
fn registered<'n, 'a>(labels: &'n [&'a [u8]]) -> &'n [&'a [u8]] {
    let count = match labels {
        [.., second, top]
            if top.len() == 2 && PUBLIC_SECOND_LEVELS.iter().any(|public| is(second, public)) =>
        {
            3
        }
        _ => 2,
    };
    labels.get(labels.len().saturating_sub(count)..).unwrap_or(labels)
}

const fn query_verb(kind: u16) -> &'static str {
    match kind {
        1 => "query_a",
        2 => "query_ns",
        5 => "query_cname",
        6 => "query_soa",
        10 => "query_null",
        12 => "query_ptr",
        13 => "query_hinfo",
        15 => "query_mx",
        16 => "query_txt",
        28 => "query_aaaa",
        33 => "query_srv",
        35 => "query_naptr",
        43 => "query_ds",
        48 => "query_dnskey",
        64 => "query_svcb",
        65 => "query_https",
        249 => "query_tkey",
        251 => "query_ixfr",
        252 => "query_axfr",
        255 => "query_any",
        257 => "query_caa",
        _ => "query_other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object_of(protocol: Protocol, name: &str) -> String {
        let labels: Vec<&[u8]> = name.split('.').map(str::as_bytes).collect();
        object(protocol, &labels).to_string()
    }

    #[test]
    fn a_name_is_generalised_to_what_one_owner_has_registered() {
        for (name, suffix) in [
            ("www.Example.COM", "example.com"),
            ("a.b.example.co.uk", "example.co.uk"),
            ("example.co.uk", "example.co.uk"),
            ("co.uk", "co.uk"),
            ("x.co.example", "co.example"),
            ("wpad", "wpad"),
            ("9.2.0.10.in-addr.arpa", "in-addr.arpa"),
        ] {
            assert_eq!(object_of(Protocol::Dns, name), suffix);
        }
    }

    #[test]
    fn an_mdns_name_is_generalised_to_its_service_type() {
        for (name, object) in [
            ("_http._tcp.local", "_http._tcp.local"),
            ("Press 1._HTTP._tcp.local", "_http._tcp.local"),
            ("_printer._sub._http._tcp.local", "_http._tcp.local"),
            ("cam-1.local", "cam-1.local"),
            ("_tcp.local", "_tcp.local"),
            ("x._tcp.local", "_tcp.local"),
        ] {
            assert_eq!(object_of(Protocol::Mdns, name), object);
        }
    }
}
