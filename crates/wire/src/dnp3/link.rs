//! The data link layer (IEEE 1815-2012 §9): frames of at most 292 bytes, every block of which carries a CRC.
//!
//! INVARIANT: a [`Frame`] exists only where the header and every block matched their CRC.

use crate::reader::{ParseError, Reader};

/// What every frame begins with.
const START: [u8; 2] = [0x05, 0x64];
/// Start, length, control, two addresses and their CRC.
const HEADER: usize = 10;
/// Control and the two addresses, which the length field counts too.
const COUNTED_IN_HEADER: usize = 5;
/// User data bytes that share one CRC.
const BLOCK: usize = 16;
const CRC: usize = 2;
/// Most user data in one frame: the length field is one byte and counts [`COUNTED_IN_HEADER`].
const MAX_DATA: usize = 250;

/// One frame, its CRCs checked and taken out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) control: Control,
    pub(super) destination: u16,
    pub(super) source: u16,
    /// Bytes it took on the wire.
    pub(super) length: usize,
    data: [u8; MAX_DATA],
    data_length: usize,
}

impl Frame {
    /// The user data: one transport segment, or nothing.
    pub(super) fn data(&self) -> &[u8] {
        self.data.get(..self.data_length).unwrap_or_default()
    }
}

/// The control octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Control(pub(super) u8);

impl Control {
    /// The sender is the master station.
    pub(super) const fn is_from_master(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// The sender began this link transaction; otherwise it answers one.
    pub(super) const fn is_primary(self) -> bool {
        self.0 & 0x40 != 0
    }

    /// The function code, whose meaning depends on [`Control::is_primary`].
    pub(super) const fn function(self) -> u8 {
        self.0 & 0x0f
    }
}

/// Why there is no frame here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It may yet become one when more bytes come.
    Short,
    /// This is not where a frame begins.
    Header(&'static str),
    /// A frame of this length, with a block that does not match its CRC.
    Block(usize),
}

impl From<ParseError> for Fault {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::Short => Self::Short,
            ParseError::Invalid(why) => Self::Header(why),
        }
    }
}

/// Reads the frame that begins at the first byte.
pub(super) fn read_frame(bytes: &[u8]) -> Result<Frame, Fault> {
    if !bytes.iter().zip(&START).all(|(byte, start)| byte == start) {
        return Err(Fault::Header("no DNP3 start octets"));
    }
    let mut reader = Reader::new(bytes);
    let header = reader.sub(HEADER)?;
    if !crc_matches(header.rest()) {
        return Err(Fault::Header("DNP3 header CRC does not match"));
    }
    let mut header = Reader::new(header.rest());
    header.skip(START.len())?;
    let counted = usize::from(header.u8()?);
    let control = Control(header.u8()?);
    let (destination, source) = (header.le16()?, header.le16()?);
    let data_length = counted
        .checked_sub(COUNTED_IN_HEADER)
        .ok_or(Fault::Header("DNP3 length is less than its own header"))?;
    let wire_data = data_length + data_length.div_ceil(BLOCK) * CRC;
    let length = HEADER + wire_data;
    let mut frame = Frame { control, destination, source, length, data: [0; MAX_DATA], data_length };
    copy_blocks(reader.take(wire_data)?, &mut frame.data).then_some(frame).ok_or(Fault::Block(length))
}

/// Copies the user data of `blocks` without its CRCs; false where one does not match.
fn copy_blocks(blocks: &[u8], data: &mut [u8; MAX_DATA]) -> bool {
    blocks.chunks(BLOCK + CRC).zip(data.chunks_mut(BLOCK)).all(|(block, room)| {
        let payload = block.split_last_chunk::<CRC>().map_or(block, |(payload, _)| payload);
        room.iter_mut().zip(payload).for_each(|(to, from)| *to = *from);
        crc_matches(block)
    })
}

/// How far ahead, after the first byte, a frame may begin next.
pub(super) fn next_start(bytes: &[u8]) -> Option<usize> {
    let [first, second] = START;
    let behind = bytes.get(1..)?;
    let may_start = |at: usize| behind.get(at + 1).is_none_or(|byte| *byte == second);
    behind.iter().enumerate().find(|(at, byte)| **byte == first && may_start(*at)).map(|(at, _)| at + 1)
}

