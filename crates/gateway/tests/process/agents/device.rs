//! A device at the far end of a cable, with a key, a certificate and a small agent that does what a test says.

use super::site::{Site, provider};
use nullius_identity::SiteGateway;
use nullius_identity::chain::Anchors;
use nullius_protocol::agent::{
    ALPN, ANSWERS_FROM, EXPORTER, FromAgent, GROUP, MAX_FROM_AGENT, MAX_TO_AGENT, PORT, ToAgent, VERSION,
    proof_message,
};
use nullius_protocol::link::{Blob, Frames, Hash, frame};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::udp::{RecvMeta, Transmit};
use quinn::{
    AsyncUdpSocket, ClientConfig, Connection, ConnectionError, Endpoint, EndpointConfig, RecvStream,
    SendStream, TokioRuntime, UdpPoller,
};
use rcgen::{KeyPair, SigningKey as _};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientSessionMemoryCache, Resumption};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV6};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio::io::{Interest, ReadBuf};
use tokio::net::UdpSocket;

/// What a device has.
pub(crate) struct Credential {
    pub(crate) key: KeyPair,
    pub(crate) chain: Vec<Vec<u8>>,
}

/// A device on an interface. It keeps the tickets that it is given.
pub(crate) struct Device {
    endpoint: Endpoint,
    config: ClientConfig,
    gateway: SocketAddr,
    key: Vec<u8>,
    /// How often the gateway's certificate was looked at: in a full handshake, and in no resumed one.
    pub(crate) full: Arc<AtomicUsize>,
}

/// A connection on which the gateway has said welcome.
pub(crate) struct Talk {
    pub(crate) connection: Connection,
    to: SendStream,
    from: RecvStream,
    frames: Frames<ToAgent>,
    pub(crate) key: KeyPair,
}

impl Device {
    /// On `interface`, which has the link-local address `address`. Within a runtime.
    pub(crate) fn new(site: &Site, interface: &str, address: &str, credential: Option<&Credential>) -> Self {
        let resumes = Resumption::store(Arc::new(ClientSessionMemoryCache::new(8)));
        Self::with(site, (interface, address), credential, provider(), resumes)
    }

    pub(crate) fn with(
        site: &Site,
        (interface, address): (&str, &str),
        credential: Option<&Credential>,
        provider: Arc<CryptoProvider>,
        resumption: Resumption,
    ) -> Self {
        let scope = nix::net::if_::if_nametoindex(interface).unwrap();
        let own = SocketAddrV6::new(address.parse().unwrap(), 0, 0, scope);
        let socket = std::net::UdpSocket::bind(own).unwrap();
        socket.set_nonblocking(true).unwrap();
        let socket = Arc::new(Multicast { socket: UdpSocket::from_std(socket).unwrap(), scope });
        let full = Arc::default();
        let (config, key) = client(site, credential, &full, provider, resumption);
        let endpoint = Endpoint::new_with_abstract_socket(
            EndpointConfig::default(),
            None,
            socket,
            Arc::new(TokioRuntime),
        );
        let gateway = SocketAddrV6::new(GROUP, PORT, 0, scope).into();
        Self { endpoint: endpoint.unwrap(), config, gateway, key, full }
    }

    pub(crate) async fn connect(&self) -> Result<Connection, ConnectionError> {
        self.endpoint.connect_with(self.config.clone(), self.gateway, "gateway.invalid").unwrap().await
    }

    /// Connects, says hello and is welcome.
    pub(crate) async fn greet(&self) -> Result<Talk, ConnectionError> {
        let connection = self.connect().await?;
        let (to, from) = connection.open_bi().await?;
        let key = KeyPair::try_from(self.key.as_slice()).unwrap();
        let mut talk = Talk { connection, to, from, frames: Frames::new(MAX_TO_AGENT), key };
        talk.say(&FromAgent::Hello { version: VERSION, software: "test 1".into() }).await;
        let heard = talk.hear().await?;
        assert!(matches!(heard, ToAgent::Welcome { version: VERSION, .. }), "{heard:?} is no welcome");
        Ok(talk)
    }

    /// The same, and proves its key.
    pub(crate) async fn prove(&self) -> Result<(Talk, u32), ConnectionError> {
        let mut talk = self.greet().await?;
        let nonce = talk.challenge().await?;
        let proof = talk.proof(nonce);
        talk.say(&proof).await;
        let heard = talk.hear().await?;
        let ToAgent::Leased { seconds } = heard else { panic!("{heard:?} is no lease") };
        Ok((talk, seconds))
    }
}

impl Talk {
    pub(crate) async fn say(&mut self, value: &FromAgent) {
        // a gateway that has hung up says why when it is heard
        let _ = self.to.write_all(&frame(value, MAX_FROM_AGENT).unwrap()).await;
    }

    pub(crate) async fn hear(&mut self) -> Result<ToAgent, ConnectionError> {
        loop {
            if let Some(value) = self.frames.next().unwrap() {
                return Ok(value);
            }
            match self.from.read_chunk(4096, true).await {
                Ok(Some(piece)) => self.frames.push(&piece.bytes),
                Ok(None) | Err(_) => return Err(self.connection.closed().await),
            }
        }
    }

