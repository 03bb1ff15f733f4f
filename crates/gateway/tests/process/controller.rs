//! A controller as a gateway sees it: it issues certificates, sends bundles, takes records, and can be cut off. It keeps
//! what it heard for the test to look at.

use crate::wire::{Counted, pem};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use nullius_identity::{Authority, KeyInMemory, Profile, RequestedKey, TrustDomain, Validity};
use nullius_model::Epoch;
use nullius_protocol::bundle::{Bundle, SigningKey};
use nullius_protocol::link::{
    Ack, Blob, Frames, Hash, Hello, JoinAnswer, JoinRequest, JoinToken, MAX_TO_CONTROLLER, MAX_TO_GATEWAY,
    Record, Report, Revoked, ToController, ToGateway, VERSION, Welcome, chained, frame,
};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;

/// What it heard and what it has to say.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) hellos: Vec<Hello>,
    pub(crate) acks: Vec<Ack>,
    pub(crate) records: BTreeMap<u64, Record>,
    /// Records that came although they had been confirmed.
    pub(crate) doubled: u64,
    pub(crate) reports: Vec<Report>,
    pub(crate) revoked: Vec<Revoked>,
    pub(crate) renewed: u64,
    bundles: BTreeMap<Epoch, Vec<u8>>,
    spool: String,
    /// Bytes that are sent instead of a welcome.
    hostile: Option<Vec<u8>>,
}

pub(crate) struct Controller {
    pub(crate) signer: SigningKey,
    pub(crate) root: Vec<u8>,
    /// What tokens name.
    pinned: Vec<u8>,
    address: SocketAddr,
    join: SocketAddr,
    heard: Arc<Mutex<Heard>>,
    /// Grows whenever there is something new; odd numbers mean that it is cut off.
    wake: watch::Sender<(u64, bool)>,
    bytes: Arc<AtomicU64>,
}

const VALID: Validity = Validity { from: 1_600_000_000, until: 4_000_000_000 };

fn authority(key: &KeyPair) -> Authority {
    let domain = TrustDomain::new("test.example").unwrap();
    let signer = KeyInMemory::from_pkcs8(&key.serialize_der()).unwrap();
    Authority::root(domain, Box::new(signer), [7; 16], VALID).unwrap()
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

fn request(key: &KeyPair) -> Vec<u8> {
    rcgen::CertificateParams::default().serialize_request(key).unwrap().der().to_vec()
}

impl Controller {
    /// Starts one in this thread's network namespace. Certificates of gateways are valid for so long, in seconds.
    pub(crate) fn start(gateways_last: u64) -> Self {
        Self::with(gateways_last, None)
    }

    /// The same after its root took over from another, under which its tokens were made.
    pub(crate) fn rolled_over(gateways_last: u64) -> Self {
        Self::with(gateways_last, Some(&authority(&key())))
    }

    fn with(gateways_last: u64, older: Option<&Authority>) -> Self {
        crate::plant::run("ip", &["link", "set", "lo", "up"]);
        let authority = Arc::new(authority(&key()));
        let server = key();
        let csr = RequestedKey::from_request(&request(&server)).unwrap();
        let profile = Profile::ControllerServer(vec!["127.0.0.1".to_owned()]);
        let leaf = authority.issue(&profile, &csr, [8; 16], VALID).unwrap();
        let root = authority.certificate().to_vec();
        let before = older.map(|older| {
            let cross = older.issue(&Profile::Root, authority.key(), [6; 16], VALID).unwrap();
            [cross, older.certificate().to_vec()]
        });
        let pinned = older.unwrap_or(&authority).certificate().to_vec();
        let chain: Vec<_> = [leaf, root.clone()].into_iter().chain(before.into_iter().flatten()).collect();
        let tls = |client| server_config(&root, &chain, &server, client);
        let [link, join] = [0, 0].map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
        let controller = Self {
            signer: SigningKey::generate().unwrap(),
            root: root.clone(),
            pinned,
            address: link.local_addr().unwrap(),
            join: join.local_addr().unwrap(),
            heard: Arc::default(),
            wake: watch::Sender::new((0, false)),
            bytes: Arc::default(),
        };
        let served = Served {
            heard: Arc::clone(&controller.heard),
            wake: controller.wake.subscribe(),
            bytes: Arc::clone(&controller.bytes),
            authority,
            signer: controller.signer.public().to_string(),
            gateways_last,
        };
        let listeners = [(link, tls(true)), (join, tls(false))];
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let [one, other] =
                    listeners.map(|(listener, tls)| tokio::spawn(served.clone().listen(listener, tls)));
                let _ = (one.await, other.await);
            });
        });
        controller
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Makes the plant's gateway one of its own.
    pub(crate) fn join(&self, plant: &crate::plant::Plant) {
        let config = nullius_gateway::Config::read(&plant.path("gateway.toml")).unwrap();
        let token = self.token();
        let url = format!("https://{}", self.join);
        let joined = nullius_gateway::link::join(&config, &plant.path("identity"), &url, &token).unwrap();
        assert_eq!((joined.site.as_str(), joined.gateway.as_str()), ("lab", "gw1"));
    }

    /// A token that any number of gateways may use.
    pub(crate) fn token(&self) -> String {
        let root = Hash(
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.pinned).as_ref().try_into().unwrap(),
        );
        JoinToken { id: [1; 8], secret: [2; 32], root }.to_string()
    }

    pub(crate) fn join_url(&self) -> String {
        format!("https://{}", self.join)
    }

    pub(crate) fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap()
    }

    /// Sends a bundle, signed by the site's key.
    pub(crate) fn send(&self, bundle: &Bundle) {
        self.send_raw(bundle.epoch, bundle.sign(&self.signer).unwrap());
    }

    /// Sends bytes as the bundle of that epoch.
    pub(crate) fn send_raw(&self, epoch: Epoch, bytes: Vec<u8>) {
        self.heard().bundles.insert(epoch, bytes);
        self.wake.send_modify(|(count, _)| *count += 1);
    }

    /// What is not sent any more: something took its place.
    pub(crate) fn forget(&self, epoch: Epoch) {
        self.heard().bundles.remove(&epoch);
    }

    /// Nobody reaches it, and whoever had is let go; or the other way round.
    pub(crate) fn cut(&self, cut: bool) {
        self.wake.send_modify(|(count, is_cut)| {
            *count += 1;
            *is_cut = cut;
        });
    }

    /// Says these bytes to whoever comes, instead of a welcome.
    pub(crate) fn turn_hostile(&self, bytes: Vec<u8>) {
        self.heard().hostile = Some(bytes);
        self.cut(true);
        self.cut(false);
    }

    /// Bytes in both directions, on the wire under TLS.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// What became of the bundle of that epoch, the newest word last.
    pub(crate) fn outcomes(&self, epoch: Epoch) -> Vec<Ack> {
        self.heard().acks.iter().filter(|ack| ack.epoch == epoch).cloned().collect()
    }
}

