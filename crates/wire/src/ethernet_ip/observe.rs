//! What EtherNet/IP messages mean: who asks, who answers what, and who somebody is.
//!
//! The encapsulation does not say which messages are answers: a List command is asked empty, a session is registered
//! from handle 0, and CIP marks its own answers. Direction is not trusted: on one TCP connection either end may ask.

mod identity;
mod service;

use super::parser::cip::{self, Answer, Cip, Request};
use super::parser::path::Path;
use super::parser::{self, Data, Header, Identity, Packet, command};
use crate::context::Context;
use crate::pairing::OpenRequests;
use crate::reader::{Parse, ParseError, Reader};
use nullius_model::{Object, Outcome, Protocol, Symbol, Timestamp, Unit, Values, VerbClass};
use std::collections::VecDeque;

const PROTOCOL: Protocol = Protocol::EthernetIp;

/// Most connections remembered on one flow: a scanner opens one or two, an attacker could open without end.
const MAX_CONNECTIONS: usize = 16;

/// General status "partial transfer": done so far, more to ask for (Volume 1, Appendix B).
const PARTIAL_TRANSFER: u8 = 0x06;

/// What answers are recognised by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// A command of the encapsulation itself, by its sender context.
    Command(u16, [u8; 8]),
    /// An unconnected message, by its sender context.
    Unconnected([u8; 8]),
    /// A message on a connection (0 where its opening was not seen), by its sequence count.
    Connected(u32, u16),
}

/// A connection whose opening was seen: the ids in either direction.
#[derive(Clone, Copy, Debug)]
struct Connection {
    to_target: u32,
    to_originator: u32,
}

/// What is remembered of one flow.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    open: OpenRequests<Key>,
    /// The parts of Multiple Service Packets not yet answered, in order.
    connections: VecDeque<Connection>,
    /// The identity last told, so that polling does not repeat it.
    told: Option<identity::Told>,
}

impl Exchange {
    /// Reads what stands behind an encapsulation header.
    pub(super) fn handle_message(&mut self, header: &Header, payload: &[u8], context: &mut Context<'_>) {
        let read = match header.command {
            command::SEND_RR_DATA | command::SEND_UNIT_DATA if header.status == 0 => {
                self.send_data(header, payload, context)
            }
            _ => self.command(header, payload, context),
        };
        if let Err(error) = read {
            context.malformed(PROTOCOL, error);
        }
    }

    /// Forgets what was asked: bytes are missing, and an answer could be paired wrongly.
    pub(super) fn forget_requests(&mut self) {
        self.open.clear();
    }

    fn command(&mut self, header: &Header, payload: &[u8], context: &mut Context<'_>) -> Parse<()> {
        let key = match header.command {
            command::SEND_RR_DATA => Key::Unconnected(header.context),
            other => Key::Command(other, header.context),
        };
        if is_request(header) {
            let symbol = command_symbol(header.command);
            if matches!(header.command, command::NOP | command::UNREGISTER_SESSION) {
                // Never answered: they would only push out what is.
                context.request(PROTOCOL, Unit::NONE, symbol, Values::None);
            } else {
                self.ask(key, symbol, context);
            }
            return Ok(());
        }
        let outcome = if header.status == 0 { Outcome::Done } else { Outcome::Refused(header.status) };
        self.reply(key, command_symbol(header.command), outcome, context);
        if header.command == command::LIST_IDENTITY && header.status == 0 {
            let packet = parser::packet(Reader::new(payload))?;
            let item = packet.identity.ok_or(ParseError::Invalid("identity reply without an identity"))?;
            self.tell(&parser::identity_item(item)?, context);
        }
        Ok(())
    }

    fn send_data(&mut self, header: &Header, payload: &[u8], context: &mut Context<'_>) -> Parse<()> {
        let Packet { connection, data, .. } = parser::send_data(payload)?;
        match data {
            Some(Data::Unconnected(message)) => self.cip(message, Key::Unconnected(header.context), context),
            Some(Data::Connected(bytes)) => {
                let mut reader = Reader::new(bytes);
                let sequence = reader.le16()?;
                let connection = self.canonical(connection.unwrap_or_default());
                self.cip(reader.rest(), Key::Connected(connection, sequence), context)
            }
            None => Err(ParseError::Invalid("data command without a data item")),
        }
    }

