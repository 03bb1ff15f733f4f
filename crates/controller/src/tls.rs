//! TLS of both listeners: TLS 1.3, one provider, certificates of our own authority, the controller's own clock.
//!
//! The API's listener proves who the controller is. The link's also asks for a gateway's certificate, and remembers no
//! session: whoever comes again proves again who it is.
//!
//! INVARIANT: who gets through the link's handshake holds the key of a certificate that one of our authorities signed for
//! a client, and none that is distrusted. Whether it may still come is asked of the store afterwards (`link`).

mod late;
mod trust;

use crate::clock::Clock;
use crate::pki::{self, Anchors, CaError, Follower};
use crate::{App, Config};
use late::LateVerifier;
use nullius_identity::{Profile, RequestedKey, Validity};
use nullius_model::Timestamp;
use nullius_store::{Secret, StoreError, Tx, secrets};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::time_provider::TimeProvider;
use rustls::{ServerConfig, version};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::time::sleep;
use trust::TrustVerifier;

/// How long the controller's own certificate lives. It is made anew at every start, and what was shown last is kept: a
/// controller that starts while the module with the issuing key is away shows that, and serves.
const LIFE: Duration = Duration::from_secs(60 * 86_400);

/// How often it is made anew: an attempt that fails is made up for many times before it ends.
const FRESH: Duration = Duration::from_secs(86_400);

/// After an attempt that failed: the hardware module with the issuing key may be back.
const AGAIN: Duration = Duration::from_secs(60);

/// Under which names the store keeps what is shown.
const KEPT_CHAIN: &str = "tls/chain";
const KEPT_KEY: &str = "tls/key";

/// A certificate (DER) with those above it, and its key (PKCS#8).
type Credential = (Vec<Vec<u8>>, Secret);

/// What both listeners speak with.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Of the API.
    pub api: Arc<ServerConfig>,
    /// Of the gateway link.
    pub link: Arc<ServerConfig>,
    shown: Arc<Shown>,
    trust: Arc<TrustVerifier>,
    /// Until the certificate is made anew.
    wait: Duration,
}

/// Why a listener cannot speak TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No certificate.
    #[error("the certificate: {0}")]
    Certificate(String),
    /// Rustls refuses the configuration.
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
}

impl Tls {
    /// Makes the controller's certificate and both configurations.
    ///
    /// # Errors
    /// [`TlsError`].
    pub async fn new(app: &App) -> Result<Self, TlsError> {
        let anchors = app.read(pki::anchors).await;
        let anchors = anchors.map_err(|error| TlsError::Certificate(error.to_string()))?;
        let (key, wait) = match make(app).await {
            Ok(key) => (key, FRESH),
            Err(error) => (last_shown(app, error).await?, AGAIN),
        };
        let shown = Arc::new(Shown(RwLock::new(Arc::new(key))));
        let mut api = builder(app)?.with_no_client_auth().with_cert_resolver(resolver(&shown));
        api.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let trust = Arc::new(TrustVerifier::new(anchors)?);
        let believed: Arc<dyn ClientCertVerifier> = Arc::<TrustVerifier>::clone(&trust);
        let verifier = LateVerifier::new(believed, app.config().link.late_days);
        let mut link =
            builder(app)?.with_client_cert_verifier(Arc::new(verifier)).with_cert_resolver(resolver(&shown));
        link.alpn_protocols = vec![b"h2".to_vec()];
        link.session_storage = Arc::new(NoServerSessionStorage {});
        link.send_tls13_tickets = 0;
        Ok(Self { api: Arc::new(api), link: Arc::new(link), shown, trust, wait })
    }

    /// Makes the controller's certificate anew now and then, and follows whom to believe, for connections from then on.
    /// Never returns.
    pub async fn keep_fresh(self, app: App) {
        let mut follower = Follower::new(&app);
        let mut believed = follower.changed().await;
        self.believe(&believed);
        let mut wait = self.wait;
        loop {
            tokio::select! {
                now = follower.changed() => {
                    self.believe(&now);
                    if now.distrusted != believed.distrusted {
                        app.links().clear();
                    }
                    believed = now;
                }
                () = sleep(wait) => {}
            }
            wait = self.show(&app).await;
        }
    }

    fn believe(&self, anchors: &Anchors) {
        if let Err(error) = self.trust.put(anchors.clone()) {
            tracing::error!(%error, "gateways are believed as before");
        }
    }

