//! Senders that no device is bound to, by the port they were seen on.
//!
//! What is written here came off the wire unproven: it binds nobody, and only a person or the inventory makes a device
//! of it. A port's table is bounded, and a flood on one port touches no other (attack 13).

use nullius_model::{Mac, PortName, Uptime};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// A sender that no device is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// Where it was seen.
    pub port: PortName,
    /// Its hardware address.
    pub mac: Mac,
    /// Network addresses it sent from, as many as are kept.
    pub addresses: BTreeSet<IpAddr>,
    /// When it was first seen.
    pub first: Uptime,
    /// When it was last seen.
    pub last: Uptime,
}

/// The strangers of every port.
#[derive(Clone, Debug, Default)]
pub(crate) struct Strangers {
    ports: BTreeMap<PortName, Table>,
}

#[derive(Clone, Debug, Default)]
struct Table {
    by_mac: BTreeMap<Mac, Stranger>,
    by_age: BTreeSet<(Uptime, Mac)>,
    let_go: u64,
}

impl Strangers {
    /// A sender was seen; says whether it was seen there before. Where the port is full, the one that was silent
    /// longest is let go.
    pub(crate) fn note(
        &mut self,
        port: &PortName,
        mac: Mac,
        address: Option<IpAddr>,
        now: Uptime,
        limits: &crate::Limits,
    ) -> bool {
        let table = self.ports.entry(port.clone()).or_default();
        let known = table.by_mac.contains_key(&mac);
        if !known && table.by_mac.len() >= limits.strangers_per_port {
            table.let_go_of_oldest();
        }
        let stranger = table.by_mac.entry(mac).or_insert_with(|| Stranger {
            port: port.clone(),
            mac,
            addresses: BTreeSet::new(),
            first: now,
            last: now,
        });
        table.by_age.remove(&(stranger.last, mac));
        table.by_age.insert((now, mac));
        stranger.last = now;
        if stranger.addresses.len() < limits.addresses_per_station {
            stranger.addresses.extend(address);
        }
        known
    }

    /// It is a stranger no longer.
    pub(crate) fn remove(&mut self, port: &PortName, mac: Mac) -> Option<Stranger> {
        let table = self.ports.get_mut(port)?;
        let stranger = table.by_mac.remove(&mac)?;
        table.by_age.remove(&(stranger.last, mac));
        Some(stranger)
    }

    /// The cable was pulled: whoever comes next is seen anew.
    pub(crate) fn clear(&mut self, port: &PortName) {
        if let Some(table) = self.ports.get_mut(port) {
            table.by_mac.clear();
            table.by_age.clear();
        }
    }

    /// Forgets who has been silent for `idle`.
    pub(crate) fn expire(&mut self, now: Uptime, idle: Duration) {
        for table in self.ports.values_mut() {
            while let Some(&(last, mac)) = table.by_age.first().filter(|(last, _)| now.since(*last) >= idle) {
                table.by_age.remove(&(last, mac));
                table.by_mac.remove(&mac);
            }
        }
    }

    /// Where a hardware address is seen.
    pub(crate) fn ports_of(&self, mac: Mac) -> Vec<PortName> {
        self.ports
            .iter()
            .filter(|(_, table)| table.by_mac.contains_key(&mac))
            .map(|(port, _)| port.clone())
            .collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Stranger> {
        self.ports.values().flat_map(|table| table.by_mac.values())
    }

    /// How many were let go for want of room, by port.
    pub(crate) fn let_go(&self) -> impl Iterator<Item = (&PortName, u64)> {
        self.ports.iter().map(|(port, table)| (port, table.let_go)).filter(|(_, count)| *count > 0)
    }
}

impl Table {
    fn let_go_of_oldest(&mut self) {
        if let Some((_, mac)) = self.by_age.pop_first() {
            self.by_mac.remove(&mac);
            self.let_go += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    #[test]
    fn a_flood_of_strangers_stays_on_its_port_and_passes() {
        let (here, there) = (PortName::new("p1").unwrap(), PortName::new("p2").unwrap());
        let (mut strangers, limits) = (Strangers::default(), Limits::default());
        let mac = |n: u32| {
            let [a, b, c, d] = n.to_be_bytes();
            Mac::new([2, 0, a, b, c, d])
        };
        strangers.note(&there, mac(1), None, Uptime::default(), &limits);
        for n in 0..100_000 {
            strangers.note(&here, mac(n), None, Uptime::from_millis(u64::from(n)), &limits);
        }
        assert_eq!(strangers.iter().count(), limits.strangers_per_port + 1);
        let let_go: Vec<_> = strangers.let_go().collect();
        assert_eq!(let_go, [(&here, 100_000 - 256)]);
        strangers.expire(Uptime::from_millis(100_000).after(limits.stranger_idle), limits.stranger_idle);
        assert_eq!(strangers.iter().count(), 0);
        assert!(!strangers.note(&here, mac(7), None, Uptime::from_millis(900_000), &limits));
    }

    #[test]
    fn a_stranger_that_claims_every_address_is_not_believed_further() {
        let port = PortName::new("p1").unwrap();
        let (mut strangers, limits) = (Strangers::default(), Limits::default());
        for last in 0..=255 {
            let address = IpAddr::from([10, 0, 0, last]);
            strangers.note(&port, Mac::new([2; 6]), Some(address), Uptime::default(), &limits);
        }
        assert_eq!(strangers.iter().next().unwrap().addresses.len(), limits.addresses_per_station);
    }
}
