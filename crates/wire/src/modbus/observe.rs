//! What Modbus requests and responses mean: symbols, values, facts.
//!
//! One symbol a request, with two exceptions, so that no range is lost: function 23 is told as its write and its read,
//! a file transfer as one message a group. Each verb has one class.

use super::parser::{FileGroup, Identification, MEI_CANOPEN, Range, Request, Response, function as fc};
use crate::text;
use nullius_model::{Attribute, Object, Space, Symbol, Values, VerbClass};

const COIL: &str = "coil";
const DISCRETE_INPUT: &str = "discrete_input";
const HOLDING_REGISTER: &str = "holding_register";
const INPUT_REGISTER: &str = "input_register";

/// Hands over the symbols of a request, each with its values.
pub(super) fn each_symbol(function: u8, request: Request<'_>, mut told: impl FnMut(Symbol, Values<'_>)) {
    match request {
        Request::Read(range) => told(reading(function, range), Values::None),
        Request::WriteCoil { address, on } => {
            let symbol = verb(function).about(Object::range(COIL, u32::from(address), 1));
            told(symbol, Values::Bits(if on { &[1] } else { &[0] }));
        }
        Request::WriteRegister { address, word } => {
            let symbol = verb(function).about(Object::range(HOLDING_REGISTER, u32::from(address), 1));
            told(symbol, Values::Words(word));
        }
        Request::WriteCoils { range, bits } => {
            told(verb(function).about(object(COIL, range)), Values::Bits(bits));
        }
        Request::WriteRegisters { range, words } => {
            told(verb(function).about(object(HOLDING_REGISTER, range)), Values::Words(words));
        }
        Request::ReadWriteRegisters { read, write, words } => {
            told(verb(function).about(object(HOLDING_REGISTER, write)), Values::Words(words));
            let symbol = Symbol::new(VerbClass::Read, "read_write_multiple_registers_read");
            told(symbol.about(object(HOLDING_REGISTER, read)), Values::None);
        }
        Request::MaskWriteRegister { address } => {
            told(verb(function).about(Object::range(HOLDING_REGISTER, u32::from(address), 1)), Values::None);
        }
        Request::ReadFifo { address } => {
            told(verb(function).about(Object::range("fifo_queue", u32::from(address), 1)), Values::None);
        }
        Request::Files(groups) => {
            let mut groups = groups.iter().peekable();
            if groups.peek().is_none() {
                told(verb(function), Values::None);
            }
            for group in groups {
                told(verb(function).about(records(group)), Values::None);
            }
        }
        Request::Diagnostics { subfunction } => told(diagnostics(subfunction), Values::None),
        Request::DeviceIdentification { category, object } => {
            told(identification(category, object), Values::None);
        }
        Request::Encapsulated { interface } => told(encapsulated(interface), Values::None),
        Request::Umas { function: umas } => {
            told(verb(function).about(Object::Code(u64::from(umas))), Values::None);
        }
        Request::Bare => told(verb(function), Values::None),
    }
}

/// What the function code alone says.
pub(super) fn verb(function: u8) -> Symbol {
    let (class, verb) = match function {
        fc::READ_COILS => (VerbClass::Read, "read_coils"),
        fc::READ_DISCRETE_INPUTS => (VerbClass::Read, "read_discrete_inputs"),
        fc::READ_HOLDING_REGISTERS => (VerbClass::Read, "read_holding_registers"),
        fc::READ_INPUT_REGISTERS => (VerbClass::Read, "read_input_registers"),
        fc::WRITE_SINGLE_COIL => (VerbClass::Write, "write_single_coil"),
        fc::WRITE_SINGLE_REGISTER => (VerbClass::Write, "write_single_register"),
        fc::READ_EXCEPTION_STATUS => (VerbClass::Diagnose, "read_exception_status"),
        fc::DIAGNOSTICS => (VerbClass::Diagnose, "diagnostics"),
        fc::GET_COMM_EVENT_COUNTER => (VerbClass::Diagnose, "get_comm_event_counter"),
        fc::GET_COMM_EVENT_LOG => (VerbClass::Diagnose, "get_comm_event_log"),
        fc::WRITE_MULTIPLE_COILS => (VerbClass::Write, "write_multiple_coils"),
        fc::WRITE_MULTIPLE_REGISTERS => (VerbClass::Write, "write_multiple_registers"),
        fc::REPORT_SERVER_ID => (VerbClass::Discover, "report_server_id"),
        fc::READ_FILE_RECORD => (VerbClass::Read, "read_file_record"),
        fc::WRITE_FILE_RECORD => (VerbClass::Write, "write_file_record"),
        fc::MASK_WRITE_REGISTER => (VerbClass::Write, "mask_write_register"),
        fc::READ_WRITE_MULTIPLE_REGISTERS => (VerbClass::Write, "read_write_multiple_registers"),
        fc::READ_FIFO_QUEUE => (VerbClass::Read, "read_fifo_queue"),
        fc::ENCAPSULATED_INTERFACE_TRANSPORT => (VerbClass::Admin, "encapsulated_interface_transport"),
        fc::UMAS => (VerbClass::Program, "umas"),
        unknown => {
            let symbol = Symbol::new(VerbClass::Admin, "unknown_function");
            return symbol.about(Object::Code(u64::from(unknown)));
        }
    };
    Symbol::new(class, verb)
}

