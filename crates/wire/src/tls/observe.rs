//! What handshake messages mean; the same for TLS and DTLS.

use super::certificate::Certificate;
use super::hello::{self, ClientHello, ServerHello, Ssl2ServerHello, Transported};
use super::ja4::{highest_version, ja4, lowest_version};
use super::record::HandshakeKind;
use crate::context::Context;
use crate::pairing::OpenRequests;
use crate::reader::{Parse, ParseError};
use crate::text;
use nullius_model::{
    Attribute, Direction, Object, Observation, Outcome, Protocol, Symbol, TlsClientHello, TlsServerHello,
    Unit, Values, VerbClass,
};

/// Alert level of an alert that ends the connection.
const FATAL: u8 = 2;

/// Key exchange groups that withstand a quantum computer, alone or as half of a hybrid (IANA "TLS Supported Groups",
/// and the drafts that browsers shipped before: CECPQ2, two of Kyber).
const POST_QUANTUM_GROUPS: &[u16] =
    &[0x0200, 0x0201, 0x0202, 0x11eb, 0x11ec, 0x11ed, 0x11ee, 0x4138, 0x6399, 0x639a];

/// One handshake: what was offered and what was settled.
#[derive(Debug)]
pub(crate) struct Exchange {
    protocol: Protocol,
    transported: Transported,
    open: OpenRequests<()>,
    offered: bool,
    version: Option<u16>,
}

impl Exchange {
    /// Over a stream.
    pub(crate) fn tls() -> Self {
        Self::new(Protocol::Tls, Transported::Stream)
    }

    /// Over datagrams.
    pub(crate) fn dtls() -> Self {
        Self::new(Protocol::Dtls, Transported::Datagram)
    }

    fn new(protocol: Protocol, transported: Transported) -> Self {
        Self { protocol, transported, open: OpenRequests::default(), offered: false, version: None }
    }

    /// The version in force, once the server has said so.
    pub(crate) const fn version(&self) -> Option<u16> {
        self.version
    }

    /// A client hello was read.
    pub(crate) const fn is_offered(&self) -> bool {
        self.offered
    }

    /// Speaks of one message; of a broken one that it is broken.
    pub(crate) fn handle_message(&mut self, kind: HandshakeKind, body: &[u8], context: &mut Context<'_>) {
        let read = match kind {
            HandshakeKind::ClientHello => ClientHello::read(body, self.transported)
                .map(|hello| self.handle_client_hello(&hello, context)),
            HandshakeKind::ServerHello => {
                ServerHello::read(body).map(|hello| self.handle_server_hello(hello, context))
            }
            HandshakeKind::Certificate => self.handle_certificates(body, context),
        };
        if let Err(error) = read {
            context.malformed(self.protocol, error);
        }
    }

    /// A second hello, after a retry request or a cookie, continues the first and is not told again.
    pub(crate) fn handle_client_hello(&mut self, hello: &ClientHello<'_>, context: &mut Context<'_>) {
        if std::mem::replace(&mut self.offered, true) {
            return;
        }
        let server_name = hello.server_name.map(text::utf8);
        let alpn = hello.alpn.map(text::utf8);
        let ja4 = ja4(hello, self.transported);
        context.observe(Observation::TlsClient(TlsClientHello {
            ja4: &ja4,
            server_name: server_name.as_deref(),
            alpn: alpn.as_deref(),
            highest_version: highest_version(hello),
            lowest_version: lowest_version(hello),
            post_quantum: hello.groups.iter().any(|group| POST_QUANTUM_GROUPS.contains(group)),
            resumes: resumes(hello),
        }));
        context.fact(self.protocol, Attribute::Ja4, &ja4);
        let object = server_name.as_deref().map_or(Object::Peer, Object::name);
        let symbol = client_hello().about(object);
        self.open.push((), symbol.clone(), context.seen.at);
        context.request(self.protocol, Unit::NONE, symbol, Values::None);
    }

    fn handle_server_hello(&mut self, hello: ServerHello, context: &mut Context<'_>) {
        if hello.is_retry || self.version.is_some() {
            return;
        }
        self.version = Some(hello.version);
        let ServerHello { version, suite, group, .. } = hello;
        context.observe(Observation::TlsServer(TlsServerHello { version, suite, group }));
        self.answer(Outcome::Done, context);
    }

    /// SSL 2 leaves the choice of suite to the client, and its suites have no IANA number: 0 stands for them, which
    /// is the suite that protects nothing.
    pub(crate) fn handle_ssl2_server_hello(&mut self, hello: Ssl2ServerHello<'_>, context: &mut Context<'_>) {
        let chosen = ServerHello { version: hello.version, ..ServerHello::default() };
        self.handle_server_hello(chosen, context);
        if !hello.certificate.is_empty()
            && let Err(error) = self.handle_certificate(0, hello.certificate, context)
        {
            context.malformed(self.protocol, error);
        }
    }

    fn handle_certificates(&self, body: &[u8], context: &mut Context<'_>) -> Parse<()> {
        for (depth, der) in (0..).zip(hello::certificates(body)?) {
            self.handle_certificate(depth, der, context)?;
        }
        Ok(())
    }

    fn handle_certificate(&self, depth: u8, der: &[u8], context: &mut Context<'_>) -> Parse<()> {
        let certificate = Certificate::read(der).ok_or(ParseError::Invalid("no X.509 certificate"))?;
        let from_client = context.direction == Direction::FromClient;
        context.observe(Observation::Certificate(certificate.seen(depth, from_client)));
        Ok(())
    }

    /// An alert in the clear: a server that turns an offer down, or either side giving up on what the other showed.
    pub(crate) fn handle_alert(&mut self, level: u8, description: u8, context: &mut Context<'_>) {
        if level != FATAL {
            return;
        }
        if context.direction == Direction::FromServer && self.version.is_none() {
            self.answer(Outcome::Refused(description.into()), context);
        } else {
            let symbol = Symbol::new(VerbClass::Connect, "alert").about(Object::Code(description.into()));
            context.request(self.protocol, Unit::NONE, symbol, Values::None);
        }
    }

    fn answer(&mut self, outcome: Outcome, context: &mut Context<'_>) {
        context.answer(self.protocol, Unit::NONE, self.open.answer(&()), client_hello(), outcome);
    }
}

const fn client_hello() -> Symbol {
    Symbol::new(VerbClass::Connect, "client_hello")
}

/// With TLS 1.3 a session id is there for the sake of old middleboxes and names nothing.
fn resumes(hello: &ClientHello<'_>) -> bool {
    let offers_1_3 = hello.versions.iter().any(|version| hello::is_1_3(*version));
    hello.has_ticket || hello.has_pre_shared_key || hello.has_session_id && !offers_1_3
}
