//! TLS of both listeners: TLS 1.3, one provider, certificates of our own authority, the controller's own clock.
//!
//! The API's listener proves who the controller is. The link's also asks for a gateway's certificate, and remembers no
//! session: whoever comes again proves again who it is.
//!
//! INVARIANT: who gets through the link's handshake holds the key of a certificate that our authority signed for a
//! client. Whether it may still come is asked of the store afterwards (`link`).

mod late;

use crate::ca::{self, CaError};
use crate::clock::Clock;
use crate::{App, Config};
use late::LateVerifier;
use nullius_identity::{Profile, RequestedKey, Validity};
use nullius_model::Timestamp;
use nullius_store::Tx;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::time_provider::TimeProvider;
use rustls::{RootCertStore, ServerConfig, version};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::time::sleep;

/// How long the controller's own certificate lives. It is made anew at every start.
const LIFE: Duration = Duration::from_secs(60 * 86_400);

/// How often it is made anew: an attempt that fails is made up for many times before it ends.
const FRESH: Duration = Duration::from_secs(86_400);

/// How far back it begins: a gateway's clock may be behind.
const SKEW: Duration = Duration::from_secs(86_400);

/// What both listeners speak with.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Of the API.
    pub api: Arc<ServerConfig>,
    /// Of the gateway link.
    pub link: Arc<ServerConfig>,
    shown: Arc<Shown>,
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
        let made = make(app).await?;
        let root = made.root.clone();
        let shown = Arc::new(Shown(RwLock::new(Arc::new(made.key))));
        let mut api = builder(app)?.with_no_client_auth().with_cert_resolver(resolver(&shown));
        api.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let verifier = LateVerifier::new(verifier(root)?, app.config().link.late_days);
        let mut link =
            builder(app)?.with_client_cert_verifier(Arc::new(verifier)).with_cert_resolver(resolver(&shown));
        link.alpn_protocols = vec![b"h2".to_vec()];
        link.session_storage = Arc::new(NoServerSessionStorage {});
        link.send_tls13_tickets = 0;
        Ok(Self { api: Arc::new(api), link: Arc::new(link), shown })
    }

    /// Makes the controller's certificate anew now and then, for connections from then on. Never returns.
    pub async fn keep_fresh(self, app: App) {
        loop {
            sleep(FRESH).await;
            match make(&app).await {
                Ok(made) => {
                    *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(made.key);
                }
                Err(error) => tracing::error!(%error, "the controller's certificate was not renewed"),
            }
        }
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

struct Made {
    root: CertificateDer<'static>,
    key: CertifiedKey,
}

async fn make(app: &App) -> Result<Made, TlsError> {
    let (config, at) = (app.config().clone(), app.now());
    let made = app.write(move |tx| certificate(tx, &config, at)).await;
    let (chain, key) = made.map_err(|error| TlsError::Certificate(error.to_string()))?;
    let chain: Vec<_> = chain.into_iter().map(CertificateDer::from).collect();
    let root = chain.last().cloned().ok_or_else(|| TlsError::Certificate("no root".to_owned()))?;
    let key = CertifiedKey::from_der(chain, PrivatePkcs8KeyDer::from(key).into(), &provider())?;
    Ok(Made { root, key })
}

/// Leaf, authority and root, and the leaf's key.
fn certificate(tx: &mut Tx<'_>, config: &Config, at: Timestamp) -> Result<(Vec<Vec<u8>>, Vec<u8>), CaError> {
    let authority = ca::authority(tx, config, at)?;
    let key = ca::new_key()?;
    let public = RequestedKey::of_key(&key).map_err(|_| CaError::Random)?;
    let validity = Validity {
        from: at.as_secs().saturating_sub(SKEW.as_secs()),
        until: at.as_secs().saturating_add(LIFE.as_secs()),
    };
    let profile = Profile::ControllerServer(config.link.hosts.clone());
    let leaf = authority.issue(&profile, &public, ca::serial()?, validity)?;
    Ok((std::iter::once(leaf).chain(authority.chain().iter().cloned()).collect(), key))
}

fn verifier(
    root: CertificateDer<'static>,
) -> Result<Arc<dyn rustls::server::danger::ClientCertVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add(root)?;
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .map_err(|error| TlsError::Certificate(error.to_string()))
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
