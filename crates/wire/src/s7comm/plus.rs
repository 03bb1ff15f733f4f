//! S7comm-plus, as far as it is told: the function and its direction.
//!
//! Spoken by S7-1200 and S7-1500. Siemens publishes no specification; the head is that of the Wireshark plugin
//! `s7comm_plus`, checked against captures. Not read: objects, identifiers, values, and anything inside the TLS that
//! newer firmware wraps around it.
//!
//! INVARIANT: continuations of a fragmented unit are never taken for units.

use crate::reader::{Parse, ParseError, Reader, ensure};
use nullius_model::{Object, Symbol, VerbClass};

/// First byte of an S7comm-plus unit.
pub(super) const PROTOCOL: u8 = 0x72;

/// Head and trailer: protocol, version, length.
const TRAILER: usize = 4;
const KEEP_ALIVE: u8 = 0xff;

/// The object whose creation opens a session (ObjectServerSessionContainer).
const SESSION_CONTAINER: u32 = 285;

/// One unit's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Request {
        sequence: u16,
        function: u16,
        /// It is about the session itself.
        of_session: bool,
    },
    Response {
        sequence: u16,
        function: u16,
    },
    Notification {
        subscription: u32,
    },
    /// Keep-alives, and continuations of a fragmented unit.
    Nothing,
}

/// Reads one unit. `continues` says, and is told, whether the unit before was the beginning of this one.
pub(super) fn unit(bytes: &[u8], continues: &mut bool) -> Parse<Unit> {
    let mut reader = Reader::new(bytes);
    ensure(reader.u8()? == PROTOCOL, "not an S7comm-plus unit")?;
    let version = reader.u8()?;
    if version == KEEP_ALIVE {
        return Ok(Unit::Nothing);
    }
    ensure((1..=3).contains(&version), "unknown version of S7comm-plus")?;
    let length = usize::from(reader.be16()?);
    let mut body = reader.sub(length)?;
    let was_continuation = std::mem::replace(continues, reader.left() < TRAILER);
    if was_continuation {
        return Ok(Unit::Nothing);
    }
    if version == 3 {
        // A digest precedes the unit.
        let digest = usize::from(body.u8()?);
        body.skip(digest)?;
    }
    head(&mut body)
}

fn head(body: &mut Reader<'_>) -> Parse<Unit> {
    match body.u8()? {
        0x31 => {
            let (function, sequence) = numbers(body)?;
            let of_session = about_session(function, *body).unwrap_or(false);
            Ok(Unit::Request { sequence, function, of_session })
        }
        0x32 => numbers(body).map(|(function, sequence)| Unit::Response { sequence, function }),
        0x33 => body.be32().map(|subscription| Unit::Notification { subscription }),
        _ => Err(ParseError::Invalid("unknown operation of S7comm-plus")),
    }
}

fn numbers(body: &mut Reader<'_>) -> Parse<(u16, u16)> {
    body.skip(2)?;
    let function = body.be16()?;
    body.skip(2)?;
    Ok((function, body.be16()?))
}

/// Sessions are objects too: their creation and deletion is no change of the program.
fn about_session(function: u16, mut body: Reader<'_>) -> Parse<bool> {
    let session = body.be32()?;
    let _flags = body.u8()?;
    let object = body.be32()?;
    Ok(match function {
        0x04ca => object == SESSION_CONTAINER,
        0x04d4 => object == session,
        _ => false,
    })
}

/// What a request does. Classes are as well as they are known without reading the objects.
pub(super) fn symbol(function: u16, of_session: bool) -> Symbol {
    let (class, verb) = match function {
        0x04bb => (VerbClass::Discover, "plus_explore"),
        0x04ca if of_session => (VerbClass::Connect, "plus_create_session"),
        0x04ca => (VerbClass::Program, "plus_create_object"),
        0x04d4 if of_session => (VerbClass::Connect, "plus_delete_session"),
        0x04d4 => (VerbClass::Program, "plus_delete_object"),
        0x04f2 => (VerbClass::Write, "plus_set_variable"),
        0x04fc => (VerbClass::Read, "plus_get_variable"),
        0x0506 => (VerbClass::Program, "plus_add_link"),
        0x051a => (VerbClass::Program, "plus_remove_link"),
        0x0524 => (VerbClass::Read, "plus_get_link"),
        0x0542 => (VerbClass::Write, "plus_set_multi_variables"),
        0x054c => (VerbClass::Read, "plus_get_multi_variables"),
        0x0556 => (VerbClass::Program, "plus_begin_sequence"),
        0x0560 => (VerbClass::Program, "plus_end_sequence"),
        0x056b => (VerbClass::Command, "plus_invoke"),
        0x057c => (VerbClass::Program, "plus_set_var_substreamed"),
        0x0586 => (VerbClass::Program, "plus_get_var_substreamed"),
        0x0590 => (VerbClass::Read, "plus_get_variables_address"),
        0x05b3 => (VerbClass::Connect, "plus_init_ssl"),
        other => {
            let symbol = Symbol::new(VerbClass::Admin, "plus_unknown_function");
            return symbol.about(Object::Code(u64::from(other)));
        }
    };
    Symbol::new(class, verb)
}

/// A value a controller tells a subscriber.
pub(super) fn notification(subscription: u32) -> Symbol {
    Symbol::new(VerbClass::Publish, "plus_notification").about(Object::Code(u64::from(subscription)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::unhex;

    #[test]
    fn a_request_is_read_with_and_without_a_digest() {
        let body = unhex("31 0000 04ca 0000 0002 00000120 36 0000011d");
        let plain = [&unhex("72010012")[..], &body, &unhex("72010000")].concat();
        let signed = [&unhex("72030033 20")[..], &[7; 32], &body, &unhex("72030000")].concat();
        let request = Unit::Request { sequence: 2, function: 0x04ca, of_session: true };
        assert_eq!(unit(&plain, &mut false), Ok(request));
        assert_eq!(unit(&signed, &mut false), Ok(request));
        for cut in 0..22 {
            assert!(unit(&plain[..cut], &mut false).is_err(), "{cut}");
        }
        assert_eq!(unit(&unhex("72ff0000"), &mut false), Ok(Unit::Nothing));
    }

    #[test]
    fn continuations_are_not_taken_for_units() {
        let mut continues = false;
        let first = unhex("72020009 31 0000 054c 0000 0009");
        assert!(matches!(unit(&first, &mut continues), Ok(Unit::Request { .. })));
        assert!(continues);
        let last = unhex("72020003 31ffff 72020000");
        assert_eq!(unit(&last, &mut continues), Ok(Unit::Nothing));
        assert!(!continues);
    }
}
