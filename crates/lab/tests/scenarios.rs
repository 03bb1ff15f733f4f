//! Every scenario against its golden text. `UPDATE_EXPECT=1` writes the golden texts anew: read the difference before
//! you commit it.

#![expect(clippy::unwrap_used, reason = "a broken fixture must fail the test")]

use nullius_lab::scenario::run;
use std::fs;
use std::path::{Path, PathBuf};

fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut scenarios: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|end| end == "txt")).collect();
    scenarios.sort();
    scenarios
}

#[test]
fn every_scenario_ends_as_its_golden_text_says() {
    let scenarios = scenarios();
    assert!(scenarios.len() >= 6, "{scenarios:?}");
    for path in scenarios {
        let outcome = run(&fs::read_to_string(&path).unwrap());
        let outcome = outcome.unwrap_or_else(|error| format!("{error}\n"));
        let golden = path.with_extension("out");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&golden, &outcome).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert!(outcome == expected, "{} now ends so:\n{outcome}", path.display());
    }
}

#[test]
fn the_same_scenario_ends_the_same_every_time() {
    for path in scenarios() {
        let text = fs::read_to_string(path).unwrap();
        assert_eq!(run(&text), run(&text));
    }
}

#[test]
fn a_line_that_cannot_be_followed_is_named() {
    for (text, told) in [
        ("0 policy 1\n1 dance", "line 2: expected one of: policy COUNTER | "),
        ("0 may plc9 plc1/modbus", "line 1: no node plc9"),
        ("0 may hmi plc1/http", "line 1: no service `plc1/http`"),
        ("0 stage ews somewhere", "line 1: `somewhere` is not understood"),
    ] {
        let error = run(text).unwrap_err().to_string();
        assert!(error.starts_with(told), "{error}");
    }
}
