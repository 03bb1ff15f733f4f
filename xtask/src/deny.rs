//! `cargo xtask deny`: cargo-deny over both lock files, with the rules of `deny.toml`.
//!
//! Bans, licences and sources are decided from the lock files alone and must hold. Advisories need a database that
//! is fetched: when it cannot be, that is said and the run goes on, because an offline machine must still be able
//! to prove everything else.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::shell::Root;

/// The release that `deny.toml` is written for; an older one does not read this workspace's metadata.
const VERSION: (u32, u32, u32) = (0, 20, 2);

const TOOLS: &str = "target/tools";

/// The product, and the fuzzer that has a lock file of its own.
const MANIFESTS: [&str; 2] = ["Cargo.toml", "fuzz/libfuzzer/Cargo.toml"];

/// Checks every dependency of both lock files.
pub(crate) fn check(root: &Root) -> Result<()> {
    let program = find_or_build(root)?;
    let advisories_are_there = fetch_advisories(root, &program);
    for manifest in MANIFESTS {
        let deny =
            root.program(&program).args(["--manifest-path", manifest, "--workspace", "--all-features"]);
        let deny = deny.args(["check", "--config", "deny.toml", "--hide-inclusion-graph", "--disable-fetch"]);
        let kinds = ["bans", "licenses", "sources", "advisories"];
        let count = if advisories_are_there { kinds.len() } else { kinds.len() - 1 };
        deny.args(kinds.iter().take(count)).run()?;
    }
    Ok(())
}

fn fetch_advisories(root: &Root, program: &PathBuf) -> bool {
    let fetched = root.program(program).args(["fetch", "--config", "deny.toml", "db"]).read();
    if let Err(error) = &fetched {
        println!(
            "NOT CHECKED: known vulnerabilities, because the advisory database cannot be fetched:\n{error:#}"
        );
    }
    fetched.is_ok()
}

/// The one on the path when it is recent enough, else the one built here before, else a build of about two minutes.
fn find_or_build(root: &Root) -> Result<PathBuf> {
    let ours = root.join(TOOLS).join("bin/cargo-deny");
    for candidate in [PathBuf::from("cargo-deny"), ours.clone()] {
        let printed = root.program(&candidate).arg("--version").read().unwrap_or_default();
        if version(&printed).is_some_and(|found| found >= VERSION) {
            return Ok(candidate);
        }
    }
    let (major, minor, patch) = VERSION;
    let wanted = format!("{major}.{minor}.{patch}");
    println!("building cargo-deny {wanted} once, into {TOOLS}");
    let install = ["install", "cargo-deny", "--locked", "--debug", "--version", &wanted, "--root", TOOLS];
    root.cargo(install).run().context("cargo-deny could not be built")?;
    Ok(ours)
}

/// `cargo-deny 0.20.2` as numbers.
fn version(printed: &str) -> Option<(u32, u32, u32)> {
    let mut numbers = printed.trim().strip_prefix("cargo-deny ")?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_or_refused() {
        let cases = [
            ("cargo-deny 0.20.2\n", Some((0, 20, 2))),
            ("cargo-deny 1.0.0", Some((1, 0, 0))),
            ("cargo-deny 0.20.2-rc", None),
            ("cargo-denied 0.20.2", None),
            ("", None),
        ];
        for (printed, expected) in cases {
            assert_eq!(version(printed), expected, "{printed}");
        }
    }
}
