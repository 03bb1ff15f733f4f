//! What MQTT packets mean.
//!
//! A PUBLISH is a message about its topic, with quality of service and retain flag in the verb, whoever sends it; a
//! SUBSCRIBE is one message a filter; a will is told as the permission to publish that it is. Acknowledgements answer
//! them. A user name or password is never passed on.

use super::aliases::Aliases;
use super::parser::{
    Ack, AckKind, Connack, Connect, Filters, Packet, Publish, Qos, Suback, Unsuback, Version, Will,
};
use crate::context::Context;
use crate::pairing::{OpenRequest, OpenRequests};
use crate::reader::{Parse, ensure};
use crate::sides::Sides;
use crate::text;
use nullius_model::{
    Attribute, Direction, Endpoint, LoginScheme, Object, Outcome, Protocol, Symbol, Unit, Values, VerbClass,
};

/// Filters of one packet that are told. Honest clients send a few; more is reported as such.
const MAX_FILTERS: usize = 64;

const MQTT: Protocol = Protocol::Mqtt;

/// What one connection's packets refer to each other by.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    open: OpenRequests<Key>,
    /// Of the topics the client and the server publish to.
    aliases: Sides<Aliases>,
    connect_seen: bool,
}

/// What an answer names its request by.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    asker: Direction,
    exchange: Exchange,
    id: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exchange {
    Connect,
    Ping,
    Publish,
    /// A message of QoS 2 that was received and not yet released.
    Release,
    Subscribe,
    Unsubscribe,
}

impl Conversation {
    /// Bytes kept.
    pub(super) fn held_bytes(&self) -> usize {
        let aliases = self.aliases.sum(Aliases::held_bytes);
        aliases + self.open.held_bytes()
    }

    /// Bytes of `direction` are missing: aliases may have been set in them. Requests stay open; what is asked anew under
    /// the same identifier takes their place.
    pub(super) fn handle_gap(&mut self, direction: Direction) {
        self.aliases.of(direction).handle_gap();
    }

    /// Tells what a packet means. An error is a rule broken that only the session knows of.
    pub(super) fn handle(&mut self, packet: &Packet<'_>, context: &mut Context<'_>) -> Parse<()> {
        match packet {
            Packet::Connect(connect) => return self.connect(connect, context),
            Packet::Connack(connack) => self.connack(connack, context),
            Packet::Publish(publish) => return self.publish(publish, context),
            Packet::Ack(ack) => self.ack(*ack, context),
            Packet::Subscribe(filters) => return self.subscribe(filters, context),
            Packet::Suback(suback) => return self.suback(*suback, context),
            Packet::Unsubscribe(filters) => return self.unsubscribe(filters, context),
            Packet::Unsuback(unsuback) => return self.unsuback(*unsuback, context),
            Packet::Pingreq => {
                self.forget(Exchange::Ping, 0, context);
                self.ask(Exchange::Ping, 0, connect_symbol("PINGREQ"), Values::None, context);
            }
            Packet::Pingresp => {
                let unasked = connect_symbol("PINGREQ");
                self.answer(Exchange::Ping, 0, unasked, Outcome::Done, context);
            }
            Packet::Disconnect { reason } => tell(disconnect(*reason), context),
            Packet::Auth => tell(connect_symbol("AUTH"), context),
        }
        Ok(())
    }

    fn connect(&mut self, connect: &Connect<'_>, context: &mut Context<'_>) -> Parse<()> {
        ensure(!self.connect_seen, "second CONNECT on one connection")?;
        self.connect_seen = true;
        context.fact(MQTT, Attribute::ClientId, connect.client_id);
        if connect.has_password {
            context.cleartext_login(LoginScheme::Mqtt);
        }
        if connect.version == Version::V5 {
            self.aliases.of(Direction::FromServer).limit(connect.topic_alias_maximum);
        }
        self.ask(Exchange::Connect, 0, connect_symbol("CONNECT"), Values::None, context);
        if let Some(will) = &connect.will {
            tell(will_symbol(will), context);
        }
        Ok(())
    }

    fn connack(&mut self, connack: &Connack<'_>, context: &mut Context<'_>) {
        self.aliases.of(Direction::FromClient).limit(connack.topic_alias_maximum);
        if let Some(client_id) = connack.assigned_client_id {
            let Endpoint { mac, ip, .. } = *context.receiver();
            context.fact_about(mac, ip, MQTT, Attribute::ClientId, client_id);
        }
        let outcome = if connack.code == 0 { Outcome::Done } else { refused(connack.code) };
        self.answer(Exchange::Connect, 0, connect_symbol("CONNECT"), outcome, context);
    }

