//! TLS towards the controller: version 1.3, its root and no other, our certificate, nothing resumed.

use super::identity::Identity;
use crate::clock::Clock;
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, Error, RootCertStore, version};
use std::sync::Arc;
use std::time::Duration;

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

pub(super) fn config(identity: &Identity, clock: Arc<dyn Clock>) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(identity.root.clone()))?;
    let time = Arc::new(Plausible { clock, from: identity.from, until: identity.until });
    let chain = identity.chain.iter().cloned().map(CertificateDer::from).collect();
    let key = PrivateKeyDer::try_from(identity.key.serialize_der());
    let key = key.map_err(|error| Error::General(error.to_owned()))?;
    let mut config = ClientConfig::builder_with_details(provider(), time)
        .with_protocol_versions(&[&version::TLS13])?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)?;
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

/// The wall clock, as far as our own certificate makes it plausible: a gateway without a battery begins in 1970 and must
/// come to its controller nevertheless, which then says how late it is. What this lets in is a controller's certificate
/// that ran out while ours was valid; what it sends is signed all the same.
#[derive(Debug)]
struct Plausible {
    clock: Arc<dyn Clock>,
    from: u64,
    until: u64,
}

impl TimeProvider for Plausible {
    fn current_time(&self) -> Option<UnixTime> {
        let now = self.clock.now().wall.as_secs().min(self.until).max(self.from);
        Some(UnixTime::since_unix_epoch(Duration::from_secs(now)))
    }
}
