//! A gateway as the agent sees it: it asks for proofs, and passes bytes on to the controller.

use super::World;
use crate::plant::Place;
use crate::testing::domain;
use nullius_identity::{DeviceIdentity, Profile, RequestedKey, assertion};
use nullius_protocol::agent::{
    ALPN, ALPN_EST, EXPORTER, FromAgent, MAX_FROM_AGENT, MAX_TO_AGENT, ToAgent, VERSION, proof_message,
};
use nullius_protocol::link::{Frames, Hash, frame};
use quinn::crypto::rustls::{HandshakeData, QuicServerConfig};
use quinn::{AsyncUdpSocket, Connection, Endpoint, EndpointConfig, SendStream, ServerConfig, TokioRuntime};
use rustls::pki_types::CertificateDer;
use std::net::{SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc};
use x509_parser::prelude::FromDer as _;

/// What the gateway sees.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Hello(String),
    /// A proof that is right, by this key.
    Proof([u8; 32]),
    Wrong,
    Relayed,
    Ping,
}

pub(super) struct Gateway {
    pub(super) address: SocketAddr,
    pub(super) seen: mpsc::UnboundedReceiver<Seen>,
    pub(super) says: broadcast::Sender<ToAgent>,
}

/// What it does.
#[derive(Clone)]
struct Doing {
    lease: u32,
    controller: Option<SocketAddr>,
    seen: mpsc::UnboundedSender<Seen>,
    says: broadcast::Sender<ToAgent>,
}

impl Gateway {
    pub(super) fn start(world: &World, lease: u32, controller: Option<SocketAddr>) -> Self {
        Self::start_as(world, &world.gateway(), "[::1]:0".parse().unwrap(), lease, controller)
    }

    pub(super) fn start_as(
        world: &World,
        profile: &Profile,
        at: SocketAddr,
        lease: u32,
        controller: Option<SocketAddr>,
    ) -> Self {
        let endpoint = Endpoint::server(config(world, profile), at).unwrap();
        Self::serve(endpoint, lease, controller)
    }

    /// At the end of a cable.
    pub(super) fn behind(world: &World, socket: Arc<dyn AsyncUdpSocket>) -> Self {
        let config = Some(config(world, &world.gateway()));
        let runtime = Arc::new(TokioRuntime);
        let endpoint = Endpoint::new_with_abstract_socket(EndpointConfig::default(), config, socket, runtime);
        Self::serve(endpoint.unwrap(), 300, None)
    }

    fn serve(endpoint: Endpoint, lease: u32, controller: Option<SocketAddr>) -> Self {
        let address = endpoint.local_addr().unwrap();
        let (to, seen) = mpsc::unbounded_channel();
        let (says, _) = broadcast::channel(16);
        let doing = Doing { lease, controller, seen: to, says: says.clone() };
        tokio::spawn(async move {
            while let Some(incoming) = endpoint.accept().await {
                let doing = doing.clone();
                tokio::spawn(async move {
                    if let Ok(connection) = incoming.await {
                        doing.serve(connection).await;
                    }
                });
            }
        });
        Self { address, seen, says }
    }

    /// Where an agent finds it.
    pub(super) fn place(&self) -> Place {
        place(self.address)
    }

    /// The next that is seen, pings left out.
    pub(super) async fn next(&mut self) -> Seen {
        loop {
            let seen = super::within(20, "something is seen", self.seen.recv()).await.unwrap();
            if seen != Seen::Ping {
                return seen;
            }
        }
    }
}

fn config(world: &World, profile: &Profile) -> ServerConfig {
    let tls = QuicServerConfig::try_from(world.server(profile, &[ALPN, ALPN_EST])).unwrap();
    ServerConfig::with_crypto(Arc::new(tls))
}

pub(super) fn place(address: SocketAddr) -> Place {
    let SocketAddr::V6(address) = address else { panic!("IPv6") };
    let own = SocketAddrV6::new(*address.ip(), 0, 0, 0);
    Place { name: "test0".to_owned(), own, group: address, answers: address }
}

impl Doing {
    async fn serve(&self, connection: Connection) {
        let data = connection.handshake_data().unwrap().downcast::<HandshakeData>().unwrap();
        if data.protocol.as_deref() == Some(ALPN_EST) {
            while let Ok((mut to, mut from)) = connection.accept_bi().await {
                let _ = self.seen.send(Seen::Relayed);
                let mut tcp = tokio::net::TcpStream::connect(self.controller.unwrap()).await.unwrap();
                let mut stream = tokio::io::join(&mut from, &mut to);
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut tcp).await;
            }
            return;
        }
        let chain = connection.peer_identity().unwrap().downcast::<Vec<CertificateDer<'static>>>().unwrap();
        let leaf = chain.first().unwrap();
        let device = assertion::<DeviceIdentity>(leaf, &domain()).unwrap();
        let (_, parsed) = x509_parser::certificate::X509Certificate::from_der(leaf).unwrap();
        let key = RequestedKey::from_spki(parsed.public_key().raw).unwrap();
        let _ = self.talk(&connection, &device.name, &key).await;
    }

    async fn talk(&self, connection: &Connection, name: &str, key: &RequestedKey) -> Option<()> {
        let mut exporter = [0; 32];
        connection.export_keying_material(&mut exporter, EXPORTER, b"").ok()?;
        let (mut to, mut from) = connection.accept_bi().await.ok()?;
        let mut frames = Frames::<FromAgent>::new(MAX_FROM_AGENT);
        let mut says = self.says.subscribe();
        let mut again = tokio::time::interval(Duration::from_secs(self.lease.into()) / 2);
        again.tick().await;
        let mut number = 0_u8;
        let mut part = [0; 512];
        loop {
            tokio::select! {
                said = says.recv() => say(&mut to, &said.ok()?).await?,
                _ = again.tick() => {
                    number += 1;
                    say(&mut to, &ToAgent::Challenge { nonce: Hash([number; 32]) }).await?;
                }
                length = from.read(&mut part) => {
                    frames.push(&part[..length.ok()??]);
                    while let Some(frame) = frames.next().ok()? {
                        self.answer(frame, &mut to, name, &exporter, key).await?;
                    }
                }
            }
        }
    }

    async fn answer(
        &self,
        frame: FromAgent,
        to: &mut SendStream,
        name: &str,
        exporter: &[u8; 32],
        key: &RequestedKey,
    ) -> Option<()> {
        match frame {
            FromAgent::Hello { version: VERSION, .. } => {
                let _ = self.seen.send(Seen::Hello(name.to_owned()));
                let now = crate::testing::NOW * 1_000;
                say(to, &ToAgent::Welcome { version: VERSION, lease: self.lease, now }).await?;
                say(to, &ToAgent::Challenge { nonce: Hash([0; 32]) }).await
            }
            FromAgent::Proof { nonce, signature } => {
                let right = key.verifies(&proof_message(exporter, &nonce), &signature.0);
                let _ = self.seen.send(if right { Seen::Proof(key.hash()) } else { Seen::Wrong });
                say(to, &ToAgent::Leased { seconds: self.lease }).await
            }
            FromAgent::Ping => {
                let _ = self.seen.send(Seen::Ping);
                say(to, &ToAgent::Pong).await
            }
            FromAgent::Hello { .. } => None,
        }
    }
}

async fn say(to: &mut SendStream, frame_: &ToAgent) -> Option<()> {
    to.write_all(&frame(frame_, MAX_TO_AGENT).ok()?).await.ok()
}