/// What can be told of a request from its answer.
pub(super) fn orphan(function: u8, response: Response<'_>) -> Symbol {
    match response {
        Response::Written(range) => {
            let space = match function {
                fc::WRITE_SINGLE_COIL | fc::WRITE_MULTIPLE_COILS => COIL,
                _ => HOLDING_REGISTER,
            };
            verb(function).about(object(space, range))
        }
        Response::DeviceIdentification(_) => Symbol::new(VerbClass::Discover, "read_device_identification"),
        Response::Exception(_)
        | Response::Bits(_)
        | Response::Words(_)
        | Response::ServerId(_)
        | Response::Other => verb(function),
    }
}

/// Whether `response` can answer the request of `symbol`. Masters that never change the transaction identifier are
/// common; this keeps one lost answer from shifting all that follow.
pub(super) fn fits(symbol: &Symbol, response: Response<'_>) -> bool {
    let Object::Range { first, count, .. } = symbol.object else { return true };
    match response {
        Response::Bits(bits) => bits.len() == (count as usize).div_ceil(8),
        Response::Words(words) if symbol.class == VerbClass::Read => words.len() == count as usize * 2,
        Response::Written(range) => (u32::from(range.first), u32::from(range.count)) == (first, count),
        Response::Words(_)
        | Response::Exception(_)
        | Response::DeviceIdentification(_)
        | Response::ServerId(_)
        | Response::Other => true,
    }
}

/// The values an answer to `symbol` brings.
pub(super) fn values<'a>(symbol: &Symbol, response: Response<'a>) -> Values<'a> {
    match response {
        Response::Bits(bits) => Values::Bits(bits),
        Response::Words(words) if symbol.class == VerbClass::Read => Values::Words(words),
        Response::Words(_)
        | Response::Written(_)
        | Response::Exception(_)
        | Response::DeviceIdentification(_)
        | Response::ServerId(_)
        | Response::Other => Values::None,
    }
}

/// Hands over what the objects of a device identification claim (1.1b3 §6.21, table of object identifiers).
pub(super) fn each_fact(identification: Identification<'_>, mut told: impl FnMut(Attribute, &str)) {
    for (id, bytes) in identification.iter() {
        let attribute = match id {
            0 => Attribute::Vendor,
            1 => Attribute::ProductCode,
            2 => Attribute::Firmware,
            4 | 5 => Attribute::Model,
            6 => Attribute::Application,
            _ => continue,
        };
        told(attribute, &text::latin1(bytes));
    }
}

/// The readable part of a server identification, whose layout every vendor chooses: its longest run of printable text.
pub(super) fn description(server_id: &[u8]) -> Option<&str> {
    let printable = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    let longest = server_id.split(|byte| !printable(byte)).max_by_key(|run| run.len())?;
    let text = std::str::from_utf8(longest).ok()?.trim();
    (text.len() >= SHORTEST_DESCRIPTION).then_some(text)
}

/// Shorter runs are chance.
const SHORTEST_DESCRIPTION: usize = 4;

