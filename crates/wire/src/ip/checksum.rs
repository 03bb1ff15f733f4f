//! The internet checksum (RFC 1071).

use etherparse::checksum::Sum16BitWords;
use std::net::IpAddr;

/// A header that carries its own checksum sums to zero.
pub(crate) fn holds(bytes: &[u8]) -> bool {
    Sum16BitWords::new().add_slice(bytes).ones_complement() == 0
}

/// A transport segment and its pseudo header (RFC 793, RFC 8200 §8.1) sum to zero.
pub(crate) fn holds_with_pseudo_header(
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    segment: &[u8],
) -> bool {
    let Ok(length) = u32::try_from(segment.len()) else { return false };
    let mut sum =
        Sum16BitWords::new().add_2bytes([0, protocol]).add_4bytes(length.to_be_bytes()).add_slice(segment);
    let sum = match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            sum.add_4bytes(source.octets()).add_4bytes(destination.octets())
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            sum.add_16bytes(source.octets()).add_16bytes(destination.octets())
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
    };
    sum.ones_complement() == 0
}
