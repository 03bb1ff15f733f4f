//! How often an address and a caller may ask.

use super::Problem;
use super::bucket::{Buckets, Rate};
use crate::access::Caller;
use nullius_model::Timestamp;
use std::net::IpAddr;

/// How often somebody may ask. Defaults are for people and for a program or two behind one address.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// An address, before we know who it is.
    pub address: Rate,
    /// An address that tries to sign in.
    pub sign_in: Rate,
    /// Somebody we know.
    pub caller: Rate,
    /// An address from which enrolments are refused: each refusal is a record.
    pub refusal: Rate,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            address: Rate { burst: 400.0, refill: 100.0 },
            sign_in: Rate { burst: 20.0, refill: 0.5 },
            caller: Rate { burst: 200.0, refill: 50.0 },
            refusal: Rate { burst: 50.0, refill: 0.5 },
        }
    }
}

/// Counts who asks.
#[derive(Debug)]
pub(crate) struct Guard {
    addresses: Buckets<IpAddr>,
    sign_ins: Buckets<IpAddr>,
    callers: Buckets<String>,
    refusals: Buckets<IpAddr>,
}

/// Where a request came from. A request that did not come over a socket has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl Guard {
    pub(crate) fn new(rates: &Rates) -> Self {
        Self {
            addresses: Buckets::new(rates.address),
            sign_ins: Buckets::new(rates.sign_in),
            callers: Buckets::new(rates.caller),
            refusals: Buckets::new(rates.refusal),
        }
    }

    /// # Errors
    /// 429 for an address that asks too often.
    pub(crate) fn address(&self, peer: Peer, now: Timestamp) -> Result<(), Problem> {
        self.addresses.take(network(peer.0), now).map_err(Problem::too_many)
    }

    /// # Errors
    /// 429 for an address that tries to sign in too often.
    pub(crate) fn sign_in(&self, peer: Peer, now: Timestamp) -> Result<(), Problem> {
        self.sign_ins.take(network(peer.0), now).map_err(Problem::too_many)
    }

    /// # Errors
    /// 429 for an address from which too much was refused.
    pub(crate) fn refusals(&self, peer: Peer, now: Timestamp) -> Result<(), Problem> {
        self.refusals.look(network(peer.0), now).map_err(Problem::too_many)
    }

    /// Something was refused that came from there.
    pub(crate) fn refused(&self, peer: Peer, now: Timestamp) {
        // that there is none left is what the next one hears
        let _ = self.refusals.take(network(peer.0), now);
    }

    /// # Errors
    /// 429 for a caller who asks too often, from wherever.
    pub(crate) fn caller(&self, caller: &Caller, now: Timestamp) -> Result<(), Problem> {
        self.callers.take(caller.who(), now).map_err(Problem::too_many)
    }
}

/// One customer of IPv6 has 2^64 addresses: they count as one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_counts_as_one_and_mapped_ipv4_as_itself() {
        let parse = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(network(parse("2001:db8::1")), network(parse("2001:db8::ffff")));
        assert_ne!(network(parse("2001:db8::1")), network(parse("2001:db8:0:1::1")));
        assert_eq!(network(parse("::ffff:192.0.2.1")), parse("192.0.2.1"));
    }
}
