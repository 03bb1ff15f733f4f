//! Host names and addresses in certificates, and which of them an issuing authority may name.
//!
//! RFC 5280 §4.2.1.10 asks whoever reads a chain to hold the names below an authority against its constraints. An
//! [`Authority`](crate::Authority) holds them against its own before it signs: nothing is issued that no reader takes.

use rcgen::{CidrSubnet, GeneralSubtree, NameConstraints};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use x509_parser::extensions::{self, GeneralName};

/// Subtrees of one authority: more would make a certificate that small devices do not read.
const MAX_SUBTREES: usize = 64;

/// Neither a host name nor an address, or neither a domain nor a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is neither a host name nor an address", .0.escape_debug())]
pub struct BadHost(pub String);

/// What a server is reached by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Host {
    Dns(String),
    Address(IpAddr),
}

impl FromStr for Host {
    type Err = BadHost;

    fn from_str(text: &str) -> Result<Self, BadHost> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Address(address));
        }
        let label = |label: &str| {
            let letters = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            !label.is_empty() && label.len() <= 63 && label.chars().all(letters)
        };
        if text.len() > 253 || !text.split('.').all(label) {
            return Err(BadHost(text.to_owned()));
        }
        Ok(Self::Dns(text.to_owned()))
    }
}

/// Addresses that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subnet {
    address: IpAddr,
    prefix: u8,
}

impl Subnet {
    /// `10.0.0.0/8`; an address alone is a network of one.
    ///
    /// # Errors
    /// [`BadHost`], also where bits behind the prefix are set.
    pub fn parse(text: &str) -> Result<Self, BadHost> {
        let refused = || BadHost(text.to_owned());
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| refused())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(bits), str::parse).map_err(|_| refused())?;
        let subnet = Self { address, prefix };
        if prefix > bits || subnet.masked(address) != Some(address) { Err(refused()) } else { Ok(subnet) }
    }

    /// Whether the address is one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.masked(address) == Some(self.address)
    }

    fn masked(&self, address: IpAddr) -> Option<IpAddr> {
        let prefix = u32::from(self.prefix);
        match (self.address, address) {
            (IpAddr::V4(_), IpAddr::V4(address)) => {
                let mask = !u32::MAX.checked_shr(prefix).unwrap_or(0);
                Some(Ipv4Addr::from(u32::from(address) & mask).into())
            }
            (IpAddr::V6(_), IpAddr::V6(address)) => {
                let mask = !u128::MAX.checked_shr(prefix).unwrap_or(0);
                Some(Ipv6Addr::from(u128::from(address) & mask).into())
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => None,
        }
    }

    /// From an address and a mask, as they stand in a certificate.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (address, mask) = bytes.split_at_checked(bytes.len() / 2)?;
        let prefix = mask.iter().map(|byte| byte.leading_ones()).sum::<u32>();
        let address: IpAddr = match <[u8; 4]>::try_from(address) {
            Ok(address) => address.into(),
            Err(_) => <[u8; 16]>::try_from(address).ok()?.into(),
        };
        let subnet = Self { address, prefix: u8::try_from(prefix).ok()? };
        (subnet.masked(address) == Some(address) && subnet.mask() == mask).then_some(subnet)
    }

    fn mask(&self) -> Vec<u8> {
        match CidrSubnet::from_addr_prefix(self.address, self.prefix) {
            CidrSubnet::V4(_, mask) => mask.to_vec(),
            CidrSubnet::V6(_, mask) => mask.to_vec(),
        }
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// The hosts that an issuing authority may name: these domains with all below them, and these networks. Nothing is
/// permitted that does not stand here; an empty list permits none of its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constraints {
    dns: Vec<String>,
    addresses: Vec<Subnet>,
}

