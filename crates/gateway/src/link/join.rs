//! Joining a controller: a token that works once becomes a certificate, and whose word counts changes.
//!
//! A person with root does this. The gateway may run meanwhile, and hands itself over then; where it does not, its state
//! directory is opened here. The policy comes by the link, in its turn: what was ordered before it would be left out otherwise.

use super::identity::{self, Identity, IdentityError};
use super::local::{Local, LocalError};
use super::tls;
use crate::config::Config;
use crate::store::{Store, StoreError, file};
use nullius_identity::PinnedRoot;
use nullius_model::Epoch;
use nullius_protocol::bundle::{Body as Content, Bundle, BundleError, PublicKey, SigningKey};
use nullius_protocol::link::{BadToken, JOIN_PATH, JoinAnswer, JoinRequest, JoinToken, VERSION};
use nullius_protocol::local::{Body, Command, Policy};
use reqwest::Url;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long the controller may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Largest answer, in bytes: a policy as hexadecimal digits, and some room.
const MAX_ANSWER: usize = 20 << 20;

/// Bytes of a key file at most.
const MAX_KEY: usize = 256;

/// Why a gateway did not join.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// No token.
    #[error(transparent)]
    Token(#[from] BadToken),
    /// No address.
    #[error("`{}` is no address of a controller: expected `https://HOST[:PORT]`", .0.escape_debug())]
    Address(String),
    /// The gateway trusts somebody whose key is not here.
    #[error("the gateway's policies are signed by another key than `{}`: hand it over with that key first", .0.display())]
    Trust(PathBuf),
    /// TLS.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The controller cannot be reached, or is not the one that the token names.
    #[error(
        "the controller cannot be reached, or is not the one that the token names (is this machine's clock right? where the \
         controller's root was replaced since, another token is needed: `nullius site invite`)"
    )]
    Http(#[from] reqwest::Error),
    /// It does not want this gateway.
    #[error("the controller refuses: {}", .0.escape_debug())]
    Refused(String),
    /// It answered with something else.
    #[error("the controller's answer is not understood")]
    Answer,
    /// The key or the certificate.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The state directory.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The handover.
    #[error("the gateway cannot be handed over")]
    Bundle(#[from] BundleError),
    /// What the running gateway says.
    #[error("the gateway does not take the controller's key: {0}")]
    Gateway(String),
    /// The system gives no runtime.
    #[error("the system refuses")]
    System(#[from] std::io::Error),
}

/// What a gateway became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// Its site.
    pub site: String,
    /// Its name there.
    pub gateway: String,
    /// Where its link dials.
    pub links: Vec<String>,
    /// Where its identity lies.
    pub identity: PathBuf,
}

/// Joins the controller at `url`.
///
/// # Errors
/// [`JoinError`]; what was done until then may be done again with another token.
pub fn join(config: &Config, identity: &Path, url: &str, token: &str) -> Result<Joined, JoinError> {
    let token = JoinToken::parse(token)?;
    let address = url.parse::<Url>().ok().filter(|url| url.scheme() == "https");
    let url = address.and_then(|url| url.join(JOIN_PATH).ok());
    let url = url.ok_or_else(|| JoinError::Address("not https".to_owned()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let trust = Trust::find(config).await?;
        let key = identity::make_key()?;
        let pinned = PinnedRoot::new(token.root.0, tls::provider());
        let answer = ask(url, &token, &pinned, identity::request(&key)?).await?;
        let signer = PublicKey::from_text(&answer.signer).map_err(|_| JoinError::Answer)?;
        let certificates = |pem: &str| {
            let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
            read.map_err(|_| JoinError::Answer)
        };
        let root = certificates(&answer.root)?.into_iter().next().ok_or(JoinError::Answer)?.to_vec();
        if !pinned.vouches(&root) {
            return Err(JoinError::Answer);
        }
        let chain = certificates(&answer.chain)?.into_iter().map(|der| der.to_vec()).collect();
        let names = (answer.site.clone(), answer.gateway.clone());
        let joined = Identity::new(names, answer.links.clone(), root, chain, key)?;
        file::make_directory(identity).map_err(IdentityError::from)?;
        joined.write(identity)?;
        trust.hand_over(config, signer).await?;
        let JoinAnswer { site, gateway, links, .. } = answer;
        Ok(Joined { site, gateway, links, identity: identity.to_owned() })
    })
}

async fn ask(
    url: Url,
    token: &JoinToken,
    pinned: &Arc<PinnedRoot>,
    csr: Vec<u8>,
) -> Result<JoinAnswer, JoinError> {
    let mut tls = pinned.client()?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy();
    let client = client.redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build()?;
    let request = JoinRequest { version: VERSION, token: token.to_string(), csr };
    let mut response = client.post(url).json(&request).send().await?;
    let status = response.status();
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_ANSWER {
            return Err(JoinError::Answer);
        }
    }
    if !status.is_success() {
        return Err(JoinError::Refused(refusal(status, &bytes)));
    }
    let answer: JoinAnswer = serde_json::from_slice(&bytes).map_err(|_| JoinError::Answer)?;
    if answer.version == VERSION { Ok(answer) } else { Err(JoinError::Answer) }
}

