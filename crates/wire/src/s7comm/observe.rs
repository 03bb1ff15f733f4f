//! What S7 units mean: symbols and values. Each verb has one class.

use super::parser::{Content, Item, Job, UserData, Way, function as fc, transport};
use super::szl;
use crate::number::milli_values;
use crate::text;
use nullius_model::{Object, Space, Symbol, Values, VerbClass};

/// Opening of a transport connection; its selector names rack and slot, or a role.
pub(super) fn connect(called: &[u8]) -> Symbol {
    let symbol = Symbol::new(VerbClass::Connect, "connect_request");
    if called.is_empty() {
        symbol
    } else if called.iter().all(u8::is_ascii_graphic) {
        symbol.about(Object::name(&text::latin1(called)))
    } else {
        symbol.about(Object::name(&text::hex(called)))
    }
}

/// End of a transport connection.
pub(super) const fn disconnect() -> Symbol {
    Symbol::new(VerbClass::Connect, "disconnect_request")
}

/// A transport payload that is neither S7 nor S7comm-plus: MMS shares the port, so does TLS of newer firmware.
pub(super) fn unknown_pdu(first: u8) -> Symbol {
    Symbol::new(VerbClass::Admin, "unknown_pdu").about(Object::Code(u64::from(first)))
}

/// What the function code of a job alone says.
pub(super) fn verb(function: u8) -> Symbol {
    let (class, verb) = match function {
        fc::READ_VAR => (VerbClass::Read, "read_var"),
        fc::WRITE_VAR => (VerbClass::Write, "write_var"),
        fc::REQUEST_DOWNLOAD => (VerbClass::Program, "request_download"),
        fc::DOWNLOAD_BLOCK => (VerbClass::Program, "download_block"),
        fc::DOWNLOAD_ENDED => (VerbClass::Program, "download_ended"),
        fc::START_UPLOAD => (VerbClass::Program, "start_upload"),
        fc::UPLOAD => (VerbClass::Program, "upload"),
        fc::END_UPLOAD => (VerbClass::Program, "end_upload"),
        fc::PI_SERVICE => (VerbClass::Admin, "pi_service"),
        fc::PLC_STOP => (VerbClass::Command, "plc_stop"),
        fc::SETUP_COMMUNICATION => (VerbClass::Connect, "setup_communication"),
        unknown => {
            let symbol = Symbol::new(VerbClass::Admin, "unknown_function");
            return symbol.about(Object::Code(u64::from(unknown)));
        }
    };
    Symbol::new(class, verb)
}

/// A job that has no items.
pub(super) fn job(function: u8, job: Job<'_>) -> Symbol {
    match job {
        Job::Block(name) if !name.is_empty() => verb(function).about(Object::name(&printable(name))),
        Job::Invocation { service, argument } => invocation(service, argument),
        Job::Block(_) | Job::Variables(_) | Job::Bare => verb(function),
    }
}

/// One item of a read or write.
pub(super) fn item(function: u8, item: Item) -> Symbol {
    verb(function).about(object(item))
}

/// Whether the answer to `function` can answer the request of `symbol`: references are often not changed.
pub(super) fn fits(symbol: &Symbol, function: Option<u8>) -> bool {
    let Some(function @ (fc::READ_VAR | fc::WRITE_VAR)) = function else { return true };
    symbol.verb == verb(function).verb
}

