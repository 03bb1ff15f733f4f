//! Dialling a gateway: QUIC (RFC 9000), in packets that pass everywhere.

use super::socket::GroupSocket;
use super::{Place, Plant, PlantError};
use crate::time::Time;
use crate::tls;
use nullius_protocol::agent::{ALPN_EST, SILENCE_SECONDS};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{
    AsyncUdpSocket, ClientConfig, Connection, Endpoint, EndpointConfig, IdleTimeout, RecvStream, SendStream,
    TokioRuntime, TransportConfig, VarInt,
};
use std::sync::Arc;
use std::time::Duration;

/// How long a gateway may take to answer: it is on the same link, and its certificate and ours are looked at.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// Bytes that may be under way in a stream: certificates.
const WINDOW: u32 = 128 << 10;

/// The name that is asked for and never looked at.
const NOBODY: &str = "gateway.invalid";

/// An open connection, and what must live as long.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) connection: Connection,
    endpoint: Endpoint,
}

impl Door {
    /// Dials at one place.
    pub(crate) async fn open(
        place: &Place,
        mut tls: rustls::ClientConfig,
        protocol: &[u8],
    ) -> Result<Self, PlantError> {
        let told = |source| PlantError::Socket { place: place.name.clone(), source };
        tls.alpn_protocols = vec![protocol.to_vec()];
        let socket: Arc<dyn AsyncUdpSocket> = GroupSocket::open(place).map_err(told)?;
        let runtime = Arc::new(TokioRuntime);
        let endpoint = Endpoint::new_with_abstract_socket(EndpointConfig::default(), None, socket, runtime);
        let endpoint = endpoint.map_err(told)?;
        let tls = QuicClientConfig::try_from(tls).map_err(|error| PlantError::Tls(error.to_string()))?;
        let mut config = ClientConfig::new(Arc::new(tls));
        config.transport_config(Arc::new(transport()));
        let connecting = endpoint.connect_with(config, place.group.into(), NOBODY)?;
        let connection = tokio::time::timeout(ANSWERS_WITHIN, connecting).await;
        let connection = connection.map_err(|_| quinn::ConnectionError::TimedOut)??;
        Ok(Self { connection, endpoint })
    }

    /// Says why, and waits until it is said.
    pub(crate) async fn close(self, reason: &str) {
        self.connection.close(VarInt::from_u32(0), reason.as_bytes());
        let _ = tokio::time::timeout(Duration::from_secs(1), self.endpoint.wait_idle()).await;
    }
}

fn transport() -> TransportConfig {
    let mut transport = TransportConfig::default();
    let silence = u32::try_from(SILENCE_SECONDS.saturating_mul(1_000)).unwrap_or(u32::MAX);
    transport
        .max_idle_timeout(Some(IdleTimeout::from(VarInt::from_u32(silence))))
        // the gateway opens nothing
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .datagram_receive_buffer_size(None)
        .stream_receive_window(VarInt::from_u32(WINDOW))
        .receive_window(VarInt::from_u32(WINDOW))
        .send_window(u64::from(WINDOW))
        // a plant's link may pass no more than IPv6 asks for
        .mtu_discovery_config(None);
    transport
}

/// A stream to the controller, through a gateway that sees nothing of what is in it.
#[derive(Debug)]
pub(crate) struct Relayed {
    pub(crate) to: SendStream,
    pub(crate) from: RecvStream,
    _door: Door,
}

impl Plant {
    /// A stream to the controller through the first gateway that answers.
    pub(crate) async fn relay(&self) -> Result<Relayed, PlantError> {
        let mut last = PlantError::Nowhere;
        // the time has no part in a certificate that is not looked at
        let time = Time::new(Arc::new(crate::time::SystemClock), 0);
        for place in self.places()? {
            let tls = tls::client(Arc::new(tls::Relay), &time, None)?;
            match Door::open(&place, tls, ALPN_EST).await {
                Ok(door) => {
                    let (to, from) = door.connection.open_bi().await?;
                    return Ok(Relayed { to, from, _door: door });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}
