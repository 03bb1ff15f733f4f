//! What messages mean: requests node by node, their outcomes, who the peers say they are.

use super::identity::{self, Identity};
use super::request::{self, for_each_symbol};
use super::response::{NodeResult, Results, outcome, read_response_header};
use super::service::{self, Service};
use super::types::{NodeId, read_node_id};
use crate::context::Context;
use crate::pairing::OpenRequests;
use crate::reader::{Parse, ParseError, Reader};
use crate::tls::certificate::Certificate;
use nullius_model::{
    Attribute, Direction, LoginScheme, Object, Observation, Outcome, Protocol, Symbol, Unit, Values,
    VerbClass,
};

/// Names an open request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// The connection's greeting.
    Hello,
    /// A channel, whose request identifier is encrypted.
    Channel,
    /// A service, by request identifier.
    Service(u32),
}

/// One message of a channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub(super) request: u32,
    pub(super) bytes: &'a [u8],
    /// Only its beginning was kept.
    pub(super) is_cut: bool,
}

/// What is observed of messages that can be read.
#[derive(Debug, Default)]
pub(super) struct Observer {
    open: OpenRequests<Key>,
    /// Facts of the server's build told: clients poll the server's status.
    told: Vec<Attribute>,
    /// Who has shown a certificate: the same one is in many messages of a session.
    certified: Vec<Direction>,
}

/// What a message is.
#[derive(Clone, Copy, Debug)]
enum Known {
    Request(&'static Service),
    Response(&'static Service),
    Fault,
}

impl Known {
    fn of(r#type: &NodeId<'_>) -> Option<Self> {
        let id = r#type.standard()?;
        if id == service::SERVICE_FAULT {
            return Some(Self::Fault);
        }
        let request = service::of_request(id).map(Self::Request);
        request.or_else(|| service::of_response(id).map(Self::Response))
    }
}

/// The message begins with the type of a known service. By chance, as when it is encrypted, one in 50 million does.
pub(super) fn is_readable(message: &[u8]) -> bool {
    read_node_id(&mut Reader::new(message)).is_ok_and(|r#type| Known::of(&r#type).is_some())
}

impl Observer {
    /// Forgets what waits for an answer.
    pub(super) fn clear(&mut self) {
        self.open.clear();
    }

    /// Asks, and expects an answer.
    pub(super) fn ask(&mut self, key: Key, symbol: Symbol, values: Values<'_>, context: &mut Context<'_>) {
        self.open.push(key, symbol.clone(), context.seen.at);
        context.request(Protocol::OpcUa, Unit::NONE, symbol, values);
    }

    /// Answers the one request under `key`; false if none is open.
    pub(super) fn answer_one(&mut self, key: Key, outcome: Outcome, context: &mut Context<'_>) -> bool {
        let Some(open) = self.open.answer(&key) else { return false };
        context.response(Protocol::OpcUa, Unit::NONE, open.symbol, outcome, open.asked, Values::None);
        true
    }

    /// Speaks of a message that is not encrypted.
    pub(super) fn observe(&mut self, message: Message<'_>, context: &mut Context<'_>) {
        let read = self.read(message, context);
        if let Err(error) = read
            && !(message.is_cut && error == ParseError::Short)
        {
            context.malformed(Protocol::OpcUa, error);
        }
    }

    fn read(&mut self, message: Message<'_>, context: &mut Context<'_>) -> Parse<()> {
        let mut reader = Reader::new(message.bytes);
        let r#type = read_node_id(&mut reader)?;
        match Known::of(&r#type) {
            Some(Known::Request(service)) => self.request(service, message.request, reader, context),
            Some(Known::Response(service)) => self.answer(Some(service), message.request, reader, context),
            Some(Known::Fault) => self.answer(None, message.request, reader, context),
            None => {
                let code = Object::Code(u64::from(r#type.standard().unwrap_or_default()));
                let symbol = Symbol::new(VerbClass::Admin, "unknown_service").about(code);
                self.ask(Key::Service(message.request), symbol, Values::None, context);
                Ok(())
            }
        }
    }

    fn request(
        &mut self,
        service: &Service,
        id: u32,
        reader: Reader<'_>,
        context: &mut Context<'_>,
    ) -> Parse<()> {
        for_each_symbol(service, reader, &mut |symbol, values| {
            self.ask(Key::Service(id), symbol, values, context);
        })?;
        match service.request {
            service::CREATE_SESSION => self.tell(identity::of_session_request(reader)?, context)?,
            service::ACTIVATE_SESSION if request::has_cleartext_password(reader)? => {
                context.cleartext_login(LoginScheme::OpcUa);
            }
            _ => {}
        }
        Ok(())
    }

    /// Answers every node of the request; `service` is absent for a fault.
    fn answer(
        &mut self,
        service: Option<&Service>,
        id: u32,
        mut reader: Reader<'_>,
        context: &mut Context<'_>,
    ) -> Parse<()> {
        let status = read_response_header(&mut reader)?;
        let mut results = Results::new(service.map_or(0, |service| service.request), reader);
        let mut is_orphan = true;
        while let Some(open) = self.open.answer(&Key::Service(id)) {
            let NodeResult { status, value } =
                results.next().unwrap_or(NodeResult { status, ..NodeResult::default() });
            if let Object::Name(node) = &open.symbol.object {
                self.tell_build(&identity::of_node(node, value), context);
            }
            let outcome = outcome(status);
            context.response(Protocol::OpcUa, Unit::NONE, open.symbol, outcome, open.asked, Values::None);
            is_orphan = false;
        }
        if is_orphan {
            let (class, verb) =
                service.map_or((VerbClass::Connect, "ServiceFault"), |service| (service.class, service.verb));
            context.orphan(Protocol::OpcUa, Unit::NONE, Symbol::new(class, verb), outcome(status));
        }
        match service.map(|service| service.request) {
            Some(service::CREATE_SESSION) if outcome(status) == Outcome::Done => {
                self.tell(identity::of_session_response(reader)?, context)?;
            }
            Some(service::GET_ENDPOINTS) if outcome(status) == Outcome::Done => {
                self.tell(identity::of_endpoints(reader)?, context)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn tell_build(&mut self, claims: &[Option<identity::Claim<'_>>; 5], context: &mut Context<'_>) {
        for (attribute, bytes) in claims.iter().flatten() {
            if !self.told.contains(attribute) {
                self.told.push(*attribute);
                context.fact(Protocol::OpcUa, *attribute, &crate::text::utf8(bytes));
            }
        }
    }

    fn tell(&mut self, identity: Identity<'_>, context: &mut Context<'_>) -> Parse<()> {
        identity.for_each(|attribute, text| context.fact(Protocol::OpcUa, attribute, text));
        self.show_certificate(identity.certificate, context)
    }

    /// Speaks of the first certificate that either side shows.
    pub(super) fn show_certificate(&mut self, der: &[u8], context: &mut Context<'_>) -> Parse<()> {
        let direction = context.direction;
        if der.is_empty() || self.certified.contains(&direction) {
            return Ok(());
        }
        self.certified.push(direction);
        let certificate =
            Certificate::read(der).ok_or(ParseError::Invalid("OPC UA certificate is no X.509"))?;
        let from_client = direction == Direction::FromClient;
        context.observe(Observation::Certificate(certificate.seen(0, from_client)));
        Ok(())
    }
}
