//! With `openssl` and `curl` alone, as a person types it (`docs/enrolment.md`): enrol by a token, by a maker's
//! certificate, renew, and be refused.

use super::plant::{Plant, SITE};
use nullius_identity::{RequestedKey, pem};
use nullius_model::lifecycle::Event;
use nullius_store::Tx;
use nullius_store::manifests::{self, Entry};
use nullius_store::manufacturers::{self, Manufacturer};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Runs `openssl` in a folder; what it prints.
pub(super) fn openssl(folder: &Path, line: &str) -> String {
    let output = run(folder, "openssl", line.split(' '));
    assert!(output.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a test with the tools that people have")]
fn run<'a>(folder: &Path, program: &str, words: impl Iterator<Item = &'a str>) -> Output {
    let output = Command::new(program).args(words).current_dir(folder).output();
    output.unwrap_or_else(|error| panic!("{program} is needed: {error}"))
}

/// Asks with `curl`; the status. What is answered lies in `answer`.
fn curl(plant: &Plant, operation: &str, more: &[&str]) -> String {
    let url = format!("https://localhost:{}/.well-known/est/{operation}", plant.door.port());
    let usual = [
        "-sS",
        "--cacert",
        "root.pem",
        "-o",
        "answer",
        "-w",
        "%{http_code}",
        "-H",
        "Content-Type: application/pkcs10",
        "--data-binary",
        "@request.b64",
    ];
    let words = usual.iter().chain(more).copied().chain([url.as_str()]);
    let output = run(plant.scratch.folder(), "curl", words);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A key and a request for it.
fn request(folder: &Path, name: &str) {
    openssl(folder, &format!("ecparam -name prime256v1 -genkey -noout -out {name}.key"));
    openssl(folder, &format!("req -new -key {name}.key -subj / -outform DER -out request.der"));
    openssl(folder, "base64 -in request.der -out request.b64");
}

/// The certificate out of the answer, verified up to the root.
fn taken(folder: &Path, name: &str) {
    openssl(folder, "base64 -d -in answer -out answer.p7");
    let chain = openssl(folder, "pkcs7 -inform DER -in answer.p7 -print_certs");
    fs::write(folder.join(format!("{name}.pem")), chain).unwrap();
    let verify = "verify -x509_strict -purpose sslclient -CAfile root.pem -untrusted";
    openssl(folder, &format!("{verify} {name}.pem {name}.pem"));
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_and_openssl_alone_enrol_renew_and_are_refused_after_revocation() {
    let plant = Plant::new().await;
    let folder = plant.scratch.folder().to_owned();
    fs::write(folder.join("root.pem"), pem(&plant.root)).unwrap();
    let token = plant.token("cam1").await;
    let user = format!("{}:{}", token.user(), token.password());
    tokio::task::block_in_place(|| {
        request(&folder, "first");
        assert_eq!(curl(&plant, "simpleenroll", &["-u", &user]), "200");
        taken(&folder, "first");
        let text = openssl(&folder, "x509 -in first.pem -noout -ext subjectAltName");
        assert!(text.contains("URI:spiffe://nullius/site/lab/device/cam1"), "{text}");
        request(&folder, "second");
        assert_eq!(curl(&plant, "simpleenroll", &["-u", &user]), "401", "a token is good once");
        assert_eq!(curl(&plant, "simplereenroll", &["--cert", "first.pem", "--key", "first.key"]), "200");
        taken(&folder, "second");
    });
    plant.happens("cam1", Event::Revoke).await;
    tokio::task::block_in_place(|| {
        request(&folder, "third");
        assert_eq!(curl(&plant, "simplereenroll", &["--cert", "second.pem", "--key", "second.key"]), "403");
        let told = fs::read_to_string(folder.join("answer")).unwrap();
        assert!(told.contains("the certificate was revoked"), "{told}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_makers_certificate_made_with_openssl_enrols_with_curl() {
    let plant = Plant::new().await;
    let folder = plant.scratch.folder().to_owned();
    fs::write(folder.join("root.pem"), pem(&plant.root)).unwrap();
    openssl(&folder, "ecparam -name prime256v1 -genkey -noout -out maker.key");
    openssl(&folder, "req -x509 -new -key maker.key -subj /O=Acme/CN=Root -days 3650 -out maker.pem");
    openssl(&folder, "ecparam -name prime256v1 -genkey -noout -out idevid.key");
    openssl(&folder, "req -new -key idevid.key -subj /O=Acme/serialNumber=SN-42 -out idevid.csr");
    // without extensions it would be of version 1, which TLS libraries take from nobody
    let extensions = "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\n";
    fs::write(folder.join("idevid.ext"), extensions).unwrap();
    openssl(
        &folder,
        "x509 -req -in idevid.csr -extfile idevid.ext -CA maker.pem -CAkey maker.key -CAcreateserial -days 3650 -out idevid.pem",
    );
    openssl(&folder, "pkey -in idevid.key -pubout -outform DER -out idevid.spki");
    // these certificates begin after the plant's clock stopped
    plant.pass(60);
    let key = RequestedKey::from_spki(&fs::read(folder.join("idevid.spki")).unwrap()).unwrap();
    let acme = Manufacturer {
        name: "acme".into(),
        anchors: fs::read_to_string(folder.join("maker.pem")).unwrap(),
        revision: 1,
        added_by: "user:anna".into(),
        added: 0,
    };
    let entry = Entry {
        manufacturer: "acme".into(),
        serial: "SN-42".into(),
        key: key.hash().to_vec(),
        protection: "software".into(),
        class: None,
        mud_url: None,
        reference_values: "{}".into(),
        site: SITE.into(),
        device: "cam2".into(),
        revision: 1,
    };
    let import = |tx: &mut Tx<'_>| {
        manufacturers::put(tx, &acme)?;
        manifests::put_entry(tx, &entry)
    };
    plant.app.store().write(import).unwrap();
    tokio::task::block_in_place(|| {
        request(&folder, "device");
        assert_eq!(curl(&plant, "lab/simpleenroll", &["--cert", "idevid.pem", "--key", "idevid.key"]), "200");
        taken(&folder, "device");
        let text = openssl(&folder, "x509 -in device.pem -noout -ext subjectAltName");
        assert!(text.contains("device/cam2"), "{text}");
    });
}