fn server_config(root: &[u8], chain: &[Vec<u8>], key: &KeyPair, client: bool) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(root.to_vec())).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_protocol_versions(&[&rustls::version::TLS13]).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let builder = match client {
        true => builder.with_client_cert_verifier(verifier),
        false => builder.with_no_client_auth(),
    };
    let chain = chain.iter().cloned().map(CertificateDer::from).collect();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let mut config = builder.with_single_cert(chain, key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

#[derive(Clone)]
struct Served {
    heard: Arc<Mutex<Heard>>,
    wake: watch::Receiver<(u64, bool)>,
    bytes: Arc<AtomicU64>,
    authority: Arc<Authority>,
    signer: String,
    gateways_last: u64,
}

type Outgoing = StreamBody<
    Pin<Box<dyn futures_util::Stream<Item = Result<Frame<Bytes>, std::convert::Infallible>> + Send>>,
>;

impl Served {
    async fn listen(self, listener: std::net::TcpListener, tls: Arc<ServerConfig>) {
        listener.set_nonblocking(true).unwrap();
        let listener = TcpListener::from_std(listener).unwrap();
        let acceptor = TlsAcceptor::from(tls);
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let served = self.clone();
            let stream = Counted(stream, Arc::clone(&self.bytes));
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut wake = served.wake.clone();
                if wake.borrow().1 {
                    return;
                }
                tokio::select! {
                    () = served.serve(acceptor, stream) => {}
                    _ = wake.wait_for(|(_, cut)| *cut) => {}
                }
            });
        }
    }

    async fn serve(self, acceptor: TlsAcceptor, stream: Counted) {
        let Ok(stream) = acceptor.accept(stream).await else { return };
        let service = hyper::service::service_fn(move |request| {
            let served = self.clone();
            async move { Ok::<_, std::convert::Infallible>(served.answer(request).await) }
        });
        let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _ = server.serve_connection(TokioIo::new(stream), service).await;
    }

    async fn answer(self, request: Request<Incoming>) -> Response<Outgoing> {
        let (to, outgoing) = mpsc::channel::<Bytes>(16);
        let is_join = request.uri().path() == nullius_protocol::link::JOIN_PATH;
        match is_join {
            true => {
                let asked = request.into_body().collect().await.unwrap().to_bytes();
                to.send(self.joined(&asked)).await.unwrap();
                drop(to);
            }
            false => {
                tokio::spawn(self.talk(request.into_body(), to));
            }
        }
        let outgoing = futures_util::stream::unfold(outgoing, |mut outgoing| async {
            let bytes = outgoing.recv().await?;
            Some((Ok(Frame::data(bytes)), outgoing))
        });
        Response::new(StreamBody::new(Box::pin(outgoing)))
    }

    fn joined(&self, asked: &[u8]) -> Bytes {
        let request: JoinRequest = serde_json::from_slice(asked).unwrap();
        let answer = JoinAnswer {
            version: VERSION,
            site: "lab".to_owned(),
            gateway: "gw1".to_owned(),
            chain: pem("CERTIFICATE", &self.certificate(&request.csr)),
            root: pem("CERTIFICATE", self.authority.certificate()),
            signer: self.signer.clone(),
            links: vec!["https://127.0.0.1:1".to_owned()],
            policy: Vec::new(),
        };
        serde_json::to_vec(&answer).unwrap().into()
    }

    fn certificate(&self, csr: &[u8]) -> Vec<u8> {
        let profile = Profile::Gateway { site: "lab".to_owned(), name: "gw1".to_owned() };
        let key = RequestedKey::from_request(csr).unwrap();
        let from = nullius_gateway::Clock::now(&nullius_gateway::SystemClock).wall.as_secs() - 1;
        let validity = Validity { from, until: from + self.gateways_last };
        self.authority.issue(&profile, &key, [9; 16], validity).unwrap()
    }

    async fn talk(self, mut from: Incoming, to: mpsc::Sender<Bytes>) {
        let mut frames = Frames::<ToController>::new(MAX_TO_CONTROLLER);
        let mut wake = self.wake.clone();
        let mut sent = None;
        loop {
            tokio::select! {
                chunk = from.frame() => {
                    let Some(Ok(chunk)) = chunk else { return };
                    frames.push(&chunk.into_data().unwrap_or_default());
                    while let Some(frame) = frames.next().unwrap() {
                        if let ToController::Hello(hello) = &frame {
                            sent = Some(hello.taken);
                        }
                        let answer = self.take(frame);
                        let hostile = self.heard.lock().unwrap().hostile.clone();
                        for bytes in hostile.into_iter().chain(answer.map(|answer| encoded(&answer))) {
                            if to.send(bytes.into()).await.is_err() {
                                return;
                            }
                        }
                    }
                }
                _ = wake.changed() => {}
            }
            let Some(after) = sent else { continue };
            let next: Vec<_> = {
                let heard = self.heard.lock().unwrap();
                heard
                    .bundles
                    .iter()
                    .filter(|(epoch, _)| **epoch > after)
                    .map(|(e, b)| (*e, b.clone()))
                    .collect()
            };
            for (epoch, bytes) in next {
                sent = Some(epoch);
                if to.send(encoded(&ToGateway::Bundle { bytes: Blob(bytes) }).into()).await.is_err() {
                    return;
                }
            }
        }
    }

    fn take(&self, frame: ToController) -> Option<ToGateway> {
        let mut heard = self.heard.lock().unwrap();
        match frame {
            ToController::Hello(hello) => {
                if heard.spool != hello.spool.id {
                    heard.records.clear();
                    heard.spool.clone_from(&hello.spool.id);
                }
                heard.hellos.push(hello);
                let recorded = heard.records.last_key_value().map(|(seq, _)| *seq).unwrap_or_default();
                let now = nullius_gateway::Clock::now(&nullius_gateway::SystemClock).wall.as_secs() * 1000;
                Some(ToGateway::Welcome(Welcome { version: VERSION, now, recorded }))
            }
            ToController::Ack(ack) => {
                heard.acks.push(ack);
                None
            }
            ToController::Records(records) => {
                let last = records.records.last().map(|record| record.seq).unwrap_or_default();
                for record in records.records {
                    let before = heard.records.get(&(record.seq - 1)).map(|record| record.chain);
                    let before = before.unwrap_or_default();
                    assert_eq!(
                        chained(&before, record.seq, record.line.as_bytes()),
                        record.chain,
                        "{record:?}"
                    );
                    heard.doubled += u64::from(heard.records.insert(record.seq, record).is_some());
                }
                Some(ToGateway::Recorded { spool: records.spool, through: last })
            }
            ToController::Revoked(revoked) => {
                heard.revoked.extend(revoked);
                None
            }
            ToController::Report(report) => {
                heard.reports.push(*report);
                None
            }
            ToController::Renew { csr } => {
                heard.renewed += 1;
                Some(ToGateway::Renewed { chain: vec![Blob(self.certificate(&csr.0))] })
            }
            ToController::Answer(_) | ToController::Relay(_) => None,
            ToController::Ping => Some(ToGateway::Pong),
        }
    }
}

fn encoded(frame_: &ToGateway) -> Vec<u8> {
    frame(frame_, MAX_TO_GATEWAY).unwrap()
}
