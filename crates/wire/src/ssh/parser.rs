//! The identification line and the packets of SSH that are in the clear (RFC 4253 §4.2, §6, §7.1).

use crate::reader::{Parse, ParseError, Reader, ensure};

/// Longest identification line with its end (RFC 4253 §4.2).
const MAX_IDENTIFICATION: usize = 255;
/// Bytes of other lines a server may send before it; a flood of them would keep us waiting.
const MAX_PREAMBLE: usize = 8 * 1024;
/// Longest packet, bytes: RFC 4253 §6.1 has every side take 35 000, and lists of algorithms grow.
const MAX_PACKET: usize = 64 * 1024;

/// Packet type that begins a key exchange.
pub(super) const KEXINIT: u8 = 20;
/// Packet type behind which a side encrypts.
pub(super) const NEWKEYS: u8 = 21;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identification<'a> {
    /// `2.0`, `1.99`, `1.5`.
    pub(super) version: &'a [u8],
    /// Name of the software and what it says besides.
    pub(super) software: &'a [u8],
}

impl<'a> Identification<'a> {
    /// Reads up to and with the identification line; also how many bytes that is.
    pub(super) fn read(bytes: &'a [u8]) -> Parse<(Self, usize)> {
        let mut read = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            read += line.len();
            if let Some(rest) = line.strip_prefix(b"SSH-") {
                ensure(line.len() <= MAX_IDENTIFICATION, "identification is too long")?;
                ensure_whole(line)?;
                let hyphen = rest.iter().position(|byte| *byte == b'-');
                let (version, software) =
                    hyphen.and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, b"-"));
                let software = software.get(1..).unwrap_or_default();
                return Ok((Self { version: version.trim_ascii(), software: software.trim_ascii() }, read));
            }
            ensure(read <= MAX_PREAMBLE, "no identification after many bytes")?;
            ensure_whole(line)?;
        }
        Err(ParseError::Short)
    }
}

fn ensure_whole(line: &[u8]) -> Parse<()> {
    if line.ends_with(b"\n") { Ok(()) } else { Err(ParseError::Short) }
}

/// A packet that is not encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) kind: u8,
    /// Bytes of the whole packet.
    pub(super) length: usize,
}

impl Packet {
    /// Bytes needed to know a packet's kind and length.
    const HEADER: usize = 6;

    /// Reads the beginning of a packet.
    pub(super) fn read(bytes: &[u8]) -> Parse<Self> {
        let mut reader = Reader::new(bytes);
        let length = usize::try_from(reader.be32()?).unwrap_or(usize::MAX);
        ensure(length <= MAX_PACKET, "packet is too long")?;
        let padding = usize::from(reader.u8()?);
        ensure(padding >= 4 && length >= padding + 2, "padding does not fit the packet")?;
        Ok(Self { kind: reader.u8()?, length: length + 4 })
    }
}

/// The lists of a key exchange packet that name what may be used: key exchange, host keys, ciphers and digests of both
/// directions. `bytes` is the whole packet.
pub(super) fn algorithms(bytes: &[u8]) -> Parse<[&[u8]; 6]> {
    let mut reader = Reader::new(bytes);
    reader.skip(Packet::HEADER + 16)?;
    let mut lists = [&[][..]; 6];
    for list in &mut lists {
        let length = usize::try_from(reader.be32()?).unwrap_or(usize::MAX);
        *list = reader.take(length)?;
    }
    Ok(lists)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identification_may_come_behind_other_lines() {
        let bytes = b"welcome\r\nto us\nSSH-1.99-OpenSSH_3.9p1 Debian-1\r\nrest";
        let (read, length) = Identification::read(bytes).unwrap();
        assert_eq!(read, Identification { version: b"1.99", software: b"OpenSSH_3.9p1 Debian-1" });
        assert_eq!(&bytes[length..], b"rest");
        for cut in 0..length {
            assert_eq!(Identification::read(&bytes[..cut]), Err(ParseError::Short), "{cut}");
        }
    }

    #[test]
    fn an_identification_without_software_is_read_for_its_version() {
        let (read, _) = Identification::read(b"SSH-2.0\n").unwrap();
        assert_eq!(read, Identification { version: b"2.0", software: b"" });
    }

    #[test]
    fn endless_lines_are_refused() {
        let long = [b"SSH-2.0-".as_slice(), &[b'x'; 300]].concat();
        assert_eq!(Identification::read(&long), Err(ParseError::Invalid("identification is too long")));
        let many = b"x\n".repeat(MAX_PREAMBLE);
        assert_eq!(
            Identification::read(&many),
            Err(ParseError::Invalid("no identification after many bytes"))
        );
    }

    #[test]
    fn a_packet_whose_lengths_lie_is_refused() {
        assert_eq!(Packet::read(&[0, 0, 0, 12, 4, 20]), Ok(Packet { kind: 20, length: 16 }));
        for bytes in [[0xff, 0, 0, 0, 4, 20], [0, 0, 0, 12, 12, 20], [0, 0, 0, 12, 3, 20], [0, 0, 0, 0, 0, 0]]
        {
            assert!(matches!(Packet::read(&bytes), Err(ParseError::Invalid(_))), "{bytes:?}");
        }
        assert_eq!(Packet::read(&[0, 0, 0, 12, 4]), Err(ParseError::Short));
    }
}
