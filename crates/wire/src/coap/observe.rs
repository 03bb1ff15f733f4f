//! What CoAP messages mean.
//!
//! GET and FETCH read, with Observe they subscribe; PUT, POST and PATCH write; DELETE configures, since it takes
//! resources away. A POST may as well operate something: the protocol does not say, and both want a person's seal. The
//! object is the path with the content format of what is written.

use super::links;
use super::parser::{Code, Kind, Message, Observe, Options, Token};
use super::recent::{Novelty, Recent};
use crate::context::Context;
use crate::pairing::OpenRequests;
use crate::reader::ParseError;
use crate::text;
use nullius_model::{Attribute, Direction, Object, Outcome, Protocol, Symbol, Unit, Values, VerbClass};
use std::collections::VecDeque;

/// Observations kept of one flow. More would let a peer fill memory; notifications of those forgotten are told without
/// their path.
const MAX_OBSERVATIONS: usize = 64;
/// application/link-format (RFC 6690).
const LINK_FORMAT: u16 = 40;
/// text/plain.
const TEXT: u16 = 0;

const COAP: Protocol = Protocol::Coap;

/// What the messages of one flow refer to each other by.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    open: OpenRequests<Key>,
    recent: Recent,
    observations: VecDeque<Observation>,
    links_told: bool,
}

#[derive(Debug, PartialEq, Eq)]
struct Key {
    asker: Direction,
    name: Name,
}

#[derive(Debug, PartialEq, Eq)]
enum Name {
    Token(Token),
    /// A ping has no token, only its message identifier.
    Ping(u16),
}

/// Someone is told of a resource until further notice.
#[derive(Debug)]
struct Observation {
    asker: Direction,
    token: Token,
    object: Object,
}

impl Conversation {
    /// Bytes kept.
    pub(super) fn held_bytes(&self) -> usize {
        self.open.held_bytes()
            + self.recent.held_bytes()
            + self.observations.capacity() * size_of::<Observation>()
    }

    /// Tells what a message means. `bytes` is the message itself.
    pub(super) fn handle(&mut self, message: &Message<'_>, bytes: &[u8], context: &mut Context<'_>) {
        if message.code != Code::Empty {
            match self.recent.note(message, bytes, context.direction, context.seen.at) {
                Novelty::New => {}
                Novelty::Repeated => return,
                Novelty::Reused => {
                    context.malformed(COAP, ParseError::Invalid("message identifier still in use"))
                }
            }
        }
        match message.code {
            Code::Empty => self.empty(message, context),
            Code::Request(method) => self.request(method, message, context),
            Code::Response(code) => self.response(code, message, context),
        }
    }

    fn empty(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        match message.kind {
            Kind::Confirmable => {
                let key = Key { asker: context.direction, name: Name::Ping(message.id) };
                let symbol = Symbol::new(VerbClass::Connect, "ping");
                let repeated = self.open.renew(key, symbol.clone(), context.seen.at);
                if !repeated {
                    context.request(COAP, Unit::NONE, symbol, Values::None);
                }
            }
            Kind::Reset => self.reset(message.id, context),
            // Only says that the message arrived; the answer is to come.
            Kind::Acknowledgement | Kind::NonConfirmable => {}
        }
    }

    /// Answers a ping, refuses a request, or ends an observation.
    fn reset(&mut self, id: u16, context: &mut Context<'_>) {
        let asker = context.direction.reversed();
        if let Some(ping) = self.open.answer(&Key { asker, name: Name::Ping(id) }) {
            context.response(COAP, Unit::NONE, ping.symbol, Outcome::Done, ping.asked, Values::None);
            return;
        }
        let Some(token) = self.recent.token(asker, id) else { return };
        if let Some(request) = self.open.answer(&Key { asker, name: Name::Token(token) }) {
            let refused = Outcome::Refused(0);
            context.response(COAP, Unit::NONE, request.symbol, refused, request.asked, Values::None);
        } else if let Some(observation) = self.end_observation(context.direction, token) {
            let symbol = Symbol::new(VerbClass::Subscribe, "RST").about(observation.object);
            context.request(COAP, Unit::NONE, symbol, Values::None);
        }
    }

    fn request(&mut self, method: u8, message: &Message<'_>, context: &mut Context<'_>) {
        let asker = context.direction;
        let symbol = symbol(method, message, context.receiver().is_group());
        let key = Key { asker, name: Name::Token(message.token) };
        if message.options.observe == Some(Observe::Deregister) {
            self.end_observation(asker, message.token);
        }
        // A token in use again: the former answer was lost, or the next block of the same body is asked for.
        self.open.renew(key, symbol.clone(), context.seen.at);
        context.request(COAP, Unit::NONE, symbol, number(message));
    }

