//! Which frames are looked at: a few words in the manner of BPF, on addresses.
//!
//! `host A`, `net A/N`, `ether host M`, joined by `and`, `or`, `not` and parentheses: the part of `tcpdump`'s language
//! that picks machines. The rest of it picks packets, and a report on picked packets would be wrong about the machines.

use nullius_model::Mac;
use std::fmt;
use std::net::IpAddr;

/// A frame's addresses, as far as it has them.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// Hardware addresses, sender first.
    pub macs: [Mac; 2],
    /// Network addresses, sender first.
    pub ips: Option<[IpAddr; 2]>,
}

/// A condition on the addresses of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// One of both ends has this network address.
    Host(IpAddr),
    /// One of both ends lies in this network.
    Net {
        /// An address of the network.
        address: IpAddr,
        /// Leading bits that count.
        prefix: u8,
    },
    /// One of both ends has this hardware address.
    Ether(Mac),
    /// Not this.
    Not(Box<Self>),
    /// Both.
    And(Box<Self>, Box<Self>),
    /// Either.
    Or(Box<Self>, Box<Self>),
}

/// Why a filter cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "filter: {what}; write for example `host 10.0.0.5 and not net 10.0.9.0/24`, with `host`, `net`, `ether host`, `and`, `or`, `not`, `(` and `)`"
)]
pub struct FilterError {
    what: String,
}

/// Parentheses and `not` may nest this deep; the parser recurses.
const MAX_DEPTH: usize = 32;

impl Filter {
    /// Reads a filter.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let spaced = text.replace('(', " ( ").replace(')', " ) ");
        let mut words = Words { words: spaced.split_whitespace().peekable(), depth: 0 };
        let filter = words.alternatives()?;
        match words.words.next() {
            None => Ok(filter),
            Some(word) => Err(error(format!("`{word}` is not expected here"))),
        }
    }

    /// Whether a frame is looked at.
    pub fn matches(&self, frame: &Addresses) -> bool {
        match self {
            Self::Host(ip) => frame.ips.is_some_and(|ips| ips.contains(ip)),
            Self::Net { address, prefix } => {
                frame.ips.is_some_and(|ips| ips.iter().any(|ip| in_network(*ip, *address, *prefix)))
            }
            Self::Ether(mac) => frame.macs.contains(mac),
            Self::Not(inner) => !inner.matches(frame),
            Self::And(left, right) => left.matches(frame) && right.matches(frame),
            Self::Or(left, right) => left.matches(frame) || right.matches(frame),
        }
    }
}

/// As it could have been written; `and` and `or` always in parentheses.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(ip) => write!(f, "host {ip}"),
            Self::Net { address, prefix } => write!(f, "net {address}/{prefix}"),
            Self::Ether(mac) => write!(f, "ether host {mac}"),
            Self::Not(inner) => write!(f, "not {inner}"),
            Self::And(left, right) => write!(f, "({left} and {right})"),
            Self::Or(left, right) => write!(f, "({left} or {right})"),
        }
    }
}

struct Words<'a, I: Iterator<Item = &'a str>> {
    words: std::iter::Peekable<I>,
    depth: usize,
}

