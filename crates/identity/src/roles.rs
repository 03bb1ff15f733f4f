//! What a certificate can make somebody: a gateway, a device, the controller, or a device as its manufacturer made it.

use crate::{BadPeer, Protection, RequestedKey, TrustDomain};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension, X509Extension};
use x509_parser::oid_registry::OID_X509_SERIALNUMBER;
use x509_parser::time::ASN1Time;

/// Longest serial number of a manufacturer that is taken, in bytes (X.520 gives it 64).
const MAX_SERIAL_NUMBER: usize = 64;

/// Something that [`assertion`](crate::assertion) can find in a certificate.
pub trait Role: Sized + sealed::OfCertificate {}

pub(crate) mod sealed {
    use super::{BadPeer, TrustDomain, X509Certificate};

    /// Nobody outside of this crate says what a certificate makes.
    pub trait OfCertificate: Sized {
        /// From a certificate that is no authority's.
        ///
        /// # Errors
        /// [`BadPeer`].
        fn of(certificate: &X509Certificate<'_>, domain: &TrustDomain) -> Result<Self, BadPeer>;
    }
}

/// A gateway, by its certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayIdentity {
    /// Its site.
    pub site: String,
    /// Its name there.
    pub name: String,
    /// The certificate's serial.
    pub serial: Vec<u8>,
    /// The certificate's first and last second, since 1970.
    pub from: u64,
    /// See `from`.
    pub until: u64,
}

/// A device, by its certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceIdentity {
    /// Its site.
    pub site: String,
    /// Its name there.
    pub name: String,
    /// The certificate's serial.
    pub serial: Vec<u8>,
    /// SHA-256 of the key (`SubjectPublicKeyInfo`, DER).
    pub key: [u8; 32],
    /// How the key is kept.
    pub protection: Protection,
    /// The certificate's first and last second, since 1970.
    pub from: u64,
    /// See `from`.
    pub until: u64,
}

/// The controller, by its certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControllerIdentity {
    /// The certificate's serial.
    pub serial: Vec<u8>,
    /// The certificate's last second, since 1970.
    pub until: u64,
}

/// A device as its manufacturer made it (IDevID, IEEE 802.1AR §8): not ours, and of no trust domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManufacturerIdentity {
    /// The `serialNumber` of the subject.
    pub serial_number: String,
    /// SHA-256 of the key (`SubjectPublicKeyInfo`, DER), which is of a kind that we take.
    pub key: [u8; 32],
    /// The certificate's last second, since 1970: mostly the end of the year 9999.
    pub until: u64,
}

impl Role for GatewayIdentity {}
impl Role for DeviceIdentity {}
impl Role for ControllerIdentity {}
impl Role for ManufacturerIdentity {}

impl sealed::OfCertificate for GatewayIdentity {
    fn of(certificate: &X509Certificate<'_>, domain: &TrustDomain) -> Result<Self, BadPeer> {
        may(certificate, Use::Client)?;
        let (site, name) = match names(certificate)? {
            Names { uri, hosts: false } => domain.gateway_of(uri).ok_or(BadPeer::Name)?,
            Names { hosts: true, .. } => return Err(BadPeer::Name),
        };
        let (from, until) = dates(certificate);
        Ok(Self { site, name, serial: certificate.raw_serial().to_vec(), from, until })
    }
}

impl sealed::OfCertificate for DeviceIdentity {
    fn of(certificate: &X509Certificate<'_>, domain: &TrustDomain) -> Result<Self, BadPeer> {
        may(certificate, Use::Client)?;
        let named = names(certificate)?;
        let (site, name) = domain.device_of(named.uri).ok_or(BadPeer::Name)?;
        if named.hosts {
            may(certificate, Use::Server)?;
        }
        let (from, until) = dates(certificate);
        Ok(Self {
            site,
            name,
            serial: certificate.raw_serial().to_vec(),
            key: key(certificate)?,
            protection: protection(certificate)?,
            from,
            until,
        })
    }
}

