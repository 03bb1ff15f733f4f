//! Whom the agent takes for whom, in TLS 1.3 and in nothing older.
//!
//! The controller and gateways are known by the role in their certificate, under the anchors of this device; at first
//! contact the controller's anchor is the root whose hash a person carried over. Host names play no part: a transparent
//! gateway has none, and behind one neither has the controller.

use crate::key::{DeviceKey, Handshake};
use crate::time::Time;
use nullius_identity::Signatures;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme, version};
use std::sync::Arc;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

/// What the device shows: its certificate with those above it, and its key.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: Arc<dyn DeviceKey>,
}

/// The one provider of this program.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// A client that speaks to whom `server` takes, and shows `credential`, if any, where it is asked.
pub(crate) fn client(
    server: Arc<dyn ServerCertVerifier>,
    time: &Arc<Time>,
    credential: Option<&Credential>,
) -> Result<ClientConfig, Error> {
    let dated = Arc::new(Dated { server, time: Arc::clone(time) });
    let provided: Arc<dyn rustls::time_provider::TimeProvider> = Arc::<Time>::clone(time);
    let builder = ClientConfig::builder_with_details(provider(), provided)
        .with_protocol_versions(&[&version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(dated);
    let mut config = match credential {
        None => builder.with_no_client_auth(),
        Some(Credential { chain, key }) => {
            let signer = Arc::new(Handshake(Arc::clone(key)));
            let shown = CertifiedKey::new(chain.clone(), signer);
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(shown)))
        }
    };
    config.resumption = Resumption::disabled();
    config.enable_sni = false;
    Ok(config)
}

/// The name that is asked for and never looked at.
pub(crate) fn nobody() -> ServerName<'static> {
    ServerName::IpAddress(std::net::Ipv6Addr::UNSPECIFIED.into())
}

/// Notes when the certificate begins that was taken: a trusted authority signed it, so it is later than that.
#[derive(Debug)]
struct Dated {
    server: Arc<dyn ServerCertVerifier>,
    time: Arc<Time>,
}

impl ServerCertVerifier for Dated {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let from = dates(end_entity).ok_or(CertificateError::BadEncoding)?.0;
        let verified = self.server.verify_server_cert(end_entity, intermediates, name, ocsp, now)?;
        self.time.proved(from);
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.server.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.server.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.server.supported_verify_schemes()
    }
}

/// The first and the last second of a certificate (DER), since 1970.
pub(crate) fn dates(der: &[u8]) -> Option<(u64, u64)> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let seconds = |time: x509_parser::time::ASN1Time| u64::try_from(time.timestamp()).ok();
    Some((seconds(certificate.validity().not_before)?, seconds(certificate.validity().not_after)?))
}

/// Whoever passes bytes on: what is in them is for the controller alone, by a TLS inside of this one. So any
/// certificate will do, also before this device trusts anybody, and after everything that it trusted ran out.
#[derive(Debug)]
pub(crate) struct Relay;

impl ServerCertVerifier for Relay {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        signatures().tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        signatures().tls13(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        signatures().schemes()
    }
}

fn signatures() -> Signatures {
    Signatures::of(&provider())
}