    fn publish(&mut self, publish: &Publish<'_>, context: &mut Context<'_>) -> Parse<()> {
        let object = self.aliases.of(context.direction).resolve(publish.topic, publish.alias)?;
        let verb = publish_verb(publish.qos, publish.retain);
        let symbol = Symbol::new(VerbClass::Publish, verb).about(object).sized(publish.length);
        let whole = publish.payload.len() == publish.length;
        let values = text::milli(publish.payload).filter(|_| whole).map_or(Values::None, Values::Milli);
        match publish.id {
            Some(id) => {
                self.forget(Exchange::Publish, id, context);
                self.ask(Exchange::Publish, id, symbol, values, context);
            }
            None => context.request(MQTT, Unit::NONE, symbol, values),
        }
        Ok(())
    }

    fn ack(&mut self, Ack { kind, id, reason }: Ack, context: &mut Context<'_>) {
        let outcome = outcome(reason);
        let unasked = |verb| Symbol::new(VerbClass::Publish, verb);
        match kind {
            AckKind::Puback => self.answer(Exchange::Publish, id, unasked("PUBACK"), outcome, context),
            AckKind::Pubrec if outcome != Outcome::Done => {
                self.answer(Exchange::Publish, id, unasked("PUBREC"), outcome, context);
            }
            AckKind::Pubrec => self.received(id, context),
            AckKind::Pubrel => self.release(id, context),
            AckKind::Pubcomp => self.answer(Exchange::Release, id, unasked("PUBCOMP"), outcome, context),
        }
    }

    /// A message of QoS 2 arrived: it is answered for good when its release is.
    fn received(&mut self, id: u16, context: &mut Context<'_>) {
        let asker = context.direction.reversed();
        match self.take(asker, Exchange::Publish, id) {
            Some(request) => {
                self.open.push(Key { asker, exchange: Exchange::Release, id }, request.symbol, request.asked);
            }
            None => {
                let symbol = Symbol::new(VerbClass::Publish, "PUBREC");
                context.orphan(MQTT, Unit::NONE, symbol, Outcome::Done);
            }
        }
    }

    /// Told only where the message it releases was not seen, as in a session taken up again.
    fn release(&mut self, id: u16, context: &mut Context<'_>) {
        let asker = context.direction;
        match self.take(asker, Exchange::Release, id) {
            Some(request) => {
                self.open.push(Key { asker, exchange: Exchange::Release, id }, request.symbol, request.asked);
            }
            None => {
                let symbol = Symbol::new(VerbClass::Publish, "PUBREL");
                self.ask(Exchange::Release, id, symbol, Values::None, context);
            }
        }
    }

    fn subscribe(&mut self, filters: &Filters<'_>, context: &mut Context<'_>) -> Parse<()> {
        self.forget(Exchange::Subscribe, filters.id, context);
        for filter in filters.iter().take(MAX_FILTERS) {
            let symbol = subscribe_symbol("SUBSCRIBE").about(Object::name(filter));
            self.ask(Exchange::Subscribe, filters.id, symbol, Values::None, context);
        }
        ensure_few(filters.iter().count())
    }

    fn suback(&mut self, suback: Suback<'_>, context: &mut Context<'_>) -> Parse<()> {
        self.answer_each(Exchange::Subscribe, "SUBSCRIBE", suback.id, suback.codes, context)
    }

    fn unsubscribe(&mut self, filters: &Filters<'_>, context: &mut Context<'_>) -> Parse<()> {
        self.forget(Exchange::Unsubscribe, filters.id, context);
        for filter in filters.iter().take(MAX_FILTERS) {
            let symbol = subscribe_symbol("UNSUBSCRIBE").about(Object::name(filter));
            self.ask(Exchange::Unsubscribe, filters.id, symbol, Values::None, context);
        }
        ensure_few(filters.iter().count())
    }

    fn unsuback(&mut self, unsuback: Unsuback<'_>, context: &mut Context<'_>) -> Parse<()> {
        if let Some(codes) = unsuback.codes {
            return self.answer_each(Exchange::Unsubscribe, "UNSUBSCRIBE", unsuback.id, codes, context);
        }
        let unasked = subscribe_symbol("UNSUBSCRIBE");
        self.answer(Exchange::Unsubscribe, unsuback.id, unasked, Outcome::Done, context);
        while self.answer_open(Exchange::Unsubscribe, unsuback.id, Outcome::Done, context) {}
        Ok(())
    }

