//! Who asks for a certificate: by a token, by the certificate of its maker, or by its current one.
//!
//! INVARIANT: a certificate is judged here and nowhere before: its chain, its time, its record. What comes out names the
//! device by our own rows, never by what the asker wrote.

use super::NotIssued;
use super::refusal::{About, Refusal, TokenFault};
use super::trust;
use crate::Config;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nullius_identity::chain::{BadChain, Purpose};
use nullius_identity::{DeviceIdentity, ManufacturerIdentity, Protection, TrustDomain, Verified, assertion};
use nullius_model::Timestamp;
use nullius_protocol::{TOKEN_ID, TOKEN_SECRET, from_hex};
use nullius_store::credentials::{self, Credential, Status};
use nullius_store::{StoreError, Tx, enrol_tokens, manifests, manufacturers};
use rustls::pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// What a client shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    /// The chain whose leaf's key the handshake proved; empty where none was shown.
    pub(crate) chain: Arc<Vec<CertificateDer<'static>>>,
    /// What stands behind `Authorization`, if anything does.
    pub(super) password: Option<Password>,
}

/// A token as HTTP Basic carries it. Its `Debug` form shows nothing of it.
#[derive(Clone)]
pub(super) enum Password {
    /// Name and secret.
    Token([u8; TOKEN_ID], [u8; TOKEN_SECRET]),
    /// Something else.
    Other,
}

/// A device that may get a certificate, as far as its proof goes.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) site: String,
    pub(super) device: String,
    pub(super) by: By,
    /// How a key would be kept whose hash this is; any other is in software, as far as anybody knows.
    pub(super) protected: Option<(KeyHash, Protection)>,
}

/// By what.
#[derive(Clone, Debug)]
pub(super) enum By {
    /// A token, to be used up.
    Token { id: Vec<u8>, hardware: bool },
    /// The certificate of its maker.
    Maker,
    /// Its own, which it has.
    Own(Box<Credential>),
}

/// SHA-256 of a public key.
pub(super) type KeyHash = [u8; 32];

impl Shown {
    /// With what the head of a request shows beside.
    pub(super) fn with(&self, headers: &HeaderMap) -> Self {
        Self {
            chain: Arc::clone(&self.chain),
            password: headers.get(AUTHORIZATION).map(|value| password(value.as_bytes())),
        }
    }
}

impl By {
    /// As records have it.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Token { .. } => "token",
            Self::Maker => "idevid",
            Self::Own(_) => "renewal",
        }
    }
}

/// Who asks.
///
/// # Errors
/// [`NotIssued`]; nothing was written.
pub(super) fn caller(
    tx: &mut Tx<'_>,
    config: &Config,
    (shown, renews): (&Shown, bool),
    about: &mut About,
    at: Timestamp,
) -> Result<Grant, NotIssued> {
    if renews && shown.chain.is_empty() {
        return Err(Refusal::NotByCertificate.into());
    }
    match &shown.password {
        Some(password) if !renews => token(tx, password, about, at),
        Some(_) | None if shown.chain.is_empty() => Err(Refusal::Stranger.into()),
        Some(_) | None => certificate(tx, config, (&shown.chain, renews), about, at),
    }
}

fn token(tx: &mut Tx<'_>, password: &Password, about: &mut About, at: Timestamp) -> Result<Grant, NotIssued> {
    about.means = "token";
    let refused = |fault| NotIssued::from(Refusal::Token(fault));
    let Password::Token(id, secret) = password else { return Err(refused(TokenFault::Form)) };
    let row = enrol_tokens::find(tx, id)?.ok_or_else(|| refused(TokenFault::Unknown))?;
    let hash = Sha256::digest(secret);
    aws_lc_rs::constant_time::verify_slices_are_equal(&hash, &row.hash)
        .map_err(|_| refused(TokenFault::Secret))?;
    about.site = Some(row.site.clone());
    about.device = Some(row.device.clone());
    if row.used {
        return Err(refused(TokenFault::Used));
    }
    if row.expires < at.as_secs() {
        return Err(refused(TokenFault::Expired));
    }
    let by = By::Token { id: row.id, hardware: row.hardware };
    Ok(Grant { site: row.site, device: row.device, by, protected: None })
}