    /// One id for both directions of a connection; 0 where its opening was not seen.
    fn canonical(&self, id: u32) -> u32 {
        let known = self.connections.iter().find(|known| known.to_target == id || known.to_originator == id);
        known.map_or(0, |known| known.to_target)
    }

    fn cip(&mut self, message: &[u8], key: Key, context: &mut Context<'_>) -> Parse<()> {
        match cip::message(message)? {
            Cip::Request(request) if service::is_unconnected_send(&request) => {
                let forwarded = cip::unconnected_send(request.data)?;
                let Cip::Request(inner) = cip::message(forwarded.message)? else {
                    return Err(ParseError::Invalid("an answer is forwarded as a request"));
                };
                self.cip_request(&inner, Some(&forwarded.route), key, context)
            }
            Cip::Request(request) => self.cip_request(&request, None, key, context),
            Cip::Answer(answer) => self.cip_answer(&answer, key, context),
        }
    }

    fn cip_request(
        &mut self,
        request: &Request<'_>,
        route: Option<&Path<'_>>,
        key: Key,
        context: &mut Context<'_>,
    ) -> Parse<()> {
        if request.service != cip::service::MULTIPLE_SERVICE_PACKET {
            self.ask(key, service::symbol(request, route), context);
            return Ok(());
        }
        let (parts, read) = part_symbols(request, route);
        // An envelope is as grave as the gravest thing in it.
        let class = parts.iter().map(|part| part.class).max().unwrap_or(VerbClass::Connect);
        self.ask(key, Symbol { class, ..service::symbol(request, route) }, context);
        for part in &parts {
            context.request(PROTOCOL, Unit::NONE, part.clone(), Values::None);
        }
        self.open.add_parts(parts);
        read
    }

    fn cip_answer(&mut self, answer: &Answer<'_>, key: Key, context: &mut Context<'_>) -> Parse<()> {
        let (symbol, parts, when) = match self.open.answer(&key) {
            Some(open) => (open.symbol, open.parts, Some(open.asked)),
            None => (service::symbol_of_answer(answer.service), Vec::new(), None),
        };
        let identifies = matches!(key, Key::Unconnected(_)) && service::asks_identity(&symbol);
        speak_answer(symbol, outcome(answer.status), when, context);
        match answer.service {
            cip::service::MULTIPLE_SERVICE_PACKET if !answer.data.is_empty() => {
                return answer_parts(answer.data, &parts, when, context);
            }
            cip::service::FORWARD_OPEN | cip::service::LARGE_FORWARD_OPEN if answer.status == 0 => {
                self.remember_connection(answer.data)?;
            }
            _ if identifies && answer.status == 0 => {
                self.tell(&parser::identity(Reader::new(answer.data))?, context);
            }
            _ => {}
        }
        Ok(())
    }

    fn remember_connection(&mut self, data: &[u8]) -> Parse<()> {
        let (to_target, to_originator) = cip::granted_connections(data)?;
        if self.connections.len() == MAX_CONNECTIONS {
            self.connections.pop_front();
        }
        self.connections.push_back(Connection { to_target, to_originator });
        Ok(())
    }

    fn ask(&mut self, key: Key, symbol: Symbol, context: &mut Context<'_>) {
        context.request(PROTOCOL, Unit::NONE, symbol.clone(), Values::None);
        self.open.renew(key, symbol, context.seen.at);
    }

    fn reply(&mut self, key: Key, symbol: Symbol, outcome: Outcome, context: &mut Context<'_>) {
        match self.open.answer(&key) {
            Some(open) => speak_answer(open.symbol, outcome, Some(open.asked), context),
            None => speak_answer(symbol, outcome, None, context),
        }
    }

    fn tell(&mut self, identity: &Identity<'_>, context: &mut Context<'_>) {
        let told = identity::Told::from(identity);
        if self.told.replace(told) != Some(told) {
            identity::tell(identity, context);
        }
    }
}