    /// One code answers one filter, in their order (§3.9.3).
    fn answer_each(
        &mut self,
        exchange: Exchange,
        verb: &'static str,
        id: u16,
        codes: &[u8],
        context: &mut Context<'_>,
    ) -> Parse<()> {
        let mut codes = codes.iter().map(|code| outcome(*code)).take(MAX_FILTERS);
        let first = codes.next().unwrap_or(Outcome::Done);
        if !self.answer_open(exchange, id, first, context) {
            context.orphan(MQTT, Unit::NONE, subscribe_symbol(verb), first);
            return Ok(());
        }
        for outcome in codes {
            let asked = self.answer_open(exchange, id, outcome, context);
            ensure(asked, "more codes than filters were asked")?;
        }
        let unanswered = self.take(context.direction.reversed(), exchange, id).is_some();
        ensure(!unanswered, "fewer codes than filters were asked")
    }

    fn ask(
        &mut self,
        exchange: Exchange,
        id: u16,
        symbol: Symbol,
        values: Values<'_>,
        context: &mut Context<'_>,
    ) {
        let asker = context.direction;
        self.open.push(Key { asker, exchange, id }, symbol.clone(), context.seen.at);
        context.request(MQTT, Unit::NONE, symbol, values);
    }

    fn answer(
        &mut self,
        exchange: Exchange,
        id: u16,
        unasked: Symbol,
        outcome: Outcome,
        context: &mut Context<'_>,
    ) {
        if !self.answer_open(exchange, id, outcome, context) {
            context.orphan(MQTT, Unit::NONE, unasked, outcome);
        }
    }

    fn answer_open(
        &mut self,
        exchange: Exchange,
        id: u16,
        outcome: Outcome,
        context: &mut Context<'_>,
    ) -> bool {
        let Some(request) = self.take(context.direction.reversed(), exchange, id) else { return false };
        context.response(MQTT, Unit::NONE, request.symbol, outcome, request.asked, Values::None);
        true
    }

    fn take(&mut self, asker: Direction, exchange: Exchange, id: u16) -> Option<OpenRequest> {
        self.open.answer(&Key { asker, exchange, id })
    }

    /// An identifier in use again: the same request is sent once more, or its answer was not seen.
    fn forget(&mut self, exchange: Exchange, id: u16, context: &Context<'_>) {
        self.open.forget(&Key { asker: context.direction, exchange, id });
    }
}

fn tell(symbol: Symbol, context: &mut Context<'_>) {
    context.request(MQTT, Unit::NONE, symbol, Values::None);
}

const fn connect_symbol(verb: &'static str) -> Symbol {
    Symbol::new(VerbClass::Connect, verb)
}

const fn subscribe_symbol(verb: &'static str) -> Symbol {
    Symbol::new(VerbClass::Subscribe, verb)
}

/// Ordinary ones carry no reason; a server that throws a client out gives one, which is kept as the object.
fn disconnect(reason: u8) -> Symbol {
    let symbol = connect_symbol("DISCONNECT");
    if reason == 0 { symbol } else { symbol.about(Object::Code(u64::from(reason))) }
}

fn will_symbol(will: &Will<'_>) -> Symbol {
    let verb = match (will.qos, will.retain) {
        (Qos::Zero, false) => "WILL",
        (Qos::Zero, true) => "WILL retain",
        (Qos::One, false) => "WILL qos1",
        (Qos::One, true) => "WILL qos1 retain",
        (Qos::Two, false) => "WILL qos2",
        (Qos::Two, true) => "WILL qos2 retain",
    };
    Symbol::new(VerbClass::Publish, verb).about(Object::name(will.topic)).sized(will.payload)
}

const fn publish_verb(qos: Qos, retain: bool) -> &'static str {
    match (qos, retain) {
        (Qos::Zero, false) => "PUBLISH",
        (Qos::Zero, true) => "PUBLISH retain",
        (Qos::One, false) => "PUBLISH qos1",
        (Qos::One, true) => "PUBLISH qos1 retain",
        (Qos::Two, false) => "PUBLISH qos2",
        (Qos::Two, true) => "PUBLISH qos2 retain",
    }
}

/// Codes from 0x80 on are failures, in SUBACK of all versions and everywhere in version 5.
const fn outcome(code: u8) -> Outcome {
    if code < 0x80 { Outcome::Done } else { refused(code) }
}

#[expect(clippy::as_conversions, reason = "a const function cannot call From; u8 to u32 loses nothing")]
const fn refused(code: u8) -> Outcome {
    Outcome::Refused(code as u32)
}

fn ensure_few(filters: usize) -> Parse<()> {
    ensure(filters <= MAX_FILTERS, "more topic filters than any honest client asks for at once")
}
