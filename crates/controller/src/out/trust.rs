//! Whom we believe at the other end of a TLS connection: who the configured certificates sign, and nobody else.

use super::sink::Trouble;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;

/// Most certificates of one file: a bundle of the whole web's is not what anybody means here.
const MAX_CERTIFICATES: usize = 64;

/// Longest token, in bytes.
const MAX_TOKEN: usize = 4096;

/// A client that believes the authorities of a PEM file.
pub(crate) fn authorities(path: &Path) -> Result<ClientConfig, Trouble> {
    let shown = path.display();
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path)
        .map_err(|error| Trouble::new(format!("`{shown}` cannot be read: {error}")))?;
    for certificate in certificates.take(MAX_CERTIFICATES) {
        let certificate =
            certificate.map_err(|error| Trouble::new(format!("`{shown}` is no PEM file: {error}")))?;
        roots.add(certificate).map_err(|error| Trouble::new(format!("`{shown}`: {error}")))?;
    }
    if roots.is_empty() {
        return Err(Trouble::new(format!("`{shown}` holds no certificate")));
    }
    config(roots)
}

/// A client that believes nobody: for addresses without TLS.
pub(crate) fn nobody() -> Result<ClientConfig, Trouble> {
    config(RootCertStore::empty())
}

fn config(roots: RootCertStore) -> Result<ClientConfig, Trouble> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Trouble::new(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// What proves us to an HTTP receiver. Read at every start of its sink, so that it can be replaced.
pub(crate) fn token(path: &Path) -> Result<String, Trouble> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Trouble::new(format!("`{shown}` cannot be read: {error}")))?;
    let token = text.trim();
    let fits =
        !token.is_empty() && token.len() <= MAX_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| token.to_owned()).ok_or_else(|| Trouble::new(format!("`{shown}` holds no token")))
}
