//! Schemathesis calls every operation in the ways its document allows, and in others.

use crate::program::{Controller, PYTHON};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

/// Enough that the judge is not told to come again later.
const LIMITS: &str = "[limits]\nof_one_address = 1000\nrequests_per_second = 100000\n";

/// What would end the judge's own token, what never ends, and DER, which openssl judges and this judge cannot write.
const LEFT_OUT: &str = "/v1/(events|tokens/)|/pki/ocsp";

#[test]
fn whatever_the_api_is_asked_it_answers_as_its_document_says() {
    let program = Path::new(PYTHON).join("schemathesis");
    assert!(program.exists(), "schemathesis is not there: run `cargo xtask install`");
    let controller = Controller::start("judged", LIMITS);
    let authorization = format!("Authorization: Bearer {}", controller.token());
    let mut command = Command::new(program);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("judged");
    let document = document(&folder);
    command.arg("--config-file").arg(folder.join("schemathesis.toml")).arg("run").arg(document);
    command.args(["--url", &controller.url, "--tls-verify", "false", "-H", &authorization]);
    command.args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance"]);
    command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", "3", "--seed", "1"]);
    command.args(["--exclude-path-regex", LEFT_OUT, "--no-color"]);
    let judged = command.current_dir(&folder).output().unwrap();
    let said = String::from_utf8_lossy(&judged.stdout);
    assert!(judged.status.success(), "{said}");
    assert!(said.contains("generated"), "nothing was asked: {said}");
}

/// The document without cookies, which a page of ours alone may use, and the site that there is.
fn document(folder: &Path) -> PathBuf {
    let mut document: Value = serde_json::from_slice(&fs::read(DOCUMENT).unwrap()).unwrap();
    document["components"]["securitySchemes"].as_object_mut().unwrap().remove("session");
    for operation in document["paths"].as_object_mut().unwrap().values_mut().filter_map(Value::as_object_mut)
    {
        for said in operation.values_mut().filter_map(|operation| operation.get_mut("security")) {
            said.as_array_mut().unwrap().retain(|way| way.get("session").is_none());
        }
    }
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("schemathesis.toml"), "[parameters]\n\"path.site\" = \"lab\"\n").unwrap();
    let path = folder.join("openapi.json");
    fs::write(&path, document.to_string()).unwrap();
    path
}
