//! Who signs certificates: a key, its own certificate with those above it, and a trust domain.
//!
//! Two tiers: a root, whose key is away most of the time, signs issuing authorities; an issuing authority signs everybody
//! else and no authority. A root can sign another root: the cross-certificate by which those who trust the older one come
//! to trust the newer.

mod load;

pub(crate) use load::signed_by;

use crate::host::Host;
use crate::profile::Named;
use crate::signer::Signing;
use crate::{BadProfile, Constraints, Profile, RequestedKey, Signer, SignerError, TrustDomain, key};
use rcgen::{CertificateParams, CrlDistributionPoint, CustomExtension, Issuer, SerialNumber, date_time_ymd};
use std::fmt;
use std::time::Duration;

/// Sixteen random bytes: who guesses what a certificate will say cannot guess its serial (CA/B BR §7.1 asks for 64
/// bits; two of these 128 are fixed).
pub type Serial = [u8; 16];

/// From when to when, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub from: u64,
    /// The last.
    pub until: u64,
}

/// Where third parties ask what an authority has revoked; certificates name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The `http` address of its list (CRL).
    pub crl: String,
    /// The `http` address of its responder (OCSP).
    pub ocsp: String,
}

/// Why nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAuthority {
    /// What should have been said cannot be said.
    #[error(transparent)]
    Profile(#[from] BadProfile),
    /// No key, no certificate, or not of one another.
    #[error("key and certificates of the authority do not belong together, or one of them is damaged")]
    Pair,
    /// An issuing authority signs no other, and only a root signs issuing ones.
    #[error("an issuing authority signs no other authority")]
    Tier,
    /// Time goes backwards in it.
    #[error("a certificate cannot end before it begins")]
    Validity,
    /// The key is not there, or does not sign.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The signature failed.
    #[error("the certificate could not be signed")]
    Signature,
}

/// Which tier an authority is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tier {
    Root,
    Issuing,
}

/// A key that signs certificates of one trust domain, with its certificate. Its `Debug` form shows no key.
pub struct Authority {
    domain: TrustDomain,
    signer: Box<dyn Signer>,
    tier: Tier,
    /// Its own first, the root last. INVARIANT: never empty, and each is signed by the next.
    chain: Vec<Vec<u8>>,
    /// The hosts that it may name; a root may name all.
    names: Option<Constraints>,
    /// The last second of its own certificate.
    until: u64,
    published: Option<Published>,
}

impl Authority {
    /// A new root.
    ///
    /// # Errors
    /// [`BadAuthority`].
    pub fn root(
        domain: TrustDomain,
        signer: Box<dyn Signer>,
        serial: Serial,
        validity: Validity,
    ) -> Result<Self, BadAuthority> {
        let mut params = params(&Profile::Root, &domain, signer.public(), serial, validity)?;
        params.use_authority_key_identifier_extension = false;
        let signing = Signing::new(&*signer);
        let certificate = params.self_signed(&signing).map_err(|_| failed(&signing))?.der().to_vec();
        Self::load(domain, signer, vec![certificate])
    }

    /// A new issuing authority under this root.
    ///
    /// # Errors
    /// [`BadAuthority`].
    pub fn issuing(
        root: &Self,
        signer: Box<dyn Signer>,
        names: Constraints,
        serial: Serial,
        validity: Validity,
    ) -> Result<Self, BadAuthority> {
        let certificate = root.issue(&Profile::IssuingCa { names }, signer.public(), serial, validity)?;
        let chain = std::iter::once(certificate).chain(root.chain.iter().cloned()).collect();
        Self::load(root.domain.clone(), signer, chain)
    }

    /// As it was kept: its key, and its certificate with those above it (DER, the root last).
    ///
    /// # Errors
    /// [`BadAuthority::Pair`] where they do not belong together, or are of another trust domain.
    pub fn load(
        domain: TrustDomain,
        signer: Box<dyn Signer>,
        chain: Vec<Vec<u8>>,
    ) -> Result<Self, BadAuthority> {
        let own = load::read(&domain, signer.public(), &chain).ok_or(BadAuthority::Pair)?;
        Ok(Self {
            domain,
            signer,
            tier: own.tier,
            chain,
            names: own.names,
            until: own.until,
            published: None,
        })
    }

    /// The same, whose certificates say where to ask what it has revoked.
    #[must_use]
    pub fn published(self, at: Published) -> Self {
        Self { published: Some(at), ..self }
    }

    /// Its certificate (DER).
    pub fn certificate(&self) -> &[u8] {
        self.chain.first().map(Vec::as_slice).unwrap_or_default()
    }

