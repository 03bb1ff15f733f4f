//! What strangers send before they have proved who they are: certificates, requests, signatures, questions.

use nullius_identity::chain::{Anchors, Purpose};
use nullius_identity::manifest::{self, Manifest};
use nullius_identity::ocsp::OcspRequest;
use nullius_identity::{
    ControllerIdentity, DeviceIdentity, GatewayIdentity, ManufacturerIdentity, Profile, Protection, Request,
    Role, TrustDomain, assertion, certificate_end, cms,
};

/// A time at which the inputs of the corpus are valid, in seconds since 1970.
const NOW: u64 = 1_810_000_000;

/// Reads the certificate of a peer, as a handshake hands it over.
pub(crate) fn certificate(bytes: &[u8]) {
    let Ok(domain) = TrustDomain::new("nullius") else { return };
    role::<GatewayIdentity>(bytes, &domain);
    role::<DeviceIdentity>(bytes, &domain);
    role::<ControllerIdentity>(bytes, &domain);
    role::<ManufacturerIdentity>(bytes, &domain);
    let _ = certificate_end(bytes);
}

fn role<T: Role>(bytes: &[u8], domain: &TrustDomain) {
    if let Err(error) = assertion::<T>(bytes, domain) {
        drop(error.to_string());
    }
}

/// Reads a certificate request as a stranger may hand it in.
pub(crate) fn certificate_request(bytes: &[u8]) {
    let Ok(domain) = TrustDomain::new("nullius") else { return };
    let profile = Profile::Device {
        site: "lab".to_owned(),
        name: "pump".to_owned(),
        protection: Protection::Software,
        server: Vec::new(),
    };
    if let Err(error) = Request::read(bytes).and_then(|request| request.check_names(&profile, &domain)) {
        drop(error.to_string());
    }
}

/// Reads certificates as EST hands them over, and follows them up to the last.
pub(crate) fn certs_only(bytes: &[u8]) {
    let Ok(chain) = cms::read_certs(bytes) else { return };
    assert_eq!(
        cms::read_certs(&cms::certs_only(&chain)).as_ref(),
        Ok(&chain),
        "certificates are read as they were"
    );
    let Some(anchors) = chain.last().and_then(|last| Anchors::new(&[last], []).ok()) else { return };
    for purpose in [Purpose::Client, Purpose::Server, Purpose::Documents] {
        if let Err(error) = anchors.verify(&chain, purpose, NOW) {
            drop(error.to_string());
        }
    }
    if let [root, cross, ..] = chain.as_slice() {
        drop(anchors.vouched(root, cross, NOW));
    }
}

/// Reads the text of a manifest.
pub(crate) fn manifest(bytes: &[u8]) {
    if let Err(error) = manifest::check(bytes) {
        drop(error.to_string());
    }
}

/// Reads the signature of a manifest: two bytes with the length of the text, the text, the signature.
pub(crate) fn manifest_signature(bytes: &[u8]) {
    let Some((length, rest)) = bytes.split_first_chunk() else { return };
    let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
    let (text, signature) = rest.split_at(length);
    if let Err(error) = Manifest::verify(text, signature, &Anchors::default(), NOW) {
        drop(error.to_string());
    }
}

/// Reads a question about certificates.
pub(crate) fn ocsp_request(bytes: &[u8]) {
    if let Err(error) = OcspRequest::read(bytes) {
        drop(error.to_string());
    }
}