impl<'a, I: Iterator<Item = &'a str>> Words<'a, I> {
    fn alternatives(&mut self) -> Result<Filter, FilterError> {
        let mut left = self.conjunction()?;
        while self.words.next_if(|word| matches!(*word, "or" | "||")).is_some() {
            left = Filter::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Filter, FilterError> {
        let mut left = self.term()?;
        while self.words.next_if(|word| matches!(*word, "and" | "&&")).is_some() {
            left = Filter::And(Box::new(left), Box::new(self.term()?));
        }
        Ok(left)
    }

    fn term(&mut self) -> Result<Filter, FilterError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(error("nested too deep".to_owned()));
        }
        let term = match self.next("a condition")? {
            "not" | "!" => self.term().map(|inner| Filter::Not(Box::new(inner))),
            "(" => self.alternatives().and_then(|inner| self.close().map(|()| inner)),
            "host" => self.address().map(Filter::Host),
            "net" => self.network(),
            "ether" => self.ether(),
            other => Err(error(format!("`{other}` is no condition"))),
        };
        self.depth -= 1;
        term
    }

    fn next(&mut self, wanted: &str) -> Result<&'a str, FilterError> {
        self.words.next().ok_or_else(|| error(format!("ends where {wanted} is expected")))
    }

    fn close(&mut self) -> Result<(), FilterError> {
        match self.next("`)`")? {
            ")" => Ok(()),
            other => Err(error(format!("`{other}` where `)` is expected"))),
        }
    }

    fn address(&mut self) -> Result<IpAddr, FilterError> {
        let word = self.next("an address")?;
        word.parse().map_err(|_| error(format!("`{word}` is no IP address")))
    }

    fn network(&mut self) -> Result<Filter, FilterError> {
        let word = self.next("a network")?;
        let wrong = || error(format!("`{word}` is no network such as 10.0.0.0/8"));
        let (address, prefix) = word.split_once('/').ok_or_else(wrong)?;
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let prefix: u8 = prefix.parse().map_err(|_| wrong())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        if prefix > longest { Err(wrong()) } else { Ok(Filter::Net { address, prefix }) }
    }

    fn ether(&mut self) -> Result<Filter, FilterError> {
        let word = match self.next("`host`")? {
            "host" => self.next("a hardware address")?,
            other => other,
        };
        parse_mac(word).map(Filter::Ether).ok_or_else(|| error(format!("`{word}` is no hardware address")))
    }
}

/// `00:04:17:02:36:35`, or with dashes.
pub(crate) fn parse_mac(text: &str) -> Option<Mac> {
    let octets: Vec<u8> = text.split([':', '-']).map(octet).collect::<Option<_>>()?;
    octets.try_into().ok().map(Mac::new)
}

fn octet(text: &str) -> Option<u8> {
    (text.len() == 2).then(|| u8::from_str_radix(text, 16).ok()).flatten()
}

const fn error(what: String) -> FilterError {
    FilterError { what }
}

fn in_network(ip: IpAddr, network: IpAddr, prefix: u8) -> bool {
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => {
            let differ = ip.to_bits() ^ network.to_bits();
            differ.leading_zeros() >= u32::from(prefix)
        }
        (IpAddr::V6(ip), IpAddr::V6(network)) => {
            let differ = ip.to_bits() ^ network.to_bits();
            differ.leading_zeros() >= u32::from(prefix)
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Addresses {
        let ips = ["10.0.0.5", "10.0.1.9"].map(|ip| ip.parse().unwrap());
        Addresses { macs: [Mac::new([0, 4, 0x17, 2, 0x36, 0x35]), Mac::BROADCAST], ips: Some(ips) }
    }

    #[test]
    fn a_filter_picks_frames_by_address() {
        for (text, expected) in [
            ("host 10.0.0.5", true),
            ("host 10.0.0.6", false),
            ("net 10.0.1.0/24", true),
            ("net 0.0.0.0/0", true),
            ("net ::/0", false),
            ("ether host 00:04:17:02:36:35", true),
            ("ether 00-04-17-02-36-36", false),
            ("not host 10.0.0.5", false),
            ("host 10.0.0.6 or host 10.0.0.5 and not net 10.0.1.0/24", false),
            ("(host 10.0.0.6 or host 10.0.0.5) and !(net 10.0.2.0/24)", true),
        ] {
            let filter = Filter::parse(text).unwrap();
            assert_eq!(filter.matches(&frame()), expected, "{text}");
            assert_eq!(Filter::parse(&filter.to_string()).unwrap(), filter, "{filter}");
        }
    }

    #[test]
    fn a_broken_filter_says_what_to_write() {
        for text in [
            "",
            "host",
            "host x",
            "net 10.0.0.0",
            "net 10.0.0.0/33",
            "port 80",
            "host 10.0.0.1 )",
            "(host 10.0.0.1",
            &"(".repeat(100),
        ] {
            let error = Filter::parse(text).unwrap_err().to_string();
            assert!(error.contains("write for example"), "{text}: {error}");
        }
    }
}
