//! Manifests signed by `openssl cms`, as a manufacturer signs them.

use crate::plant::{folder, must};
use nullius_identity::chain::{Anchors, BadChain};
use nullius_identity::manifest::{BadManifest, Manifest, check};
use nullius_identity::{BadSignature, Protection};
use std::path::{Path, PathBuf};

const TEXT: &str = r#"{"manufacturer":"Pumps and Sons","revision":3,"devices":[
  {"serial":"PS-0001","key":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
   "protection":"hardware","mud_url":"https://pumps.example/p1.json","class":"pump",
   "references":{"firmware":"sha256:12"}},
  {"serial":"PS-0002","key":"10112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
   "protection":"software"}]}
"#;

const SIGN: &str = "cms -sign -binary -outform DER -md sha256 -in manifest.json -signer signer.pem -inkey signer.key -out manifest.cms";

struct Factory {
    folder: PathBuf,
    anchors: Anchors,
    now: u64,
}

/// A manufacturer with a root and a certificate that signs, made with the tool alone.
fn factory(name: &str, extensions: &str) -> Factory {
    let folder = folder(name);
    let ec = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -batch";
    must(
        &folder,
        &format!(
            "req -x509 {ec} -keyout root.key -out root.pem -subj /CN=Pumps -days 30 -addext basicConstraints=critical,CA:TRUE"
        ),
    );
    must(&folder, &format!("req -new {ec} -keyout signer.key -out signer.csr -subj /CN=Signer"));
    std::fs::write(folder.join("ext"), extensions).unwrap();
    must(
        &folder,
        "x509 -req -in signer.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -extfile ext -out signer.pem",
    );
    std::fs::write(folder.join("manifest.json"), TEXT).unwrap();
    let anchors = Anchors::new(&[der(&folder, "root.pem")], []).unwrap();
    let now = begin(&folder);
    Factory { folder, anchors, now }
}

fn der(folder: &Path, name: &str) -> Vec<u8> {
    must(folder, &format!("x509 -in {name} -outform DER -out out.der"));
    std::fs::read(folder.join("out.der")).unwrap()
}

/// A minute into the signer's life: the tool has the system's clock, and we have none.
fn begin(folder: &Path) -> u64 {
    let leaf = der(folder, "signer.pem");
    nullius_identity::certificate_end(&leaf).unwrap() - 30 * 86_400 + 60
}

impl Factory {
    fn sign(&self, how: &str) -> Vec<u8> {
        must(&self.folder, &format!("{SIGN}{how}"));
        std::fs::read(self.folder.join("manifest.cms")).unwrap()
    }

    fn verify(&self, text: &str, signature: &[u8]) -> Result<Manifest, BadManifest> {
        Manifest::verify(text.as_bytes(), signature, &self.anchors, self.now)
    }
}

const LEAF: &str = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n";

#[test]
fn a_manifest_that_openssl_signed_is_read() {
    let factory = factory("manifest", LEAF);
    for how in ["", " -keyid", " -md sha512", " -noattr", " -certfile root.pem", " -nosmimecap"] {
        // without attributes and with SHA-512 the signature itself is another kind, which is not ours
        let signature = factory.sign(how);
        let read = factory.verify(TEXT, &signature);
        if how == " -md sha512" {
            assert_eq!(read, Err(BadManifest::Signature(BadSignature::Algorithm)));
            continue;
        }
        let manifest = read.unwrap();
        assert_eq!((manifest.manufacturer.as_str(), manifest.revision), ("Pumps and Sons", 3), "{how}");
        assert_eq!(manifest.devices.len(), 2);
        let pump = &manifest.devices["PS-0001"];
        assert_eq!((pump.protection, pump.class.as_deref()), (Protection::Hardware, Some("pump")));
    }
    assert_eq!(check(TEXT.as_bytes()), Ok(2));
}

#[test]
fn a_manifest_is_refused_for_its_own_reason() {
    let (ours, theirs) = (factory("manifest-ours", LEAF), factory("manifest-theirs", LEAF));
    let signature = ours.sign("");
    let signed = |error| Err(BadManifest::Signature(error));
    let changed = TEXT.replace("PS-0001", "PS-0003");
    assert_eq!(ours.verify(&changed, &signature), signed(BadSignature::Content));
    assert_eq!(theirs.verify(TEXT, &signature), signed(BadSignature::Chain(BadChain::UnknownIssuer)));
    let late = Manifest::verify(TEXT.as_bytes(), &signature, &ours.anchors, ours.now + 40 * 86_400);
    assert!(matches!(late, Err(BadManifest::Signature(BadSignature::Chain(BadChain::Expired { .. })))));
    assert_eq!(ours.verify(TEXT, &ours.sign(" -nocerts")), signed(BadSignature::NoSigner));
    assert_eq!(ours.verify(TEXT, b""), signed(BadSignature::Form));
    assert_eq!(ours.verify(TEXT, &[signature, vec![0]].concat()), signed(BadSignature::Form));
    assert_eq!(ours.verify(&" ".repeat(9 << 20), b""), Err(BadManifest::TooLarge));
}

#[test]
fn a_certificate_that_is_for_something_else_signs_no_manifest() {
    for (name, extensions) in [
        ("manifest-ca", "basicConstraints=critical,CA:TRUE\n"),
        ("manifest-usage", "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyAgreement\n"),
    ] {
        let factory = factory(name, extensions);
        let read = factory.verify(TEXT, &factory.sign(""));
        let refused = BadManifest::Signature(BadSignature::Chain(BadChain::Purpose));
        assert_eq!(read, Err(refused), "{name}");
    }
}

#[test]
fn no_bit_of_a_signature_can_change_what_is_signed() {
    let factory = factory("manifest-bits", LEAF);
    let signature = factory.sign("");
    let good = factory.verify(TEXT, &signature).unwrap();
    let mut taken = 0;
    for position in 0..signature.len() {
        for bit in [0, 3, 7] {
            let mut bad = signature.clone();
            bad[position] ^= 1 << bit;
            // some bytes are not signed, as the list of hashes at the front
            if let Ok(read) = factory.verify(TEXT, &bad) {
                assert_eq!(read, good, "byte {position}");
                taken += 1;
            }
        }
    }
    assert!(taken < 200, "{taken} of {}", signature.len() * 3);
}
