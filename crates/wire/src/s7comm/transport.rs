//! ISO transport on TCP: TPKT (RFC 1006 §6) and the COTP units inside (ISO 8073, X.224 §13). Knows nothing of S7.
//!
//! INVARIANT: a unit's own lengths agree, or it is refused.

use crate::reader::{Parse, ParseError, Reader, ensure};

/// Header of a TPKT packet.
const TPKT_HEADER: u16 = 4;

/// One COTP unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit<'a> {
    ConnectRequest {
        called: &'a [u8],
    },
    ConnectConfirm,
    DisconnectRequest {
        reason: u8,
    },
    /// A piece of a service data unit; `last` ends it.
    Data {
        payload: &'a [u8],
        last: bool,
    },
    /// Disconnect confirm, expedited data, errors: nothing we tell.
    Other,
}

/// Takes one TPKT packet. What is wrong in its header is said as soon as it is there.
pub(super) fn packet<'a>(reader: &mut Reader<'a>) -> Parse<&'a [u8]> {
    let mut ahead = *reader;
    ensure(ahead.u8()? == 3, "TPKT version is not 3")?;
    let _reserved = ahead.u8()?;
    let length = ahead.be16()?;
    let body = length.checked_sub(TPKT_HEADER).filter(|body| *body >= 2);
    let body = body.ok_or(ParseError::Invalid("TPKT length holds no unit"))?;
    let body = ahead.take(usize::from(body))?;
    *reader = ahead;
    Ok(body)
}

/// Reads the unit in a packet.
pub(super) fn unit(packet: &[u8]) -> Parse<Unit<'_>> {
    let mut reader = Reader::new(packet);
    let length = usize::from(reader.u8()?);
    let mut header = reader.sub(length)?;
    let code = header.u8()?;
    match code & 0xf0 {
        0xe0 => Ok(Unit::ConnectRequest { called: called(&mut header)? }),
        0xd0 => {
            called(&mut header)?;
            Ok(Unit::ConnectConfirm)
        }
        0x80 => {
            header.skip(4)?;
            Ok(Unit::DisconnectRequest { reason: header.u8()? })
        }
        0xf0 => {
            let last = header.u8()? & 0x80 != 0;
            Ok(Unit::Data { payload: reader.take_rest(), last })
        }
        0x10 | 0x60 | 0x70 | 0xc0 => Ok(Unit::Other),
        _ => Err(ParseError::Invalid("unknown COTP unit")),
    }
}

/// Parameter code of the called transport selector.
const CALLED_SELECTOR: u8 = 0xc2;

/// The selector that is called: for S7, kind of connection, rack and slot.
fn called<'a>(header: &mut Reader<'a>) -> Parse<&'a [u8]> {
    header.skip(5)?;
    let mut called: &[u8] = &[];
    while !header.is_empty() {
        let code = header.u8()?;
        let length = usize::from(header.u8()?);
        let value = header.take(length)?;
        if code == CALLED_SELECTOR {
            called = value;
        }
    }
    Ok(called)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::unhex;

    #[test]
    fn a_packet_cut_anywhere_is_short_and_a_lying_length_is_refused() {
        let bytes = unhex("0300001611e00000000100c0010ac1020100c2020101");
        for cut in 0..bytes.len() {
            assert_eq!(packet(&mut Reader::new(&bytes[..cut])), Err(ParseError::Short), "{cut}");
        }
        let body = packet(&mut Reader::new(&bytes)).unwrap();
        assert_eq!(unit(body), Ok(Unit::ConnectRequest { called: &[1, 1] }));
        for lie in ["02", "03000000", "03000005"] {
            assert!(matches!(packet(&mut Reader::new(&unhex(lie))), Err(ParseError::Invalid(_))), "{lie}");
        }
    }

    #[test]
    fn units_are_told_apart_and_their_lengths_must_agree() {
        assert_eq!(unit(&unhex("02f08032")), Ok(Unit::Data { payload: &[0x32], last: true }));
        assert_eq!(unit(&unhex("02f000")), Ok(Unit::Data { payload: &[], last: false }));
        assert_eq!(unit(&unhex("06800001000280")), Ok(Unit::DisconnectRequest { reason: 0x80 }));
        for bad in
            ["", "00", "02f0", "03f080", "02aa80", "11e00000000100c0010ac1020100c2030101", "06e0000000"]
        {
            assert!(unit(&unhex(bad)).is_err(), "{bad}");
        }
    }
}