impl sealed::OfCertificate for ControllerIdentity {
    fn of(certificate: &X509Certificate<'_>, domain: &TrustDomain) -> Result<Self, BadPeer> {
        may(certificate, Use::Server)?;
        if uri(certificate)? != domain.controller_uri() {
            return Err(BadPeer::Name);
        }
        Ok(Self { serial: certificate.raw_serial().to_vec(), until: dates(certificate).1 })
    }
}

impl sealed::OfCertificate for ManufacturerIdentity {
    fn of(certificate: &X509Certificate<'_>, _: &TrustDomain) -> Result<Self, BadPeer> {
        // 802.1AR asks for no extended usage: who has one must have this
        if certificate.extended_key_usage().map_err(|_| BadPeer::Form)?.is_some() {
            may(certificate, Use::Client)?;
        }
        let mut numbers = certificate.subject().iter_by_oid(&OID_X509_SERIALNUMBER);
        let (Some(number), None) = (numbers.next(), numbers.next()) else { return Err(BadPeer::Name) };
        let number = number.as_str().map_err(|_| BadPeer::Name)?;
        if number.is_empty() || number.len() > MAX_SERIAL_NUMBER || number.chars().any(char::is_control) {
            return Err(BadPeer::Name);
        }
        Ok(Self { serial_number: number.to_owned(), key: key(certificate)?, until: dates(certificate).1 })
    }
}

/// The one URI of a certificate.
pub(crate) fn uri<'c>(certificate: &'c X509Certificate<'_>) -> Result<&'c str, BadPeer> {
    Ok(names(certificate)?.uri)
}

#[derive(Clone, Copy)]
enum Use {
    Client,
    Server,
}

fn may(certificate: &X509Certificate<'_>, as_what: Use) -> Result<(), BadPeer> {
    let usage = certificate.extended_key_usage().map_err(|_| BadPeer::Form)?.ok_or(BadPeer::Purpose)?;
    let may = match as_what {
        Use::Client => usage.value.client_auth,
        Use::Server => usage.value.server_auth,
    };
    if may { Ok(()) } else { Err(BadPeer::Purpose) }
}

struct Names<'c> {
    uri: &'c str,
    /// Whether there are host names or addresses beside it.
    hosts: bool,
}

/// One URI: a certificate with several would be whoever suits.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library's list of names is not ours to close")]
fn names<'c>(certificate: &'c X509Certificate<'_>) -> Result<Names<'c>, BadPeer> {
    let names = certificate.subject_alternative_name().map_err(|_| BadPeer::Form)?.ok_or(BadPeer::Name)?;
    let (mut uris, mut hosts) = (Vec::new(), false);
    for name in &names.value.general_names {
        match name {
            GeneralName::URI(uri) => uris.push(*uri),
            GeneralName::DNSName(_) | GeneralName::IPAddress(_) => hosts = true,
            _ => return Err(BadPeer::Name),
        }
    }
    let [uri] = *uris else { return Err(BadPeer::Name) };
    Ok(Names { uri, hosts })
}

fn key(certificate: &X509Certificate<'_>) -> Result<[u8; 32], BadPeer> {
    RequestedKey::from_info(certificate.public_key()).map(|key| key.hash()).map_err(|_| BadPeer::Key)
}

/// Every certificate that we sign for a device says one thing about it.
fn protection<'c>(certificate: &'c X509Certificate<'_>) -> Result<Protection, BadPeer> {
    let policies = |extension: &'c X509Extension<'_>| {
        let ParsedExtension::CertificatePolicies(policies) = extension.parsed_extension() else {
            return None;
        };
        Some(policies)
    };
    let mut found = certificate.extensions().iter().filter_map(policies);
    let (Some(policies), None) = (found.next(), found.next()) else { return Err(BadPeer::Purpose) };
    let [policy] = policies.as_slice() else { return Err(BadPeer::Purpose) };
    let said = Protection::ALL.into_iter().find(|protection| protection.oid() == policy.policy_id.as_bytes());
    said.ok_or(BadPeer::Purpose)
}

fn dates(certificate: &X509Certificate<'_>) -> (u64, u64) {
    let seconds = |time: ASN1Time| u64::try_from(time.timestamp()).unwrap_or(0);
    (seconds(certificate.validity().not_before), seconds(certificate.validity().not_after))
}
