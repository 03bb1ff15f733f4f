//! EtherNet/IP bytes to values: the encapsulation header, the common packet format and the identity it can carry.
//!
//! ODVA Volume 2, chapter 2. Everything is little-endian except the socket address. What a CIP message says is `cip`'s.

pub(super) mod cip;
pub(super) mod path;
pub(super) mod pccc;

use crate::reader::{Parse, Reader, ensure};
use crate::text;
use std::borrow::Cow;

/// Longest payload the specification lets a header announce (Volume 2, 2-3.1).
const MAX_PAYLOAD: u16 = 65_511;

/// Most items in a common packet. Four are the most that any command uses; a count of 65 535 empty ones would make the
/// walk cost more than the bytes.
const MAX_ITEMS: u16 = 16;

/// The encapsulation header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) command: u16,
    pub(super) length: usize,
    pub(super) session: u32,
    pub(super) status: u32,
    /// Chosen by the asker, echoed by the answerer.
    pub(super) context: [u8; 8],
}

/// Encapsulation commands.
pub(super) mod command {
    pub(in super::super) const NOP: u16 = 0x00;
    pub(in super::super) const LIST_SERVICES: u16 = 0x04;
    pub(in super::super) const LIST_IDENTITY: u16 = 0x63;
    pub(in super::super) const LIST_INTERFACES: u16 = 0x64;
    pub(in super::super) const REGISTER_SESSION: u16 = 0x65;
    pub(in super::super) const UNREGISTER_SESSION: u16 = 0x66;
    pub(in super::super) const SEND_RR_DATA: u16 = 0x6f;
    pub(in super::super) const SEND_UNIT_DATA: u16 = 0x70;
    pub(in super::super) const INDICATE_STATUS: u16 = 0x72;
    pub(in super::super) const CANCEL: u16 = 0x73;
    pub(in super::super) const START_DTLS: u16 = 0xc8;
}

/// Reads a header and checks what the specification fixes in it.
pub(super) fn header(reader: &mut Reader<'_>) -> Parse<Header> {
    let command = reader.le16()?;
    let length = reader.le16()?;
    ensure(length <= MAX_PAYLOAD, "encapsulation length above 65511")?;
    let session = reader.le32()?;
    let status = reader.le32()?;
    let context = reader.array()?;
    ensure(reader.le32()? == 0, "encapsulation options are not zero")?;
    Ok(Header { command, length: usize::from(length), session, status, context })
}

impl Header {
    /// Nothing in it speaks against its being a header: asked where a message boundary is only hoped for.
    pub(super) fn is_plausible(&self) -> bool {
        self.status <= 0x6a
            && match self.command {
                command::NOP | command::LIST_SERVICES | command::LIST_IDENTITY | command::LIST_INTERFACES => {
                    true
                }
                command::REGISTER_SESSION => self.length == 4 || self.status != 0,
                command::UNREGISTER_SESSION => self.length == 0,
                command::SEND_RR_DATA | command::SEND_UNIT_DATA => {
                    self.session != 0 && (self.length >= 8 || self.status != 0)
                }
                command::INDICATE_STATUS | command::CANCEL | command::START_DTLS => self.length < 64,
                _ => false,
            }
    }
}

/// What a common packet is sent to, and what it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    /// The connection it belongs to: connection id.
    pub(super) connection: Option<u32>,
    /// An unconnected message, or one on a connection.
    pub(super) data: Option<Data<'a>>,
    /// An identity, in answer to `ListIdentity`.
    pub(super) identity: Option<&'a [u8]>,
}

/// The data item of a common packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Data<'a> {
    Unconnected(&'a [u8]),
    Connected(&'a [u8]),
}

/// Reads `SendRRData` or `SendUnitData`: interface handle and timeout stand before the packet.
pub(super) fn send_data(bytes: &[u8]) -> Parse<Packet<'_>> {
    let mut reader = Reader::new(bytes);
    ensure(reader.le32()? == 0, "interface handle is not CIP")?;
    reader.skip(2)?;
    packet(reader)
}

