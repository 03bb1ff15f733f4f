//! The classic format (draft-ietf-opsawg-pcap), all five dialects that pcap-parser reads: microseconds and nanoseconds in
//! either byte order, and Kuznetzov's.
//!
//! Does not know what a packet means. Ignores the header's time zone, as every reader does.

use crate::error::OpenError;
use crate::link::UnsupportedLink;
use crate::notes::Flaw;
use crate::record::{MAX_PACKET_BYTES, Record, Stop};
use crate::window::Window;
use nullius_model::{LinkType, Timestamp};
use pcap_parser::nom;
use pcap_parser::{
    PcapHeader, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified, parse_pcap_header,
};

const HEADER_BYTES: usize = 24;
/// The longest record header, Kuznetzov's.
const MAX_RECORD_HEADER_BYTES: usize = 24;
const MAX_RECORD_BYTES: usize = MAX_RECORD_HEADER_BYTES + MAX_PACKET_BYTES as usize;

#[derive(Clone, Copy, Debug)]
enum Dialect {
    BigEndian,
    LittleEndian,
    Modified,
}

#[derive(Debug)]
pub(crate) struct Pcap {
    dialect: Dialect,
    link: LinkType,
    nanos_per_fraction: u64,
}

/// What the front of the window holds.
enum Parsed {
    Whole(Header),
    /// A record of which more bytes are wanted: this many in all.
    Wants(usize),
}

/// A record's header, and its length with the packet.
#[derive(Clone, Copy)]
struct Header {
    seconds: u32,
    fraction: u32,
    captured: u32,
    on_wire: u32,
    total: usize,
}

impl Pcap {
    /// Whether a file that begins with `magic` is one of these.
    pub(crate) const fn recognises(magic: [u8; 4]) -> bool {
        matches!(
            u32::from_le_bytes(magic),
            0xa1b2_c3d4 | 0xa1b2_3c4d | 0xa1b2_cd34 | 0xd4c3_b2a1 | 0x4d3c_b2a1
        )
    }

    /// Reads the file header.
    pub(crate) fn open(window: &mut Window) -> Result<Self, OpenError> {
        if !window.ensure(HEADER_BYTES).map_err(OpenError::from)? {
            return Err(OpenError::CutHeader);
        }
        let (_, header) = parse_pcap_header(window.data()).map_err(|_| OpenError::CutHeader)?;
        window.consume(HEADER_BYTES, 0, 0);
        Self::from_header(&header)
    }

    fn from_header(header: &PcapHeader) -> Result<Self, OpenError> {
        // the upper half holds the length of a frame check sequence, not the type
        let number = header.network.0.cast_unsigned() & 0xffff;
        let link = LinkType::from_number(number)
            .map_err(|number| OpenError::UnsupportedLink(vec![UnsupportedLink(number)]))?;
        let dialect = match (header.is_modified_format(), header.is_bigendian()) {
            (true, _) => Dialect::Modified,
            (false, true) => Dialect::BigEndian,
            (false, false) => Dialect::LittleEndian,
        };
        let nanos_per_fraction = if header.is_nanosecond_precision() { 1 } else { 1_000 };
        Ok(Self { dialect, link, nanos_per_fraction })
    }

    /// The next packet; `None` at the end.
    #[inline]
    pub(crate) fn next(&self, window: &mut Window) -> Result<Option<Record>, Stop> {
        loop {
            let wanted = match self.parse(window.data())? {
                Parsed::Whole(header) => return self.record(header, window).map(Some),
                Parsed::Wants(wanted) => wanted,
            };
            if wanted > MAX_RECORD_BYTES {
                return Err(Stop::Corrupt(Flaw::OversizedPacket));
            }
            if !window.ensure(wanted)? {
                return if window.data().is_empty() { Ok(None) } else { Err(Stop::Truncated) };
            }
        }
    }

    #[inline]
    fn parse(&self, data: &[u8]) -> Result<Parsed, Stop> {
        let parsed = match self.dialect {
            Dialect::BigEndian => parse_pcap_frame_be(data),
            Dialect::LittleEndian => parse_pcap_frame(data),
            Dialect::Modified => parse_pcap_frame_modified(data),
        };
        match parsed {
            Ok((rest, packet)) => Ok(Parsed::Whole(Header {
                seconds: packet.ts_sec,
                fraction: packet.ts_usec,
                captured: packet.caplen,
                on_wire: packet.origlen,
                total: data.len() - rest.len(),
            })),
            Err(nom::Err::Incomplete(nom::Needed::Size(missing))) => {
                Ok(Parsed::Wants(data.len().saturating_add(missing.get())))
            }
            Err(nom::Err::Incomplete(nom::Needed::Unknown) | nom::Err::Error(_) | nom::Err::Failure(_)) => {
                Err(Stop::Corrupt(Flaw::Record))
            }
        }
    }

    fn record(&self, header: Header, window: &mut Window) -> Result<Record, Stop> {
        if header.captured > MAX_PACKET_BYTES {
            return Err(Stop::Corrupt(Flaw::OversizedPacket));
        }
        let fraction = u64::from(header.fraction) * self.nanos_per_fraction;
        let length = header.captured as usize;
        Ok(Record {
            at: Timestamp::from_nanos(u64::from(header.seconds) * 1_000_000_000 + fraction),
            place: window.consume(header.total, header.total.saturating_sub(length), length),
            wire_length: header.on_wire.max(header.captured),
            link: Ok(self.link),
        })
    }
}
