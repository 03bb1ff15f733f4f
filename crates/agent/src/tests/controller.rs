//! A controller as the agent sees it: EST and recovery, by what `nullius_identity` says of both.

use super::{LIFE, World};
use crate::testing::{SetClock, domain};
use crate::time::Clock as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use nullius_identity::recovery::{self, Ask, Issued, Kept, RECOVERIES};
use nullius_identity::{Authority, Profile, Protection, RequestedKey, Validity, cms, pem};
use nullius_protocol::enrol::{NonceAnswer, NonceRequest, RecoverAnswer, RecoverRequest};
use rustls::pki_types::CertificateDer;
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const SECRET: [u8; 32] = [5; 32];

/// What it keeps and how it behaves.
pub(super) struct Book {
    issuing: Arc<Authority>,
    roots: Vec<Vec<u8>>,
    clock: Arc<SetClock>,
    /// By generation.
    pub(super) issued: BTreeMap<u64, Issued>,
    pub(super) recoveries: u32,
    pub(super) frozen: bool,
    /// Everything is written down, and the answer is lost.
    pub(super) loses_answers: bool,
    /// Whose certificate it gives.
    pub(super) name: &'static str,
    /// How it vouches for keys.
    pub(super) protection: Protection,
    /// What was asked, in order.
    pub(super) asked: Vec<String>,
}

pub(super) struct Controller {
    pub(super) address: SocketAddr,
    pub(super) book: Arc<Mutex<Book>>,
}

impl Controller {
    pub(super) async fn start(world: &World) -> Self {
        Self::start_as(world, &Profile::ControllerServer(vec!["controller.plant.example".into()])).await
    }

    pub(super) async fn start_as(world: &World, profile: &Profile) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(world.server(profile, &[])));
        let book = Arc::new(Mutex::new(Book {
            issuing: Arc::clone(&world.issuing),
            roots: world.roots(),
            clock: Arc::clone(&world.clock),
            issued: BTreeMap::new(),
            recoveries: 0,
            frozen: false,
            loses_answers: false,
            name: "cam1",
            protection: Protection::Software,
            asked: Vec::new(),
        }));
        let kept = Arc::clone(&book);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, book) = (acceptor.clone(), Arc::clone(&kept));
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let shown =
                        stream.get_ref().1.peer_certificates().and_then(|chain| chain.first().cloned());
                    let service =
                        service_fn(move |request| answer(Arc::clone(&book), shown.clone(), request));
                    let http = hyper::server::conn::http1::Builder::new();
                    let _ = http.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, book }
    }

    pub(super) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    pub(super) fn book<T>(&self, look: impl FnOnce(&mut Book) -> T) -> T {
        look(&mut self.book.lock().unwrap())
    }
}

type Answered = Response<Full<Bytes>>;

async fn answer(
    book: Arc<Mutex<Book>>,
    shown: Option<CertificateDer<'static>>,
    request: Request<Incoming>,
) -> Result<Answered, std::io::Error> {
    let path = request.uri().path().to_owned();
    let token = request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let mut book = book.lock().unwrap();
    book.asked.push(path.clone());
    let answer = match path.as_str() {
        "/.well-known/est/cacerts" => certificates(&book.roots, 0),
        "/.well-known/est/simpleenroll" => book.enrol(token.as_deref(), &body),
        "/.well-known/est/simplereenroll" => book.renew(shown, &body),
        "/enrol/v1/nonce" => {
            let asked: NonceRequest = serde_json::from_slice(&body).unwrap();
            let nonce = recovery::nonce(&SECRET, &asked.site, &asked.device, book.clock.now());
            json(&NonceAnswer { version: 1, nonce: nonce.to_vec(), seconds: 120 })
        }
        "/enrol/v1/recover" => book.recover(&serde_json::from_slice(&body).unwrap()),
        _ => refused(404, "no such thing"),
    };
    if std::mem::take(&mut book.loses_answers) {
        return Err(std::io::Error::other("the cable is out"));
    }
    Ok(answer)
}