/// An I/O packet of class 0 or 1. Connection ids are drawn anew whenever a connection opens, so they tell nothing that
/// lasts: the kind of packet is its size, as the assemblies at either end are of fixed size.
pub(super) fn io_data(reader: Reader<'_>, context: &mut Context<'_>) -> Parse<()> {
    let Packet { connection: Some(_), data: Some(Data::Connected(data)), .. } = parser::packet(reader)?
    else {
        return Err(ParseError::Invalid("I/O packet without connection or data"));
    };
    let symbol = Symbol::new(VerbClass::Publish, "io_data").sized(data.len());
    context.request(PROTOCOL, Unit::NONE, symbol, Values::None);
    Ok(())
}

/// The symbols of the services in a packet, and what was wrong with the first that cannot be read.
fn part_symbols(request: &Request<'_>, route: Option<&Path<'_>>) -> (Vec<Symbol>, Parse<()>) {
    let mut symbols = Vec::new();
    let parts = match cip::multiple(request.data) {
        Ok(parts) => parts,
        Err(error) => return (symbols, Err(error)),
    };
    for part in parts {
        match part {
            Ok(Cip::Request(part)) => symbols.push(service::symbol(&part, route)),
            Ok(Cip::Answer(_)) => return (symbols, Err(ParseError::Invalid("an answer among requests"))),
            Err(error) => return (symbols, Err(error)),
        }
    }
    (symbols, Ok(()))
}

/// Answers to the parts, in the order in which they were asked.
fn answer_parts(
    data: &[u8],
    asked: &[Symbol],
    when: Option<Timestamp>,
    context: &mut Context<'_>,
) -> Parse<()> {
    let mut asked = asked.iter();
    for part in cip::multiple(data)? {
        let Cip::Answer(answer) = part? else {
            return Err(ParseError::Invalid("a request among answers"));
        };
        match asked.next() {
            Some(symbol) => speak_answer(symbol.clone(), outcome(answer.status), when, context),
            None => {
                let symbol = service::symbol_of_answer(answer.service);
                speak_answer(symbol, outcome(answer.status), None, context);
            }
        }
    }
    Ok(())
}

fn speak_answer(symbol: Symbol, outcome: Outcome, asked: Option<Timestamp>, context: &mut Context<'_>) {
    match asked {
        Some(asked) => context.response(PROTOCOL, Unit::NONE, symbol, outcome, asked, Values::None),
        None => context.orphan(PROTOCOL, Unit::NONE, symbol, outcome),
    }
}

const fn outcome(status: u8) -> Outcome {
    match status {
        0 | PARTIAL_TRANSFER => Outcome::Done,
        refused => Outcome::Refused(refused as u32),
    }
}

const fn is_request(header: &Header) -> bool {
    header.status == 0
        && match header.command {
            command::LIST_SERVICES | command::LIST_IDENTITY | command::LIST_INTERFACES => header.length == 0,
            command::REGISTER_SESSION => header.session == 0,
            _ => true,
        }
}

fn command_symbol(command: u16) -> Symbol {
    let (class, verb) = match command {
        command::NOP => (VerbClass::Connect, "nop"),
        command::LIST_SERVICES => (VerbClass::Discover, "list_services"),
        command::LIST_IDENTITY => (VerbClass::Discover, "list_identity"),
        command::LIST_INTERFACES => (VerbClass::Discover, "list_interfaces"),
        command::REGISTER_SESSION => (VerbClass::Connect, "register_session"),
        command::UNREGISTER_SESSION => (VerbClass::Connect, "unregister_session"),
        command::SEND_RR_DATA => (VerbClass::Connect, "send_rr_data"),
        command::SEND_UNIT_DATA => (VerbClass::Connect, "send_unit_data"),
        command::INDICATE_STATUS => (VerbClass::Diagnose, "indicate_status"),
        command::CANCEL => (VerbClass::Connect, "cancel"),
        command::START_DTLS => (VerbClass::Connect, "start_dtls"),
        _ => {
            let unknown = Symbol::new(VerbClass::Admin, "unknown_function");
            return unknown.about(Object::Code(u64::from(command)));
        }
    };
    Symbol::new(class, verb)
}
