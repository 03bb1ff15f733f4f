//! DNP3 over TCP and UDP (IEEE 1815-2012): link frames (§9), transport segments (§8), application fragments (§4).
//!
//! Read: every link function; requests with their objects and outcomes; unsolicited reports by object type; device
//! attributes. Not read: values in answers, secure authentication beyond its function codes, file contents.
//!
//! The unit is the outstation's link address. Which end is the client follows the flow, not the DIR bit: a dual-mode
//! outstation opens connections too.
//!
//! INVARIANT: nothing is believed that did not match its CRC; after a gap frames are looked for until one does.

mod fragment;
mod function;
mod link;
mod object;
mod observe;
mod size;
mod symbol;
mod transport;

use crate::context::Context;
use crate::pairing::OpenRequests;
use crate::parser::{DatagramParser, Probe, Progress, StreamParser};
use crate::reader::ParseError;
use link::{Fault, Frame};
use nullius_model::{Direction, Object, Outcome, Protocol, Symbol, Unit, Values, VerbClass};
use observe::Observer;
use transport::Assembler;

/// Whether the first bytes of a flow look like this protocol.
pub(crate) fn probe(_direction: Direction, bytes: &[u8]) -> Probe {
    match link::read_frame(bytes) {
        Ok(_) | Err(Fault::Block(_)) => Probe::Match,
        Err(Fault::Short) => Probe::Unsure,
        Err(Fault::Header(_)) => Probe::Mismatch,
    }
}

/// One flow.
#[derive(Debug, Default)]
pub(crate) struct Session {
    stations: Stations,
    syncs: Sides<Sync>,
}

/// Whether a direction is known to be at a frame boundary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sync {
    /// A frame is looked for; what lies before it is passed over in silence.
    #[default]
    Searching,
    /// The last bytes were a frame.
    InFrames,
}

impl StreamParser for Session {
    fn handle_bytes(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Progress {
        let mut consumed = 0;
        loop {
            let rest = bytes.get(consumed..).unwrap_or_default();
            match link::read_frame(rest) {
                Ok(frame) => {
                    self.stations.handle_frame(&frame, context);
                    *self.syncs.of(context.direction) = Sync::InFrames;
                    consumed += frame.length;
                }
                Err(Fault::Short) => return Progress::Consumed(consumed),
                Err(Fault::Block(length)) => {
                    context.malformed(Protocol::Dnp3, BAD_BLOCK);
                    consumed += length;
                }
                Err(Fault::Header(why)) => {
                    if std::mem::take(self.syncs.of(context.direction)) == Sync::InFrames {
                        context.malformed(Protocol::Dnp3, ParseError::Invalid(why));
                    }
                    let Some(skip) = link::next_start(rest) else { return Progress::Lost };
                    consumed += skip;
                }
            }
        }
    }

    fn held_bytes(&self) -> usize {
        self.stations.assembler.held_bytes()
    }

    fn handle_gap(&mut self, direction: Direction) {
        *self.syncs.of(direction) = Sync::Searching;
        self.stations.clear();
    }
}

impl Session {}

/// The datagrams of one flow.
#[derive(Debug, Default)]
pub(crate) struct DatagramSession {
    stations: Stations,
}

impl DatagramParser for DatagramSession {
    fn held_bytes(&self) -> usize {
        self.stations.assembler.held_bytes()
    }

    /// A datagram holds whole frames (IEEE 1815-2012 §13), but a fragment may span datagrams.
    fn handle_datagram(&mut self, mut bytes: &[u8], context: &mut Context<'_>) {
        while !bytes.is_empty() {
            let length = match link::read_frame(bytes) {
                Ok(frame) => {
                    self.stations.handle_frame(&frame, context);
                    frame.length
                }
                Err(Fault::Block(length)) => {
                    context.malformed(Protocol::Dnp3, BAD_BLOCK);
                    length
                }
                Err(Fault::Short) => return context.malformed(Protocol::Dnp3, ParseError::Short),
                Err(Fault::Header(why)) => {
                    return context.malformed(Protocol::Dnp3, ParseError::Invalid(why));
                }
            };
            bytes = bytes.get(length..).unwrap_or_default();
        }
    }
}

const BAD_BLOCK: ParseError = ParseError::Invalid("DNP3 block CRC does not match");

/// What is remembered of the stations that share a flow.
#[derive(Debug, Default)]
struct Stations {
    assembler: Assembler,
    observer: Observer,
    /// Link transactions by who asked whom.
    links: OpenRequests<transport::Stations>,
}

impl Stations {
    fn handle_frame(&mut self, frame: &Frame, context: &mut Context<'_>) {
        match (frame.control.is_primary(), frame.control.function()) {
            (true, 3 | 4) => self.handle_segment(frame, context),
            (true, function) => self.handle_link_request(function, frame, context),
            (false, function) => self.handle_link_answer(function, frame, context),
        }
    }

    fn handle_segment(&mut self, frame: &Frame, context: &mut Context<'_>) {
        let (source, destination) = (frame.source, frame.destination);
        let fragment = self.assembler.push((source, destination), frame.data());
        let read = fragment.and_then(|bytes| {
            bytes.map_or(Ok(()), |bytes| {
                let fragment = fragment::read_fragment(&bytes)?;
                self.observer.observe(source, destination, fragment, context);
                Ok(())
            })
        });
        if let Err(error) = read {
            context.malformed(Protocol::Dnp3, error);
        }
    }

    fn handle_link_request(&mut self, function: u8, frame: &Frame, context: &mut Context<'_>) {
        let symbol = match function {
            0 => Symbol::new(VerbClass::Connect, "reset_link_states"),
            1 => Symbol::new(VerbClass::Admin, "reset_user_process"),
            2 => Symbol::new(VerbClass::Diagnose, "test_link_states"),
            9 => REQUEST_LINK_STATUS,
            code => {
                Symbol::new(VerbClass::Admin, "unknown_link_function").about(Object::Code(u64::from(code)))
            }
        };
        self.links.push((frame.source, frame.destination), symbol.clone(), context.seen.at);
        context.request(Protocol::Dnp3, outstation(frame), symbol, Values::None);
    }

    /// An acknowledgement without an open link request is of user data, and says nothing that the data did not.
    fn handle_link_answer(&mut self, function: u8, frame: &Frame, context: &mut Context<'_>) {
        let outcome = match function {
            ACK | LINK_STATUS => Outcome::Done,
            code => Outcome::Refused(u32::from(code)),
        };
        match self.links.answer(&(frame.destination, frame.source)) {
            Some(open) => context.response(
                Protocol::Dnp3,
                outstation(frame),
                open.symbol,
                outcome,
                open.asked,
                Values::None,
            ),
            None if function == LINK_STATUS => {
                context.orphan(Protocol::Dnp3, outstation(frame), REQUEST_LINK_STATUS, outcome);
            }
            None => {}
        }
    }

    fn clear(&mut self) {
        self.assembler.clear();
        self.observer.clear();
        self.links.clear();
    }
}

const REQUEST_LINK_STATUS: Symbol = Symbol::new(VerbClass::Connect, "request_link_status");
const ACK: u8 = 0;
const LINK_STATUS: u8 = 11;

/// On the link either station may ask; which one is the outstation, the DIR bit says.
fn outstation(frame: &Frame) -> Unit {
    let address = if frame.control.is_from_master() { frame.destination } else { frame.source };
    Unit::number(u32::from(address))
}

#[cfg(test)]
mod tests;
use crate::sides::Sides;
