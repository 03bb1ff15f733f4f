//! Who of two ends asked: the client opened the flow, the server was opened to.

use crate::registry::{is_tcp_service, is_udp_service};
use nullius_model::{Endpoint, Transport};

/// The end that opened a flow, told from its first packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opener {
    Source,
    Destination,
}

/// Who opened, where the opening itself does not show it: one port that a service is known to listen on makes its end
/// the server; of two unknown ports below 1024 or not, the lower one, since clients draw high ones; and where nothing
/// tells, the first to speak asked.
pub(crate) fn opener(transport: Transport, source: &Endpoint, destination: &Endpoint) -> Opener {
    let is_service = match transport {
        Transport::Tcp => is_tcp_service,
        Transport::Udp => is_udp_service,
        Transport::Ip(_) | Transport::Link(_) => return Opener::Source,
    };
    if destination.is_group() {
        return Opener::Source;
    }
    match (is_service(source.port), is_service(destination.port)) {
        (true, false) => Opener::Destination,
        (false, true) | (true, true) => Opener::Source,
        (false, false) if source.port < 1024 && destination.port >= 1024 => Opener::Destination,
        (false, false)
            if transport == Transport::Tcp && source.port < destination.port && destination.port >= 1024 =>
        {
            Opener::Destination
        }
        (false, false) => Opener::Source,
    }
}

/// DHCP has a port for each role, so that even a server's first packet shows who asks.
pub(crate) const fn service_is_first(source_port: u16, destination_port: u16) -> bool {
    matches!((source_port, destination_port), (67, 68) | (547, 546))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nullius_model::Mac;

    #[test]
    fn the_opener_is_told_from_the_ports() {
        let end = |port| Endpoint { mac: Mac::new([2, 0, 0, 0, 0, 1]), ip: None, port };
        for (transport, source, destination, expected) in [
            (Transport::Tcp, 50_000, 502, Opener::Source),
            (Transport::Tcp, 502, 50_000, Opener::Destination),
            (Transport::Tcp, 502, 102, Opener::Source),
            (Transport::Tcp, 7, 50_000, Opener::Destination),
            (Transport::Tcp, 9_999, 50_000, Opener::Destination),
            (Transport::Udp, 47_808, 47_808, Opener::Source),
            (Transport::Udp, 123, 60_000, Opener::Destination),
            (Transport::Udp, 9_999, 50_000, Opener::Source),
            (Transport::Ip(1), 0, 0, Opener::Source),
        ] {
            assert_eq!(
                opener(transport, &end(source), &end(destination)),
                expected,
                "{transport:?} {source} {destination}"
            );
        }
    }
}
