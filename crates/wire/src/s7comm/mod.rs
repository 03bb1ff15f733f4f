//! S7 communication and S7comm-plus over ISO transport on TCP (RFC 1006, ISO 8073).
//!
//! Siemens publishes no specification of either; see `parser` and `plus` for what the layout rests on. Reads transport
//! connections, jobs and their answers item by item, user data by function, the identification lists, and of
//! S7comm-plus the function. Does not read: blocks in transfer, symbolic and drive addresses, cyclic values, alarms,
//! the inside of S7comm-plus, MMS (it shares the port; its units are told as unknown).
//!
//! A job of many items is told as one message an item, each answered by its own return code, so that policy sees
//! every range.
//!
//! INVARIANT: after a gap nothing is believed until a segment begins with a packet whose unit is whole and sound.

mod contents;
mod observe;
mod parser;
mod plus;
mod resume;
mod szl;
mod transport;

use crate::context::Context;
use crate::pairing::{OpenRequest, OpenRequests};
use crate::parser::{Progress, StreamParser};
use crate::reader::{ParseError, Reader};
use crate::units::{Footing, each_unit};
use contents::{Contents, Outcomes, refused_unless};
use nullius_model::{Direction, LoginScheme, Outcome, Protocol, Symbol, Unit, Values};
use parser::{Job, Kind, Pdu, UserData, Way};

pub(crate) use resume::probe;

/// Longest transport payload put together from fragments. Negotiated sizes end at 960 bytes for S7; without an end a
/// peer could fill memory with fragments.
const MAX_PAYLOAD: usize = 65_536;

/// One flow.
#[derive(Debug, Default)]
pub(crate) struct Session {
    open: OpenRequests<Key>,
    sides: Sides<Side>,
    lists: szl::Fragments,
    footing: Footing,
}

/// What is kept of one direction.
#[derive(Debug, Default)]
struct Side {
    /// Transport payload whose last fragment has not come.
    payload: Vec<u8>,
    /// The S7comm-plus unit before goes on in the next.
    continues: bool,
}

/// What an answer has in common with its request. Both ends ask: a controller fetches the blocks it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    asker: Direction,
    layer: Layer,
    reference: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Transport,
    Job,
    UserData,
    Plus,
}

impl StreamParser for Session {
    fn handle_bytes(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Progress {
        let direction = context.direction;
        if let Some(held_back) = self.footing.hold_back(direction, || resume::resume(bytes)) {
            return held_back;
        }
        each_unit(Protocol::S7comm, bytes, transport::packet, context, |packet, context| {
            self.handle_packet(packet, context);
        })
    }

    fn held_bytes(&self) -> usize {
        self.sides.sum(|side| side.payload.capacity())
    }

    fn handle_gap(&mut self, direction: Direction) {
        *self.sides.of(direction) = Side::default();
        if self.footing.handle_gap(direction) {
            self.open.clear();
        }
        self.lists.clear();
    }
}

impl Session {
    fn handle_packet(&mut self, packet: &[u8], context: &mut Context<'_>) {
        match transport::unit(packet) {
            Ok(transport::Unit::ConnectRequest { called }) => {
                self.ask(Layer::Transport, 0, observe::connect(called), Values::None, context);
            }
            Ok(transport::Unit::ConnectConfirm) => {
                let open = self.open.answer(&answered(context.direction, Layer::Transport, 0));
                context.answer(Protocol::S7comm, Unit::NONE, open, observe::connect(&[]), Outcome::Done);
            }
            Ok(transport::Unit::DisconnectRequest { reason }) => self.handle_disconnect(reason, context),
            Ok(transport::Unit::Data { payload, last }) => self.handle_data(payload, last, context),
            Ok(transport::Unit::Other) => {}
            Err(error) => context.malformed(Protocol::S7comm, error),
        }
    }