/// The last two bytes are the CRC of those before.
fn crc_matches(bytes: &[u8]) -> bool {
    bytes.split_last_chunk().is_some_and(|(covered, crc)| crc16(covered) == u16::from_le_bytes(*crc))
}

/// CRC-16/DNP: x¹⁶+x¹³+x¹²+x¹¹+x¹⁰+x⁸+x⁶+x⁵+x²+1, reflected, inverted (IEEE 1815-2012 Annex E).
pub(super) fn crc16(bytes: &[u8]) -> u16 {
    !bytes.iter().fold(0, |crc: u16, byte| {
        let [low, _] = crc.to_le_bytes();
        (crc >> 8) ^ CRC_TABLE.get(usize::from(low ^ byte)).copied().unwrap_or_default()
    })
}

static CRC_TABLE: [u16; 256] = crc_table();

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time only: out of bounds is a build error")]
const fn crc_table() -> [u16; 256] {
    const REFLECTED_POLYNOMIAL: u16 = 0xa6bc;
    let mut table = [0; 256];
    let mut byte: u16 = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ REFLECTED_POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        table[byte as usize] = crc;
        byte += 1;
    }
    table
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A frame around `data`, as a sender would build it.
    pub(in crate::dnp3) fn frame(control: u8, destination: u16, source: u16, data: &[u8]) -> Vec<u8> {
        let [to, from] = [destination.to_le_bytes(), source.to_le_bytes()];
        let length = u8::try_from(data.len() + COUNTED_IN_HEADER).unwrap();
        let mut bytes = vec![0x05, 0x64, length, control, to[0], to[1], from[0], from[1]];
        bytes.extend(crc16(&bytes).to_le_bytes());
        for block in data.chunks(BLOCK) {
            bytes.extend(block);
            bytes.extend(crc16(block).to_le_bytes());
        }
        bytes
    }

    #[test]
    fn the_crc_is_that_of_the_standard() {
        assert_eq!(crc16(b"123456789"), 0xea82, "check value of CRC-16/DNP");
    }

    #[test]
    fn a_frame_of_any_size_is_read_back() {
        for size in [0, 1, 15, 16, 17, 32, 249, 250] {
            let data: Vec<u8> = (0..size).collect();
            let bytes = frame(0xc4, 10, 1, &data);
            let frame = read_frame(&bytes).unwrap();
            assert_eq!((frame.destination, frame.source, frame.length), (10, 1, bytes.len()));
            assert_eq!(frame.data(), data);
            for cut in 0..bytes.len() {
                assert_eq!(read_frame(&bytes[..cut]).err(), Some(Fault::Short), "{size} cut at {cut}");
            }
        }
    }

    #[test]
    fn no_flipped_bit_goes_unnoticed() {
        let bytes = frame(0xc4, 10, 1, &[7; 20]);
        for bit in 0..bytes.len() * 8 {
            let mut broken = bytes.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            let fault = read_frame(&broken).err();
            assert!(matches!(fault, Some(Fault::Header(_) | Fault::Block(_))), "bit {bit}: {fault:?}");
        }
    }

    #[test]
    fn a_length_below_its_header_is_no_frame() {
        let mut bytes = vec![0x05, 0x64, 4, 0xc4, 1, 0, 2, 0];
        bytes.extend(crc16(&bytes).to_le_bytes());
        assert_eq!(read_frame(&bytes).err(), Some(Fault::Header("DNP3 length is less than its own header")));
    }

    #[test]
    fn the_next_start_is_behind_this_one() {
        assert_eq!(next_start(&[5, 0x64, 0, 5, 0x64]), Some(3));
        assert_eq!(next_start(&[5, 0x64, 0, 5]), Some(3), "the other half may come");
        assert_eq!(next_start(&[5, 0x64, 5, 5, 0]), None);
        assert_eq!(next_start(&[]), None);
    }
}
