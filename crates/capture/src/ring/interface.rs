//! Finding an interface by name, and refusing what is no Ethernet.

use super::RingError;
use nix::ifaddrs::getifaddrs;
use std::collections::BTreeMap;

/// ARPHRD numbers (`linux/if_arp.h`).
const ETHERNET: u16 = 1;
const LOOPBACK: u16 = 772;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Interface {
    pub(crate) index: i32,
    /// Its hardware address; zeros where it has none.
    pub(crate) address: [u8; 6],
    hardware: u16,
}

impl Interface {
    pub(crate) fn find(name: &str) -> Result<Self, RingError> {
        let all =
            Self::all().map_err(|source| RingError::Setup { step: "listing the interfaces", source })?;
        let Some(found) = all.get(name) else {
            let existing = all.into_keys().collect::<Vec<_>>().join(", ");
            return Err(RingError::NoSuchInterface { interface: name.to_owned(), existing });
        };
        found.accepted(name)
    }

    fn accepted(self, name: &str) -> Result<Self, RingError> {
        match self.hardware {
            ETHERNET | LOOPBACK => Ok(self),
            hardware => Err(RingError::UnsupportedInterface { interface: name.to_owned(), hardware }),
        }
    }

    /// On the loopback every frame passes twice, out and in again.
    pub(crate) const fn is_loopback(self) -> bool {
        self.hardware == LOOPBACK
    }

    fn all() -> std::io::Result<BTreeMap<String, Self>> {
        let links = getifaddrs()?.filter_map(|found| {
            let address = found.address?;
            let link = address.as_link_addr()?;
            let index = i32::try_from(link.ifindex()).ok()?;
            let address = link.addr().unwrap_or_default();
            Some((found.interface_name, Self { index, address, hardware: link.hatype() }))
        });
        Ok(links.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_interface_is_answered_with_those_that_exist() {
        let error = Interface::find("no-such-if").unwrap_err().to_string();
        assert!(error.starts_with("there is no interface `no-such-if`; there are: "), "{error}");
        assert!(error.contains("lo"), "{error}");
        assert!(Interface::find("lo").unwrap().is_loopback());
    }

    #[test]
    fn an_interface_that_is_no_ethernet_is_refused_by_name() {
        let tunnel = Interface { index: 1, address: [0; 6], hardware: 65_534 };
        assert_eq!(
            tunnel.accepted("tun0").unwrap_err().to_string(),
            "interface `tun0` has hardware type 65534; supported: Ethernet (1), loopback (772)"
        );
    }
}