impl Book {
    fn enrol(&mut self, authorization: Option<&str>, body: &[u8]) -> Answered {
        let good = format!("Basic {}", STANDARD.encode(format!("{}:{}", "01".repeat(8), "02".repeat(32))));
        if authorization != Some(&good) || !self.issued.is_empty() {
            return refused(401, "the token is not good, or was used");
        }
        let key = RequestedKey::from_request(&STANDARD.decode(body).unwrap()).unwrap();
        self.give(&key, 1)
    }

    fn renew(&mut self, shown: Option<CertificateDer<'static>>, body: &[u8]) -> Answered {
        let shown =
            nullius_identity::assertion::<nullius_identity::DeviceIdentity>(&shown.unwrap(), &domain());
        let (generation, last) =
            self.issued.last_key_value().map(|(number, last)| (*number, last.key)).unwrap();
        if self.frozen || shown.unwrap().key != last {
            return refused(403, "this certificate is not the last");
        }
        let key = RequestedKey::from_request(&STANDARD.decode(body).unwrap()).unwrap();
        self.recoveries = 0;
        self.give(&key, generation + 1)
    }

    fn recover(&mut self, asked: &RecoverRequest) -> Answered {
        let asked = asked.clone();
        let ask = Ask {
            site: asked.site,
            name: asked.device,
            generation: asked.generation,
            nonce: asked.nonce.try_into().unwrap(),
            request: asked.csr,
            key: asked.key,
            signature: asked.signature,
        };
        let last = *self.issued.last_key_value().unwrap().1;
        let before = self.issued.get(&ask.generation).copied();
        let (recoveries, frozen) = (self.recoveries, self.frozen);
        let kept = Kept { last, asked: before, recoveries, allowed: RECOVERIES, frozen };
        match recovery::judge(&ask, &domain(), &SECRET, &kept, self.clock.now()) {
            Err(error) => refused(403, &error.to_string()),
            Ok(granted) => {
                self.recoveries += u32::from(!granted.again);
                let chain = self.issue(granted.request.key(), granted.generation);
                json(&RecoverAnswer {
                    version: 1,
                    generation: granted.generation,
                    chain: chain.iter().map(|der| pem(der)).collect(),
                    anchors: self.roots.iter().map(|der| pem(der)).collect(),
                })
            }
        }
    }

    fn give(&mut self, key: &RequestedKey, generation: u64) -> Answered {
        let chain = self.issue(key, generation);
        certificates(&chain, generation)
    }

    fn issue(&mut self, key: &RequestedKey, generation: u64) -> Vec<Vec<u8>> {
        let protection = self.protection;
        let (site, name) = ("lab".to_owned(), self.name.to_owned());
        let profile = Profile::Device { site, name, protection, server: vec![] };
        let now = self.clock.now();
        let validity = Validity { from: now - 60, until: now + LIFE };
        let leaf = self.issuing.issue(&profile, key, [9; 16], validity).unwrap();
        self.issued.insert(generation, Issued { generation, key: key.hash(), protection, revoked: false });
        vec![leaf, self.issuing.certificate().to_vec()]
    }
}

fn certificates(chain: &[Vec<u8>], generation: u64) -> Answered {
    let body = STANDARD.encode(cms::certs_only(chain));
    let mut answer = Response::new(Full::from(body));
    answer.headers_mut().insert("nullius-generation", generation.into());
    answer
}

fn json(value: &impl Serialize) -> Answered {
    Response::new(Full::from(serde_json::to_vec(value).unwrap()))
}

fn refused(status: u16, detail: &str) -> Answered {
    let mut answer = json(&serde_json::json!({ "title": "refused", "detail": detail }));
    *answer.status_mut() = hyper::StatusCode::from_u16(status).unwrap();
    answer
}
