//! Certificate requests (PKCS#10, RFC 2986): whether the asker holds the key, and what else it wishes.
//!
//! Wishes are refused or ignored, never granted: a certificate says what its profile says. They are read so that who asks
//! for what it will not get hears it, and so that a request made for somebody else is noticed.

use crate::host::Host;
use crate::profile::Named;
use crate::{Profile, RequestedKey, TrustDomain};
use std::net::IpAddr;
use x509_parser::certification_request::{X509CertificationRequest, X509CertificationRequestInfo};
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::extensions::{GeneralName, ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer as _;

/// Largest request in bytes: one for these keys has some hundred, and who asks has proved nothing yet.
pub const MAX_REQUEST: usize = 16 << 10;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// More than [`MAX_REQUEST`] bytes.
    #[error("a certificate request has at most {MAX_REQUEST} bytes")]
    TooLarge,
    /// No PKCS#10 request, or bytes behind its end.
    #[error("this is no certificate request")]
    Form,
    /// A key that can be broken: RSA with less than 2048 bits, DSA, a curve with less than 256.
    #[error("the key is too weak: it must be P-256 or Ed25519")]
    WeakKey,
    /// Another kind of key.
    #[error("the key is neither P-256 nor Ed25519")]
    Key,
    /// Whoever asks does not hold the key.
    #[error("the request is not signed by the key it is for")]
    Proof,
    /// It asks to become an authority.
    #[error("the request asks for a certificate authority, which nobody is given")]
    CaWanted,
    /// It asks for a name that is not its own.
    #[error("the request asks for the name `{}`, which is not the asker's", name.escape_debug())]
    OtherName {
        /// As it stands there.
        name: String,
    },
    /// It insists on something that means nothing here.
    #[error("the request insists on the extension {oid}, which is not understood")]
    UnknownCriticalExtension {
        /// Which.
        oid: String,
    },
}

/// A request that was signed by the key it is for, and asks for nothing that nobody gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    key: RequestedKey,
    common_names: Vec<String>,
    names: Vec<Wish>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wish {
    Known(Named),
    /// A kind of name that no certificate of ours holds, in its printed form.
    Other(String),
}

impl Request {
    /// From DER.
    ///
    /// # Errors
    /// [`BadRequest`].
    pub fn read(der: &[u8]) -> Result<Self, BadRequest> {
        if der.len() > MAX_REQUEST {
            return Err(BadRequest::TooLarge);
        }
        let (rest, request) = X509CertificationRequest::from_der(der).map_err(|_| BadRequest::Form)?;
        if !rest.is_empty() {
            return Err(BadRequest::Form);
        }
        let info = &request.certification_request_info;
        let key = RequestedKey::from_info(&info.subject_pki)?;
        let signature = &request.signature_value.data;
        if request.signature_algorithm.algorithm != key.signature() || !key.verifies(info.raw, signature) {
            return Err(BadRequest::Proof);
        }
        Ok(Self { key, common_names: common_names(info)?, names: names(info)? })
    }

    /// The key.
    pub const fn key(&self) -> &RequestedKey {
        &self.key
    }

    /// The key, alone.
    pub fn into_key(self) -> RequestedKey {
        self.key
    }

    /// SHA-256 of the key's `SubjectPublicKeyInfo`.
    pub fn key_hash(&self) -> [u8; 32] {
        self.key.hash()
    }

    /// Whether all names that the request asks for, if any, are those of the profile.
    ///
    /// # Errors
    /// [`BadRequest::OtherName`] with the first that is not.
    pub fn check_names(&self, profile: &Profile, domain: &TrustDomain) -> Result<(), BadRequest> {
        let own = profile.names(domain).unwrap_or_default();
        let other = self
            .names
            .iter()
            .find(|wish| !matches!(wish, Wish::Known(name) if own.iter().any(|own| same(own, name))));
        if let Some(wish) = other {
            return Err(BadRequest::OtherName { name: wish.shown() });
        }
        let common = profile.common_name();
        let plain = common.trim_start_matches('/');
        let own_name = |name: &&String| {
            let uri = own.iter().any(|own| matches!(own, Named::Uri(uri) if uri == *name));
            name.is_empty() || **name == common || *name == plain || uri
        };
        match self.common_names.iter().find(|name| !own_name(name)) {
            Some(name) => Err(BadRequest::OtherName { name: name.clone() }),
            None => Ok(()),
        }
    }
}

impl Wish {
    fn shown(&self) -> String {
        match self {
            Self::Known(Named::Host(Host::Dns(name))) => name.clone(),
            Self::Known(Named::Host(Host::Address(address))) => address.to_string(),
            Self::Known(Named::Uri(uri)) => uri.clone(),
            Self::Other(text) => text.clone(),
        }
    }
}

fn same(own: &Named, wished: &Named) -> bool {
    match (own, wished) {
        (Named::Host(Host::Dns(own)), Named::Host(Host::Dns(wished))) => own.eq_ignore_ascii_case(wished),
        _ => own == wished,
    }
}

fn common_names(info: &X509CertificationRequestInfo<'_>) -> Result<Vec<String>, BadRequest> {
    let text = |name: &x509_parser::x509::AttributeTypeAndValue<'_>| {
        name.as_str().map(str::to_owned).map_err(|_| BadRequest::Form)
    };
    info.subject.iter_common_name().map(text).collect()
}

fn names(info: &X509CertificationRequestInfo<'_>) -> Result<Vec<Wish>, BadRequest> {
    let requested = info.iter_attributes().filter_map(|attribute| match attribute.parsed_attribute() {
        ParsedCriAttribute::ExtensionRequest(requested) => Some(&requested.extensions),
        ParsedCriAttribute::ChallengePassword(_) | ParsedCriAttribute::UnsupportedAttribute => None,
    });
    let mut names = Vec::new();
    for extension in requested.flatten() {
        names.extend(wishes(extension)?);
    }
    Ok(names)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the library's list of extensions is not ours to close")]
fn wishes(extension: &X509Extension<'_>) -> Result<Vec<Wish>, BadRequest> {
    match extension.parsed_extension() {
        ParsedExtension::BasicConstraints(constraints) if constraints.ca => Err(BadRequest::CaWanted),
        ParsedExtension::KeyUsage(usage) if usage.key_cert_sign() || usage.crl_sign() => {
            Err(BadRequest::CaWanted)
        }
        ParsedExtension::SubjectAlternativeName(names) => Ok(names.general_names.iter().map(wish).collect()),
        ParsedExtension::BasicConstraints(_)
        | ParsedExtension::KeyUsage(_)
        | ParsedExtension::ExtendedKeyUsage(_) => Ok(Vec::new()),
        ParsedExtension::ParseError { .. } => Err(BadRequest::Form),
        _ if extension.critical => {
            Err(BadRequest::UnknownCriticalExtension { oid: extension.oid.to_id_string() })
        }
        _ => Ok(Vec::new()),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the library's list of names is not ours to close")]
fn wish(name: &GeneralName<'_>) -> Wish {
    let known = match name {
        GeneralName::DNSName(name) => Some(Named::Host(Host::Dns((*name).to_owned()))),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| Named::Host(Host::Address(address))),
        GeneralName::URI(uri) => Some(Named::Uri((*uri).to_owned())),
        _ => None,
    };
    known.map_or_else(|| Wish::Other(name.to_string()), Wish::Known)
}

pub(crate) fn address(bytes: &[u8]) -> Option<IpAddr> {
    match <[u8; 4]>::try_from(bytes) {
        Ok(address) => Some(address.into()),
        Err(_) => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
    }
}
