//! IEC 60870-5-104: telecontrol over TCP (units as in IEC 60870-5-101 §7).
//!
//! Reads control fields, unit identifiers, the addresses of all information objects, select and execute, confirmation and
//! refusal, and the value of single objects. Does not read: time tags, quality, originators, the content of files, the
//! security types of IEC 60870-5-7; sequence numbers are not followed, for segments may be lost to the capture alone.
//!
//! Objects of consecutive addresses are told as one message, others as one each. What a station tells is published,
//! asked or not; an answer to a read command is paired with it.
//!
//! INVARIANT: after a gap nothing is believed until a whole segment reads as APDUs from its first byte.

mod observe;
mod parser;
mod types;

use crate::context::Context;
use crate::pairing::{OpenRequest, OpenRequests};
use crate::parser::{Probe, Progress, StreamParser};
use crate::reader::{ParseError, Reader};
use crate::units::{Footing, Resume, each_unit};
use nullius_model::{Direction, Outcome, Protocol, Unit as Station, Values};
use parser::{Apdu, Control, Function, Run, Unit, cause};
use types::Type;

/// Whether the first bytes of a flow look like APDUs.
pub(crate) fn probe(_direction: Direction, bytes: &[u8]) -> Probe {
    match parser::apdu(&mut Reader::new(bytes)) {
        Ok(Apdu::Broken(_)) | Err(ParseError::Invalid(_)) => Probe::Mismatch,
        Ok(Apdu::Information(unit)) => Probe::decided(parser::unit(unit).is_ok()),
        Ok(Apdu::Supervision | Apdu::Unnumbered(_)) => Probe::Match,
        Err(ParseError::Short) => Probe::Unsure,
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
enum Key {
    Control { asker: Direction, function: Function },
    Command { asker: Direction, id: u8, station: u16, first: u32, selects: bool, deactivates: bool },
}

/// The read command, answered by whatever type the object has.
const READ_COMMAND: u8 = 102;

impl StreamParser for Session {
    fn handle_bytes(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Progress {
        let direction = context.direction;
        if let Some(held_back) = self.footing.hold_back(direction, || resume(bytes)) {
            return held_back;
        }
        each_unit(Protocol::Iec104, bytes, parser::apdu, context, |apdu, context| {
            self.handle_apdu(apdu, context);
        })
    }

    fn handle_gap(&mut self, direction: Direction) {
        if self.footing.handle_gap(direction) {
            self.open.clear();
        }
    }
}

impl Session {
    fn handle_apdu(&mut self, apdu: Apdu<'_>, context: &mut Context<'_>) {
        match apdu {
            Apdu::Supervision => {}
            Apdu::Unnumbered(control) => self.handle_control(control, context),
            Apdu::Broken(why) => context.malformed(Protocol::Iec104, ParseError::Invalid(why)),
            Apdu::Information(bytes) => match parser::unit(bytes) {
                Ok(unit) => self.handle_unit(unit, context),
                Err(error) => context.malformed(Protocol::Iec104, error),
            },
        }
    }

    fn handle_control(&mut self, Control { function, confirms }: Control, context: &mut Context<'_>) {
        let symbol = observe::control(function);
        let key = |asker| Key::Control { asker, function };
        if confirms {
            let open = self.open.answer(&key(context.direction.reversed()));
            context.answer(Protocol::Iec104, Station::NONE, open, symbol, Outcome::Done);
        } else {
            self.open.push(key(context.direction), symbol.clone(), context.seen.at);
            context.request(Protocol::Iec104, Station::NONE, symbol, Values::None);
        }
    }

    /// A unit that cannot be read is still told by its type: a station may obey what we cannot read.
    fn handle_unit(&mut self, unit: Unit<'_>, context: &mut Context<'_>) {
        let station = Station::number(u32::from(unit.station));
        let kind = match unit.checked() {
            Ok(Some(kind)) => kind,
            Ok(None) => {
                let symbol = observe::unnamed(unit.id);
                return context.request(Protocol::Iec104, station, symbol, Values::None);
            }
            Err(error) => {
                context.malformed(Protocol::Iec104, error);
                let symbol = types::named(unit.id)
                    .map_or_else(|| observe::unnamed(unit.id), |kind| observe::unreadable(&unit, kind));
                return context.request(Protocol::Iec104, station, symbol, Values::None);
            }
        };
        for run in unit.runs(kind) {
            self.handle_run(&unit, kind, run, context);
        }
    }

    fn handle_run(&mut self, unit: &Unit<'_>, kind: Type, run: Run<'_>, context: &mut Context<'_>) {
        let station = Station::number(u32::from(unit.station));
        let (symbol, values) = (observe::run(unit, kind, run), observe::values(kind, run));
        let key = |asker, id| Key::Command {
            asker,
            id,
            station: unit.station,
            first: run.first,
            selects: observe::selects(kind, run.element),
            deactivates: matches!(unit.cause, cause::DEACTIVATION | cause::DEACTIVATION_CONFIRMATION),
        };
        let (sender, receiver) = (context.direction, context.direction.reversed());
        match place(unit) {
            Place::Asks => {
                self.open.push(key(sender, unit.id), symbol.clone(), context.seen.at);
                context.request(Protocol::Iec104, station, symbol, values);
            }
            Place::Answers(outcome) => {
                let open = self.open.answer(&key(receiver, unit.id));
                context.answer(Protocol::Iec104, station, open, symbol, outcome);
            }
            Place::TellsIfAsked => match self.open.answer(&key(receiver, READ_COMMAND)) {
                Some(OpenRequest { symbol, asked, .. }) => {
                    context.response(Protocol::Iec104, station, symbol, Outcome::Done, asked, values);
                }
                None => context.request(Protocol::Iec104, station, symbol, values),
            },
            Place::Tells => context.request(Protocol::Iec104, station, symbol, values),
        }
    }
}

/// A unit's place in an exchange, by its cause.
enum Place {
    Asks,
    Answers(Outcome),
    /// An answer to a read command, where one was seen.
    TellsIfAsked,
    Tells,
}

fn place(unit: &Unit<'_>) -> Place {
    match unit.cause {
        cause::ACTIVATION | cause::DEACTIVATION => Place::Asks,
        cause::REQUEST if unit.id == READ_COMMAND => Place::Asks,
        cause::REQUEST => Place::TellsIfAsked,
        cause::ACTIVATION_CONFIRMATION | cause::DEACTIVATION_CONFIRMATION if unit.negative => {
            Place::Answers(Outcome::Refused(u32::from(unit.cause)))
        }
        cause::ACTIVATION_CONFIRMATION | cause::DEACTIVATION_CONFIRMATION => Place::Answers(Outcome::Done),
        cause::UNKNOWN_TYPE..=cause::UNKNOWN_OBJECT => {
            Place::Answers(Outcome::Refused(u32::from(unit.cause)))
        }
        _ => Place::Tells,
    }
}

/// Every APDU in sight must be sound, and the first whole.
fn resume(bytes: &[u8]) -> Resume {
    let mut reader = Reader::new(bytes);
    let mut apdus = 0_usize;
    loop {
        match parser::apdu(&mut reader) {
            Ok(apdu) if is_sound(apdu) => apdus += 1,
            Err(ParseError::Short) if apdus == 0 => return Resume::Wait,
            Err(ParseError::Short) => return Resume::Believe,
            Ok(_) | Err(ParseError::Invalid(_)) => return Resume::Disbelieve,
        }
    }
}

fn is_sound(apdu: Apdu<'_>) -> bool {
    match apdu {
        Apdu::Supervision | Apdu::Unnumbered(_) => true,
        Apdu::Information(bytes) => {
            parser::unit(bytes).and_then(|unit| unit.checked()).is_ok_and(|kind| kind.is_some())
        }
        Apdu::Broken(_) => false,
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