    /// A disconnect request refuses a connection that was asked for, and ends one that stands.
    fn handle_disconnect(&mut self, reason: u8, context: &mut Context<'_>) {
        let key = answered(context.direction, Layer::Transport, 0);
        match self.open.answer(&key) {
            Some(OpenRequest { symbol, asked, .. }) => {
                let refused = Outcome::Refused(u32::from(reason));
                context.response(Protocol::S7comm, Unit::NONE, symbol, refused, asked, Values::None);
            }
            None => context.request(Protocol::S7comm, Unit::NONE, observe::disconnect(), Values::None),
        }
    }

    fn handle_data(&mut self, payload: &[u8], last: bool, context: &mut Context<'_>) {
        let kept = &mut self.sides.of(context.direction).payload;
        if last && kept.is_empty() {
            self.handle_payload(payload, context);
        } else if kept.len() + payload.len() > MAX_PAYLOAD {
            kept.clear();
            context.malformed(Protocol::S7comm, ParseError::Invalid("transport payload has no end"));
        } else {
            kept.extend_from_slice(payload);
            if last {
                let whole = std::mem::take(kept);
                self.handle_payload(&whole, context);
            }
        }
    }

    fn handle_payload(&mut self, payload: &[u8], context: &mut Context<'_>) {
        let handled = match payload.first() {
            None => Ok(()),
            Some(&parser::PROTOCOL) => parser::pdu(payload).and_then(|pdu| self.handle_pdu(pdu, context)),
            Some(&plus::PROTOCOL) => {
                let continues = &mut self.sides.of(context.direction).continues;
                plus::unit(payload, continues).map(|unit| self.handle_plus(unit, context))
            }
            Some(&first) => {
                let symbol = observe::unknown_pdu(first);
                context.request(Protocol::S7comm, Unit::NONE, symbol, Values::None);
                Ok(())
            }
        };
        if let Err(error) = handled {
            context.malformed(Protocol::S7comm, error);
        }
    }

    fn handle_pdu(&mut self, pdu: Pdu<'_>, context: &mut Context<'_>) -> Result<(), ParseError> {
        match pdu.kind {
            Kind::Job => {
                let none = ParseError::Invalid("job without a function");
                let function = *pdu.parameters.first().ok_or(none)?;
                self.handle_job(function, pdu, context);
            }
            Kind::Answer(error) => self.handle_answer(error, pdu, context),
            Kind::UserData => {
                let head = parser::user_data(pdu.parameters)?;
                self.handle_user_data(head, pdu, context);
            }
        }
        Ok(())
    }

    /// A job that cannot be read is still told by its verb: a controller may obey what we cannot read.
    fn handle_job(&mut self, function: u8, pdu: Pdu<'_>, context: &mut Context<'_>) {
        let job = parser::job(function, pdu.parameters).unwrap_or_else(|error| {
            context.malformed(Protocol::S7comm, error);
            Job::Bare
        });
        let Job::Variables(items) = job else {
            self.ask(Layer::Job, pdu.reference, observe::job(function, job), Values::None, context);
            return;
        };
        let mut contents = Contents::of(function, pdu.data);
        let mut symbols = items.iter().map(|item| observe::item(function, item));
        let first = symbols.next().unwrap_or_else(|| observe::verb(function));
        self.ask(Layer::Job, pdu.reference, first, contents.next(), context);
        let others: Vec<Symbol> = symbols.collect();
        for symbol in &others {
            context.request(Protocol::S7comm, Unit::NONE, symbol.clone(), contents.next());
        }
        if contents.lacking() {
            context.malformed(Protocol::S7comm, ParseError::Invalid("fewer values than items written"));
        }
        self.open.add_parts(others);
    }