    fn response(&mut self, code: u32, message: &Message<'_>, context: &mut Context<'_>) {
        let asker = context.direction.reversed();
        let outcome = if code < 400 { Outcome::Done } else { Outcome::Refused(code) };
        self.tell_links(outcome, message, context);
        if let Some(request) = self.open.answer(&Key { asker, name: Name::Token(message.token) }) {
            if outcome == Outcome::Done && message.options.observe.is_some() {
                self.begin_observation(asker, message.token, request.symbol.object.clone());
            }
            context.response(COAP, Unit::NONE, request.symbol, outcome, request.asked, number(message));
        } else if let Some(object) = self.observed(asker, message.token) {
            if outcome != Outcome::Done {
                self.end_observation(asker, message.token);
            }
            notify(object, message, context);
        } else if message.options.observe.is_some() {
            notify(Object::Peer, message, context);
        } else {
            // An answer to a search of a group comes from one of its members, in a flow of its own.
            let lists = message.options.content_format == Some(LINK_FORMAT);
            let class = if lists { VerbClass::Discover } else { VerbClass::Read };
            let symbol = Symbol::new(class, "response").about(Object::Code(u64::from(code)));
            context.orphan(COAP, Unit::NONE, symbol, outcome);
        }
    }

    /// What a server says it serves, once a flow.
    fn tell_links(&mut self, outcome: Outcome, message: &Message<'_>, context: &mut Context<'_>) {
        let is_list = message.options.content_format == Some(LINK_FORMAT) && !message.options.later_block;
        if outcome == Outcome::Done && is_list && !std::mem::replace(&mut self.links_told, true) {
            for kind in links::resource_types(message.payload) {
                context.fact(COAP, Attribute::Service, kind);
            }
        }
    }

    fn begin_observation(&mut self, asker: Direction, token: Token, object: Object) {
        self.end_observation(asker, token);
        if self.observations.len() == MAX_OBSERVATIONS {
            self.observations.pop_front();
        }
        self.observations.push_back(Observation { asker, token, object });
    }

    fn end_observation(&mut self, asker: Direction, token: Token) -> Option<Observation> {
        let is_this = |observation: &Observation| observation.asker == asker && observation.token == token;
        let position = self.observations.iter().position(is_this)?;
        self.observations.remove(position)
    }

    fn observed(&self, asker: Direction, token: Token) -> Option<Object> {
        let mut observations = self.observations.iter();
        let found = observations.find(|one| one.asker == asker && one.token == token)?;
        Some(found.object.clone())
    }
}

fn notify(object: Object, message: &Message<'_>, context: &mut Context<'_>) {
    let symbol = Symbol::new(VerbClass::Publish, "notify").about(object).sized(message.payload.len());
    context.request(COAP, Unit::NONE, symbol, number(message));
}

fn symbol(method: u8, message: &Message<'_>, to_group: bool) -> Symbol {
    let options = &message.options;
    if options.oscore {
        // Neither method nor path are those inside (RFC 8613 §4.1.3.5): nothing is known but that they talk.
        return Symbol::new(VerbClass::Connect, "OSCORE").sized(message.payload.len());
    }
    let (class, verb) = verb(method, options.observe);
    let discovers = class == VerbClass::Read && (to_group || options.path == "/.well-known/core");
    let class = if discovers { VerbClass::Discover } else { class };
    let symbol = Symbol::new(class, verb);
    match (class, message.payload.len()) {
        (VerbClass::Admin, _) => symbol.about(Object::Code(u64::from(method))),
        (_, 0) => symbol.about(object(options)),
        (_, length) => symbol.about(object(options)).sized(length),
    }
}

const fn verb(method: u8, observe: Option<Observe>) -> (VerbClass, &'static str) {
    match (method, observe) {
        (1, Some(Observe::Register)) => (VerbClass::Subscribe, "GET observe"),
        (1, Some(Observe::Deregister)) => (VerbClass::Subscribe, "GET deregister"),
        (1, _) => (VerbClass::Read, "GET"),
        (2, _) => (VerbClass::Write, "POST"),
        (3, _) => (VerbClass::Write, "PUT"),
        (4, _) => (VerbClass::Configure, "DELETE"),
        (5, Some(Observe::Register)) => (VerbClass::Subscribe, "FETCH observe"),
        (5, Some(Observe::Deregister)) => (VerbClass::Subscribe, "FETCH deregister"),
        (5, _) => (VerbClass::Read, "FETCH"),
        (6, _) => (VerbClass::Write, "PATCH"),
        (7, _) => (VerbClass::Write, "iPATCH"),
        _ => (VerbClass::Admin, "unknown_method"),
    }
}

/// `/a/b`, `/a/b;ct=50`, or the address a proxy shall ask.
fn object(options: &Options<'_>) -> Object {
    let path = if options.path.is_empty() { "/" } else { &options.path };
    match (options.proxy, options.content_format) {
        (Some(proxy), _) if proxy.contains(':') => Object::name(proxy),
        (Some(scheme), _) => Object::name(&format!("{scheme}:{path}")),
        (None, Some(format)) => Object::name(&format!("{path};ct={format}")),
        (None, None) => Object::name(path),
    }
}

fn number<'a>(message: &Message<'_>) -> Values<'a> {
    let is_text = message.options.content_format.is_none_or(|format| format == TEXT);
    text::milli(message.payload).filter(|_| is_text).map_or(Values::None, Values::Milli)
}
