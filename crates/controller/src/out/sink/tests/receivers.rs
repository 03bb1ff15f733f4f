//! Receivers that are as receivers are.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How a receiver behaves.
#[derive(Clone, Copy, Debug)]
pub(super) enum Manner {
    Well,
    /// Reads so many records of the first two connections, and then breaks them with more unread.
    BreakTwice(usize),
    /// Closes a connection on which nothing more comes.
    CloseWhenIdle,
    ByteASecond,
}

/// A port that refuses every connection and that no other test is given: bound, and not listening.
pub(super) fn away() -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
    socket
}

/// A syslog receiver.
#[derive(Clone)]
pub(super) struct Collector {
    pub(super) port: u16,
    seen: Arc<Mutex<BTreeSet<u64>>>,
    bytes: Arc<AtomicU64>,
    frames: Arc<AtomicU64>,
}

impl Collector {
    pub(super) async fn start(manner: Manner) -> Self {
        Self::listen(TcpListener::bind("127.0.0.1:0").await.expect("a port"), manner, None)
    }

    /// One that was away until now, at the port that was kept for it.
    pub(super) fn back(place: TcpSocket) -> Self {
        Self::listen(place.listen(1_024).expect("a listener"), Manner::Well, None)
    }

    pub(super) async fn start_tls(authority: &Authority) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        Self::listen(listener, Manner::Well, Some(authority.acceptor()))
    }

    fn listen(listener: TcpListener, manner: Manner, tls: Option<TlsAcceptor>) -> Self {
        let port = listener.local_addr().expect("an address").port();
        let (seen, bytes, frames) = (Arc::default(), Arc::default(), Arc::default());
        let collector = Self { port, seen, bytes, frames };
        let this = collector.clone();
        tokio::spawn(async move {
            let mut connections = 0;
            while let Ok((stream, _)) = listener.accept().await {
                connections += 1;
                let manner = match manner {
                    Manner::BreakTwice(_) if connections > 2 => Manner::Well,
                    Manner::Well | Manner::BreakTwice(_) | Manner::CloseWhenIdle | Manner::ByteASecond => {
                        manner
                    }
                };
                tokio::spawn(this.clone().serve(stream, manner, tls.clone()));
            }
        });
        collector
    }

    async fn serve(self, stream: TcpStream, manner: Manner, tls: Option<TlsAcceptor>) {
        let most = match manner {
            Manner::Well => usize::MAX,
            Manner::BreakTwice(count) => count,
            Manner::CloseWhenIdle => {
                let reading = self.read(BufReader::new(stream), usize::MAX);
                let _ = tokio::time::timeout(Duration::from_secs(1), reading).await;
                return;
            }
            Manner::ByteASecond => return self.dawdle(stream).await,
        };
        match tls {
            None => self.read(BufReader::new(stream), most).await,
            Some(tls) => {
                if let Ok(stream) = tls.accept(stream).await {
                    self.read(BufReader::new(stream), most).await;
                }
            }
        }
    }

    /// Octet counting, strictly: anything else ends the connection, and the test that waits for the rest.
    async fn read(&self, mut stream: impl AsyncBufRead + Unpin, most: usize) {
        for _ in 0..most {
            let mut length = Vec::new();
            if stream.read_until(b' ', &mut length).await.is_err() {
                return;
            }
            let length = String::from_utf8_lossy(&length).trim_end().parse().unwrap_or(0);
            let mut message = vec![0; length];
            if length == 0 || stream.read_exact(&mut message).await.is_err() {
                return;
            }
            let message = String::from_utf8(message).expect("text");
            assert!(message.starts_with('<') && !message.contains(['\n', '\0']), "{message}");
            let json =
                message.splitn(8, ' ').nth(7).and_then(|rest| rest.split_once("] ")).expect("a message").1;
            self.seen.lock().expect("a lock").insert(sequence(json));
            self.frames.fetch_add(1, Ordering::Relaxed);
            self.bytes.fetch_add(length as u64, Ordering::Relaxed);
        }
    }

    async fn dawdle(&self, mut stream: TcpStream) {
        while stream.read_u8().await.is_ok() {
            self.bytes.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Waits until so many different records were received.
    pub(super) async fn has(&self, count: usize) {
        while self.seen.lock().expect("a lock").len() < count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(super) fn sequences(&self) -> BTreeSet<u64> {
        self.seen.lock().expect("a lock").clone()
    }

    pub(super) fn received(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Records, those that came twice counted twice.
    pub(super) fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }
}

/// The sequence number of an event. Only looked for: there are a hundred thousand of them, and other tests read them.
pub(super) fn sequence(json: &str) -> u64 {
    assert!(json.starts_with('{') && json.ends_with('}'), "{json}");
    let (_, rest) = json.split_once("\"sequence\":").expect("a sequence number");
    rest.split(',').next().and_then(|number| number.parse().ok()).expect("a number")
}

/// An HTTP receiver: refuses every third request, and bodies of more than a hundred records.
pub(super) struct Web {
    pub(super) port: u16,
    state: Arc<WebState>,
}

#[derive(Default)]
struct WebState {
    seen: Mutex<BTreeSet<u64>>,
    requests: AtomicU64,
}

impl Web {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(WebState::default());
        let router = axum::Router::new().route("/in", axum::routing::post(take)).with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { port, state }
    }

    pub(super) fn sequences(&self) -> BTreeSet<u64> {
        self.state.seen.lock().expect("a lock").clone()
    }
}

async fn take(State(state): State<Arc<WebState>>, headers: HeaderMap, body: String) -> StatusCode {
    assert_eq!(headers["content-type"], "application/x-ndjson");
    let lines: Vec<&str> = body.lines().collect();
    if lines.len() > 100 {
        return StatusCode::PAYLOAD_TOO_LARGE;
    }
    if state.requests.fetch_add(1, Ordering::Relaxed) % 10 == 2 {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let mut seen = state.seen.lock().expect("a lock");
    seen.extend(lines.into_iter().map(sequence));
    StatusCode::NO_CONTENT
}

/// Who signs the certificate of a receiver called `localhost`.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub(super) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    pub(super) fn pem(&self) -> &str {
        &self.pem
    }

    fn acceptor(&self) -> TlsAcceptor {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key);
        TlsAcceptor::from(Arc::new(config.expect("a configuration")))
    }
}
