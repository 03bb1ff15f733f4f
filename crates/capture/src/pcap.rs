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
    pub(crate) fn next(&self, window: &mut Window) -> Result<Option<Record>, Stop> {
        loop {
            let data = window.data();
            let parsed = match self.dialect {
                Dialect::BigEndian => parse_pcap_frame_be(data),
                Dialect::LittleEndian => parse_pcap_frame(data),
                Dialect::Modified => parse_pcap_frame_modified(data),
            };
            let missing = match parsed {
                Ok((rest, packet)) => {
                    let total = data.len() - rest.len();
                    return self.record(
                        packet.ts_sec,
                        packet.ts_usec,
                        packet.caplen,
                        packet.origlen,
                        total,
                        window,
                    );
                }
                Err(nom::Err::Incomplete(nom::Needed::Size(missing))) => missing.get(),
                Err(
                    nom::Err::Incomplete(nom::Needed::Unknown) | nom::Err::Error(_) | nom::Err::Failure(_),
                ) => {
                    return Err(Stop::Corrupt(Flaw::Record));
                }
            };
            let wanted = data.len().saturating_add(missing);
            if wanted > MAX_RECORD_BYTES {
                return Err(Stop::Corrupt(Flaw::OversizedPacket));
            }
            if !window.ensure(wanted)? {
                return if window.data().is_empty() { Ok(None) } else { Err(Stop::Truncated) };
            }
        }
    }

    fn record(
        &self,
        seconds: u32,
        fraction: u32,
        captured: u32,
        on_wire: u32,
        total: usize,
        window: &mut Window,
    ) -> Result<Option<Record>, Stop> {
        if captured > MAX_PACKET_BYTES {
            return Err(Stop::Corrupt(Flaw::OversizedPacket));
        }
        let nanos = u64::from(seconds) * 1_000_000_000 + u64::from(fraction) * self.nanos_per_fraction;
        let length = captured as usize;
        Ok(Some(Record {
            at: Timestamp::from_nanos(nanos),
            place: window.consume(total, total.saturating_sub(length), length),
            wire_length: on_wire.max(captured),
            link: Ok(self.link),
        }))
    }
}
