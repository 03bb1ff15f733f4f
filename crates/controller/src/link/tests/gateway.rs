//! A gateway that keeps the contract, in this process: real TLS, real HTTP/2, no packets.

use super::plant::{Plant, SITE};
use axum::body::Bytes;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http2;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use nullius_model::Epoch;
use nullius_protocol::bundle::{Body, Bundle, PublicKey};
use nullius_protocol::link::{
    Ack, Frames, Hash, Hello, MAX_TO_CONTROLLER, MAX_TO_GATEWAY, Outcome, Record, Records, Revoked,
    STREAM_PATH, Spool, ToController, ToGateway, VERSION, Welcome, chained, frame,
};
use nullius_protocol::order::Order;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

const PATIENCE: Duration = Duration::from_secs(10);

/// What a gateway has on its disk.
pub(super) struct Gateway {
    pub(super) key: KeyPair,
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) root: CertificateDer<'static>,
    pub(super) signer: PublicKey,
    pub(super) taken: Epoch,
    pub(super) policy: Epoch,
    pub(super) files: BTreeMap<String, String>,
    pub(super) revoked: BTreeSet<String>,
    pub(super) revoked_at: u64,
    pub(super) orders: Vec<Order>,
    pub(super) deltas: usize,
    pub(super) spool: String,
    pub(super) records: Vec<Record>,
}

/// A stream that is open.
pub(super) struct Link {
    to: mpsc::Sender<Bytes>,
    body: Incoming,
    frames: Frames<ToGateway>,
    /// Bytes over the network in both directions, TLS and HTTP included.
    pub(super) bytes: Arc<AtomicU64>,
}

pub(super) fn request(key: &KeyPair) -> Vec<u8> {
    CertificateParams::default().serialize_request(key).unwrap().der().to_vec()
}

impl Gateway {
    pub(super) async fn joined(plant: &Plant, name: &'static str) -> Self {
        let token = plant.invite(name).await;
        let key = KeyPair::generate().unwrap();
        let answer = plant.join(&token.to_string(), &request(&key)).await.unwrap();
        assert_eq!((answer.site.as_str(), answer.gateway.as_str()), (SITE, name));
        let certificates = |pem: &str| {
            CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>().unwrap()
        };
        Self {
            key,
            chain: certificates(&answer.chain),
            root: certificates(&answer.root).remove(0),
            signer: PublicKey::from_text(&answer.signer).unwrap(),
            taken: Epoch::default(),
            policy: Epoch::default(),
            files: BTreeMap::new(),
            revoked: BTreeSet::new(),
            revoked_at: 0,
            orders: Vec::new(),
            deltas: 0,
            spool: format!("spool-{name}"),
            records: Vec::new(),
        }
    }

    /// Writes something down.
    pub(super) fn note(&mut self, text: &str) {
        self.write_down("alarm", text, "");
    }

    /// The same of another kind, about a device.
    pub(super) fn write_down(&mut self, what: &str, text: &str, device: &str) {
        let seq = self.records.last().map_or(1, |last| last.seq + 1);
        let before = self.records.last().map_or(Hash::default(), |last| last.chain);
        let line = format!(
            r#"{{"at":"2027-01-15T08:00:00Z","uptime":{seq},"epoch":"{}","who":"gateway","what":"{what}","text":"{text}","device":"{device}"}}"#,
            self.policy
        );
        let chain = chained(&before, seq, line.as_bytes());
        self.records.push(Record { seq, line, chain });
    }

    pub(super) fn hello(&self) -> Hello {
        let next = self.records.last().map_or(1, |last| last.seq + 1);
        let first = self.records.first().map_or(next, |first| first.seq);
        let revoked = |device: &String| Revoked {
            device: device.clone(),
            at: self.revoked_at,
            by: "root".into(),
            reason: "by hand".into(),
        };
        Hello {
            version: VERSION,
            software: "test".into(),
            boot: "boot".into(),
            taken: self.taken,
            policy: self.policy,
            kernel_digest: Hash([7; 32]),
            spool: Spool { id: self.spool.clone(), first, next },
            revoked: self.revoked.iter().map(revoked).collect(),
        }
    }

    /// Dials and says hello.
    pub(super) async fn come(&self, plant: &Plant) -> Result<(Link, Welcome), String> {
        let mut link = self.dial(plant).await?;
        link.say(&ToController::Hello(self.hello())).await;
        match link.hear().await {
            Some(ToGateway::Welcome(welcome)) => Ok((link, welcome)),
            other => Err(format!("{other:?}")),
        }
    }

    /// Opens a stream, and says nothing.
    pub(super) async fn dial(&self, plant: &Plant) -> Result<Link, String> {
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config =
            ClientConfig::builder_with_details(provider, Arc::new(super::Standing(plant.clock.clone())));
        let config = config.with_protocol_versions(&[&rustls::version::TLS13]).unwrap();
        let mut config = config
            .with_root_certificates(roots)
            .with_client_auth_cert(self.chain.clone(), key.into())
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        dial(plant, config).await
    }

