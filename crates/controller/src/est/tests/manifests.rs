//! A delivery of devices: one signed text claims them all, and each proves by itself that it is what the text says.

use super::client::{Held, Question, csr};
use super::openssl::openssl;
use super::plant::{Maker, Plant, SITE};
use crate::bundles;
use crate::http::Problem;
use crate::record::manifests::{Import, Imported, import, put_maker};
use nullius_identity::RequestedKey;
use nullius_protocol::to_hex;
use nullius_store::devices;
use rcgen::KeyPair;
use std::collections::BTreeMap;
use std::fs;

const LEAF: &str = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n";

/// A maker that signs, by `openssl` alone.
fn maker(plant: &Plant) -> String {
    let folder = plant.scratch.folder();
    let ec = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -batch";
    let root = "-keyout maker.key -out maker.pem -subj /CN=Acme -days 30";
    openssl(folder, &format!("req -x509 {ec} {root} -addext basicConstraints=critical,CA:TRUE"));
    openssl(folder, &format!("req -new {ec} -keyout signer.key -out signer.csr -subj /CN=Signer"));
    fs::write(folder.join("leaf.ext"), LEAF).unwrap();
    let sign = "x509 -req -in signer.csr -CA maker.pem -CAkey maker.key -CAcreateserial -days 30";
    openssl(folder, &format!("{sign} -extfile leaf.ext -out signer.pem"));
    // these certificates begin after the plant's clock stopped
    plant.pass(60);
    fs::read_to_string(folder.join("maker.pem")).unwrap()
}

fn text(revision: u64, devices: &[(&str, [u8; 32])]) -> String {
    let devices: Vec<serde_json::Value> = devices
        .iter()
        .map(|(serial, key)| serde_json::json!({"serial": serial, "key": to_hex(key), "protection": "software"}))
        .collect();
    serde_json::json!({"manufacturer": "acme", "revision": revision, "devices": devices}).to_string()
}

fn signed(plant: &Plant, text: String) -> Import {
    let folder = plant.scratch.folder();
    fs::write(folder.join("manifest.json"), &text).unwrap();
    let sign =
        "cms -sign -binary -outform DER -md sha256 -in manifest.json -signer signer.pem -inkey signer.key";
    openssl(folder, &format!("{sign} -out manifest.cms"));
    Import {
        manufacturer: "acme".into(),
        zone: "cell".into(),
        manifest: text,
        signature: to_hex(&fs::read(folder.join("manifest.cms")).unwrap()),
        names: BTreeMap::new(),
    }
}

async fn taken(plant: &Plant, site: &'static str, asked: &Import) -> Result<Imported, Problem> {
    let (actor, asked) = (plant.actor(), asked.clone());
    plant.app.write(move |tx| import(tx, site, &actor, &asked)).await
}

fn state(plant: &Plant, device: &str) -> Option<String> {
    plant.read(|tx| devices::find(tx, SITE, device)).map(|row| row.life.state().name().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_claims_a_delivery_and_is_refused_as_a_whole() {
    let plant = Plant::new().await;
    let (anchors, actor) = (maker(&plant), plant.actor());
    plant.app.write(move |tx| put_maker(tx, &actor, "acme", &anchors)).await.unwrap();
    let names: Vec<String> = (0..500).map(|number| format!("SN-{number}")).collect();
    let many: Vec<(&str, [u8; 32])> =
        names.iter().zip(1_u16..).map(|(name, number)| (name.as_str(), key(number))).collect();
    let asked = signed(&plant, text(7, &many));
    let done = taken(&plant, SITE, &asked).await.unwrap();
    assert_eq!(done, Imported { revision: 7, devices: 500, declared: 500 });
    assert_eq!(state(&plant, "acme-SN-499").as_deref(), Some("claimed"));
    let changed = Import { manifest: asked.manifest.replace("SN-1\"", "SN-X\""), ..asked.clone() };
    let unsigned = Import { signature: String::new(), ..asked.clone() };
    let elsewhere = signed(&plant, text(8, &[("SN-1", key(1)), ("SN-900", key(900))]));
    let renamed = Import { names: [("SN-1".into(), "cam1".into())].into(), ..elsewhere.clone() };
    let (at, other) = (plant.app.now(), "other");
    plant.app.write(move |tx| bundles::add_site(tx, other, "user:anna", at)).await.unwrap();
    for (site, asked, code) in [
        (SITE, &asked, "older-revision"),
        (SITE, &signed(&plant, text(6, &[])), "older-revision"),
        (SITE, &changed, "no-manifest"),
        (SITE, &unsigned, "no-manifest"),
        (other, &elsewhere, "serial-taken"),
        (SITE, &renamed, "serial-taken"),
    ] {
        assert_eq!(taken(&plant, site, asked).await.unwrap_err().code(), code);
    }
    assert_eq!(state(&plant, "acme-SN-900"), None, "nothing of it was taken");
    let named = Import { names: [("SN-900".into(), "cam1".into())].into(), ..elsewhere };
    assert_eq!(taken(&plant, SITE, &named).await.unwrap().declared, 0, "cam1 was there already");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claimed_device_proves_its_key_and_is_enrolled() {
    let plant = Plant::new().await;
    let (anchors, actor, factory) = (maker(&plant), plant.actor(), Maker::new());
    let anchors = anchors + &nullius_identity::pem(&factory.root);
    plant.app.write(move |tx| put_maker(tx, &actor, "acme", &anchors)).await.unwrap();
    let device = factory.device("SN-1");
    let own = RequestedKey::of_key(&device.key.serialize_der()).unwrap().hash();
    taken(&plant, SITE, &signed(&plant, text(1, &[("SN-1", own)]))).await.unwrap();
    let key = std::sync::Arc::new(KeyPair::generate().unwrap());
    let reply = plant.send(&Question::est("simpleenroll", &csr(&key)).held(&device)).await;
    let held = Held { key, chain: reply.certificates() };
    // nobody said yet that one person is enough for this zone
    assert_eq!(state(&plant, "acme-SN-1").as_deref(), Some("enrolled"));
    let reply = plant.send(&Question::est("simplereenroll", &csr(&held.key)).held(&held)).await;
    assert_eq!(reply.status, 200);
    assert_eq!(state(&plant, "acme-SN-1").as_deref(), Some("enrolled"), "a renewal is no event of its life");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_root_makes_no_maker() {
    let plant = Plant::new().await;
    for bad in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let actor = plant.actor();
        let put = plant.app.write(move |tx| put_maker(tx, &actor, "acme", bad)).await;
        assert_eq!(put.unwrap_err().code(), "no-anchors");
    }
    let (actor, leaf) = (plant.actor(), nullius_identity::pem(&Maker::new().device("SN-1").chain[0]));
    let put = plant.app.write(move |tx| put_maker(tx, &actor, "acme", &leaf)).await;
    assert_eq!(put.unwrap_err().code(), "no-anchors", "a device is no authority");
}

fn key(number: u16) -> [u8; 32] {
    let mut key = [7; 32];
    key[..2].copy_from_slice(&number.to_be_bytes());
    key
}