/// Reads a common packet (2-6).
pub(super) fn packet(mut reader: Reader<'_>) -> Parse<Packet<'_>> {
    let count = reader.le16()?;
    ensure(count <= MAX_ITEMS, "more items than any command uses")?;
    let mut packet = Packet::default();
    for _ in 0..count {
        let kind = reader.le16()?;
        let length = reader.le16()?;
        let item = reader.take(usize::from(length))?;
        match kind {
            0x000c => packet.identity = Some(item),
            0x00a1 | 0x8002 => packet.connection = Some(Reader::new(item).le32()?),
            0x00b1 => packet.data = Some(Data::Connected(item)),
            0x00b2 => packet.data = Some(Data::Unconnected(item)),
            _ => {}
        }
    }
    reader.finish("bytes behind the last item")?;
    Ok(packet)
}

/// A device's identity: the first seven attributes of the Identity object (Volume 1, 5-2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity<'a> {
    pub(super) vendor: u16,
    pub(super) device_type: u16,
    pub(super) product_code: u16,
    pub(super) revision: (u8, u8),
    pub(super) serial: u32,
    pub(super) product_name: Cow<'a, str>,
}

/// Reads the identity item of a `ListIdentity` reply: version and socket address stand before the attributes.
pub(super) fn identity_item(bytes: &[u8]) -> Parse<Identity<'_>> {
    let mut reader = Reader::new(bytes);
    reader.skip(2 + 16)?;
    identity(reader)
}

/// Reads the attributes as both `ListIdentity` and `Get_Attributes_All` give them.
pub(super) fn identity(mut reader: Reader<'_>) -> Parse<Identity<'_>> {
    let vendor = reader.le16()?;
    let device_type = reader.le16()?;
    let product_code = reader.le16()?;
    let revision = (reader.u8()?, reader.u8()?);
    reader.skip(2)?;
    let serial = reader.le32()?;
    let length = reader.u8()?;
    let product_name = text::latin1(reader.take(usize::from(length))?);
    Ok(Identity { vendor, device_type, product_code, revision, serial, product_name })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::ParseError;
    use crate::testing::unhex;

    #[test]
    fn a_header_is_plausible_only_with_what_its_command_allows() {
        for (hex, plausible) in [
            ("6500 0400 00000000 00000000 0000000000000000 00000000", true),
            ("6500 0500 00000000 00000000 0000000000000000 00000000", false),
            ("7000 2000 01000000 00000000 0000000000000000 00000000", true),
            ("7000 2000 00000000 00000000 0000000000000000 00000000", false),
            ("4745 5420 00000000 00000000 0000000000000000 00000000", false),
            ("6300 0000 00000000 ff000000 0000000000000000 00000000", false),
        ] {
            let bytes = unhex(hex);
            assert_eq!(header(&mut Reader::new(&bytes)).map(|h| h.is_plausible()), Ok(plausible), "{hex}");
        }
    }

    #[test]
    fn a_header_with_options_or_an_impossible_length_is_refused() {
        let options = unhex("6300 0000 00000000 00000000 0000000000000000 01000000");
        assert!(matches!(header(&mut Reader::new(&options)), Err(ParseError::Invalid(_))));
        let length = unhex("6300 ffff 00000000 00000000 0000000000000000 00000000");
        assert!(matches!(header(&mut Reader::new(&length)), Err(ParseError::Invalid(_))));
    }

    #[test]
    fn items_that_lie_about_their_length_or_count_are_refused() {
        for (hex, error) in [
            ("0100 b200 0500 0102", ParseError::Short),
            ("ffff", ParseError::Invalid("more items than any command uses")),
            ("0200 0000 0000", ParseError::Short),
            ("0100 a100 0200 0102", ParseError::Short),
            ("0000 00", ParseError::Invalid("bytes behind the last item")),
        ] {
            assert_eq!(packet(Reader::new(&unhex(hex))), Err(error), "{hex}");
        }
    }

    #[test]
    fn an_identity_cut_anywhere_is_short() {
        let whole = unhex("0100 0c00 3a00 0403 3000 8e4d5200 0b 313735362d454e42542f41");
        assert_eq!(
            identity(Reader::new(&whole)).map(|i| i.product_name.into_owned()),
            Ok("1756-ENBT/A".into())
        );
        for cut in 0..whole.len() {
            assert_eq!(identity(Reader::new(&whole[..cut])), Err(ParseError::Short), "{cut}");
        }
    }
}
