//! What a certificate says, by what it is for (RFC 5280).

use crate::host::{BadHost, Host};
use crate::name::common_name;
use crate::{BadName, Constraints, Protection, RequestedKey, TrustDomain};
use rcgen::string::PrintableString;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType,
};
use std::fmt::Write as _;

/// What a certificate is for. There is no way to ask for anything beside what its profile gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Signs issuing authorities. Under another root it is the cross-certificate by which the older root vouches for it.
    Root,
    /// Signs the others, and no authority below it.
    IssuingCa {
        /// The hosts that it may name.
        names: Constraints,
    },
    /// A controller, as gateways, devices and browsers know it: names and addresses.
    ControllerServer(Vec<String>),
    /// A gateway: a client on the link, a server to the agents on its ports.
    Gateway {
        /// Its site.
        site: String,
        /// Its name there.
        name: String,
    },
    /// A device.
    Device {
        /// Its site.
        site: String,
        /// Its name there.
        name: String,
        /// How its key is kept, as the authority vouches for it.
        protection: Protection,
        /// Names and addresses where it is also a server.
        server: Vec<String>,
    },
    /// Answers in an authority's place which certificates are revoked (RFC 6960 §4.2.2.2).
    OcspResponder,
}

/// What cannot be in a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadProfile {
    /// Neither a host name nor an address.
    #[error(transparent)]
    Host(#[from] BadHost),
    /// A controller without a name could be reached by nobody.
    #[error("a controller's certificate needs at least one name or address")]
    NoHost,
    /// The name of a site, a gateway or a device.
    #[error(transparent)]
    Name(#[from] BadName),
    /// A name that nobody would take from this authority.
    #[error("the issuing authority may not name the host `{}`", .0.escape_debug())]
    Constrained(String),
}

/// subject `serialNumber` (RFC 5280 appendix A.1, X.520).
const SERIAL_NUMBER: [u64; 4] = [2, 5, 4, 5];

/// `certificatePolicies` (RFC 5280 §4.2.1.4).
const CERTIFICATE_POLICIES: [u64; 4] = [2, 5, 29, 32];

/// `id-pkix-ocsp-nocheck` (RFC 6960 §4.2.2.2.1) and what stands in it: nothing.
const OCSP_NO_CHECK: ([u64; 10], [u8; 2]) = ([1, 3, 6, 1, 5, 5, 7, 48, 1, 5], [crate::der::NULL, 0]);

impl Profile {
    /// All that a certificate for this key says, but its serial and its dates.
    pub(crate) fn params(
        &self,
        domain: &TrustDomain,
        key: &RequestedKey,
    ) -> Result<CertificateParams, BadProfile> {
        let mut params = CertificateParams::default();
        params.use_authority_key_identifier_extension = true;
        params.distinguished_name = self.subject(key);
        params.subject_alt_names = self.names(domain)?.into_iter().map(san).collect::<Result<_, _>>()?;
        params.is_ca = self.is_ca();
        params.key_usages = if self.is_authority() {
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature]
        } else {
            vec![KeyUsagePurpose::DigitalSignature]
        };
        params.extended_key_usages = self.purposes();
        params.custom_extensions = self.extensions();
        if let Self::IssuingCa { names } = self {
            params.name_constraints = Some(names.extension());
        }
        Ok(params)
    }

    /// For people; of an authority also for whoever looks for an issuer, which is why it has a number of its own there.
    pub(crate) fn common_name(&self) -> String {
        match self {
            Self::Root => "Nullius root CA".to_owned(),
            Self::IssuingCa { .. } => "Nullius issuing CA".to_owned(),
            Self::ControllerServer(_) => "Nullius controller".to_owned(),
            Self::Gateway { name, .. } | Self::Device { name, .. } => common_name(name),
            Self::OcspResponder => "Nullius OCSP responder".to_owned(),
        }
    }

    /// Every name that the certificate holds.
    pub(crate) fn names(&self, domain: &TrustDomain) -> Result<Vec<Named>, BadProfile> {
        match self {
            Self::Root | Self::IssuingCa { .. } => Ok(vec![Named::Uri(domain.to_string())]),
            Self::ControllerServer(hosts) if hosts.is_empty() => Err(BadProfile::NoHost),
            Self::ControllerServer(hosts) => with_hosts(domain.controller_uri(), hosts),
            Self::Gateway { site, name } => Ok(vec![Named::Uri(domain.gateway_uri(site, name)?)]),
            Self::Device { site, name, server, .. } => with_hosts(domain.device_uri(site, name)?, server),
            Self::OcspResponder => Ok(Vec::new()),
        }
    }

    pub(crate) const fn is_authority(&self) -> bool {
        matches!(self, Self::Root | Self::IssuingCa { .. })
    }

    const fn is_ca(&self) -> IsCa {
        match self {
            Self::Root => IsCa::Ca(BasicConstraints::Constrained(1)),
            Self::IssuingCa { .. } => IsCa::Ca(BasicConstraints::Constrained(0)),
            Self::ControllerServer(_) | Self::Gateway { .. } | Self::Device { .. } | Self::OcspResponder => {
                IsCa::ExplicitNoCa
            }
        }
    }

    fn purposes(&self) -> Vec<ExtendedKeyUsagePurpose> {
        use ExtendedKeyUsagePurpose::{ClientAuth, OcspSigning, ServerAuth};
        match self {
            Self::Root | Self::IssuingCa { .. } => Vec::new(),
            Self::ControllerServer(_) => vec![ServerAuth],
            Self::Gateway { .. } => vec![ClientAuth, ServerAuth],
            Self::Device { server, .. } if server.is_empty() => vec![ClientAuth],
            Self::Device { .. } => vec![ClientAuth, ServerAuth],
            Self::OcspResponder => vec![OcspSigning],
        }
    }

    fn extensions(&self) -> Vec<CustomExtension> {
        match self {
            Self::Device { protection, .. } => {
                vec![CustomExtension::from_oid_content(&CERTIFICATE_POLICIES, protection.policies())]
            }
            Self::OcspResponder => {
                let (oid, content) = OCSP_NO_CHECK;
                vec![CustomExtension::from_oid_content(&oid, content.to_vec())]
            }
            Self::Root | Self::IssuingCa { .. } | Self::ControllerServer(_) | Self::Gateway { .. } => {
                Vec::new()
            }
        }
    }

    fn subject(&self, key: &RequestedKey) -> DistinguishedName {
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CommonName, self.common_name());
        if let Some(number) = self.subject_number(key) {
            subject.push(DnType::CustomDnType(SERIAL_NUMBER.to_vec()), DnValue::PrintableString(number));
        }
        subject
    }

    /// The beginning of the key's hash: two authorities never share a name.
    fn subject_number(&self, key: &RequestedKey) -> Option<PrintableString> {
        self.is_authority().then(|| key_number(key).try_into().ok()).flatten()
    }
}

/// The number of an authority with this key in its subject.
pub(crate) fn key_number(key: &RequestedKey) -> String {
    key.hash().iter().take(8).fold(String::new(), |mut text, byte| {
        // writing to a String does not fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A name in a certificate or in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Host(Host),
    Uri(String),
}

fn with_hosts(uri: String, hosts: &[String]) -> Result<Vec<Named>, BadProfile> {
    let hosts = hosts.iter().map(|text| Ok(Named::Host(text.parse()?)));
    std::iter::once(Ok(Named::Uri(uri))).chain(hosts).collect()
}

fn san(name: Named) -> Result<SanType, BadProfile> {
    match name {
        Named::Host(Host::Address(address)) => Ok(SanType::IpAddress(address)),
        Named::Host(Host::Dns(name)) => {
            name.as_str().try_into().map(SanType::DnsName).map_err(|_| BadHost(name).into())
        }
        Named::Uri(uri) => uri.try_into().map(SanType::URI).map_err(|_| BadProfile::Name(BadName)),
    }
}
