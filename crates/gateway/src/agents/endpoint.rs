//! The QUIC endpoint of one port: who may begin, what a connection may hold, and what becomes of it.

use super::frame::MAX_DATAGRAM;
use super::gate::{Entry, Gate, Limits, Pass};
use super::relay::Hub;
use super::session::{self, REFUSED};
use super::state::State;
use super::station::Station;
use super::tickets::Tickets;
use super::trust::{Judge, Refused};
use nullius_identity::Signatures;
use nullius_model::PortName;
use nullius_protocol::agent::{ALPN, ALPN_EST, SILENCE_SECONDS};
use quinn::crypto::rustls::{HandshakeData, QuicServerConfig};
use quinn::{
    AsyncUdpSocket, Connection, Endpoint, EndpointConfig, IdleTimeout, Incoming, ServerConfig, TokioRuntime,
    TransportConfig, VarInt,
};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    DigitallySignedStruct, DistinguishedName, SignatureScheme, client::danger::HandshakeSignatureValid,
    version,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// How long a handshake may take.
const SHAKES_WITHIN: Duration = Duration::from_secs(5);

/// Streams that a peer may have open: an agent needs one, a device that enrols one at a time.
const MAX_STREAMS: u32 = 2;

/// Bytes that a peer may send before they are read, of one stream and of all, and that may wait to be sent.
const STREAM_WINDOW: u32 = 16 << 10;
const WINDOW: u32 = 32 << 10;
const SEND_WINDOW: u64 = 32 << 10;

/// Bytes of a handshake that may come out of order.
const CRYPTO_BUFFER: usize = 16 << 10;

/// Connections whose first packet waits to be looked at, and the bytes of what follows it.
const MAX_INCOMING: usize = 64;
const MAX_INCOMING_BYTES: u64 = 256 << 10;

/// How long an address that was shown to be one is believed.
const RETRY_LIFETIME: Duration = Duration::from_secs(5);

/// Serves one port until the runtime ends.
pub(super) async fn serve(
    port: PortName,
    endpoint: Endpoint,
    limits: Limits,
    state: Arc<State>,
    hub: Option<Arc<Hub>>,
) {
    let gate = Gate::new(limits, Instant::now());
    let mut connections = JoinSet::new();
    while let Some(incoming) = endpoint.accept().await {
        while connections.try_join_next().is_some() {}
        let Some(station) = Station::read(incoming.remote_address()) else { continue };
        if state.judge().is_none() {
            incoming.ignore();
            continue;
        }
        match gate.ask(station.mac, incoming.remote_address_validated(), Instant::now()) {
            Entry::Come(pass) => {
                let (port, state, hub) = (port.clone(), Arc::clone(&state), hub.clone());
                connections.spawn(handle(incoming, pass, port, station, state, hub));
            }
            Entry::Prove => drop(incoming.retry()),
            Entry::Away => incoming.ignore(),
        }
    }
}

async fn handle(
    incoming: Incoming,
    mut pass: Pass,
    port: PortName,
    station: Station,
    state: Arc<State>,
    hub: Option<Arc<Hub>>,
) {
    let Ok(Ok(connection)) = timeout(SHAKES_WITHIN, incoming).await else { return };
    pass.settle();
    if protocol(&connection).as_deref() == Some(ALPN) {
        // on the heap, and no larger than it must be: there are thousands, and most of them wait
        Box::pin(session::attend(connection, port, station, state)).await;
    } else if let Some(hub) = hub.filter(|_| protocol(&connection).as_deref() == Some(ALPN_EST)) {
        Box::pin(hub.relay(connection, port, station.mac)).await;
    } else {
        connection.close(REFUSED, b"no protocol of this gateway");
    }
}

fn protocol(connection: &Connection) -> Option<Vec<u8>> {
    connection.handshake_data()?.downcast::<HandshakeData>().ok()?.protocol
}

/// An endpoint over `socket`.
pub(super) fn endpoint(
    socket: Arc<dyn AsyncUdpSocket>,
    tls: Arc<QuicServerConfig>,
) -> std::io::Result<Endpoint> {
    let mut config = EndpointConfig::default();
    let size = u16::try_from(MAX_DATAGRAM).unwrap_or(u16::MAX);
    config.max_udp_payload_size(size).map_err(std::io::Error::other)?;
    Endpoint::new_with_abstract_socket(config, Some(server(tls)), socket, Arc::new(TokioRuntime))
}

fn server(tls: Arc<QuicServerConfig>) -> ServerConfig {
    let mut config = ServerConfig::with_crypto(tls);
    config
        .transport_config(Arc::new(transport()))
        // where a device is, is what its port says
        .migration(false)
        .retry_token_lifetime(RETRY_LIFETIME)
        .max_incoming(MAX_INCOMING)
        .incoming_buffer_size(u64::from(STREAM_WINDOW))
        .incoming_buffer_size_total(MAX_INCOMING_BYTES);
    config
}

fn transport() -> TransportConfig {
    let mut config = TransportConfig::default();
    let silence = VarInt::from_u32(u32::try_from(SILENCE_SECONDS * 1000).unwrap_or(u32::MAX));
    config
        .max_concurrent_bidi_streams(MAX_STREAMS.into())
        .max_concurrent_uni_streams(0_u32.into())
        .stream_receive_window(STREAM_WINDOW.into())
        .receive_window(WINDOW.into())
        .send_window(SEND_WINDOW)
        .crypto_buffer_size(CRYPTO_BUFFER)
        .datagram_receive_buffer_size(None)
        .max_idle_timeout(Some(IdleTimeout::from(silence)))
        .mtu_discovery_config(None)
        .allow_spin(false);
    config
}

/// TLS of the door: version 1.3, hybrid key exchange preferred, nothing said before the handshake is done.
pub(super) fn tls(state: &Arc<State>) -> Result<Arc<QuicServerConfig>, rustls::Error> {
    let provider = crate::link::tls::provider();
    let clock = Arc::new(Now(Arc::clone(state)));
    let clients = Clients { state: Arc::clone(state), signatures: Signatures::of(&provider) };
    let mut config = rustls::ServerConfig::builder_with_details(provider, clock)
        .with_protocol_versions(&[&version::TLS13])?
        .with_client_cert_verifier(Arc::new(clients))
        .with_cert_resolver(state.certificate());
    config.alpn_protocols = vec![ALPN.to_vec(), ALPN_EST.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ticketer = Arc::clone(&state.tickets) as Arc<Tickets>;
    config.send_tls13_tickets = 1;
    config.max_early_data_size = 0;
    let config = QuicServerConfig::try_from(config);
    config.map(Arc::new).map_err(|error| rustls::Error::General(error.to_string()))
}

/// The gateway's time, as far as it is plausible.
#[derive(Debug)]
struct Now(Arc<State>);

impl rustls::time_provider::TimeProvider for Now {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0.now())))
    }
}

/// Judges certificates of devices by what is trusted when they come. Who enrols has none yet; for the continuity
/// connection it is asked afterwards whether there was one.
#[derive(Debug)]
struct Clients {
    state: Arc<State>,
    signatures: Signatures,
}

impl Clients {
    fn judge(&self) -> Result<Arc<Judge>, rustls::Error> {
        self.state.judge().ok_or_else(|| rustls::Error::General(Refused::TooEarly.to_string()))
    }
}

impl ClientCertVerifier for Clients {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.judge()?.let_in(leaf, above, now)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.signatures.tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.signatures.tls13(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signatures.schemes()
    }
}
