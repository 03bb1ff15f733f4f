//! What a certificate says, by what it is for.

use crate::{BadName, TrustDomain};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyUsagePurpose, SanType,
};
use std::net::IpAddr;

/// What a certificate is for. There is no way to ask for anything beside what its profile gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Signs the others, and no authority below it.
    IssuingCa,
    /// A controller, as gateways and browsers know it: names and addresses.
    ControllerServer(Vec<String>),
    /// A gateway, on the link.
    Gateway {
        /// Its site.
        site: String,
        /// Its name there.
        name: String,
    },
}

/// What cannot be in a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadProfile {
    /// Neither a host name nor an address.
    #[error("`{}` is neither a host name nor an address", .0.escape_debug())]
    Host(String),
    /// A controller without a name could be reached by nobody.
    #[error("a controller's certificate needs at least one name or address")]
    NoHost,
    /// The name of a site or a gateway.
    #[error(transparent)]
    Name(#[from] BadName),
}

impl Profile {
    pub(crate) fn params(&self, domain: &TrustDomain) -> Result<CertificateParams, BadProfile> {
        let mut params = CertificateParams::default();
        params.use_authority_key_identifier_extension = true;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, self.common_name());
        params.subject_alt_names = self.names(domain)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        match self {
            Self::IssuingCa => {
                params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
                params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            }
            Self::ControllerServer(_) => {
                params.is_ca = IsCa::ExplicitNoCa;
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            }
            Self::Gateway { .. } => {
                params.is_ca = IsCa::ExplicitNoCa;
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            }
        }
        Ok(params)
    }

    /// For people; nothing reads it.
    pub(crate) fn common_name(&self) -> &str {
        match self {
            Self::IssuingCa => "Nullius issuing CA",
            Self::ControllerServer(_) => "Nullius controller",
            Self::Gateway { name, .. } => name,
        }
    }

    fn names(&self, domain: &TrustDomain) -> Result<Vec<SanType>, BadProfile> {
        match self {
            Self::IssuingCa => Ok(vec![uri(&domain.to_string())?]),
            Self::ControllerServer(hosts) if hosts.is_empty() => Err(BadProfile::NoHost),
            Self::ControllerServer(hosts) => hosts.iter().map(|text| host(text)).collect(),
            Self::Gateway { site, name } => Ok(vec![uri(&domain.gateway_uri(site, name)?)?]),
        }
    }
}

fn uri(text: &str) -> Result<SanType, BadProfile> {
    text.try_into().map(SanType::URI).map_err(|_| BadProfile::Name(BadName))
}

fn host(text: &str) -> Result<SanType, BadProfile> {
    let refused = || BadProfile::Host(text.to_owned());
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    let label = |label: &str| {
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        !label.is_empty() && label.len() <= 63 && label.chars().all(letters)
    };
    if text.len() > 253 || !text.split('.').all(label) {
        return Err(refused());
    }
    text.try_into().map(SanType::DnsName).map_err(|_| refused())
}