    /// Its certificate and those above it (DER), the root last.
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// SHA-256 of its root's certificate: what is pinned at first contact.
    pub fn fingerprint(&self) -> [u8; 32] {
        key::sha256(self.chain.last().map(Vec::as_slice).unwrap_or_default())
    }

    /// The trust domain.
    pub const fn domain(&self) -> &TrustDomain {
        &self.domain
    }

    /// The public half of its key.
    pub fn key(&self) -> &RequestedKey {
        self.signer.public()
    }

    /// The hosts that it may name; nothing where it may name all.
    pub const fn names(&self) -> Option<&Constraints> {
        self.names.as_ref()
    }

    /// The last second of its own certificate, since 1970: nothing that it signs is taken after that.
    pub const fn until(&self) -> u64 {
        self.until
    }

    /// A certificate (DER) that says what the profile says.
    ///
    /// # Errors
    /// [`BadAuthority`].
    pub fn issue(
        &self,
        profile: &Profile,
        key: &RequestedKey,
        serial: Serial,
        validity: Validity,
    ) -> Result<Vec<u8>, BadAuthority> {
        if profile.is_authority() && self.tier != Tier::Root {
            return Err(BadAuthority::Tier);
        }
        let mut params = params(profile, &self.domain, key, serial, validity)?;
        self.check_hosts(&profile.names(&self.domain)?)?;
        if let Some(at) = self.published.as_ref().filter(|_| *profile != Profile::OcspResponder) {
            params.crl_distribution_points = vec![CrlDistributionPoint { uris: vec![at.crl.clone()] }];
            params.custom_extensions.push(responder(&at.ocsp));
        }
        self.sign(|issuer| Ok(params.signed_by(key, issuer)?.der().to_vec()))
    }

    pub(crate) fn signer(&self) -> &dyn Signer {
        &*self.signer
    }

    pub(crate) fn sign<T>(
        &self,
        make: impl FnOnce(&Issuer<'_, &Signing<'_>>) -> Result<T, rcgen::Error>,
    ) -> Result<T, BadAuthority> {
        let own = self.tier.profile().params(&self.domain, self.key())?;
        let signing = Signing::new(&*self.signer);
        make(&Issuer::new(own, &signing)).map_err(|_| failed(&signing))
    }

    fn check_hosts(&self, names: &[Named]) -> Result<(), BadProfile> {
        let Some(constraints) = &self.names else { return Ok(()) };
        let other = names.iter().find_map(|name| match name {
            Named::Host(host) if !constraints.permits(host) => Some(host),
            Named::Host(_) | Named::Uri(_) => None,
        });
        match other {
            Some(Host::Dns(name)) => Err(BadProfile::Constrained(name.clone())),
            Some(Host::Address(address)) => Err(BadProfile::Constrained(address.to_string())),
            None => Ok(()),
        }
    }
}

impl Tier {
    /// What its own certificate is made by; only the subject and the usages of it are looked at.
    fn profile(self) -> Profile {
        match self {
            Self::Root => Profile::Root,
            Self::Issuing => Profile::IssuingCa { names: Constraints::default() },
        }
    }
}

fn failed(signing: &Signing<'_>) -> BadAuthority {
    signing.failure().map_or(BadAuthority::Signature, BadAuthority::Signer)
}

fn params(
    profile: &Profile,
    domain: &TrustDomain,
    key: &RequestedKey,
    serial: Serial,
    validity: Validity,
) -> Result<CertificateParams, BadAuthority> {
    if validity.until <= validity.from || validity.until > LAST {
        return Err(BadAuthority::Validity);
    }
    let mut params = profile.params(domain, key)?;
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + Duration::from_secs(validity.from);
    params.not_after = epoch + Duration::from_secs(validity.until);
    params.serial_number = Some(positive(serial));
    Ok(params)
}

/// The end of the year 9999, the last that a certificate can say.
pub(crate) const LAST: u64 = 253_402_300_799;

/// A serial is a positive number without leading zeros (RFC 5280 §4.1.2.2).
fn positive(mut serial: Serial) -> SerialNumber {
    if let Some(first) = serial.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    SerialNumber::from_slice(&serial)
}

/// `authorityInfoAccess` (RFC 5280 §4.2.2.1): where the responder is.
fn responder(url: &str) -> CustomExtension {
    use crate::der::{OID, SEQUENCE, primitive, value};
    /// 1.3.6.1.5.5.7.48.1
    const OCSP: [u8; 8] = [0x2b, 6, 1, 5, 5, 7, 48, 1];
    let access = value(SEQUENCE, &[&value(OID, &[&OCSP]), &value(primitive(6), &[url.as_bytes()])]);
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], value(SEQUENCE, &[&access]))
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("domain", &self.domain)
            .field("tier", &self.tier)
            .finish_non_exhaustive()
    }
}
