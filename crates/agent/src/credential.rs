//! A certificate that came, and whether it is this device's: nothing is kept before that is sure.

use crate::key::{Asking, DeviceKey, KeyError};
use crate::tls;
use crate::trust::Trust;
use nullius_identity::chain::{BadChain, Purpose};
use nullius_identity::{BadPeer, DeviceIdentity, RequestedKey, TrustDomain, Verified, assertion};
use rcgen::{CertificateParams, DistinguishedName, PublicKeyData as _};
use std::sync::Arc;

/// Why a certificate is not taken.
#[derive(Debug, thiserror::Error)]
pub enum BadCredential {
    /// It leads to nobody that is trusted, or is not for this.
    #[error("the controller's certificate for this device is not valid")]
    Chain(#[from] BadChain),
    /// It is no device's.
    #[error("the controller's certificate for this device names no device")]
    Peer(#[from] BadPeer),
    /// For another key than the one that was sent.
    #[error("the certificate is not for the key that was sent")]
    OtherKey,
    /// For another device than this one was.
    #[error("the certificate is another device's: `{0}`")]
    OtherName(String),
}

/// A certificate request (PKCS#10, DER) that says nothing but the key: who this device is, the controller knows.
pub(crate) fn request(key: Arc<dyn DeviceKey>) -> Result<Vec<u8>, KeyError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&Asking(key));
    let request =
        request.map_err(|error| KeyError::Hardware(format!("no request can be signed: {error}")))?;
    Ok(request.der().to_vec())
}

/// The key as certificates have it.
pub(crate) fn public(key: &Arc<dyn DeviceKey>) -> Result<RequestedKey, BadCredential> {
    let spki = Asking(Arc::clone(key)).subject_public_key_info();
    RequestedKey::from_spki(&spki).map_err(|_| BadCredential::OtherKey)
}

/// A certificate of this device, with those above it in their order, and who it says this is.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) identity: Verified<DeviceIdentity>,
}

/// Takes what came for `key`: certificates in any order, as EST gives them (RFC 5652 §5.1 knows a set).
pub(crate) fn accept(
    came: Vec<Vec<u8>>,
    key: &Arc<dyn DeviceKey>,
    trust: &Trust,
    domain: &TrustDomain,
    now: u64,
) -> Result<Accepted, BadCredential> {
    let key = public(key)?.hash();
    let ours =
        |der: &Vec<u8>| assertion::<DeviceIdentity>(der, domain).ok().filter(|identity| identity.key == key);
    let identity = came.iter().find_map(ours).ok_or(BadCredential::OtherKey)?;
    let (leaf, above): (Vec<_>, Vec<_>) = came.into_iter().partition(|der| ours(der).is_some());
    let above = above.into_iter().filter(|der| !trust.anchors.contains(der));
    let chain: Vec<_> = leaf.into_iter().take(1).chain(above).collect();
    // it may begin a moment after what this machine takes for now
    trust.judge()?.verify(&chain, Purpose::Client, now.max(identity.from))?;
    Ok(Accepted { chain, identity })
}

/// The first and the last second of the certificate that a chain begins with.
pub(crate) fn life(chain: &[Vec<u8>]) -> (u64, u64) {
    chain.first().and_then(|leaf| tls::dates(leaf)).unwrap_or_default()
}
