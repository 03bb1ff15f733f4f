//! Every command against a gateway that says what a test wants.
//!
//! The gateway is a thread behind a Unix socket with canned answers. What a command shows stands in `golden/`, one file
//! a command; `UPDATE_EXPECT=1` writes them anew: read the difference before you commit it.

#![expect(clippy::unwrap_used, reason = "a broken fixture must fail the test")]

mod fake;
mod policy;
mod site;

use fake::Run;
use std::path::Path;

fn golden(name: &str, run: &Run) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/commands/golden").join(name);
    let shown = format!("{}exit {}\n", run.shown, run.code);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &shown).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert_eq!(expected, shown, "{}; UPDATE_EXPECT=1 writes it anew", path.display());
}
