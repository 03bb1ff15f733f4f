//! What a gateway should have installed, whatever it is installed in.
//!
//! A [`Rule`] says one thing that the packet path knows; what no rule allows is denied. The same rules serve any
//! backend: nothing here names a kernel table.
//!
//! INVARIANT: taking a rule away never lets a packet pass that was denied before, with one exception: [`Rule::Known`]
//! tells a stranger from the double of a bound device, and without it a double may use what strangers may.

use crate::{Mac, PortName, Uptime};
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// What carries a service, as far as the packet path can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// A TCP port of the server. A reply is never the opening segment.
    Tcp(u16),
    /// A UDP port of the server. A reply answers a datagram that was allowed shortly before.
    Udp(u16),
    /// ICMP or ICMPv6 echo: requests one way, replies the other.
    Echo,
}

/// `tcp/502`, `udp/5683`, `echo`.
impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(port) => write!(f, "tcp/{port}"),
            Self::Udp(port) => write!(f, "udp/{port}"),
            Self::Echo => f.write_str("echo"),
        }
    }
}

/// How packets between two addresses cross the gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Path {
    /// From one port of the bridge to another: the gateway is no hop.
    #[default]
    Bridged,
    /// From one network to another: the gateway is their router.
    Routed,
}

/// What happens to the packets of an entry in the policy sets. No entry is a denial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Dropped and counted.
    #[default]
    Deny,
    /// Handed to the message filter, which decides on each message.
    Divert,
    /// Passes.
    Accept,
}

/// One thing the packet path knows. Ordered and compared as a whole: it is the key of a [`RuleSet`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// This hardware address belongs to a device that is bound somewhere: anywhere else it is a double.
    Known(Mac),
    /// `mac` on `port` sends from `address`, and packets to `address` leave by that port to that hardware address.
    Address {
        /// Where the device is plugged in.
        port: PortName,
        /// Its hardware address there.
        mac: Mac,
        /// Its network address.
        address: IpAddr,
    },
    /// `client` may use a service of `server`; replies may come back.
    Service {
        /// Who opens the conversation.
        client: IpAddr,
        /// Who offers the service.
        server: IpAddr,
        /// The service.
        channel: Channel,
        /// How packets get from one to the other.
        path: Path,
    },
    /// The two may resolve each other's address (ARP, neighbour discovery), in both directions. The smaller address
    /// comes first.
    Neighbours(IpAddr, IpAddr),
    /// Frames that are not IP: GOOSE, PROFINET.
    Frame {
        /// Where the sender is plugged in.
        port: PortName,
        /// The sender.
        source: Mac,
        /// The receiver, often a group.
        destination: Mac,
        /// What is carried, from 0x0600 on.
        ethertype: u16,
        /// The first two bytes of the payload: APPID of GOOSE, frame identifier of PROFINET.
        application: u16,
    },
    /// This address is in stage shadow: what policy denies between it and another that is not enforced either passes,
    /// and is counted as `would deny`. Of two ends in different stages the stricter counts.
    Shadow(IpAddr),
    /// The same for whatever passes between two addresses, whatever their own stages, in both directions (a conduit in
    /// shadow). The smaller comes first.
    ShadowPair(IpAddr, IpAddr),
    /// This address is in stage observe: what policy denies between it and another that is not enforced either passes.
    Observe(IpAddr),
    /// The same for whatever passes between two addresses, whatever their own stages, in both directions. The smaller
    /// comes first.
    ObservePair(IpAddr, IpAddr),
    /// Strangers on this port may reach the onboarding services.
    OnboardingPort(PortName),
    /// Strangers on this port may reach whatever is not enforced: a port that is still only watched.
    WatchedPort(PortName),
    /// A service that strangers on an onboarding port may use: DHCP, DNS, enrolment.
    Onboarding {
        /// Who offers it.
        server: IpAddr,
        /// The service.
        channel: Channel,
    },
}

/// What is known of a [`Rule`] beside that it is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Terms {
    /// What happens to packets of a [`Rule::Service`]; other rules ignore it.
    pub verdict: Verdict,
    /// When the packet path forgets the rule by itself; never where none is given. Only [`Rule::Service`],
    /// [`Rule::Neighbours`] and [`Rule::Frame`] end.
    pub ends: Option<Uptime>,
}

impl Terms {
    /// Passes, for good.
    pub const ACCEPT: Self = Self { verdict: Verdict::Accept, ends: None };

    /// Goes to the message filter, for good.
    pub const DIVERT: Self = Self { verdict: Verdict::Divert, ends: None };

    /// The same, until `end`.
    #[must_use]
    pub const fn until(self, end: Uptime) -> Self {
        Self { ends: Some(end), ..self }
    }
}

/// All that a gateway should have installed.
pub type RuleSet = BTreeMap<Rule, Terms>;

/// From one [`RuleSet`] to the next, in one step: `remove` first, then `add`. A rule whose terms change stands in both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleChange {
    /// What goes.
    pub remove: Vec<Rule>,
    /// What comes.
    pub add: Vec<(Rule, Terms)>,
}

impl RuleChange {
    /// Changes nothing.
    pub fn is_empty(&self) -> bool {
        self.remove.is_empty() && self.add.is_empty()
    }

    /// What leads from `old` to `new`.
    pub fn between(old: &RuleSet, new: &RuleSet) -> Self {
        let changed = |rule: &Rule, terms: &Terms, other: &RuleSet| other.get(rule) != Some(terms);
        Self {
            remove: old
                .iter()
                .filter(|(rule, terms)| changed(rule, terms, new))
                .map(|(rule, _)| rule.clone())
                .collect(),
            add: new
                .iter()
                .filter(|(rule, terms)| changed(rule, terms, old))
                .map(|(rule, terms)| (rule.clone(), *terms))
                .collect(),
        }
    }
}

/// Which policy the installed rules were made from; stands in the packet path beside them, so that the two can be
/// compared after a crash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Marker {
    /// Of the bundle.
    pub epoch: Epoch,
    /// The first half of the bundle's SHA-256.
    pub digest: [u8; 16],
}

/// The version of a bundle. Grows; a gateway never goes back (design §9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch {
    /// Which signer's time in office: a restored controller opens a new one.
    pub term: u64,
    /// Counts within the term.
    pub counter: u64,
}

/// `1.42`.
impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.term, self.counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn service(port: u16) -> Rule {
        let [client, server] = ["10.0.0.1", "10.0.0.2"].map(|address| address.parse().unwrap());
        Rule::Service { client, server, channel: Channel::Tcp(port), path: Path::Bridged }
    }

    #[test]
    fn nothing_said_is_denied() {
        assert_eq!(Verdict::default(), Verdict::Deny);
        assert_eq!(Terms::default().verdict, Verdict::Deny);
    }

    #[test]
    fn a_change_names_what_differs_and_leaves_the_rest_alone() {
        let end = Uptime::new(Duration::from_secs(9));
        let old = RuleSet::from([
            (service(1), Terms::ACCEPT),
            (service(2), Terms::ACCEPT),
            (service(3), Terms::ACCEPT),
        ]);
        let new = RuleSet::from([
            (service(1), Terms::ACCEPT),
            (service(2), Terms::ACCEPT.until(end)),
            (service(4), Terms::DIVERT),
        ]);
        let change = RuleChange::between(&old, &new);
        assert_eq!(change.remove, [service(2), service(3)]);
        assert_eq!(change.add, [(service(2), Terms::ACCEPT.until(end)), (service(4), Terms::DIVERT)]);
        assert!(RuleChange::between(&new, &new).is_empty());
    }
}
