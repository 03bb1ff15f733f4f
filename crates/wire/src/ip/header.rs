//! IPv4 (RFC 791) and IPv6 (RFC 8200) headers, down to the payload.

use crate::reader::{Parse, ParseError, Reader, ensure};
use etherparse::{Ipv4HeaderSlice, Ipv6HeaderSlice};
use std::net::IpAddr;

/// Extension headers a packet may chain; RFC 8200 names six kinds, each but one used once.
const MAX_EXTENSIONS: usize = 8;

/// A packet without its network header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IpPacket<'a> {
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    /// The protocol of the payload.
    pub(crate) protocol: u8,
    pub(crate) payload: &'a [u8],
    /// Payload bytes the header promises and the capture lacks.
    pub(crate) missing: usize,
    pub(crate) fragment: Option<Fragment>,
    pub(crate) hop_limit: u8,
    /// The IPv4 header checksum holds; IPv6 has none.
    pub(crate) checksum_holds: bool,
}

/// Where a fragment belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fragment {
    pub(crate) identification: u32,
    /// Byte offset in the whole payload.
    pub(crate) offset: usize,
    /// More follow.
    pub(crate) more: bool,
}

/// Reads one packet; link padding behind it is cut off.
pub(crate) fn parse(bytes: &[u8]) -> Parse<IpPacket<'_>> {
    match bytes.first().map(|first| first >> 4) {
        Some(4) => parse_v4(bytes),
        Some(6) => parse_v6(bytes),
        Some(_) => Err(ParseError::Invalid("IP version is neither 4 nor 6")),
        None => Err(ParseError::Short),
    }
}

fn parse_v4(bytes: &[u8]) -> Parse<IpPacket<'_>> {
    let header = Ipv4HeaderSlice::from_slice(bytes).map_err(|_| ParseError::Invalid("broken IPv4 header"))?;
    let header_length = header.slice().len();
    // A length of zero is left for the network card to fill in (segmentation offload).
    let total = match usize::from(header.total_len()) {
        0 => bytes.len(),
        total => total,
    };
    ensure(total >= header_length, "IPv4 total length is shorter than the header")?;
    let payload = bytes.get(header_length..total.min(bytes.len())).unwrap_or_default();
    let fragment = header.is_fragmenting_payload().then(|| Fragment {
        identification: u32::from(header.identification()),
        offset: usize::from(header.fragments_offset().value()) * 8,
        more: header.more_fragments(),
    });
    Ok(IpPacket {
        source: IpAddr::V4(header.source_addr()),
        destination: IpAddr::V4(header.destination_addr()),
        protocol: header.protocol().0,
        payload,
        missing: total.saturating_sub(bytes.len()),
        fragment,
        hop_limit: header.ttl(),
        checksum_holds: super::checksum::holds(header.slice()),
    })
}

fn parse_v6(bytes: &[u8]) -> Parse<IpPacket<'_>> {
    let header = Ipv6HeaderSlice::from_slice(bytes).map_err(|_| ParseError::Invalid("broken IPv6 header"))?;
    let behind = bytes.get(header.slice().len()..).unwrap_or_default();
    let promised = match usize::from(header.payload_length()) {
        0 => behind.len(),
        length => length,
    };
    let missing = promised.saturating_sub(behind.len());
    let payload = behind.get(..promised.min(behind.len())).unwrap_or_default();
    let (protocol, payload, fragment) = skip_extensions(header.next_header().0, payload)?;
    Ok(IpPacket {
        source: IpAddr::V6(header.source_addr()),
        destination: IpAddr::V6(header.destination_addr()),
        protocol,
        payload,
        missing,
        fragment,
        hop_limit: header.hop_limit(),
        checksum_holds: true,
    })
}

/// What the fragments of a packet carried together, behind the extension headers that only now can be read.
pub(crate) fn skip_inner_extensions(source: IpAddr, protocol: u8, payload: &[u8]) -> Parse<(u8, &[u8])> {
    if source.is_ipv4() {
        return Ok((protocol, payload));
    }
    let (protocol, payload, fragment) = skip_extensions(protocol, payload)?;
    ensure(fragment.is_none(), "fragments within fragments")?;
    Ok((protocol, payload))
}

/// Walks the extension headers; stops at a fragment header, behind which only the first fragment continues the chain.
fn skip_extensions(first: u8, payload: &[u8]) -> Parse<(u8, &[u8], Option<Fragment>)> {
    let mut next = first;
    let mut reader = Reader::new(payload);
    let mut fragment = None;
    for _ in 0..MAX_EXTENSIONS {
        match next {
            // Hop-by-hop, routing, destination options, mobility, HIP, shim6: length in units of eight bytes, less one.
            0 | 43 | 60 | 135 | 139 | 140 => {
                next = reader.u8()?;
                let units = usize::from(reader.u8()?);
                reader.skip(units * 8 + 6)?;
            }
            // Authentication header: units of four bytes, less two (RFC 4302).
            51 => {
                next = reader.u8()?;
                let units = usize::from(reader.u8()?);
                reader.skip((units + 2) * 4 - 2)?;
            }
            44 => {
                next = reader.u8()?;
                reader.skip(1)?;
                let offset = reader.be16()?;
                let identification = reader.be32()?;
                let part =
                    Fragment { identification, offset: usize::from(offset & !7), more: offset & 1 == 1 };
                // An atomic fragment (RFC 6946) is whole.
                if part.offset > 0 || part.more {
                    fragment = Some(part);
                    break;
                }
            }
            _ => return Ok((next, reader.take_rest(), fragment)),
        }
    }
    ensure(fragment.is_some(), "too many IPv6 extension headers")?;
    Ok((next, reader.take_rest(), fragment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    #[test]
    fn extension_headers_within_a_fragmented_packet_do_not_hide_what_follows() {
        let source = IpAddr::V6(Ipv6Addr::LOCALHOST);
        let payload = [6, 0, 1, 4, 0, 0, 0, 0, 0xaa];
        assert_eq!(skip_inner_extensions(source, 60, &payload), Ok((6, &[0xaa][..])));
        assert!(skip_inner_extensions(source, 44, &[6, 0, 0, 1, 0, 0, 0, 0, 1]).is_err());
        let source = IpAddr::V4(Ipv4Addr::LOCALHOST);
        assert_eq!(skip_inner_extensions(source, 60, &payload), Ok((60, &payload[..])));
    }
}
