//! Modbus/TCP (Modbus Messaging on TCP/IP 1.0b, Modbus Application Protocol 1.1b3).
//!
//! Reads the MBAP header, the data of every public function that carries a range or an identity, exceptions, and the
//! function code of Schneider's UMAS (90). Does not read: the payload of file transfers, of FIFO queues, of CANopen
//! (43/13) and of UMAS; Modbus over serial lines, Modbus/TCP Security (that is TLS) and Modbus over UDP.
//!
//! A master may put many units into one segment, and TCP may split a unit anywhere. Answers are paired by transaction
//! identifier, unit and function, and must fit the range that was asked.
//!
//! INVARIANT: after a gap nothing is believed until a whole segment reads as Modbus from its first byte.

mod observe;
mod parser;

use crate::context::Context;
use crate::pairing::{OpenRequest, OpenRequests};
use crate::parser::{Probe, Progress, StreamParser};
use crate::reader::{ParseError, Reader};
use crate::units::{Footing, Resume, each_unit};
use nullius_model::{Attribute, Direction, Outcome, Protocol, Unit};
use parser::{Adu, Response, function};

/// Whether the first bytes of a flow look like Modbus: the header's two zero bytes, a possible length, a function.
pub(crate) fn probe(_direction: Direction, bytes: &[u8]) -> Probe {
    let mut reader = Reader::new(bytes);
    match (parser::adu(&mut reader), bytes.get(7)) {
        (Err(ParseError::Invalid(_)), _) => Probe::Mismatch,
        (Ok(_) | Err(ParseError::Short), Some(function)) => Probe::decided(*function != 0),
        (Ok(_) | Err(ParseError::Short), None) => Probe::Unsure,
    }
}

/// One flow.
#[derive(Debug, Default)]
pub(crate) struct Session {
    open: OpenRequests<Key>,
    footing: Footing,
}

/// What an answer has in common with its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    transaction: u16,
    unit: u8,
    function: u8,
}

impl StreamParser for Session {
    fn handle_bytes(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Progress {
        let direction = context.direction;
        if let Some(held_back) = self.footing.hold_back(direction, || resume(direction, bytes)) {
            return held_back;
        }
        each_unit(Protocol::Modbus, bytes, parser::adu, context, |adu, context| {
            self.handle_adu(adu, context);
        })
    }

    fn handle_gap(&mut self, direction: Direction) {
        if self.footing.handle_gap(direction) {
            self.open.clear();
        }
    }
}

impl Session {
    fn handle_adu(&mut self, adu: Adu<'_>, context: &mut Context<'_>) {
        match context.direction {
            Direction::FromClient => self.handle_request(adu, context),
            Direction::FromServer => self.handle_response(adu, context),
        }
    }

    /// A request that cannot be read is still told by its verb: a device may obey what we cannot read.
    fn handle_request(&mut self, adu: Adu<'_>, context: &mut Context<'_>) {
        let Adu { transaction, unit, function, data } = adu;
        let request = parser::request(function, data).unwrap_or_else(|error| {
            context.malformed(Protocol::Modbus, error);
            parser::Request::Bare
        });
        if let Some(why) = request.flaw(function) {
            context.malformed(Protocol::Modbus, ParseError::Invalid(why));
        }
        let key = Key { transaction, unit, function };
        let (mut first, mut parts) = (true, Vec::new());
        observe::each_symbol(function, request, |symbol, values| {
            if std::mem::take(&mut first) {
                self.open.push(key, symbol.clone(), context.seen.at);
            } else {
                parts.push(symbol.clone());
            }
            context.request(Protocol::Modbus, Unit::number(u32::from(unit)), symbol, values);
        });
        self.open.add_parts(parts);
    }

    fn handle_response(&mut self, adu: Adu<'_>, context: &mut Context<'_>) {
        let response = parser::response(adu.function, adu.data).unwrap_or_else(|error| {
            context.malformed(Protocol::Modbus, error);
            Response::Other
        });
        tell_identity(response, context);
        let outcome = if let Response::Exception(code) = response {
            Outcome::Refused(u32::from(code))
        } else {
            Outcome::Done
        };
        let function = adu.function & !function::EXCEPTION;
        let unit = Unit::number(u32::from(adu.unit));
        let key = Key { transaction: adu.transaction, unit: adu.unit, function };
        let Some(OpenRequest { symbol, parts, asked }) = self.answer(key, response) else {
            context.orphan(Protocol::Modbus, unit, observe::orphan(function, response), outcome);
            return;
        };
        for symbol in std::iter::once(symbol).chain(parts) {
            let values = observe::values(&symbol, response);
            context.response(Protocol::Modbus, unit, symbol, outcome, asked, values);
        }
    }

    /// The request that `response` answers. Those before it that it cannot answer will not be answered any more.
    fn answer(&mut self, key: Key, response: Response<'_>) -> Option<OpenRequest> {
        loop {
            let open = self.open.answer(&key)?;
            if observe::fits(&open.symbol, response) {
                return Some(open);
            }
        }
    }
}

fn tell_identity(response: Response<'_>, context: &mut Context<'_>) {
    match response {
        Response::DeviceIdentification(identification) => {
            observe::each_fact(identification, |attribute, text| {
                context.fact(Protocol::Modbus, attribute, text);
            });
        }
        Response::ServerId(bytes) => {
            if let Some(text) = observe::description(bytes) {
                context.fact(Protocol::Modbus, Attribute::Description, text);
            }
        }
        Response::Exception(_)
        | Response::Bits(_)
        | Response::Words(_)
        | Response::Written(_)
        | Response::Other => {}
    }
}

/// Every unit in sight must be one that `direction` may send; one that does not read to the end, or has a function we
/// do not know, is believed only where the units end exactly with the segment.
fn resume(direction: Direction, bytes: &[u8]) -> Resume {
    let mut reader = Reader::new(bytes);
    let (mut units, mut all_sound) = (0_usize, true);
    loop {
        match parser::adu(&mut reader) {
            Ok(adu) if may_send(direction, adu.function) => {
                units += 1;
                all_sound = all_sound && is_known(adu.function) && is_sound(direction, adu);
            }
            Err(ParseError::Short) if units == 0 => return Resume::Wait,
            Err(ParseError::Short) if all_sound || reader.is_empty() => return Resume::Believe,
            Ok(_) | Err(ParseError::Short | ParseError::Invalid(_)) => return Resume::Disbelieve,
        }
    }
}

const fn may_send(direction: Direction, function: u8) -> bool {
    match direction {
        Direction::FromClient => function != 0 && function & function::EXCEPTION == 0,
        Direction::FromServer => function != 0,
    }
}

fn is_sound(direction: Direction, adu: Adu<'_>) -> bool {
    match direction {
        Direction::FromClient => {
            parser::request(adu.function, adu.data).is_ok_and(|request| request.flaw(adu.function).is_none())
        }
        Direction::FromServer => {
            let Ok(response) = parser::response(adu.function, adu.data) else { return false };
            let code = if let Response::Exception(code) = response { code } else { 1 };
            (1..=HIGHEST_EXCEPTION).contains(&code)
        }
    }
}

/// Gateway target device failed to respond (1.1b3 §7).
const HIGHEST_EXCEPTION: u8 = 0x0b;

fn is_known(function: u8) -> bool {
    observe::verb(function & !function::EXCEPTION).verb != "unknown_function"
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