impl Constraints {
    /// From domains (`plant.example`), addresses and networks (`10.0.0.0/8`).
    ///
    /// # Errors
    /// [`BadHost`] with the first that is none of these, or that is one too many.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, BadHost> {
        let mut constraints = Self::default();
        for text in texts.iter().map(AsRef::as_ref) {
            if constraints.dns.len() + constraints.addresses.len() >= MAX_SUBTREES {
                return Err(BadHost(text.to_owned()));
            }
            match (Subnet::parse(text), text.parse::<Host>()) {
                (Ok(subnet), _) => constraints.addresses.push(subnet),
                (Err(_), Ok(Host::Dns(name))) => constraints.dns.push(name.to_ascii_lowercase()),
                (Err(error), _) => return Err(error),
            }
        }
        Ok(constraints)
    }

    /// The domains.
    pub fn dns(&self) -> &[String] {
        &self.dns
    }

    /// The networks.
    pub fn addresses(&self) -> &[Subnet] {
        &self.addresses
    }

    pub(crate) fn permits(&self, host: &Host) -> bool {
        match host {
            Host::Dns(name) => self.dns.iter().any(|domain| is_below(&name.to_ascii_lowercase(), domain)),
            Host::Address(address) => self.addresses.iter().any(|subnet| subnet.contains(*address)),
        }
    }

    pub(crate) fn extension(&self) -> NameConstraints {
        let dns = self.dns.iter().map(|domain| GeneralSubtree::DnsName(domain.clone()));
        let subnet = |subnet: &Subnet| {
            GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(subnet.address, subnet.prefix))
        };
        let permitted_subtrees = dns.chain(self.addresses.iter().map(subnet)).collect();
        // a kind of name without a subtree of its own would be free
        let no_dns = self.dns.is_empty().then(|| GeneralSubtree::DnsName(String::new()));
        let everywhere = [CidrSubnet::V4([0; 4], [0; 4]), CidrSubnet::V6([0; 16], [0; 16])];
        let no_address = everywhere.map(GeneralSubtree::IpAddress).into_iter();
        let no_address = no_address.filter(|_| self.addresses.is_empty());
        NameConstraints {
            permitted_subtrees,
            excluded_subtrees: no_dns.into_iter().chain(no_address).collect(),
        }
    }

    /// As they stand in a certificate of ours.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the library's list of names is not ours to close")]
    pub(crate) fn read(extension: &extensions::NameConstraints<'_>) -> Option<Self> {
        let mut constraints = Self::default();
        for subtree in extension.permitted_subtrees.iter().flatten() {
            match &subtree.base {
                GeneralName::DNSName(domain) => constraints.dns.push((*domain).to_owned()),
                GeneralName::IPAddress(bytes) => constraints.addresses.push(Subnet::from_bytes(bytes)?),
                _ => return None,
            }
        }
        Some(constraints)
    }
}

fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_permitted_where_its_domain_or_network_is() {
        let constraints =
            Constraints::parse(&["Plant.example", "10.1.0.0/16", "fd00::/8", "192.0.2.7"]).unwrap();
        for (host, permitted) in [
            ("plant.example", true),
            ("A.plant.EXAMPLE", true),
            ("xplant.example", false),
            ("example", false),
            ("10.1.2.3", true),
            ("10.2.0.1", false),
            ("fd12::1", true),
            ("fe80::1", false),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("::ffff:10.1.2.3", false),
        ] {
            assert_eq!(constraints.permits(&host.parse().unwrap()), permitted, "{host}");
        }
        assert!(!Constraints::default().permits(&"localhost".parse().unwrap()));
    }

    #[test]
    fn what_is_no_domain_and_no_network_is_refused() {
        for bad in
            ["", "a b", "10.0.0.1/8", "10.0.0.0/33", "fd00::/129", "10.0.0.0/x", "*.example", ".example"]
        {
            assert_eq!(Constraints::parse(&[bad]), Err(BadHost(bad.to_owned())));
        }
        let many = vec!["a.example"; MAX_SUBTREES + 1];
        assert!(Constraints::parse(&many).is_err());
    }
}