    /// The next challenge, whatever is said before it.
    pub(crate) async fn challenge(&mut self) -> Result<Hash, ConnectionError> {
        loop {
            let heard = self.hear().await?;
            if let ToAgent::Challenge { nonce } = heard {
                return Ok(nonce);
            }
            assert!(!matches!(heard, ToAgent::Bye { .. }), "{heard:?} instead of a challenge");
        }
    }

    pub(crate) fn proof(&self, nonce: Hash) -> FromAgent {
        let mut exporter = [0; 32];
        self.connection.export_keying_material(&mut exporter, EXPORTER, b"").unwrap();
        let signature = self.key.sign(&proof_message(&exporter, &nonce)).unwrap();
        FromAgent::Proof { nonce, signature: Blob(signature) }
    }
}

fn client(
    site: &Site,
    credential: Option<&Credential>,
    full: &Arc<AtomicUsize>,
    provider: Arc<CryptoProvider>,
    resumption: Resumption,
) -> (ClientConfig, Vec<u8>) {
    let anchors = Arc::new(Anchors::new(&[site.root()], []).unwrap());
    let verifier = SiteGateway::gateway(anchors, site.domain(), "lab", &provider);
    let verifier = Arc::new(Counting { verifier, full: Arc::clone(full) });
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    // who shows no certificate signs with anything
    let key = credential.map_or_else(
        || KeyPair::generate().unwrap().serialize_der(),
        |credential| credential.key.serialize_der(),
    );
    let mut config = match credential {
        Some(credential) => {
            let chain = credential.chain.iter().cloned().map(CertificateDer::from).collect();
            config.with_client_auth_cert(chain, PrivateKeyDer::try_from(key.clone()).unwrap()).unwrap()
        }
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = resumption;
    (ClientConfig::new(Arc::new(QuicClientConfig::try_from(config).unwrap())), key)
}

#[derive(Debug)]
struct Counting {
    verifier: Arc<SiteGateway>,
    full: Arc<AtomicUsize>,
}

impl ServerCertVerifier for Counting {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.full.fetch_add(1, Ordering::SeqCst);
        self.verifier.verify_server_cert(leaf, above, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, leaf, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// The first datagrams of `count` devices that begin a handshake, each with a connection of its own. Within a runtime.
pub(crate) async fn first_datagrams(site: &Site, count: usize) -> Vec<Vec<u8>> {
    let kept = Arc::new(Kept::default());
    let (config, _) = client(site, None, &Arc::default(), provider(), Resumption::disabled());
    let socket = Arc::clone(&kept) as Arc<dyn AsyncUdpSocket>;
    let endpoint = EndpointConfig::default();
    let endpoint =
        Endpoint::new_with_abstract_socket(endpoint, None, socket, Arc::new(TokioRuntime)).unwrap();
    let gateway = SocketAddrV6::new(GROUP, PORT, 0, 0).into();
    let begin = || endpoint.connect_with(config.clone(), gateway, "gateway.invalid").unwrap();
    let begun: Vec<_> = (0..count).map(|_| begin()).collect();
    while kept.0.lock().unwrap().len() < count {
        tokio::task::yield_now().await;
    }
    drop(begun);
    std::mem::take(&mut kept.0.lock().unwrap())
}

/// Keeps what is sent, and hears nothing.
#[derive(Debug, Default)]
struct Kept(std::sync::Mutex<Vec<Vec<u8>>>);

impl AsyncUdpSocket for Kept {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Ready)
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        // a client hello with a hybrid key may take two, sent as one
        let size = transmit.segment_size.unwrap_or(transmit.contents.len());
        self.0.lock().unwrap().extend(transmit.contents.chunks(size).map(<[u8]>::to_vec));
        Ok(())
    }

    fn poll_recv(
        &self,
        _: &mut Context<'_>,
        _: &mut [IoSliceMut<'_>],
        _: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(SocketAddrV6::new(GROUP, PORT, 0, 0).into())
    }
}

#[derive(Debug)]
struct Ready;

impl UdpPoller for Ready {
    fn poll_writable(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Sends to the group; what the gateway answers counts as from the group.
#[derive(Debug)]
struct Multicast {
    socket: UdpSocket,
    scope: u32,
}

impl AsyncUdpSocket for Multicast {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Poller(self))
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.socket.try_io(Interest::WRITABLE, || {
            let socket = socket2::SockRef::from(&self.socket);
            socket.send_to(transmit.contents, &transmit.destination.into()).map(drop)
        })
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut buffer = ReadBuf::new(&mut buffers[0]);
            let from = std::task::ready!(self.socket.poll_recv_from(cx, &mut buffer))?;
            if from != SocketAddr::from(SocketAddrV6::new(ANSWERS_FROM, PORT, 0, self.scope)) {
                continue;
            }
            let len = buffer.filled().len();
            let addr = SocketAddrV6::new(GROUP, PORT, 0, self.scope).into();
            metas[0] = RecvMeta { addr, len, stride: len, ecn: None, dst_ip: None };
            return Poll::Ready(Ok(1));
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

#[derive(Debug)]
struct Poller(Arc<Multicast>);

impl UdpPoller for Poller {
    fn poll_writable(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.socket.poll_send_ready(cx)
    }
}
