//! SUBSCRIBE, UNSUBSCRIBE and their acknowledgements (MQTT 5 §3.8 to §3.11).

use super::properties::Properties;
use super::{Kind, Version, packet_id, text, topic};
use crate::reader::{Parse, ParseError, Reader, ensure};

/// The filters of a SUBSCRIBE or UNSUBSCRIBE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::mqtt) struct Filters<'a> {
    pub(in crate::mqtt) id: u16,
    /// INVARIANT: pairs of filter and options (or filters alone) that were read once without error.
    entries: &'a [u8],
    with_options: bool,
}

/// One code a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mqtt) struct Suback<'a> {
    pub(in crate::mqtt) id: u16,
    pub(in crate::mqtt) codes: &'a [u8],
}

/// One code a filter from version 5 on; none before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mqtt) struct Unsuback<'a> {
    pub(in crate::mqtt) id: u16,
    pub(in crate::mqtt) codes: Option<&'a [u8]>,
}

impl<'a> Filters<'a> {
    pub(super) fn of_subscribe(reader: &mut Reader<'a>, version: Version) -> Parse<Self> {
        Self::parse(reader, version, Kind::Subscribe)
    }

    pub(super) fn of_unsubscribe(reader: &mut Reader<'a>, version: Version) -> Parse<Self> {
        Self::parse(reader, version, Kind::Unsubscribe)
    }

    /// The filters, in their order.
    pub(in crate::mqtt) fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let (mut reader, with_options) = (Reader::new(self.entries), self.with_options);
        std::iter::from_fn(move || {
            let filter = text(&mut reader).ok()?;
            if with_options {
                reader.u8().ok()?;
            }
            Some(filter)
        })
    }

    fn parse(reader: &mut Reader<'a>, version: Version, kind: Kind) -> Parse<Self> {
        let id = packet_id(reader)?;
        if version == Version::V5 {
            Properties::parse(reader, kind)?;
        }
        let (entries, with_options) = (reader.rest(), kind == Kind::Subscribe);
        ensure(!entries.is_empty(), "no topic filter")?;
        while !reader.is_empty() {
            let filter = topic::filter(text(reader)?, version)?;
            if with_options {
                options(reader.u8()?, filter, version)?;
            }
        }
        Ok(Self { id, entries, with_options })
    }
}

/// The subscription options (§3.8.3.1).
fn options(options: u8, filter: &str, version: Version) -> Parse<()> {
    ensure(options & 0x03 != 0x03, "QoS 3")?;
    let reserved = if version == Version::V5 { 0xc0 } else { 0xfc };
    ensure(options & reserved == 0, "reserved subscription options are set")?;
    ensure(options & 0x30 != 0x30, "retain handling 3")?;
    let shared = version == Version::V5 && filter.starts_with("$share/");
    ensure(!shared || options & 0x04 == 0, "no-local on a shared subscription")
}

impl<'a> Suback<'a> {
    pub(super) fn parse(reader: &mut Reader<'a>, version: Version) -> Parse<Self> {
        let id = packet_id(reader)?;
        if version == Version::V5 {
            Properties::parse(reader, Kind::Suback)?;
        }
        let codes = reader.take_rest();
        ensure(!codes.is_empty(), "acknowledgement without codes")?;
        let known = |code: &u8| *code <= 2 || *code >= 0x80 && (*code == 0x80 || version == Version::V5);
        ensure(codes.iter().all(known), "unknown code of SUBACK")?;
        Ok(Self { id, codes })
    }
}

impl<'a> Unsuback<'a> {
    pub(super) fn parse(reader: &mut Reader<'a>, version: Version) -> Parse<Self> {
        let id = packet_id(reader)?;
        if version != Version::V5 {
            return Ok(Self { id, codes: None });
        }
        Properties::parse(reader, Kind::Unsuback)?;
        let codes = reader.take_rest();
        match codes {
            [] => Err(ParseError::Invalid("acknowledgement without codes")),
            _ => Ok(Self { id, codes: Some(codes) }),
        }
    }
}
