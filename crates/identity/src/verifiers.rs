//! Who may be at the other end of a TLS connection: devices at a gateway, a gateway or the controller at a device.
//!
//! Names of hosts play a part only where an address is known: a transparent gateway has none. Who it is stands in the certificate's URI, of our trust
//! domain and of the right site; the chain is [`Anchors`]' to judge. Only TLS 1.3 is spoken.

use crate::chain::{Anchors, BadChain, MAX_CHAIN, Purpose};
use crate::peer::{certificate_begin, named};
use crate::{BadPeer, ControllerIdentity, DeviceIdentity, GatewayIdentity, Signatures, TrustDomain};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
};
use std::sync::Arc;

/// Takes devices of one site, with certificates under these anchors. What a gateway asks of agents. Which devices are
/// revoked is asked afterwards: it changes more often than the anchors.
#[derive(Debug)]
pub struct DeviceClients {
    anchors: Arc<Anchors>,
    domain: TrustDomain,
    site: String,
    signatures: Signatures,
}

impl DeviceClients {
    /// See [`DeviceClients`].
    pub fn new(
        anchors: Arc<Anchors>,
        domain: TrustDomain,
        site: &str,
        provider: &CryptoProvider,
    ) -> Arc<Self> {
        Arc::new(Self { anchors, domain, site: site.to_owned(), signatures: Signatures::of(provider) })
    }
}

impl ClientCertVerifier for DeviceClients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.anchors.verify_parts(end_entity, intermediates, Purpose::Client, now.as_secs())?;
        if named::<DeviceIdentity>(end_entity, &self.domain)?.site != self.site {
            return Err(BadPeer::Name.into());
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signatures.tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signatures.tls13(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signatures.schemes()
    }
}

/// Takes a gateway of one site, or the controller, whatever address it was found at. What an agent asks, and with
/// [`SiteGateway::by_address`] a gateway of its controller.
#[derive(Clone, Debug)]
pub struct SiteGateway {
    anchors: Arc<Anchors>,
    domain: TrustDomain,
    wanted: Wanted,
    behind: bool,
    by_address: bool,
    signatures: Signatures,
}

#[derive(Clone, Debug)]
enum Wanted {
    GatewayOf(String),
    Controller,
}

impl SiteGateway {
    /// Any gateway of this site.
    pub fn gateway(
        anchors: Arc<Anchors>,
        domain: TrustDomain,
        site: &str,
        provider: &CryptoProvider,
    ) -> Arc<Self> {
        Self::new(anchors, domain, Wanted::GatewayOf(site.to_owned()), provider)
    }

    /// The controller, as it is reached through a relay.
    pub fn controller(anchors: Arc<Anchors>, domain: TrustDomain, provider: &CryptoProvider) -> Arc<Self> {
        Self::new(anchors, domain, Wanted::Controller, provider)
    }

    fn new(
        anchors: Arc<Anchors>,
        domain: TrustDomain,
        wanted: Wanted,
        provider: &CryptoProvider,
    ) -> Arc<Self> {
        let signatures = Signatures::of(provider);
        Arc::new(Self { anchors, domain, wanted, behind: false, by_address: false, signatures })
    }

    /// The same for a clock that may be behind, as after months without power: what is said not to be valid yet, by an
    /// authority that is trusted, says that it is later than the clock thinks. What has run out stays refused.
    #[must_use]
    pub fn behind(self: &Arc<Self>) -> Arc<Self> {
        Arc::new(Self { behind: true, ..(**self).clone() })
    }

    /// The same, and its certificate names the host or the address that it was found at (RFC 9525).
    #[must_use]
    pub fn by_address(self: &Arc<Self>) -> Arc<Self> {
        Arc::new(Self { by_address: true, ..(**self).clone() })
    }

    fn check(&self, leaf: &[u8]) -> Result<(), BadPeer> {
        match &self.wanted {
            Wanted::Controller => named::<ControllerIdentity>(leaf, &self.domain).map(drop),
            Wanted::GatewayOf(site) if named::<GatewayIdentity>(leaf, &self.domain)?.site == *site => Ok(()),
            Wanted::GatewayOf(_) => Err(BadPeer::Name),
        }
    }
}

impl ServerCertVerifier for SiteGateway {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        address: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let now = if self.behind { not_before(end_entity, intermediates, now) } else { now.as_secs() };
        self.anchors.verify_parts(end_entity, intermediates, Purpose::Server, now)?;
        self.check(end_entity)?;
        if self.by_address {
            verify_server_name(&ParsedCertificate::try_from(end_entity)?, address)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signatures.tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signatures.tls13(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signatures.schemes()
    }
}

/// The first second at which the clock's word and every certificate of the chain hold.
fn not_before(leaf: &CertificateDer<'_>, above: &[CertificateDer<'_>], now: UnixTime) -> u64 {
    let begins = above.iter().take(MAX_CHAIN).chain([leaf]).filter_map(|der| certificate_begin(der));
    begins.fold(now.as_secs(), u64::max)
}

impl From<BadChain> for Error {
    fn from(error: BadChain) -> Self {
        let error = match error {
            BadChain::Form => CertificateError::BadEncoding,
            BadChain::Expired { .. } => CertificateError::Expired,
            BadChain::Early { .. } => CertificateError::NotValidYet,
            BadChain::UnknownIssuer => CertificateError::UnknownIssuer,
            BadChain::Distrusted => CertificateError::Revoked,
            BadChain::Purpose => CertificateError::InvalidPurpose,
            BadChain::Names | BadChain::Other(_) => CertificateError::Other(OtherError(Arc::new(error))),
        };
        Self::InvalidCertificate(error)
    }
}

impl From<BadPeer> for Error {
    fn from(error: BadPeer) -> Self {
        Self::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(error))))
    }
}

#[cfg(test)]
mod tests;
