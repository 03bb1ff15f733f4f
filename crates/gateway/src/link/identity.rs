//! Who the gateway is to its controller: a key, a certificate, and whose certificates it takes. One file, replaced as a whole.

use crate::store::{FileError, file};
use nullius_identity::TrustDomain;
use nullius_protocol::{from_hex, to_hex};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData as _};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;

/// Bytes of the file at most: a key, a few certificates and addresses.
const MAX_FILE: usize = 64 << 10;

/// Where it lies in the link's directory.
const FILE: &str = "identity.json";

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file.
    #[error(
        "this gateway has not joined a controller, or its identity cannot be read: `nullius gateway join`"
    )]
    File(#[from] FileError),
    /// What is in it, or what a controller sent.
    #[error("the gateway's identity is damaged: join the controller again")]
    Damaged,
    /// A certificate for another key, or none.
    #[error("the certificate is not for the key that was sent")]
    OtherKey,
    /// The system has no randomness.
    #[error("no key could be made")]
    Key,
}

/// As it is kept. Its `Debug` form shows no key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    site: String,
    gateway: String,
    links: Vec<String>,
    root: String,
    chain: Vec<String>,
    key: String,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("site", &self.site)
            .field("gateway", &self.gateway)
            .finish_non_exhaustive()
    }
}

/// Who the gateway is. Its `Debug` form shows no key.
pub(crate) struct Identity {
    pub(crate) site: String,
    pub(super) gateway: String,
    /// Where the controller said it takes links.
    pub(super) links: Vec<String>,
    /// The controller's root (DER).
    pub(crate) root: Vec<u8>,
    /// The certificate and those above it, without the root (DER).
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) key: KeyPair,
    /// The certificate's first and last second, since 1970.
    pub(crate) from: u64,
    pub(crate) until: u64,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Identity");
        shown.field("site", &self.site).field("gateway", &self.gateway).finish_non_exhaustive()
    }
}

/// A new P-256 key.
pub(super) fn make_key() -> Result<KeyPair, IdentityError> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|_| IdentityError::Key)
}

/// A certificate request (PKCS#10, DER) that says nothing but the key.
pub(super) fn request(key: &KeyPair) -> Result<Vec<u8>, IdentityError> {
    let params = rcgen::CertificateParams::default();
    let request = params.serialize_request(key).map_err(|_| IdentityError::Key)?;
    Ok(request.der().to_vec())
}

impl Identity {
    /// From what a controller sent for `key`.
    pub(super) fn new(
        (site, gateway): (String, String),
        links: Vec<String>,
        root: Vec<u8>,
        chain: Vec<Vec<u8>>,
        key: KeyPair,
    ) -> Result<Self, IdentityError> {
        let leaf = chain.first().ok_or(IdentityError::OtherKey)?;
        let (_, leaf) = X509Certificate::from_der(leaf).map_err(|_| IdentityError::Damaged)?;
        if *leaf.public_key().subject_public_key.data != *key.der_bytes() {
            return Err(IdentityError::OtherKey);
        }
        let seconds = |time: x509_parser::time::ASN1Time| u64::try_from(time.timestamp()).unwrap_or_default();
        let (from, until) = (seconds(leaf.validity().not_before), seconds(leaf.validity().not_after));
        Ok(Self { site, gateway, links, root, chain, key, from, until })
    }

    /// The same with another certificate for another key.
    pub(super) fn renewed(&self, chain: Vec<Vec<u8>>, key: KeyPair) -> Result<Self, IdentityError> {
        let names = (self.site.clone(), self.gateway.clone());
        Self::new(names, self.links.clone(), self.root.clone(), chain, key)
    }

    /// Whose gateway this is, as its certificate has it.
    pub(crate) fn domain(&self) -> Option<TrustDomain> {
        let (_, leaf) = X509Certificate::from_der(self.chain.first()?).ok()?;
        let names = leaf.subject_alternative_name().ok()??;
        let domain = names.value.general_names.iter().find_map(|name| {
            let GeneralName::URI(uri) = name else { return None };
            uri.strip_prefix("spiffe://")?.split('/').next()
        });
        TrustDomain::new(domain?).ok()
    }

    /// As it is kept.
    pub(super) fn read(directory: &Path) -> Result<Self, IdentityError> {
        let bytes = file::read(&path(directory), MAX_FILE)?;
        let kept: Kept = serde_json::from_slice(&bytes).map_err(|_| IdentityError::Damaged)?;
        let der = |text: &String| from_hex(text).ok_or(IdentityError::Damaged);
        let chain = kept.chain.iter().map(der).collect::<Result<_, _>>()?;
        let key = KeyPair::try_from(der(&kept.key)?).map_err(|_| IdentityError::Damaged)?;
        Self::new((kept.site, kept.gateway), kept.links, der(&kept.root)?, chain, key)
    }

    /// Keeps it, for the directory's owner alone. Durable when this returns.
    pub(super) fn write(&self, directory: &Path) -> Result<(), IdentityError> {
        let kept = Kept {
            site: self.site.clone(),
            gateway: self.gateway.clone(),
            links: self.links.clone(),
            root: to_hex(&self.root),
            chain: self.chain.iter().map(|certificate| to_hex(certificate)).collect(),
            key: to_hex(&self.key.serialize_der()),
        };
        let text = serde_json::to_vec(&kept).map_err(|_| IdentityError::Damaged)?;
        Ok(file::replace(&path(directory), &text)?)
    }
}

pub(super) fn path(directory: &Path) -> PathBuf {
    directory.join(FILE)
}
