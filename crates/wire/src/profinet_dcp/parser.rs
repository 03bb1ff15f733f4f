//! PROFINET frames to values: frame id, DCP header, DCP blocks.
//!
//! IEC 61158-6-10: frame ids in 4.3.1 (coding of the field FrameID), DCP in 4.3.2. Everything is big-endian.

use crate::reader::{Parse, ParseError, Reader, ensure};
use std::net::Ipv4Addr;

/// Most blocks read out of one message: the longest that fits an Ethernet frame holds some 370 empty ones, a device has
/// some 20.
const MAX_BLOCKS: usize = 64;

/// What the frame id says a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Process data, cyclic.
    RealTime,
    Alarm,
    /// Precision Transparent Clock Protocol.
    Clock,
    Fragment,
    Dcp,
    Reserved,
}

/// The ranges of frame ids.
pub(super) const fn kind(frame_id: u16) -> Kind {
    match frame_id {
        0x0020..=0x0082 | 0xff00..=0xff01 | 0xff20..=0xff21 | 0xff40..=0xff43 => Kind::Clock,
        0x0100..=0xfbff => Kind::RealTime,
        0xfc01 | 0xfe01 => Kind::Alarm,
        0xfefc..=0xfeff => Kind::Dcp,
        0xff80..=0xff8f => Kind::Fragment,
        _ => Kind::Reserved,
    }
}

/// DCP services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Get,
    Set,
    Identify,
    Hello,
    Unknown(u8),
}

/// Whether a message asks or answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Request,
    Success,
    /// The station does not know the service.
    Unsupported,
}

/// A DCP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dcp<'a> {
    pub(super) service: Service,
    pub(super) role: Role,
    /// Chosen by the asker, echoed by the answerer.
    pub(super) xid: u32,
    data: &'a [u8],
}

/// Reads what follows the frame id of a DCP frame. The padding of short Ethernet frames is passed over.
pub(super) fn dcp<'a>(reader: &mut Reader<'a>) -> Parse<Dcp<'a>> {
    let service = match reader.u8()? {
        3 => Service::Get,
        4 => Service::Set,
        5 => Service::Identify,
        6 => Service::Hello,
        unknown => Service::Unknown(unknown),
    };
    let role = match reader.u8()? {
        0 => Role::Request,
        1 => Role::Success,
        5 => Role::Unsupported,
        _ => return Err(ParseError::Invalid("DCP service type is reserved")),
    };
    let xid = reader.be32()?;
    reader.skip(2)?;
    let length = reader.be16()?;
    let data = reader.take(usize::from(length))?;
    Ok(Dcp { service, role, xid, data })
}

/// One block of a DCP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block<'a> {
    pub(super) option: u8,
    pub(super) suboption: u8,
    /// How the value is held, in messages that say so.
    info: u16,
    value: &'a [u8],
}

impl<'a> Dcp<'a> {
    /// Reads the blocks one by one. Get asks with bare options; an Identify filter has values without info.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Parse<Block<'a>>> {
        let bare = self.service == Service::Get && self.role == Role::Request;
        let informed = self.service != Service::Identify || self.role != Role::Request;
        let mut reader = Reader::new(self.data);
        let mut count = 0;
        std::iter::from_fn(move || {
            if reader.is_empty() {
                return None;
            }
            count += 1;
            let read = if bare { bare_block(&mut reader) } else { block(&mut reader, informed) };
            let read = read.and_then(|block| {
                ensure(count <= MAX_BLOCKS, "more blocks than any device has").map(|()| block)
            });
            if read.is_err() {
                reader.take_rest();
            }
            Some(read)
        })
    }
}

fn bare_block<'a>(reader: &mut Reader<'a>) -> Parse<Block<'a>> {
    Ok(Block { option: reader.u8()?, suboption: reader.u8()?, info: 0, value: &[] })
}

fn block<'a>(reader: &mut Reader<'a>, informed: bool) -> Parse<Block<'a>> {
    let (option, suboption) = (reader.u8()?, reader.u8()?);
    let length = reader.be16()?;
    let mut value = reader.sub(usize::from(length))?;
    if length % 2 == 1 && !reader.is_empty() {
        reader.skip(1)?;
    }
    // The answer to a setting names an option and an error and has no info.
    let informed = informed && (option, suboption) != CONTROL_RESPONSE && !value.is_empty();
    let info = if informed { value.be16()? } else { 0 };
    Ok(Block { option, suboption, info, value: value.rest() })
}

