//! Whether bytes are S7 on ISO transport: at the start of a flow, and after a gap.

use super::{parser, plus, transport};
use crate::parser::Probe;
use crate::reader::{ParseError, Reader};
use crate::units::Resume;
use nullius_model::Direction;

/// Whether the first bytes of a flow look like ISO transport on TCP.
pub(crate) fn probe(_direction: Direction, bytes: &[u8]) -> Probe {
    let mut reader = Reader::new(bytes);
    match (transport::packet(&mut reader), bytes.get(5)) {
        (Err(ParseError::Invalid(_)), _) => Probe::Mismatch,
        (Ok(_) | Err(ParseError::Short), Some(code)) => Probe::decided(matches!(code & 0xf0, 0x80 | 0xd0..)),
        (Ok(_) | Err(ParseError::Short), None) => Probe::Unsure,
    }
}

/// The first packet must be sound to its last byte, and the others in sight be packets.
pub(super) fn resume(bytes: &[u8]) -> Resume {
    let mut reader = Reader::new(bytes);
    match transport::packet(&mut reader) {
        Ok(packet) if is_sound(packet) => {}
        Err(ParseError::Short) if may_begin(bytes) => return Resume::Wait,
        Ok(_) | Err(_) => return Resume::Disbelieve,
    }
    loop {
        match transport::packet(&mut reader).and_then(transport::unit) {
            Ok(_) => {}
            Err(ParseError::Short) => return Resume::Believe,
            Err(ParseError::Invalid(_)) => return Resume::Disbelieve,
        }
    }
}

/// Data that begins one of our units and is as long as it says, or the opening of a connection.
fn is_sound(packet: &[u8]) -> bool {
    match transport::unit(packet) {
        Ok(transport::Unit::ConnectRequest { .. } | transport::Unit::ConnectConfirm) => true,
        Ok(transport::Unit::Data { payload, last }) => match payload.first() {
            Some(&parser::PROTOCOL) => !last || parser::pdu(payload).is_ok(),
            Some(&plus::PROTOCOL) => plus::unit(payload, &mut false).is_ok(),
            Some(_) | None => false,
        },
        Ok(transport::Unit::DisconnectRequest { .. } | transport::Unit::Other) | Err(_) => false,
    }
}

/// So much as is there of header and first byte is right; without this, four chance bytes could hold back 64 KiB.
fn may_begin(bytes: &[u8]) -> bool {
    let is =
        |position: usize, expected: &[u8]| bytes.get(position).is_none_or(|byte| expected.contains(byte));
    is(1, &[0]) && is(4, &[2]) && is(5, &[0xf0]) && is(7, &[parser::PROTOCOL, plus::PROTOCOL])
}
