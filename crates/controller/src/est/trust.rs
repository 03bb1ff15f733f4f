//! Whose certificates are believed here, and who signs: our own authorities, and the roots of makers.

use crate::Config;
use crate::pki::{self, CaError};
use nullius_identity::chain::Anchors;
use nullius_identity::{Profile, RequestedKey, Validity};
use nullius_protocol::to_hex;
use nullius_store::{Tx, authorities};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};

/// What was signed.
pub(super) struct Signed {
    pub(super) chain: Vec<Vec<u8>>,
    pub(super) serial: Vec<u8>,
    /// SHA-256 of the certificate of who signed it.
    pub(super) issuer: Vec<u8>,
    pub(super) until: u64,
}

/// Our own roots, those included under which an authority is distrusted now: which certificates of a thief's are not ours
/// is told by the record of ours, byte for byte, and its rightful holder may come for another.
pub(super) fn ours(tx: &mut Tx<'_>) -> Result<Anchors, CaError> {
    Anchors::new(&pki::anchors(tx)?.roots, []).map_err(|error| CaError::Not(error.to_string()))
}

/// Those of a maker (PEM), as they were checked when they were added.
pub(crate) fn of_maker(pem: &str) -> Option<Anchors> {
    let roots = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>().ok()?;
    Anchors::new(&roots, []).ok().filter(|anchors| anchors.certificates().next().is_some())
}

/// Certificates above a leaf that was issued before.
pub(super) fn chain_of(tx: &mut Tx<'_>, leaf: Vec<u8>, issuer: &[u8]) -> Result<Vec<Vec<u8>>, CaError> {
    let row = authorities::find(tx, &to_hex(issuer))?.ok_or(CaError::None)?;
    Ok(vec![leaf, row.certificate])
}

/// Signs a certificate.
pub(super) fn sign(
    tx: &mut Tx<'_>,
    config: &Config,
    (profile, key): (&Profile, &RequestedKey),
    validity: Validity,
) -> Result<Signed, CaError> {
    let issued = pki::issue(tx, config, profile, key, validity)?;
    let issuer = issued.chain.get(1).map(|issuer| Sha256::digest(issuer).to_vec()).unwrap_or_default();
    Ok(Signed { chain: issued.chain, serial: issued.serial, issuer, until: issued.until })
}

/// What a device is given to know the controller and its gateways by (DER): issuing authorities, and [`roots`].
pub(super) fn anchors(tx: &mut Tx<'_>) -> Result<Vec<Vec<u8>>, CaError> {
    Ok(pki::anchors(tx)?.issuing.into_iter().chain(roots(tx)?).collect())
}

/// The roots (DER), and those again that an older one signed: a device believes a new one by the word of one it knows.
pub(super) fn roots(tx: &mut Tx<'_>) -> Result<Vec<Vec<u8>>, CaError> {
    let anchors = pki::anchors(tx)?;
    Ok(anchors.roots.into_iter().chain(anchors.cross).collect())
}
