//! The issuing key in a real module (`SoftHSM`): what happens while its token is away.

use crate::http::Problem;
use crate::pki::begin::begin;
use crate::pki::{CaError, Hsm, issue, new_key};
use crate::testing::Stage;
use crate::{Config, PkiSettings};
use nullius_identity::{Profile, RequestedKey, Validity, pem};
use nullius_store::secrets;
use nullius_store::testing::sqlite;
use std::path::Path;
use std::process::Command;

const LIBRARY: &str = "/usr/lib/softhsm/libsofthsm2.so";
const NAME: &str = "pki::tests::token::with_the_token_pulled_nothing_is_issued_until_it_is_back";
const CONFIG: &str = "SOFTHSM2_CONF";

/// `SoftHSM` reads its settings from the environment: the test runs itself again with them.
#[test]
fn with_the_token_pulled_nothing_is_issued_until_it_is_back() {
    match std::env::var_os(CONFIG) {
        Some(config) => inside(Path::new(&config).parent().unwrap_or(Path::new("/"))),
        None => outside(),
    }
}

#[expect(clippy::disallowed_methods, reason = "only tests start programs")]
fn outside() {
    let scratch = sqlite();
    let (folder, config) = (scratch.folder(), scratch.folder().join("softhsm2.conf"));
    let tokens = folder.join("tokens");
    let made = std::fs::create_dir(&tokens);
    assert!(made.is_ok(), "{made:?}");
    let text = format!("directories.tokendir = {}\nobjectstore.backend = file\n", tokens.display());
    let written = std::fs::write(&config, text).and_then(|()| std::fs::write(folder.join("pin"), "1234\n"));
    assert!(written.is_ok(), "{written:?}");
    let arguments = ["--init-token", "--free", "--label", "nullius", "--pin", "1234", "--so-pin", "5678"];
    let made = Command::new("softhsm2-util").env(CONFIG, &config).args(arguments).output();
    assert!(made.is_ok_and(|made| made.status.success()), "apt-get install softhsm2");
    let program = std::env::current_exe().unwrap_or_default();
    let ran = Command::new(program).env(CONFIG, &config).args(["--exact", NAME, "--nocapture"]).output();
    let said = ran.as_ref().map(|ran| String::from_utf8_lossy(&ran.stderr).into_owned());
    assert!(ran.as_ref().is_ok_and(|ran| ran.status.success()), "{said:?}");
}

fn inside(folder: &Path) {
    let hsm = Hsm {
        library: LIBRARY.into(),
        token: "nullius".to_owned(),
        key: "issuing".to_owned(),
        pin_file: folder.join("pin"),
    };
    let pki = PkiSettings { module: Some(hsm), ..PkiSettings::default() };
    let stage = Stage::over(sqlite(), Config { pki, ..Config::default() });
    begin(&stage.app).unwrap();
    assert!(
        stage.write(secrets::names).iter().all(|name| !name.starts_with("pki/")),
        "no key is in the store"
    );
    let sign = || {
        let (config, at) = (stage.app.config(), stage.app.now().as_secs());
        let key = RequestedKey::of_key(new_key()?.expose())?;
        let profile = Profile::Gateway { site: "lab".to_owned(), name: "gw1".to_owned() };
        let validity = Validity { from: at, until: at + 3600 };
        let issued = stage.app.store().write(|tx| issue(tx, config, &profile, &key, validity))?;
        Ok::<_, CaError>(pem(&issued.chain[0]))
    };
    assert!(sign().unwrap().contains("BEGIN CERTIFICATE"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let start = || runtime.block_on(crate::Tls::new(&stage.app));
    let before = start().unwrap().leaf();
    let (there, away) = (folder.join("tokens"), folder.join("away"));
    std::fs::rename(&there, &away).unwrap();
    let problem = Problem::from(sign().unwrap_err());
    assert_eq!((problem.status().as_u16(), problem.code()), (503, "hsm"));
    assert_eq!(start().unwrap().leaf(), before, "a start without the token shows what was shown before");
    std::fs::rename(&away, &there).unwrap();
    assert!(sign().is_ok(), "it is used again when it is back");
    assert_ne!(start().unwrap().leaf(), before);
}
