//! Two tiers from the first start to a stolen key, as others see them: `openssl` reads what is signed.

#[cfg(feature = "pkcs11")]
mod token;

use super::begin::begin;
use super::{
    CaError, anchors, authorities, backup, certificates, distrust, issue, lists, new_key, offline, rollover,
};
use crate::access::{ALL_SITES, Role};
use crate::record::Actor;
use crate::testing::{Ask, Stage};
use crate::{Config, PkiSettings};
use nullius_identity::{PinnedController, PinnedRoot, Profile, Protection, RequestedKey, Validity, pem};
use nullius_model::Timestamp;
use nullius_store::authorities::State;
use nullius_store::testing::sqlite;
use nullius_store::{Secret, StoreError, Tx};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// A controller with both tiers, its first root in a folder.
pub(super) struct Plant {
    pub(super) stage: Stage,
    pub(super) folder: PathBuf,
    pub(super) passphrase: Secret,
}

impl Plant {
    fn new() -> Self {
        let scratch = sqlite();
        let folder = scratch.folder().to_owned();
        let pki = PkiSettings { root: Some(folder.join("root")), ..PkiSettings::default() };
        let stage = Stage::over(scratch, Config { pki, ..Config::default() });
        let recovery = begin(&stage.app).unwrap().unwrap();
        let passphrase = Secret::new(recovery.passphrase.into_bytes());
        Self { stage, folder, passphrase }
    }

    fn now(&self) -> Timestamp {
        self.stage.app.now()
    }

    fn actor(&self) -> Actor {
        Actor { who: "user:anna".to_owned(), people: vec!["anna".to_owned()], now: self.now() }
    }

    fn issue(&self, profile: &Profile) -> Result<super::Issued, CaError> {
        let (config, at) = (self.stage.app.config(), self.now().as_secs());
        let key = RequestedKey::of_key(new_key()?.expose())?;
        let validity = Validity { from: at, until: at + 30 * super::DAY };
        self.stage.app.store().write(|tx| issue(tx, config, profile, &key, validity))
    }

    /// What the controller shows when somebody connects.
    fn sent(&self) -> Vec<CertificateDer<'static>> {
        let issued = self.issue(&Profile::ControllerServer(vec!["localhost".to_owned()])).unwrap();
        let (config, at) = (self.stage.app.config().clone(), self.now());
        let above = |tx: &mut Tx<'_>| Ok::<_, CaError>(super::issuing(tx, &config)?.above(tx, at)?);
        let above = self.stage.app.store().read(above).unwrap();
        issued.chain.into_iter().chain(above).map(CertificateDer::from).collect()
    }

    fn states(&self) -> Vec<State> {
        self.stage.write(|tx| Ok(authorities::all(tx)?.into_iter().map(|row| row.state).collect()))
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.join(name);
        let written = std::fs::write(&path, bytes);
        assert!(written.is_ok(), "{written:?}");
        path
    }

    fn start(&self, new_root: Option<&Path>) -> String {
        let root = self.folder.join("root");
        offline::start(&self.stage.app, (&root, &self.passphrase), new_root, "console:root").unwrap()
    }
}

fn device(name: &str, server: &[&str]) -> Profile {
    let (site, name) = ("lab".to_owned(), name.to_owned());
    let server = server.iter().map(|host| (*host).to_owned()).collect();
    Profile::Device { site, name, protection: Protection::Software, server }
}