    fn handle_answer(&mut self, error: u16, pdu: Pdu<'_>, context: &mut Context<'_>) {
        let function = pdu.parameters.first().copied();
        let mut outcomes = Outcomes::of(error, function, pdu.data);
        let key = answered(context.direction, Layer::Job, pdu.reference);
        let Some(OpenRequest { symbol, parts, asked }) = self.answer(key, function) else {
            let (outcome, _) = outcomes.next().unwrap_or((Outcome::Done, Values::None));
            context.orphan(Protocol::S7comm, Unit::NONE, observe::verb(function.unwrap_or(0)), outcome);
            return;
        };
        let mut missing = false;
        for symbol in std::iter::once(symbol).chain(parts) {
            let next = outcomes.next();
            missing |= next.is_none();
            let (outcome, values) = next.unwrap_or((Outcome::Refused(0), Values::None));
            context.response(Protocol::S7comm, Unit::NONE, symbol, outcome, asked, values);
        }
        if missing {
            context.malformed(Protocol::S7comm, ParseError::Invalid("fewer answers than items asked"));
        }
    }

    fn handle_user_data(&mut self, head: UserData, pdu: Pdu<'_>, context: &mut Context<'_>) {
        let bytes = parser::content(&mut Reader::new(pdu.data)).map_or(&[][..], |content| content.bytes);
        match head.way {
            Way::Push => {
                let symbol = observe::user_data(head, bytes);
                context.request(Protocol::S7comm, Unit::NONE, symbol, Values::None);
            }
            Way::Request => {
                if (head.group, head.subfunction) == (observe::group::SECURITY, observe::ENTER_PASSWORD) {
                    context.cleartext_login(LoginScheme::S7comm);
                }
                let symbol = observe::user_data(head, bytes);
                self.ask(Layer::UserData, pdu.reference, symbol, Values::None, context);
            }
            Way::Response => {
                self.tell_identity(head, bytes, context);
                let outcome = refused_unless(head.error == 0, head.error);
                let key = answered(context.direction, Layer::UserData, pdu.reference);
                let orphan = observe::user_data(head, bytes);
                context.answer(Protocol::S7comm, Unit::NONE, self.open.answer(&key), orphan, outcome);
            }
        }
    }

    fn tell_identity(&mut self, head: UserData, bytes: &[u8], context: &mut Context<'_>) {
        let is_list = (head.group, head.subfunction) == (observe::group::CPU, observe::READ_SZL);
        if !is_list || head.error != 0 {
            return;
        }
        if let Some(list) = self.lists.add(head.sequence, head.more, bytes) {
            szl::each_fact(&list, |attribute, text| context.fact(Protocol::S7comm, attribute, text));
        }
    }

    fn handle_plus(&mut self, unit: plus::Unit, context: &mut Context<'_>) {
        match unit {
            plus::Unit::Request { sequence, function, of_session } => {
                let symbol = plus::symbol(function, of_session);
                self.ask(Layer::Plus, sequence, symbol, Values::None, context);
            }
            plus::Unit::Response { sequence, function } => {
                let key = answered(context.direction, Layer::Plus, sequence);
                let orphan = plus::symbol(function, false);
                context.answer(Protocol::S7comm, Unit::NONE, self.open.answer(&key), orphan, Outcome::Done);
            }
            plus::Unit::Notification { subscription } => {
                let symbol = plus::notification(subscription);
                context.request(Protocol::S7comm, Unit::NONE, symbol, Values::None);
            }
            plus::Unit::Nothing => {}
        }
    }

    fn ask(
        &mut self,
        layer: Layer,
        reference: u16,
        symbol: Symbol,
        values: Values<'_>,
        context: &mut Context<'_>,
    ) {
        let key = Key { asker: context.direction, layer, reference };
        self.open.push(key, symbol.clone(), context.seen.at);
        context.request(Protocol::S7comm, Unit::NONE, symbol, values);
    }

    /// The job that is answered. Those before it that cannot be meant will not be answered any more.
    fn answer(&mut self, key: Key, function: Option<u8>) -> Option<OpenRequest> {
        loop {
            let open = self.open.answer(&key)?;
            if observe::fits(&open.symbol, function) {
                return Some(open);
            }
        }
    }
}

/// The key of the request that a unit in `direction` answers.
const fn answered(direction: Direction, layer: Layer, reference: u16) -> Key {
    Key { asker: direction.reversed(), layer, reference }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
use crate::sides::Sides;
