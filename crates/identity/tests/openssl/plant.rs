//! A plant with its authorities, and a folder for OpenSSL to work in.

use nullius_identity::{
    Authority, Constraints, KeyInMemory, Profile, Protection, RequestedKey, Signer, TrustDomain, Validity,
    pem,
};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SignatureAlgorithm};
use std::path::{Path, PathBuf};
use std::process::Output;

/// A year around the time at which everything is looked at.
pub(crate) const YEAR: Validity = Validity { from: 1_800_000_000, until: 1_831_536_000 };
pub(crate) const NOW: u64 = 1_810_000_000;

pub(crate) struct Plant {
    pub(crate) root: Authority,
    pub(crate) issuing: Authority,
    pub(crate) folder: PathBuf,
}

pub(crate) fn domain() -> TrustDomain {
    TrustDomain::new("plant.example").unwrap()
}

pub(crate) fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

pub(crate) fn signer(key: &KeyPair) -> Box<dyn Signer> {
    Box::new(KeyInMemory::from_pkcs8(&key.serialize_der()).unwrap())
}

pub(crate) fn public(key: &KeyPair) -> RequestedKey {
    RequestedKey::of_key(&key.serialize_der()).unwrap()
}

pub(crate) fn device(name: &str, server: &[&str]) -> Profile {
    Profile::Device {
        site: "lab".into(),
        name: name.into(),
        protection: Protection::Hardware,
        server: server.iter().map(|host| (*host).to_owned()).collect(),
    }
}

/// A fresh folder of that name.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

impl Plant {
    pub(crate) fn new(name: &str) -> Self {
        Self::with_keys(name, &PKCS_ECDSA_P256_SHA256)
    }

    pub(crate) fn with_keys(name: &str, kind: &'static SignatureAlgorithm) -> Self {
        let names = Constraints::parse(&["plant.example", "10.0.0.0/8", "fd00::/8"]).unwrap();
        Self::with_names(name, kind, names)
    }

    pub(crate) fn with_names(name: &str, kind: &'static SignatureAlgorithm, names: Constraints) -> Self {
        let [one, other] = [(); 2].map(|()| KeyPair::generate_for(kind).unwrap());
        let root = Authority::root(domain(), signer(&one), [1; 16], YEAR).unwrap();
        let issuing = Authority::issuing(&root, signer(&other), names, [2; 16], YEAR).unwrap();
        let folder = folder(name);
        std::fs::write(folder.join("root.pem"), pem(root.certificate())).unwrap();
        std::fs::write(folder.join("issuing.pem"), pem(issuing.certificate())).unwrap();
        Self { root, issuing, folder }
    }

    pub(crate) fn issue(&self, profile: &Profile) -> Vec<u8> {
        self.issuing.issue(profile, &public(&key()), [3; 16], YEAR).unwrap()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.join(name), bytes).unwrap();
    }

    /// What `openssl` says to these arguments, and whether it was content.
    pub(crate) fn openssl(&self, arguments: &str) -> (bool, String) {
        openssl(&self.folder, arguments)
    }
}

pub(crate) fn openssl(folder: &Path, arguments: &str) -> (bool, String) {
    let output = run(folder, arguments);
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// It must be content.
pub(crate) fn must(folder: &Path, arguments: &str) -> String {
    let (content, said) = openssl(folder, arguments);
    assert!(content, "openssl {arguments}: {said}");
    said
}

#[expect(clippy::disallowed_methods, reason = "a test asks the tool that third parties have")]
fn run(folder: &Path, arguments: &str) -> Output {
    std::process::Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap()
}

/// The algorithms that keys of ours have.
pub(crate) const KINDS: [&SignatureAlgorithm; 2] = [&PKCS_ECDSA_P256_SHA256, &PKCS_ED25519];
