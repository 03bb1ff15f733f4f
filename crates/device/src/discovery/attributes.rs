//! What a device is said to be: of many claims one value, with its source, its confidence and what contradicts it.

use super::stations::FactSeen;
use nullius_model::{Attribute, Protocol, Seen, SmolStr};
use std::collections::BTreeMap;

/// The value of one attribute, and what else was claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeValue {
    /// What it is about.
    pub attribute: Attribute,
    /// The claim that counts.
    pub value: SmolStr,
    /// Who carried it.
    pub source: Protocol,
    /// How much it is worth.
    pub confidence: Confidence,
    /// First frame that carried it.
    pub seen: Seen,
    /// Other values, by source; they contradict it unless the attribute may have many.
    pub others: Vec<(SmolStr, Protocol)>,
    /// Some other value contradicts this one.
    pub conflict: bool,
}

/// How much a claim is worth. Nothing seen passively is proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// A guess, or contradicted.
    Low,
    /// Said in a protocol made for other ends.
    Medium,
    /// Said in a protocol made for telling it.
    High,
}

impl Confidence {
    /// Lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Weighs all claims about one device: the better source wins, of equals the later word.
pub fn weigh(facts: &[FactSeen]) -> Vec<AttributeValue> {
    let mut by_attribute: BTreeMap<Attribute, Vec<&FactSeen>> = BTreeMap::new();
    for fact in facts {
        by_attribute.entry(fact.attribute).or_default().push(fact);
    }
    by_attribute.into_iter().filter_map(|(attribute, claims)| decide(attribute, &claims)).collect()
}

fn decide(attribute: Attribute, claims: &[&FactSeen]) -> Option<AttributeValue> {
    let winner = claims.iter().max_by_key(|fact| (precedence(fact.source), fact.last, &fact.value))?;
    let mut others: Vec<_> = claims
        .iter()
        .filter(|fact| !agree(attribute, &fact.value, &winner.value))
        .map(|fact| (fact.value.clone(), fact.source))
        .collect();
    others.sort();
    others.dedup();
    let conflict = !may_have_many(attribute) && !others.is_empty();
    Some(AttributeValue {
        attribute,
        value: winner.value.clone(),
        source: winner.source,
        confidence: if conflict { Confidence::Low } else { precedence(winner.source) },
        seen: winner.first,
        others,
        conflict,
    })
}

/// Protocols made to tell what a device is, before those that mention it, before those that give it away.
const fn precedence(source: Protocol) -> Confidence {
    let made_for_it = matches!(
        source,
        Protocol::Bacnet
            | Protocol::Cdp
            | Protocol::Dnp3
            | Protocol::EthernetIp
            | Protocol::Lldp
            | Protocol::Modbus
            | Protocol::OpcUa
            | Protocol::ProfinetDcp
            | Protocol::S7comm
            | Protocol::Snmp
    );
    let mentions_it = matches!(
        source,
        Protocol::Dhcp
            | Protocol::Dhcpv6
            | Protocol::Mdns
            | Protocol::Mqtt
            | Protocol::Nbns
            | Protocol::Ssdp
            | Protocol::Ssh
            | Protocol::Tls
    );
    match (made_for_it, mentions_it) {
        (true, _) => Confidence::High,
        (false, true) => Confidence::Medium,
        (false, false) => Confidence::Low,
    }
}

/// An attribute of which a device honestly has several.
const fn may_have_many(attribute: Attribute) -> bool {
    !matches!(
        attribute,
        Attribute::Firmware
            | Attribute::Model
            | Attribute::ProductCode
            | Attribute::Serial
            | Attribute::Vendor
            | Attribute::ObjectInstance
            | Attribute::DhcpFingerprint
    )
}

/// Two values say the same: letter case aside, and of host names the first label.
fn agree(attribute: Attribute, a: &str, b: &str) -> bool {
    let label = |name: &str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    if attribute == Attribute::Hostname { label(a) == label(b) } else { a.eq_ignore_ascii_case(b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nullius_model::{FrameNumber, Timestamp};

    fn claim(attribute: Attribute, value: &str, source: Protocol, frame: u64) -> FactSeen {
        let seen = Seen { frame: FrameNumber(frame), at: Timestamp::from_secs(frame) };
        FactSeen { attribute, value: value.into(), source, first: seen, last: seen }
    }

    #[test]
    fn the_better_source_wins_and_the_contradiction_stays_visible() {
        let facts = [
            claim(Attribute::Firmware, "2.3", Protocol::Modbus, 1),
            claim(Attribute::Firmware, "2.1", Protocol::Http, 9),
            claim(Attribute::Hostname, "PLC-1.local", Protocol::Mdns, 2),
            claim(Attribute::Hostname, "plc-1", Protocol::Dhcp, 3),
            claim(Attribute::Service, "_http._tcp", Protocol::Mdns, 4),
            claim(Attribute::Service, "_ipp._tcp", Protocol::Mdns, 5),
        ];
        let told: Vec<String> = weigh(&facts)
            .iter()
            .map(|value| {
                format!(
                    "{} {} {} {} {}",
                    value.attribute,
                    value.value,
                    value.confidence.name(),
                    value.conflict,
                    value.others.len()
                )
            })
            .collect();
        assert_eq!(
            told,
            ["firmware 2.3 low true 1", "hostname plc-1 medium false 0", "service _ipp._tcp medium false 1"]
        );
    }
}
