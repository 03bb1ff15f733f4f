//! Whether a key and a chain are an authority of a domain.

use super::Tier;
use crate::profile::key_number;
use crate::{Constraints, RequestedKey, TrustDomain};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::oid_registry::Oid;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::AttributeTypeAndValue;

/// Longest chain of an authority, its own certificate included.
const MAX_CHAIN: usize = 3;

/// 2.5.4.5
const SERIAL_NUMBER: [u8; 3] = [0x55, 4, 5];

pub(super) struct Own {
    pub(super) tier: Tier,
    pub(super) names: Option<Constraints>,
    pub(super) until: u64,
}

pub(super) fn read(domain: &TrustDomain, key: &RequestedKey, chain: &[Vec<u8>]) -> Option<Own> {
    if chain.len() > MAX_CHAIN {
        return None;
    }
    let chain: Vec<_> = chain.iter().map(|der| parse(der)).collect::<Option<_>>()?;
    let (own, top) = (chain.first()?, chain.last()?);
    let pairs = chain.iter().zip(chain.iter().skip(1));
    let linked = pairs.clone().all(|(below, above)| signed_by(below, above));
    let ours = RequestedKey::from_info(own.public_key()).ok()? == *key && is_of(own, domain);
    if !linked || !ours || !signed_by(top, top) {
        return None;
    }
    Some(Own {
        tier: tier(own, key)?,
        names: names(own)?,
        until: u64::try_from(own.validity().not_after.timestamp()).ok()?,
    })
}

/// Whether a certificate was signed by the key of another that is an authority and that it names.
pub(crate) fn signed_by(certificate: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    let Ok(key) = RequestedKey::from_info(issuer.public_key()) else { return false };
    issuer.is_ca()
        && certificate.issuer().as_raw() == issuer.subject().as_raw()
        && certificate.signature_algorithm.algorithm == key.signature()
        && key.verifies(certificate.tbs_certificate.as_ref(), &certificate.signature_value.data)
}

fn parse(der: &[u8]) -> Option<X509Certificate<'_>> {
    let (rest, certificate) = X509Certificate::from_der(der).ok()?;
    rest.is_empty().then_some(certificate)
}

/// Its one name is the domain's.
fn is_of(certificate: &X509Certificate<'_>, domain: &TrustDomain) -> bool {
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return false };
    matches!(names.value.general_names.as_slice(), [GeneralName::URI(uri)] if **uri == domain.to_string())
}

/// By its subject, which is the one that its profile gives it.
fn tier(certificate: &X509Certificate<'_>, key: &RequestedKey) -> Option<Tier> {
    let text = |attribute: &AttributeTypeAndValue<'_>| attribute.as_str().ok().map(str::to_owned);
    let mut attributes = certificate.subject().iter_attributes();
    let (name, number) = (attributes.next()?, attributes.next()?);
    let oid = Oid::new(SERIAL_NUMBER[..].into());
    if attributes.next().is_some() || *number.attr_type() != oid || text(number)? != key_number(key) {
        return None;
    }
    let profile = |tier: &Tier| tier.profile().common_name();
    let name = text(name)?;
    [Tier::Root, Tier::Issuing].into_iter().find(|tier| profile(tier) == name)
}

/// The hosts that it may name. Constraints that are not ours are not guessed at.
fn names(certificate: &X509Certificate<'_>) -> Option<Option<Constraints>> {
    match certificate.name_constraints().ok()? {
        Some(extension) => Constraints::read(extension.value).map(Some),
        None => Some(None),
    }
}