#[expect(clippy::disallowed_methods, reason = "only tests start programs")]
fn openssl(arguments: &[&str]) -> (bool, String) {
    let ran = Command::new("openssl").args(arguments).output();
    let said = ran.as_ref().map(|ran| [ran.stdout.as_slice(), &ran.stderr].concat()).unwrap_or_default();
    (ran.is_ok_and(|ran| ran.status.success()), String::from_utf8_lossy(&said).into_owned())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

#[test]
fn openssl_takes_what_is_signed_and_not_what_was_revoked() {
    let plant = Plant::new();
    let issued = plant.issue(&device("plc1", &["10.1.2.3"])).unwrap();
    let found = plant.stage.write(anchors);
    let config = plant.stage.app.config().clone();
    let root = plant.file("ca.pem", found.roots.iter().map(|der| pem(der)).collect::<String>());
    let between = plant.file("issuing.pem", pem(&issued.chain[1]));
    let leaf = plant.file("leaf.pem", pem(&issued.chain[0]));
    let at = (plant.now().as_secs() + 60).to_string();
    let verify = |more: &[&str]| {
        let first =
            ["verify", "-x509_strict", "-attime", &at, "-CAfile", text(&root), "-untrusted", text(&between)];
        openssl(&[&first, more, &[text(&leaf)]].concat())
    };
    let (good, said) = verify(&[]);
    assert!(good, "{said}");
    let lists = |number: u64| {
        let now = plant.now();
        let all = plant.stage.app.store().write(|tx| {
            let all = authorities::all(tx)?;
            all.iter()
                .map(|row| lists::current(tx, &config, &row.id, now))
                .collect::<Result<Vec<_>, CaError>>()
        });
        let all: Vec<_> = all.unwrap().into_iter().flatten().collect();
        assert_eq!(all.len(), 2, "a root's and an issuing one's");
        let pem = |der: &Vec<u8>| pem(der).replace("CERTIFICATE", "X509 CRL");
        plant.file(&format!("{number}.crl"), all.iter().map(pem).collect::<String>())
    };
    let before = lists(1);
    let (good, said) = verify(&["-crl_check_all", "-CRLfile", text(&before)]);
    assert!(good, "{said}");
    let at_once = plant.now().as_secs();
    assert!(plant.stage.write(|tx| certificates::revoke(tx, &issued.serial, at_once, 1)));
    let after = lists(2);
    let (good, said) = verify(&["-crl_check_all", "-CRLfile", text(&after)]);
    assert!(!good && said.contains("revoked"), "{said}");
}

/// Over HTTP without TLS, as third parties ask.
#[tokio::test]
async fn openssl_is_answered_whether_a_certificate_is_revoked() {
    let plant = tokio::task::spawn_blocking(Plant::new).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/pki/ocsp", listener.local_addr().unwrap());
    let (router, limits) = (crate::http::open_router(&plant.stage.app), plant.stage.app.config().limits);
    tokio::spawn(crate::serve(router, listener, None, limits, std::future::pending()));
    let asked = tokio::task::spawn_blocking(move || {
        let issued = plant.issue(&device("plc1", &[])).unwrap();
        let leaf = plant.file("leaf.pem", pem(&issued.chain[0]));
        let between = plant.file("issuing.pem", pem(&issued.chain[1]));
        let roots = plant.stage.write(anchors).roots;
        let root = plant.file("ca.pem", roots.iter().map(|der| pem(der)).collect::<String>());
        let at = (plant.now().as_secs() + 60).to_string();
        // the controller's clock stands at the time of the test
        let ask = || {
            let who = ["ocsp", "-issuer", text(&between), "-cert", text(&leaf), "-url", &url];
            let trust = ["-CAfile", text(&root), "-verify_other", text(&between), "-attime", &at];
            openssl(&[who.as_slice(), &trust, &["-validity_period", "2000000000"]].concat())
        };
        let before = ask();
        let at_once = plant.now().as_secs();
        assert!(plant.stage.write(|tx| certificates::revoke(tx, &issued.serial, at_once, 1)));
        (before, ask())
    });
    let ((good, before), (answered, after)) = asked.await.unwrap();
    assert!(good && before.contains("Response verify OK") && before.contains("leaf.pem: good"), "{before}");
    assert!(answered && after.contains("leaf.pem: revoked") && after.contains("keyCompromise"), "{after}");
}

#[tokio::test]
async fn everybody_gets_the_lists_and_nobody_but_an_administrator_moves_an_authority() {
    let plant = tokio::task::spawn_blocking(Plant::new).await.unwrap();
    let signs = plant.stage.write(anchors).signs.unwrap();
    let unknown = "0".repeat(64);
    for (path, status) in [
        ("/pki/ca.pem".to_owned(), 200),
        (format!("/pki/crl/{signs}.crl"), 200),
        (format!("/pki/crl/{unknown}.crl"), 404),
        (format!("/pki/crl/{signs}"), 404),
        ("/pki/ocsp/AAAA".to_owned(), 200),
        ("/v1/pki".to_owned(), 401),
    ] {
        assert_eq!(plant.stage.send(&Ask::new("GET", &path)).await.status, status, "{path}");
    }
    let session = |role: Role| plant.stage.session(&plant.stage.person(role.name(), &[(ALL_SITES, role)]));
    let (admin, auditor) = (session(Role::Admin), session(Role::Auditor));
    let shown = plant.stage.send(&Ask::new("GET", "/v1/pki").session(&auditor)).await;
    assert_eq!((shown.text("/items/1/id"), shown.text("/items/1/state")), (signs.as_str(), "issuing"));
    let ends = plant.stage.send(&Ask::new("GET", "/v1/pki/forecast?days=4000").session(&auditor)).await;
    assert!(ends.text("/items/0/what").starts_with("issuing "), "{}", ends.body);
    let path = format!("/v1/pki/authorities/{signs}/distrust");
    let act = |cookie: &str| {
        Ask::new("POST", &path).session(cookie).json(serde_json::json!({ "reason": "copied" }))
    };
    assert_eq!(plant.stage.send(&act(&auditor)).await.status, 403);
    let refused = plant.stage.send(&act(&admin)).await;
    assert_eq!((refused.status, refused.text("/code")), (409, "no-successor"));
    let step = Ask::new("POST", "/v1/pki/rollover").session(&admin).json(serde_json::json!({}));
    assert_eq!(plant.stage.send(&step).await.text("/code"), "no-rollover");
}

#[test]
fn a_root_elsewhere_signs_for_a_key_by_files_that_are_carried() {
    let plant = Plant::new();
    let (offline_root, words) = (plant.folder.join("elsewhere"), Secret::new(b"another passphrase".to_vec()));
    let at = plant.now();
    offline::make_root("nullius", &offline_root, &words, at).unwrap();
    assert!(offline::make_root("nullius", &offline_root, &words, at).is_err(), "it has one");
    let scratch = sqlite();
    let stage = Stage::over(scratch, Config::default());
    let (public, signed) = (plant.folder.join("issuing.pub"), plant.folder.join("issuing.pem"));
    offline::wait_in(&stage.app, &public).unwrap();
    let sign = |domain: &str, words: &Secret| {
        let names = ["localhost".to_owned()];
        offline::sign_request(domain, (&offline_root, words), &names, (&public, &signed), at)
    };
    assert!(sign("other", &words).is_err() && sign("nullius", &plant.passphrase).is_err());
    let id = sign("nullius", &words).unwrap();
    assert!(offline::install_in(&plant.stage.app, &signed, "console:root").is_err(), "no key waits there");
    assert_eq!(offline::install_in(&stage.app, &signed, "console:root").unwrap(), id);
    assert!(begin(&stage.app).unwrap().is_none());
    assert_eq!(stage.write(anchors).signs, Some(id));
    let config = stage.app.config().clone();
    assert!(stage.app.store().read(|tx| super::issuing(tx, &config).map(drop)).is_ok());
}

#[test]
fn a_host_outside_of_the_permitted_ones_is_named_by_nobody() {
    let plant = Plant::new();
    for host in ["plant.example", "192.0.2.1"] {
        let refused = plant.issue(&device("plc1", &[host])).unwrap_err().to_string();
        assert!(refused.contains(host), "{refused}");
    }
    assert!(matches!(plant.issue(&Profile::Root), Err(CaError::NoHolder)));
}

#[test]
fn the_first_start_makes_both_tiers_once_and_the_roots_key_opens_with_its_passphrase_alone() {
    let plant = Plant::new();
    assert!(begin(&plant.stage.app).unwrap().is_none(), "the second start");
    assert_eq!(plant.states(), [State::Issuing, State::Issuing]);
    let folder = plant.folder.join("root");
    let mode = |name: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!(mode("root.key"), 0o600);
    let wrong = Secret::new(b"another passphrase".to_vec());
    let refused = offline::start(&plant.stage.app, (&folder, &wrong), None, "console:root");
    assert!(refused.unwrap_err().to_string().contains("does not open"));
    assert_eq!(plant.states().len(), 2);
}

#[test]
fn a_store_of_one_tier_is_refused_with_what_to_do() {
    let stage = Stage::over(sqlite(), Config::default());
    stage.write(|tx| nullius_store::secrets::put(tx, "ca/key", b"old"));
    let refused = begin(&stage.app).unwrap_err();
    assert!(refused.to_string().contains("nullius pki forget-one-tier"), "{refused}");
}

#[test]
fn another_authority_signs_once_every_gateway_trusts_it() {
    let plant = Plant::new();
    plant.stage.site("lab");
    let at = plant.now().as_secs();
    plant.stage.write(|tx| nullius_store::gateways::join(tx, "lab", "gw1", at));
    let new = plant.start(Some(&plant.folder.join("new")));
    let step = |without: &[&str]| {
        let (actor, without) =
            (plant.actor(), without.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        plant.stage.app.store().write(|tx| rollover::advance(tx, &actor, &without))
    };
    assert_eq!(step(&[]).unwrap_err().code(), "waits");
    let found = plant.stage.write(anchors);
    assert_eq!((found.roots.len(), found.cross.len(), found.signs == Some(new.clone())), (2, 1, false));
    assert!(step(&["lab/gw1"]).is_ok());
    assert_eq!(step(&[]).unwrap_err().code(), "waits", "whoever is passed over is named each time");
    let before = plant.issue(&device("plc1", &[])).unwrap();
    assert!(step(&["lab/gw1"]).is_ok());
    assert_eq!(plant.stage.write(anchors).signs, Some(new));
    let after = plant.issue(&device("plc1", &[])).unwrap();
    assert_ne!(before.chain[1], after.chain[1]);
    assert_eq!(step(&[]).unwrap_err().code(), "waits", "a certificate of the old one still counts");
    plant.stage.pass(Duration::from_secs(31 * super::DAY));
    assert!(step(&[]).is_ok());
    assert_eq!(plant.stage.write(anchors).roots.len(), 1);
    assert_eq!(step(&[]).unwrap_err().code(), "no-rollover");
}

#[test]
fn whoever_trusts_the_old_root_takes_a_server_under_the_new_one() {
    let plant = Plant::new();
    let old = plant.stage.write(anchors).roots;
    plant.start(Some(&plant.folder.join("new")));
    for _ in 0..2 {
        let actor = plant.actor();
        plant.stage.app.store().write(|tx| rollover::advance(tx, &actor, &[])).unwrap();
    }
    let sent = plant.sent();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(old[0].as_slice())).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(plant.now().as_secs() + 60));
    let name = ServerName::try_from("localhost").unwrap();
    let taken =
        |sent: &[CertificateDer<'_>]| verifier.verify_server_cert(&sent[0], &sent[1..], &name, &[], now);
    assert!(taken(&sent).is_ok());
    assert!(taken(&sent[..3]).is_err(), "nobody vouches for the new root");
}

#[test]
fn a_token_from_before_another_root_took_over_is_good_until_the_old_one_retires() {
    let plant = Plant::new();
    let old = plant.stage.write(anchors).roots.swap_remove(0);
    plant.start(Some(&plant.folder.join("new")));
    let step = || {
        let actor = plant.actor();
        plant.stage.app.store().write(|tx| rollover::advance(tx, &actor, &[])).unwrap();
    };
    step();
    step();
    let new = plant.stage.write(anchors).roots.swap_remove(1);
    let known = || {
        let provider = || Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let by_name = PinnedRoot::new(super::sha256(&old), provider());
        let by_role = PinnedController::new(super::sha256(&old), provider());
        let now = UnixTime::since_unix_epoch(Duration::from_secs(plant.now().as_secs() + 60));
        let (name, sent) = (ServerName::try_from("localhost").unwrap(), plant.sent());
        let shown = |verifier: &dyn ServerCertVerifier| {
            verifier.verify_server_cert(&sent[0], &sent[1..], &name, &[], now).is_ok()
        };
        (shown(&*by_name), shown(&*by_role), by_name.vouches(&new))
    };
    assert_eq!(known(), (true, true, true));
    plant.stage.pass(Duration::from_secs(31 * super::DAY));
    step();
    assert_eq!(known(), (false, false, false));
}

#[test]
fn a_stolen_key_is_replaced_at_once_and_essential_devices_come_first() {
    let plant = Plant::new();
    plant.stage.site("lab");
    for name in ["plc1", "cam1"] {
        plant.issue(&device(name, &[])).unwrap();
    }
    plant.issue(&Profile::Gateway { site: "lab".to_owned(), name: "gw1".to_owned() }).unwrap();
    let stolen = plant.stage.write(anchors).signs.unwrap();
    let act = || {
        let actor = plant.actor();
        plant.stage.app.store().write(|tx| distrust::distrust(tx, &actor, &stolen, "the key was copied"))
    };
    assert_eq!(act().unwrap_err().code(), "no-successor");
    let new = plant.start(None);
    let list = act().unwrap();
    let names: Vec<_> = list.iter().map(|entry| (entry.priority, entry.name.as_str())).collect();
    // no policy says what the devices are for: each could keep people safe
    assert_eq!(names, [(1, "gw1"), (2, "cam1"), (2, "plc1")]);
    let found = plant.stage.write(anchors);
    assert_eq!((found.signs, found.known.len(), found.distrusted.len()), (Some(new), 3, 1));
    assert_eq!(act().unwrap_err().code(), "distrusted");
    plant.stage.pass(Duration::from_secs(1));
    plant.issue(&device("plc1", &[])).unwrap();
    let at = plant.now().as_secs();
    let left = plant.stage.app.store().read(|tx| distrust::reissue(tx, at)).unwrap();
    assert_eq!(left.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["gw1", "cam1"]);
    let told = plant.stage.write(|tx| nullius_store::bundles::of_key(tx, "lab", "trust"));
    assert!(told.is_some(), "the gateways of the site are told");
}

#[test]
fn both_tiers_come_back_from_their_backup() {
    let plant = Plant::new();
    let before = plant.issue(&device("plc1", &[])).unwrap();
    let (file, words) = (plant.folder.join("both"), Secret::new(b"another passphrase".to_vec()));
    assert_eq!(backup::write(&plant.stage.app, &file, &words, "console:root").unwrap(), 2);
    let scratch = sqlite();
    let folder = scratch.folder().to_owned();
    let pki = PkiSettings { root: Some(folder.join("root")), ..PkiSettings::default() };
    let again = Plant {
        stage: Stage::over(scratch, Config { pki, ..Config::default() }),
        folder,
        passphrase: plant.passphrase.clone(),
    };
    assert!(
        backup::read(&again.stage.app, &file, &plant.passphrase, "console:root").is_err(),
        "its passphrase"
    );
    assert_eq!(backup::read(&again.stage.app, &file, &words, "console:root").unwrap(), 2);
    assert!(begin(&again.stage.app).unwrap().is_none());
    assert_eq!(again.issue(&device("plc1", &[])).unwrap().chain[1], before.chain[1]);
    again.start(None);
    assert!(backup::read(&again.stage.app, &file, &words, "console:root").is_err(), "it has authorities");
    let known = again.stage.write(|tx| Ok::<_, StoreError>(authorities::all(tx)?.len()));
    assert_eq!(known, 3);
}
