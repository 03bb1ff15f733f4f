//! What a verb is about, as a person types it: a register, a topic, a path.
//!
//! Modbus items are numbered twice in this world. Five or six digits that begin with 0, 1, 3 or 4 are a register number of
//! the data model: the first digit names the table, the others count from 1, so that `40010` is holding register 9 on
//! the wire (Modbus Application Protocol V1.1b3 §4.4). Anything shorter is the address on the wire, counted from 0.

use crate::record::inert;
use nullius_model::{Protocol, SmolStr};
use nullius_policy::{MessageFields, Verb};

/// Highest address on the wire.
const LAST: u32 = 0xffff;

/// What a message would say, as far as it was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operand {
    pub(super) message: MessageFields,
    /// Of Modbus, where a register number names it.
    table: Option<Table>,
}

/// A table of the Modbus data model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Table {
    Coils,
    DiscreteInputs,
    InputRegisters,
    HoldingRegisters,
}

impl Operand {
    /// What `text` means to a service of `protocol`.
    #[expect(clippy::wildcard_enum_match_arm, reason = "policy reads messages of no other protocol")]
    pub(super) fn parse(protocol: Protocol, text: &str) -> Result<Self, String> {
        let said = |message| Ok(Self { message, table: None });
        let (text, nothing) = (SmolStr::new(text), MessageFields::default());
        match protocol {
            Protocol::Modbus => Self::item(&text),
            Protocol::Mqtt => said(MessageFields { topic: Some(text), ..nothing }),
            Protocol::Coap | Protocol::Http => said(MessageFields { path: Some(text), ..nothing }),
            _ => Err(format!("`{}`: messages of {protocol} are not read, so ask without it", inert(&text))),
        }
    }

    /// `9`, `40010`, or one of them and a value: `40010=55`.
    fn item(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{}` is no item of Modbus: expected an address on the wire (0 to 65535, at most four digits or with `0x`), a \
                 register number (40010, 400010), or either with a value (40010=55)",
                inert(text)
            )
        };
        let (item, value) = match text.split_once('=') {
            Some((item, value)) => (item, Some(value.parse::<i64>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let (table, address) = place(item).ok_or_else(wrong)?;
        let message = MessageFields {
            address: Some(address),
            quantity: Some(1),
            value_min: value,
            value_max: value,
            ..MessageFields::default()
        };
        Ok(Self { message, table })
    }

    /// Whether a message of this verb can be about it.
    pub(super) fn suits(&self, verb: &Verb) -> bool {
        if self.message.address.is_none() {
            return true;
        }
        match (table(verb.name), self.table) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(of_verb), Some(meant)) => of_verb == meant,
        }
    }
}

fn place(item: &str) -> Option<(Option<Table>, u32)> {
    let on_the_wire = |address: u32| (address <= LAST).then_some((None, address));
    if let Some(digits) = item.strip_prefix("0x") {
        return on_the_wire(u32::from_str_radix(digits, 16).ok()?);
    }
    if !item.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match item.len() {
        1..=4 => on_the_wire(item.parse().ok()?),
        5 | 6 => {
            let (first, number) = item.split_at_checked(1)?;
            let table = match first {
                "0" => Table::Coils,
                "1" => Table::DiscreteInputs,
                "3" => Table::InputRegisters,
                "4" => Table::HoldingRegisters,
                _ => return None,
            };
            let address = number.parse::<u32>().ok()?.checked_sub(1)?;
            (address <= LAST).then_some((Some(table), address))
        }
        _ => None,
    }
}

/// The table that a verb is about.
fn table(verb: &str) -> Option<Table> {
    match verb {
        "read_coils" | "write_single_coil" | "write_multiple_coils" => Some(Table::Coils),
        "read_discrete_inputs" => Some(Table::DiscreteInputs),
        "read_input_registers" => Some(Table::InputRegisters),
        "read_holding_registers"
        | "read_write_multiple_registers_read"
        | "write_single_register"
        | "write_multiple_registers"
        | "mask_write_register"
        | "read_write_multiple_registers"
        | "read_fifo_queue" => Some(Table::HoldingRegisters),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_a_register_number_or_an_address_on_the_wire() {
        for (text, table, address, value) in [
            ("40010", Some(Table::HoldingRegisters), 9, None),
            ("400010", Some(Table::HoldingRegisters), 9, None),
            ("465536", Some(Table::HoldingRegisters), 65_535, None),
            ("00001", Some(Table::Coils), 0, None),
            ("10017", Some(Table::DiscreteInputs), 16, None),
            ("30002", Some(Table::InputRegisters), 1, None),
            ("9", None, 9, None),
            ("0x9c4a", None, 40_010, None),
            ("40010=-5", Some(Table::HoldingRegisters), 9, Some(-5)),
        ] {
            let operand = Operand::parse(Protocol::Modbus, text).unwrap();
            assert_eq!((operand.table, operand.message.address), (table, Some(address)), "{text}");
            assert_eq!((operand.message.value_min, operand.message.value_max), (value, value), "{text}");
        }
    }

    #[test]
    fn what_is_no_item_is_refused() {
        for text in [
            "",
            "40000",
            "50001",
            "4001a",
            "0x10000",
            "465537",
            "4000010",
            "40010=",
            "40010=x",
            "\u{1b}[2J",
            "٤٠٠١٠",
        ] {
            assert!(Operand::parse(Protocol::Modbus, text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_item_of_a_table_suits_the_verbs_of_that_table() {
        let suits = |text| -> Vec<&str> {
            let operand = Operand::parse(Protocol::Modbus, text).unwrap();
            let verbs = nullius_policy::verbs(Protocol::Modbus).iter();
            verbs
                .filter(|verb| verb.class.name() == "write" && operand.suits(verb))
                .map(|verb| verb.name)
                .collect()
        };
        assert_eq!(suits("00001"), ["write_single_coil", "write_multiple_coils"]);
        assert_eq!(
            suits("40010"),
            [
                "write_single_register",
                "write_multiple_registers",
                "mask_write_register",
                "read_write_multiple_registers"
            ]
        );
        assert_eq!(suits("9").len(), 6);
    }
}