/// What a problem document says, or else the status.
fn refusal(status: reqwest::StatusCode, bytes: &[u8]) -> String {
    let problem: Option<serde_json::Value> = serde_json::from_slice(bytes).ok();
    let detail = problem.as_ref().and_then(|problem| problem.get("detail")?.as_str());
    detail.map_or_else(|| status.to_string(), |detail| detail.chars().take(256).collect())
}

/// How the gateway is told whose word counts from here on.
enum Trust {
    /// It runs, and is told over its socket.
    Running(Policy),
    /// It does not, and its directory is written.
    Stopped(Box<Store>),
}

impl Trust {
    /// Before a token is used up: whether anybody is there to be told.
    async fn find(config: &Config) -> Result<Self, JoinError> {
        match Local(config.socket.clone()).ask(Command::PolicyStatus).await {
            Ok(Body::Policy(policy)) => Ok(Self::Running(policy)),
            Ok(_) => Err(JoinError::Gateway("its answer is not understood".to_owned())),
            Err(LocalError::Io(_)) => Ok(Self::Stopped(Box::new(Store::open(&config.state)?))),
            Err(error) => Err(JoinError::Gateway(error.to_string())),
        }
    }

    async fn hand_over(self, config: &Config, signer: PublicKey) -> Result<(), JoinError> {
        match self {
            Self::Running(policy) => {
                let trusted = PublicKey::from_text(&policy.trusted).map_err(|_| JoinError::Answer)?;
                if trusted == signer {
                    return Ok(());
                }
                let key = local_key(Path::new(&policy.key), trusted)?;
                let bundle = handover(policy.epoch, signer).sign(&key)?;
                let told = Local(config.socket.clone()).ask(Command::Handover { bundle }).await;
                told.map(drop).map_err(|error| JoinError::Gateway(error.to_string()))
            }
            Self::Stopped(mut store) if store.trusted() != signer => {
                let key = local_key(&store.local_key(), store.trusted())?;
                let bundle = handover(store.floor(), signer).sign(&key)?;
                let verified = store.verify(bundle)?;
                Ok(store.hand_over(&verified)?)
            }
            Self::Stopped(_) => Ok(()),
        }
    }
}

/// The key in that file, if it is the one whose word counts.
fn local_key(path: &Path, trusted: PublicKey) -> Result<SigningKey, JoinError> {
    let text = file::read(path, MAX_KEY).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let key = text.and_then(|text| SigningKey::from_seed(text.trim_end()).ok());
    let key = key.filter(|key| key.public() == trusted);
    key.ok_or_else(|| JoinError::Trust(path.to_owned()))
}

fn handover(taken: Epoch, signer: PublicKey) -> Bundle {
    let epoch = Epoch { term: taken.term, counter: taken.counter.saturating_add(1) };
    Bundle { epoch, made: 0, by: "nullius gateway join".to_owned(), body: Content::Handover(signer) }
}
