//! What a protocol parser sees of the world, and the only way it can speak.

use crate::pairing::OpenRequest;
use crate::reader::ParseError;
use nullius_model::{
    Attribute, Binding, BindingSource, Direction, Endpoint, Fact, FlowInfo, LoginScheme, Mac, Message,
    MessageKind, Observation, Outcome, Protocol, Seen, Sink, Symbol, Timestamp, Unit, Values,
};
use std::net::IpAddr;

/// One piece of payload: which frame completed it, on which flow, from which side.
pub struct Context<'s> {
    /// The frame that completed these bytes.
    pub seen: Seen,
    /// The flow they travel on.
    pub flow: &'s FlowInfo,
    /// Who sent them.
    pub direction: Direction,
    sink: &'s mut dyn Sink,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("seen", &self.seen).field("flow", &self.flow).finish_non_exhaustive()
    }
}

impl<'s> Context<'s> {
    /// A context that speaks into `sink`.
    pub fn new(seen: Seen, flow: &'s FlowInfo, direction: Direction, sink: &'s mut dyn Sink) -> Self {
        Self { seen, flow, direction, sink }
    }

    /// The end that sent these bytes.
    pub const fn sender(&self) -> &'s Endpoint {
        self.flow.sender(self.direction)
    }

    /// The end they were sent to.
    pub const fn receiver(&self) -> &'s Endpoint {
        self.flow.receiver(self.direction)
    }

    /// Anything at all.
    pub fn observe(&mut self, observation: Observation<'_>) {
        self.sink.observe(self.seen, Some(self.flow), observation);
    }

    /// Anything at all, completed by an earlier frame than this one.
    pub fn observe_at(&mut self, seen: Seen, observation: Observation<'_>) {
        self.sink.observe(seen, Some(self.flow), observation);
    }

    /// A request, or a message nobody asked for.
    pub fn request(&mut self, protocol: Protocol, unit: Unit, symbol: Symbol, values: Values<'_>) {
        self.message(protocol, unit, MessageKind::Request, symbol, values);
    }

    /// The answer to a request of `symbol` that was complete at `asked`.
    pub fn response(
        &mut self,
        protocol: Protocol,
        unit: Unit,
        symbol: Symbol,
        outcome: Outcome,
        asked: Timestamp,
        values: Values<'_>,
    ) {
        let kind = MessageKind::Response { outcome, latency: self.seen.at.since(asked) };
        self.message(protocol, unit, kind, symbol, values);
    }

    /// An answer whose request was not seen; `symbol` says what can be told from the answer alone.
    pub fn orphan(&mut self, protocol: Protocol, unit: Unit, symbol: Symbol, outcome: Outcome) {
        self.message(protocol, unit, MessageKind::Orphan { outcome }, symbol, Values::None);
    }

    /// The answer to a request taken out of those that are open; `orphan` is what the answer alone says, for where there
    /// was none.
    pub fn answer(
        &mut self,
        protocol: Protocol,
        unit: Unit,
        open: Option<OpenRequest>,
        orphan: Symbol,
        outcome: Outcome,
    ) {
        match open {
            Some(OpenRequest { symbol, asked, .. }) => {
                self.response(protocol, unit, symbol, outcome, asked, Values::None);
            }
            None => self.orphan(protocol, unit, orphan, outcome),
        }
    }

    fn message(
        &mut self,
        protocol: Protocol,
        unit: Unit,
        kind: MessageKind,
        symbol: Symbol,
        values: Values<'_>,
    ) {
        let direction = self.direction;
        self.observe(Observation::Message(Message { protocol, unit, direction, kind, symbol, values }));
    }

    /// A claim by the sender about itself. An empty value claims nothing and is passed over.
    pub fn fact(&mut self, source: Protocol, attribute: Attribute, value: &str) {
        let Endpoint { mac, ip, .. } = *self.sender();
        self.fact_about(mac, ip, source, attribute, value);
    }

    /// A claim about some other station; `mac` is [`Mac::NONE`] where only the network address is known.
    pub fn fact_about(
        &mut self,
        mac: Mac,
        ip: Option<IpAddr>,
        source: Protocol,
        attribute: Attribute,
        value: &str,
    ) {
        let value = value.get(..value.floor_char_boundary(Fact::MAX_VALUE)).unwrap_or_default().trim();
        if !value.is_empty() {
            self.observe(Observation::Fact(Fact { mac, ip, attribute, value, source }));
        }
    }

    /// A hardware and a network address belong together.
    pub fn binding(&mut self, mac: Mac, ip: IpAddr, source: BindingSource) {
        self.observe(Observation::Binding(Binding { mac, ip, source }));
    }

    /// A secret of `scheme` crossed the wire in the clear. It is not passed on.
    pub fn cleartext_login(&mut self, scheme: LoginScheme) {
        self.observe(Observation::CleartextLogin(scheme));
    }

    /// The bytes break the rules of `protocol`.
    pub fn malformed(&mut self, protocol: Protocol, error: ParseError) {
        self.observe(Observation::Malformed { protocol, why: error.why() });
    }
}