const CONTROL_RESPONSE: (u8, u8) = (5, 4);

/// What a block says, of what is of interest here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Property<'a> {
    /// An address in use; none while it is 0.0.0.0, disputed, or set by nobody.
    Ip(Option<Ipv4Addr>),
    StationType(&'a [u8]),
    StationName(&'a [u8]),
    DeviceId {
        vendor: u16,
        device: u16,
    },
    Role(u8),
    Alias(&'a [u8]),
    /// How the setting of one option went; 0 is well.
    Error(u8),
    Other,
}

impl<'a> Block<'a> {
    /// Reads the value.
    pub(super) fn property(&self) -> Parse<Property<'a>> {
        let mut value = Reader::new(self.value);
        Ok(match (self.option, self.suboption) {
            (1, 2 | 3) if !self.value.is_empty() => {
                let address = Ipv4Addr::from(value.array::<4>()?);
                // 1 and 2 say set, by hand or by DHCP; bit 7 that another station has the same address.
                let in_use = matches!(self.info, 1 | 2) && !address.is_unspecified();
                Property::Ip(in_use.then_some(address))
            }
            (2, 1) => Property::StationType(self.value),
            (2, 2) => Property::StationName(self.value),
            (2, 3) if !self.value.is_empty() => {
                Property::DeviceId { vendor: value.be16()?, device: value.be16()? }
            }
            (2, 4) if !self.value.is_empty() => Property::Role(value.u8()?),
            (2, 6) => Property::Alias(self.value),
            CONTROL_RESPONSE if !self.value.is_empty() => {
                value.skip(2)?;
                Property::Error(value.u8()?)
            }
            _ => Property::Other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::unhex;

    const IDENTIFIED: &str = "0501 01000001 0000 001a \
        0202 000b 0000 583230382d424f524400 0203 0006 0000 002a0a01";

    #[test]
    fn blocks_that_lie_about_their_length_are_refused() {
        for (hex, read) in [
            ("0501 01000001 0000 0006 0203 0006 0000", Err(ParseError::Short)),
            ("0501 01000001 0000 0003 0203 00", Err(ParseError::Short)),
            ("0501 01000001 0000 0005 0203 0001 00", Err(ParseError::Short)),
            ("0500 01000001 0000 0005 0202 0001 41", Ok(Property::StationName(b"A"))),
            ("0300 01000001 0000 0002 0202", Ok(Property::StationName(b""))),
        ] {
            let bytes = unhex(hex);
            let dcp = dcp(&mut Reader::new(&bytes)).unwrap();
            assert_eq!(dcp.blocks().next().unwrap().and_then(|block| block.property()), read, "{hex}");
        }
    }

    #[test]
    fn a_message_cut_anywhere_is_short() {
        let whole = unhex(IDENTIFIED);
        for cut in 0..whole.len() {
            assert!(dcp(&mut Reader::new(&whole[..cut])).is_err(), "{cut}");
        }
    }

    #[test]
    fn an_address_is_believed_only_when_set_and_undisputed() {
        for (info, address, believed) in [
            ("0001", "c0a80006", true),
            ("0002", "c0a80006", true),
            ("0000", "c0a80006", false),
            ("0081", "c0a80006", false),
            ("0001", "00000000", false),
        ] {
            let bytes =
                unhex(&format!("0501 01000001 0000 0012 0102 000e {info} {address} ffffff00 00000000"));
            let dcp = dcp(&mut Reader::new(&bytes)).unwrap();
            let property = dcp.blocks().next().unwrap().and_then(|block| block.property());
            assert!(matches!(property, Ok(Property::Ip(ip)) if ip.is_some() == believed), "{info} {address}");
        }
    }

    #[test]
    fn blocks_without_end_are_refused() {
        let mut bytes = unhex("0300 01000001 0000 0400");
        bytes.extend([2; 0x400]);
        let dcp = dcp(&mut Reader::new(&bytes)).unwrap();
        assert_eq!(dcp.blocks().filter(Result::is_ok).count(), MAX_BLOCKS);
        assert!(dcp.blocks().last().unwrap().is_err());
    }
}
