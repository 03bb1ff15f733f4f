//! The authority of a site, and the certificates it gives.

use super::device::Credential;
use nullius_identity::{
    Authority, Constraints, KeyInMemory, Profile, Protection, RequestedKey, TrustDomain, Validity,
};
use nullius_protocol::to_hex;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData as _};
use rustls::crypto::CryptoProvider;
use std::path::Path;
use std::sync::Arc;

pub(crate) const LONG: Validity = Validity { from: 1_600_000_000, until: 4_000_000_000 };

pub(crate) struct Site {
    issuing: Authority,
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

fn signer() -> Box<KeyInMemory> {
    Box::new(KeyInMemory::from_pkcs8(&key().serialize_der()).unwrap())
}

impl Site {
    pub(crate) fn new(domain: &str) -> Self {
        let domain = TrustDomain::new(domain).unwrap();
        let root = Authority::root(domain, signer(), [1; 16], LONG).unwrap();
        let names = Constraints::parse(&["gateway.invalid"]).unwrap();
        Self { issuing: Authority::issuing(&root, signer(), names, [2; 16], LONG).unwrap() }
    }

    pub(crate) fn domain(&self) -> TrustDomain {
        self.issuing.domain().clone()
    }

    pub(crate) fn root(&self) -> &[u8] {
        self.issuing.chain().last().unwrap()
    }

    /// A certificate with a new key, and the issuing authority's.
    pub(crate) fn issue(&self, profile: &Profile, validity: Validity) -> Credential {
        let key = key();
        let public = RequestedKey::from_spki(&key.subject_public_key_info()).unwrap();
        let leaf = self.issuing.issue(profile, &public, [3; 16], validity).unwrap();
        Credential { key, chain: vec![leaf, self.issuing.certificate().to_vec()] }
    }

    pub(crate) fn device(&self, name: &str) -> Credential {
        self.issue(&device("lab", name), LONG)
    }

    pub(crate) fn key_hash(&self, credential: &Credential) -> [u8; 32] {
        RequestedKey::from_spki(&credential.key.subject_public_key_info()).unwrap().hash()
    }

    /// As joining leaves it.
    pub(crate) fn write_identity(&self, directory: &Path) {
        let gateway = Profile::Gateway { site: "lab".into(), name: "gw1".into() };
        let Credential { key, chain } = self.issue(&gateway, LONG);
        let chain: Vec<_> = chain.iter().map(|certificate| to_hex(certificate)).collect();
        let identity = serde_json::json!({
            "site": "lab", "gateway": "gw1", "links": ["https://127.0.0.1:9"],
            "root": to_hex(self.root()), "chain": chain, "key": to_hex(&key.serialize_der()),
        });
        std::fs::create_dir(directory).unwrap();
        std::fs::write(directory.join("identity.json"), identity.to_string()).unwrap();
    }
}

pub(crate) fn device(site: &str, name: &str) -> Profile {
    Profile::Device {
        site: site.to_owned(),
        name: name.to_owned(),
        protection: Protection::Software,
        server: Vec::new(),
    }
}