/// A single number or bits; longer content has a type that only the program knows.
pub(super) fn values(content: Content<'_>) -> Values<'_> {
    match (content.transport, content.bytes) {
        (transport::BIT, bits) => Values::Bits(bits),
        (transport::INTEGER, &[a, b]) => Values::Milli(i64::from(i16::from_be_bytes([a, b])) * 1000),
        (transport::INTEGER, &[a, b, c, d]) => {
            Values::Milli(i64::from(i32::from_be_bytes([a, b, c, d])) * 1000)
        }
        (transport::BYTES, &[a]) => Values::Milli(i64::from(a) * 1000),
        (transport::BYTES, &[a, b]) => Values::Milli(i64::from(u16::from_be_bytes([a, b])) * 1000),
        (transport::BYTES, &[a, b, c, d]) => {
            Values::Milli(i64::from(u32::from_be_bytes([a, b, c, d])) * 1000)
        }
        (transport::REAL, &[a, b, c, d]) => milli_values(f64::from(f32::from_be_bytes([a, b, c, d]))),
        _ => Values::None,
    }
}

/// Memory is counted in bytes, bits and counters and timers each in their own space, so that a range says exactly
/// what is touched: `DB5[0..4]`, `DBX5[12]`, `T[3]`.
fn object(item: Item) -> Object {
    let (transport, length, db, area, address) = match item {
        Item::Any { transport, length, db, area, address } => (transport, length, db, area, address),
        Item::Other { syntax } => return Object::Code(u64::from(syntax)),
    };
    let (bytes, bits) = match area {
        0x03 => ("SI", "SIX"),
        0x05 => ("SF", "SFX"),
        0x06 => ("AI", "AIX"),
        0x07 => ("AQ", "AQX"),
        0x1c => return Object::range("C", address, u32::from(length)),
        0x1d => return Object::range("T", address, u32::from(length)),
        0x80 => ("P", "PX"),
        0x81 => ("I", "IX"),
        0x82 => ("Q", "QX"),
        0x83 => ("M", "MX"),
        0x84 => ("DB", "DBX"),
        0x85 => ("DI", "DIX"),
        0x86 => ("L", "LX"),
        0x87 => ("V", "VX"),
        _ => {
            return Object::Range { space: numbered("area", area), first: address, count: u32::from(length) };
        }
    };
    let number = matches!(area, 0x84 | 0x85).then_some(u32::from(db));
    if transport == BIT {
        return Object::Range {
            space: Space { name: bits, number },
            first: address,
            count: u32::from(length),
        };
    }
    let count = u32::from(length) * element_bytes(transport);
    Object::Range { space: Space { name: bytes, number }, first: address / 8, count }
}

/// Element type of an absolute address: single bits.
const BIT: u8 = 1;

/// Bytes of one element of an absolute address's type.
const fn element_bytes(transport: u8) -> u32 {
    match transport {
        // WORD, INT, DATE, S5TIME, counter, timer
        4 | 5 | 9 | 12 | 28 | 29 => 2,
        // DWORD, DINT, REAL, TIME_OF_DAY, TIME
        6 | 7 | 8 | 10 | 11 => 4,
        // DATE_AND_TIME
        15 => 8,
        _ => 1,
    }
}

fn invocation(service: &[u8], argument: &[u8]) -> Symbol {
    let (class, verb) = match service {
        b"P_PROGRAM" => (VerbClass::Command, "plc_start"),
        b"_INSE" | b"_INS2" => (VerbClass::Program, "insert_block"),
        b"_DELE" => (VerbClass::Program, "delete_block"),
        b"_MODU" => (VerbClass::Program, "copy_ram_to_rom"),
        b"_GARB" => (VerbClass::Program, "compress_memory"),
        other => return self::verb(fc::PI_SERVICE).about(Object::name(&printable(other))),
    };
    let argument = printable(argument);
    let symbol = Symbol::new(class, verb);
    if argument.is_empty() { symbol } else { symbol.about(Object::name(&argument)) }
}

/// The graphic characters of a name among counts and blanks.
fn printable(bytes: &[u8]) -> String {
    bytes.iter().filter(|byte| byte.is_ascii_graphic()).map(|byte| char::from(*byte)).collect()
}

/// Groups of user data.
pub(super) mod group {
    pub(in super::super) const CPU: u8 = 4;
    pub(in super::super) const SECURITY: u8 = 5;
}
/// Subfunctions that the session too must know.
pub(super) const READ_SZL: u8 = 1;
pub(super) const ENTER_PASSWORD: u8 = 1;

/// User data, whose content is `bytes`.
pub(super) fn user_data(head: UserData, bytes: &[u8]) -> Symbol {
    let (class, verb) = match (head.group, head.subfunction) {
        (group::CPU, READ_SZL) => return read_szl(bytes),
        (0, mode) => {
            let symbol = Symbol::new(VerbClass::Publish, "mode_transition");
            return symbol.about(Object::Code(u64::from(mode)));
        }
        (1, command) => {
            let symbol = Symbol::new(VerbClass::Program, "programmer_command");
            return symbol.about(Object::Code(u64::from(command)));
        }
        (2, 1 | 2 | 3 | 5) if head.way == Way::Push => (VerbClass::Publish, "cyclic_data"),
        (2, 1) => (VerbClass::Subscribe, "cyclic_data_memory"),
        (2, 2) => (VerbClass::Subscribe, "cyclic_data_db"),
        (2, 3) => (VerbClass::Subscribe, "cyclic_data_records"),
        (2, 4) => (VerbClass::Subscribe, "cyclic_data_unsubscribe"),
        (2, 5) => (VerbClass::Subscribe, "change_driven_data"),
        (3, 1) => (VerbClass::Program, "list_blocks"),
        (3, 2) => (VerbClass::Program, "list_blocks_of_type"),
        (3, 3) => (VerbClass::Program, "get_block_info"),
        (group::CPU, 2) => (VerbClass::Subscribe, "message_service"),
        (group::CPU, 3) => (VerbClass::Publish, "diagnostic_message"),
        (group::CPU, 5 | 6 | 9 | 0x0c..=0x0e | 0x11 | 0x12 | 0x16) => (VerbClass::Publish, "alarm_message"),
        (group::CPU, 7) => (VerbClass::Configure, "alarm_lock"),
        (group::CPU, 8) => (VerbClass::Configure, "alarm_unlock"),
        (group::CPU, 0x0b) => (VerbClass::Command, "alarm_acknowledge"),
        (group::CPU, 0x13) => (VerbClass::Read, "alarm_query"),
        (group::SECURITY, ENTER_PASSWORD) => (VerbClass::Connect, "enter_password"),
        (group::SECURITY, 2) => (VerbClass::Connect, "clear_password"),
        (6, 1) => (VerbClass::Write, "block_send"),
        (7, 1 | 3) => (VerbClass::Read, "read_clock"),
        (7, 2 | 4) => (VerbClass::Configure, "set_clock"),
        (group, subfunction) => {
            let code = u64::from(group) << 8 | u64::from(subfunction);
            return Symbol::new(VerbClass::Admin, "unknown_user_data").about(Object::Code(code));
        }
    };
    Symbol::new(class, verb)
}

/// Lists that identify are told apart from those that diagnose. A request for the next fragment names none.
fn read_szl(bytes: &[u8]) -> Symbol {
    let Ok((id, index)) = szl::selector(bytes) else { return Symbol::new(VerbClass::Diagnose, "read_szl") };
    let symbol = if szl::identifies(id) {
        Symbol::new(VerbClass::Discover, "read_szl_identification")
    } else {
        Symbol::new(VerbClass::Diagnose, "read_szl")
    };
    let space = Space { name: "szl", number: Some(u32::from(id)) };
    symbol.about(Object::Range { space, first: u32::from(index), count: 1 })
}

const fn numbered(name: &'static str, number: u8) -> Space {
    Space { name, number: Some(number as u32) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_names_exactly_what_it_touches() {
        for (transport, length, area, address, text) in [
            (1, 1, 0x84, 12, "DBX5[12]"),
            (2, 4, 0x84, 0, "DB5[0..4]"),
            (8, 1, 0x83, 0x80, "M[16..20]"),
            (4, 2, 0x81, 16, "I[2..6]"),
            (29, 1, 0x1d, 3, "T[3]"),
            (2, 1, 0x99, 3, "area153[3]"),
        ] {
            let item = Item::Any { transport, length, db: 5, area, address };
            assert_eq!(object(item).to_string(), text);
        }
        assert_eq!(object(Item::Other { syntax: 0xb2 }), Object::Code(0xb2));
    }

    #[test]
    fn program_invocations_have_the_class_of_what_they_do() {
        for (service, argument, text) in [
            (&b"P_PROGRAM"[..], &b"C "[..], "command plc_start C"),
            (b"P_PROGRAM", b"", "command plc_start"),
            (b"_INSE", b"\x01\x000800001P", "program insert_block 0800001P"),
            (b"_N_LOGIN_", b"", "admin pi_service _N_LOGIN_"),
        ] {
            let symbol = invocation(service, argument);
            assert_eq!(format!("{} {symbol}", symbol.class), text);
        }
    }

    #[test]
    fn a_single_number_is_told_in_thousandths() {
        for (transport, bytes, value) in [
            (transport::REAL, &[0x79, 0xe9, 0xf6, 0x42][..], Values::Milli(i64::MAX)),
            (transport::REAL, &[0x42, 0xf6, 0xe9, 0x79], Values::Milli(123_456)),
            (transport::REAL, &[0x7f, 0xc0, 0, 0], Values::None),
            (transport::INTEGER, &[0xff, 0xfe], Values::Milli(-2000)),
            (transport::BYTES, &[0xff, 0xfe], Values::Milli(65_534_000)),
            (transport::BYTES, &[1, 2, 3], Values::None),
            (transport::BIT, &[1], Values::Bits(&[1])),
        ] {
            assert_eq!(values(Content { code: 0xff, transport, bytes }), value, "{bytes:?}");
        }
    }
}
