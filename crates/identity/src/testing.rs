//! Authorities for tests: a root, an issuing authority under it, and what they sign.

use crate::{
    Authority, Constraints, KeyInMemory, Profile, Protection, RequestedKey, Signer, TrustDomain, Validity,
};
use rcgen::KeyPair;

/// A root's life.
pub(crate) const LONG: Validity = Validity { from: 1_700_000_000, until: 1_900_000_000 };

/// A leaf's, and a time in it.
pub(crate) const SHORT: Validity = Validity { from: 1_799_000_000, until: 1_801_000_000 };
pub(crate) const NOW: u64 = 1_800_000_000;

pub(crate) fn domain() -> TrustDomain {
    TrustDomain::new("plant.example").unwrap()
}

pub(crate) fn key() -> KeyPair {
    KeyPair::generate().unwrap()
}

pub(crate) fn public(key: &KeyPair) -> RequestedKey {
    RequestedKey::of_key(&key.serialize_der()).unwrap()
}

pub(crate) fn signer() -> Box<dyn Signer> {
    Box::new(KeyInMemory::from_pkcs8(&key().serialize_der()).unwrap())
}

pub(crate) fn root() -> Authority {
    Authority::root(domain(), signer(), [1; 16], LONG).unwrap()
}

pub(crate) fn issuing(root: &Authority) -> Authority {
    let names = Constraints::parse(&["plant.example", "10.0.0.0/8"]).unwrap();
    Authority::issuing(root, signer(), names, [2; 16], LONG).unwrap()
}

pub(crate) fn device(site: &str, name: &str) -> Profile {
    let protection = Protection::Software;
    Profile::Device { site: site.into(), name: name.into(), protection, server: vec![] }
}

pub(crate) fn gateway(site: &str) -> Profile {
    Profile::Gateway { site: site.into(), name: "gw1".into() }
}

pub(crate) fn controller() -> Profile {
    Profile::ControllerServer(vec!["controller.plant.example".into()])
}

/// A leaf for this key and the authority's certificate.
pub(crate) fn chain(authority: &Authority, profile: &Profile, key: &KeyPair) -> Vec<Vec<u8>> {
    let leaf = authority.issue(profile, &public(key), [3; 16], SHORT).unwrap();
    vec![leaf, authority.certificate().to_vec()]
}