    /// Shows a new certificate; when to do so again.
    async fn show(&self, app: &App) -> Duration {
        match make(app).await {
            Ok(key) => {
                *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
                FRESH
            }
            Err(error) => {
                tracing::error!(%error, "the controller's certificate was not renewed");
                AGAIN
            }
        }
    }
}

impl Tls {
    /// What it shows of itself.
    #[cfg(all(test, feature = "pkcs11"))]
    pub(crate) fn leaf(&self) -> Vec<u8> {
        let shown = self.shown.0.read().unwrap_or_else(PoisonError::into_inner);
        shown.cert.first().map(|leaf| leaf.to_vec()).unwrap_or_default()
    }

    /// Of devices: a certificate is looked at where one is shown. No session is remembered here either.
    ///
    /// # Errors
    /// [`TlsError`].
    pub(crate) fn est(&self, app: &App) -> Result<Arc<ServerConfig>, TlsError> {
        let clients = Arc::new(crate::est::AnyClient::new());
        let mut est =
            builder(app)?.with_client_cert_verifier(clients).with_cert_resolver(resolver(&self.shown));
        est.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        est.session_storage = Arc::new(NoServerSessionStorage {});
        est.send_tls13_tickets = 0;
        Ok(Arc::new(est))
    }
}

/// The certificate that is shown now.
#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn resolver(shown: &Arc<Shown>) -> Arc<dyn ResolvesServerCert> {
    Arc::<Shown>::clone(shown)
}

async fn make(app: &App) -> Result<CertifiedKey, TlsError> {
    let (config, at) = (app.config().clone(), app.now());
    let made = app.write(move |tx| certificate(tx, &config, at)).await;
    let (chain, key) = made.map_err(|error| TlsError::Certificate(error.to_string()))?;
    certified(chain, &key)
}

/// What was shown before the last start, where the issuing key cannot be used now.
async fn last_shown(app: &App, error: TlsError) -> Result<CertifiedKey, TlsError> {
    let kept = app.read(kept).await.map_err(|error| TlsError::Certificate(error.to_string()))?;
    let Some((chain, key)) = kept else { return Err(error) };
    tracing::error!(%error, "the controller shows the certificate of its last start");
    certified(chain, &key)
}

fn certified(chain: Vec<Vec<u8>>, key: &Secret) -> Result<CertifiedKey, TlsError> {
    let chain = chain.into_iter().map(CertificateDer::from).collect();
    let key = PrivatePkcs8KeyDer::from(key.expose());
    Ok(CertifiedKey::from_der(chain, key.clone_key().into(), &provider())?)
}

/// Leaf, issuing authority and what is above it, and the leaf's key.
fn certificate(tx: &mut Tx<'_>, config: &Config, at: Timestamp) -> Result<Credential, CaError> {
    let issuing = pki::issuing(tx, config)?;
    let key = pki::new_key()?;
    let public = RequestedKey::of_key(key.expose())?;
    let validity = Validity {
        from: at.as_secs().saturating_sub(pki::SKEW),
        until: at.as_secs().saturating_add(LIFE.as_secs()),
    };
    let profile = Profile::ControllerServer(config.link.hosts.clone());
    let mut chain = issuing.issue(tx, &profile, &public, validity)?.chain;
    chain.extend(issuing.above(tx, at)?);
    keep(tx, &chain, &key)?;
    Ok((chain, key))
}

fn keep(tx: &mut Tx<'_>, chain: &[Vec<u8>], key: &Secret) -> Result<(), StoreError> {
    let text: String = chain.iter().map(|certificate| nullius_identity::pem(certificate)).collect();
    secrets::put(tx, KEPT_CHAIN, text.as_bytes())?;
    secrets::put(tx, KEPT_KEY, key.expose())
}

fn kept(tx: &mut Tx<'_>) -> Result<Option<Credential>, StoreError> {
    let found = (secrets::find(tx, KEPT_CHAIN)?, secrets::find(tx, KEPT_KEY)?);
    let (Some(chain), Some(key)) = found else { return Ok(None) };
    let chain = CertificateDer::pem_slice_iter(chain.expose()).filter_map(Result::ok);
    Ok(Some((chain.map(|certificate| certificate.to_vec()).collect(), key)))
}

fn builder(app: &App) -> Result<rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier>, TlsError> {
    let time = Arc::new(Time(app.clock()));
    Ok(ServerConfig::builder_with_details(provider(), time).with_protocol_versions(&[&version::TLS13])?)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

#[derive(Debug)]
struct Time(Arc<dyn Clock>);

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_nanos(self.0.now().as_nanos())))
    }
}