fn certificate(
    tx: &mut Tx<'_>,
    config: &Config,
    (chain, renews): (&[CertificateDer<'static>], bool),
    about: &mut About,
    at: Timestamp,
) -> Result<Grant, NotIssued> {
    let leaf = chain.first().ok_or(Refusal::Stranger)?;
    let domain = TrustDomain::new(&config.link.trust_domain).map_err(|_| Refusal::UnknownIssuer)?;
    match trust::ours(tx)?.verify(chain, Purpose::Client, at.as_secs()) {
        Ok(()) => return own(tx, (leaf, &no_device(assertion(leaf, &domain))?), about, at),
        Err(BadChain::UnknownIssuer) => {}
        Err(error) => return Err(bad(error).into()),
    }
    if renews {
        return Err(Refusal::NotByCertificate.into());
    }
    let (maker, identity) = maker(tx, chain, &domain, at)?;
    about.means = "idevid";
    about.serial = Some(identity.serial_number.clone());
    claimed(tx, &maker, &identity, about)
}

fn bad(error: BadChain) -> Refusal {
    match error {
        BadChain::Expired { .. } | BadChain::Early { .. } => Refusal::Expired,
        BadChain::UnknownIssuer | BadChain::Distrusted => Refusal::UnknownIssuer,
        BadChain::Form | BadChain::Purpose | BadChain::Names | BadChain::Other(_) => {
            Refusal::NoDevice(error.to_string())
        }
    }
}

fn no_device<T>(found: Result<Verified<T>, nullius_identity::BadPeer>) -> Result<Verified<T>, Refusal> {
    found.map_err(|error| Refusal::NoDevice(error.to_string()))
}

/// A device of ours, by the record of the certificate it shows: byte for byte, so that one that a thief of an authority's
/// key made is none.
fn own(
    tx: &mut Tx<'_>,
    (leaf, identity): (&[u8], &Verified<DeviceIdentity>),
    about: &mut About,
    at: Timestamp,
) -> Result<Grant, NotIssued> {
    about.means = "renewal";
    about.site = Some(identity.site.clone());
    about.device = Some(identity.name.clone());
    let row = credentials::find(tx, &identity.serial)?.ok_or(Refusal::NoRecord)?;
    if row.certificate != leaf {
        return Err(Refusal::NoRecord.into());
    }
    if row.ends < at.as_secs() {
        return Err(Refusal::Expired.into());
    }
    match row.status {
        Status::Revoked => Err(Refusal::Revoked.into()),
        Status::Frozen => Err(Refusal::Frozen(row.reason).into()),
        Status::Current | Status::Superseded => {
            let (site, device) = (row.site.clone(), row.device.clone());
            let protected = Some((identity.key, identity.protection));
            Ok(Grant { site, device, by: By::Own(Box::new(row)), protected })
        }
    }
}

/// The maker by whose roots the chain is good, and what its certificate says.
fn maker(
    tx: &mut Tx<'_>,
    chain: &[CertificateDer<'static>],
    domain: &TrustDomain,
    at: Timestamp,
) -> Result<(String, Verified<ManufacturerIdentity>), NotIssued> {
    let leaf = chain.first().ok_or(Refusal::Stranger)?;
    let mut why = Refusal::UnknownIssuer;
    for maker in manufacturers::all(tx)? {
        let Some(anchors) = trust::of_maker(&maker.anchors) else { continue };
        match anchors.verify(chain, Purpose::Client, at.as_secs()) {
            Ok(()) => return Ok((maker.name, no_device(assertion(leaf, domain))?)),
            Err(BadChain::UnknownIssuer) => {}
            Err(error) => why = bad(error),
        }
    }
    Err(why.into())
}

/// What a manifest says of it.
fn claimed(
    tx: &mut Tx<'_>,
    maker: &str,
    identity: &Verified<ManufacturerIdentity>,
    about: &mut About,
) -> Result<Grant, NotIssued> {
    let entry = manifests::entry(tx, maker, &identity.serial_number)?.ok_or(Refusal::UnknownSerial)?;
    about.site = Some(entry.site.clone());
    about.device = Some(entry.device.clone());
    if entry.key != identity.key {
        return Err(Refusal::WrongKey.into());
    }
    let protection = Protection::parse(&entry.protection);
    let protection =
        protection.ok_or_else(|| StoreError::Damaged("a manifest's protection that is none".to_owned()))?;
    let protected = Some((identity.key, protection));
    Ok(Grant { site: entry.site, device: entry.device, by: By::Maker, protected })
}

fn password(header: &[u8]) -> Password {
    let token = || {
        let (scheme, digits) = std::str::from_utf8(header).ok()?.split_once(' ')?;
        let plain = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(digits.trim()).ok())??;
        let (user, password) = std::str::from_utf8(&plain).ok()?.split_once(':')?;
        Some(Password::Token(from_hex(user)?.try_into().ok()?, from_hex(password)?.try_into().ok()?))
    };
    token().unwrap_or(Password::Other)
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_a_token_in_basic_and_nothing_else() {
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        let (user, secret) = ("01".repeat(8), "02".repeat(32));
        let good = basic(&format!("{user}:{secret}"));
        assert!(matches!(password(good.as_bytes()), Password::Token(id, _) if id == [1; 8]));
        assert!(!format!("{:?}", password(good.as_bytes())).contains("02"));
        for bad in [
            basic(&format!("{user}:")),
            basic(&format!("{user}:{secret}00")),
            basic(&secret),
            good.replace("Basic", "Bearer"),
            "Basic \u{fffd}".to_owned(),
            String::new(),
        ] {
            assert!(matches!(password(bad.as_bytes()), Password::Other), "{bad}");
        }
    }
}