    /// Takes what comes and acks it until it has this epoch.
    pub(super) async fn follow(&mut self, link: &mut Link, until: Epoch) {
        while self.taken < until {
            let Some(ToGateway::Bundle { bytes }) = link.hear().await else {
                panic!("no bundle at {}", self.taken)
            };
            let ack = self.take(&bytes.0);
            link.say(&ToController::Ack(ack)).await;
        }
    }

    /// Takes a bundle.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Ack {
        let bundle = Bundle::open(bytes, &self.signer).unwrap();
        assert!(bundle.epoch > self.taken, "{} after {}", bundle.epoch, self.taken);
        let epoch = bundle.epoch;
        match bundle.body {
            Body::Policy(files) => {
                (self.files, self.policy, self.deltas) = (files, epoch, 0);
            }
            Body::PolicyDelta(delta) => match delta.apply(&self.files) {
                Ok(files) if delta.base == self.policy => {
                    (self.files, self.policy, self.deltas) = (files, epoch, self.deltas + 1);
                }
                Ok(_) | Err(_) => {
                    let reason = "another base".to_owned();
                    return Ack { epoch, result: Outcome::Refused { reason } };
                }
            },
            Body::Order { order, .. } => {
                if let Order::Revoke { device, .. } = &order {
                    self.revoked.insert(device.clone());
                }
                if let Order::Restore { device, .. } = &order {
                    self.revoked.remove(device);
                }
                self.orders.push(order);
            }
            Body::Handover(_) => panic!("no handover"),
        }
        self.taken = epoch;
        Ack { epoch, result: Outcome::Applied { kernel_digest: Hash([9; 32]) } }
    }

    /// Sends what the controller does not have, and waits until it has.
    pub(super) async fn upload(&self, link: &mut Link, welcome: &Welcome) -> u64 {
        let records = self.records.iter().filter(|record| record.seq > welcome.recorded).cloned().collect();
        link.say(&ToController::Records(Records { spool: self.spool.clone(), records })).await;
        match link.hear().await {
            Some(ToGateway::Recorded { through, .. }) => through,
            other => panic!("{other:?}"),
        }
    }
}

/// Dials with any configuration.
pub(super) async fn dial(plant: &Plant, config: ClientConfig) -> Result<Link, String> {
    let stream = TcpStream::connect(plant.link).await.map_err(|error| error.to_string())?;
    let bytes = Arc::new(AtomicU64::new(0));
    let stream = Counted { stream, bytes: Arc::clone(&bytes) };
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    let stream = stream.map_err(|error| error.to_string())?;
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    let (to, mut from) = mpsc::channel::<Bytes>(4);
    let body = futures_util::stream::poll_fn(move |context| {
        from.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok::<_, Infallible>(Frame::data(bytes))))
    });
    let request =
        Request::post(format!("https://localhost{STREAM_PATH}")).body(StreamBody::new(body)).unwrap();
    let response =
        timeout(PATIENCE, sender.send_request(request)).await.map_err(|error| error.to_string())?;
    let response = response.map_err(|error| error.to_string())?;
    if response.status() != StatusCode::OK {
        return Err(response.status().to_string());
    }
    let frames = Frames::new(MAX_TO_GATEWAY);
    Ok(Link { to, body: response.into_body(), frames, bytes })
}

impl Link {
    pub(super) async fn say(&mut self, what: &ToController) {
        self.raw(frame(what, MAX_TO_CONTROLLER).unwrap()).await;
    }

    pub(super) async fn raw(&mut self, bytes: Vec<u8>) {
        let _ = self.to.send(Bytes::from(bytes)).await;
    }

    /// The next frame; nothing where the stream ended.
    pub(super) async fn hear(&mut self) -> Option<ToGateway> {
        self.hear_for(PATIENCE).await.unwrap_or_else(|| panic!("nothing was heard"))
    }

    /// The same, for so long: nothing where nothing came, nothing in it where the stream ended.
    pub(super) async fn hear_for(&mut self, patience: Duration) -> Option<Option<ToGateway>> {
        timeout(patience, async {
            loop {
                if let Some(frame) = self.frames.next().unwrap() {
                    return Some(frame);
                }
                let piece = self.body.frame().await?.ok()?;
                self.frames.push(&piece.into_data().unwrap_or_default());
            }
        })
        .await
        .ok()
    }

    /// Why the controller let go.
    pub(super) async fn end(&mut self) -> Option<(String, u64)> {
        let mut last = None;
        while let Some(frame) = self.hear().await {
            if let ToGateway::Bye(bye) = frame {
                last = Some((bye.reason, bye.retry_after));
            }
        }
        last
    }
}

/// A connection of which the bytes are counted.
struct Counted {
    stream: TcpStream,
    bytes: Arc<AtomicU64>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, into);
        self.bytes.fetch_add((into.filled().len() - before) as u64, Ordering::Relaxed);
        result
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, from);
        if let Poll::Ready(Ok(count)) = &result {
            self.bytes.fetch_add(*count as u64, Ordering::Relaxed);
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