fn reading(function: u8, range: Range) -> Symbol {
    let space = match function {
        fc::READ_COILS => COIL,
        fc::READ_DISCRETE_INPUTS => DISCRETE_INPUT,
        fc::READ_INPUT_REGISTERS => INPUT_REGISTER,
        _ => HOLDING_REGISTER,
    };
    verb(function).about(object(space, range))
}

const fn object(space: &'static str, range: Range) -> Object {
    Object::range(space, range.first as u32, range.count as u32)
}

fn records(group: FileGroup) -> Object {
    let space = Space { name: "file", number: Some(u32::from(group.file)) };
    Object::Range { space, first: u32::from(group.range.first), count: u32::from(group.range.count) }
}

/// Two sub-functions take a device off the line and one changes its framing: those govern the device (1.1b3 §6.8).
fn diagnostics(subfunction: u16) -> Symbol {
    match subfunction {
        1 => Symbol::new(VerbClass::Admin, "restart_communications_option"),
        3 => Symbol::new(VerbClass::Configure, "change_ascii_input_delimiter"),
        4 => Symbol::new(VerbClass::Admin, "force_listen_only_mode"),
        other => verb(fc::DIAGNOSTICS).about(Object::Code(u64::from(other))),
    }
}

fn identification(category: u8, object: u8) -> Symbol {
    let space = Space { name: "category", number: Some(u32::from(category)) };
    Symbol::new(VerbClass::Discover, "read_device_identification").about(Object::Range {
        space,
        first: u32::from(object),
        count: 1,
    })
}

fn encapsulated(interface: u8) -> Symbol {
    if interface == MEI_CANOPEN {
        // Reads and writes the object dictionary alike.
        return Symbol::new(VerbClass::Configure, "canopen_general_reference");
    }
    verb(fc::ENCAPSULATED_INTERFACE_TRANSPORT).about(Object::Code(u64::from(interface)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modbus::parser;

    fn symbols(function: u8, data: &[u8]) -> Vec<String> {
        let mut told = Vec::new();
        each_symbol(function, parser::request(function, data).unwrap(), |symbol, _| {
            told.push(format!("{} {symbol}", symbol.class));
        });
        told
    }

    #[test]
    fn a_request_is_told_by_verb_and_range() {
        let file = [14, 6, 0, 4, 0, 1, 0, 2, 6, 0, 3, 0, 9, 0, 1];
        for (function, data, expected) in [
            (1, &[0, 16, 0, 8][..], &["read read_coils coil[16..24]"][..]),
            (4, &[0, 0, 0, 1], &["read read_input_registers input_register[0]"]),
            (5, &[0, 3, 0xff, 0], &["write write_single_coil coil[3]"]),
            (8, &[0, 2, 0, 0], &["diagnose diagnostics #2"]),
            (8, &[0, 4, 0, 0], &["admin force_listen_only_mode"]),
            (16, &[0, 1, 0, 1, 2, 0, 9], &["write write_multiple_registers holding_register[1]"]),
            (20, &file, &["read read_file_record file4[1..3]", "read read_file_record file3[9]"]),
            (20, &[0], &["read read_file_record"]),
            (22, &[0, 9, 0, 0, 0, 0], &["write mask_write_register holding_register[9]"]),
            (
                23,
                &[0, 1, 0, 4, 0, 2, 0, 1, 2, 0, 9],
                &[
                    "write read_write_multiple_registers holding_register[2]",
                    "read read_write_multiple_registers_read holding_register[1..5]",
                ],
            ),
            (43, &[14, 1, 0], &["discover read_device_identification category1[0]"]),
            (43, &[13, 1, 0], &["configure canopen_general_reference"]),
            (43, &[99], &["admin encapsulated_interface_transport #99"]),
            (90, &[0, 0x20, 1, 2], &["program umas #32"]),
            (65, &[1, 2, 3], &["admin unknown_function #65"]),
        ] {
            assert_eq!(symbols(function, data), expected, "function {function}");
        }
    }

    #[test]
    fn a_server_id_is_described_by_its_longest_text() {
        assert_eq!(description(b"\x01ab\0PM800 v2\xff"), Some("PM800 v2"));
        assert_eq!(description(b"\x01abc\xff"), None);
        assert_eq!(description(b""), None);
    }
}
