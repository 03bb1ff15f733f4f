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

/// The product, and the fuzzer that has a lock file of its own; and what becomes of an exception that is of no use.
/// In the product it must go; the fuzzer shares the file and needs none.
const MANIFESTS: [(&str, &str); 2] = [("Cargo.toml", "--deny"), ("fuzz/libfuzzer/Cargo.toml", "--allow")];

/// Checks every dependency of both lock files.
pub(crate) fn check(root: &Root) -> Result<()> {
    let program = find_or_build(root)?;
    let deny = |manifest| {
        let deny = root.program(&program).args(["--config", "deny.toml", "--manifest-path", manifest]);
        deny.args(["--workspace", "--locked"])
    };
    for (manifest, useless_exceptions) in MANIFESTS {
        let check = deny(manifest).args(["check", useless_exceptions, "unmatched-skip"]);
        check.args(["bans", "licenses", "sources"]).run().with_context(|| {
            format!("if its lock file is behind: cargo update --workspace --manifest-path {manifest}")
        })?;
    }
    if let Err(error) = root.program(&program).args(["--config", "deny.toml", "fetch", "db"]).read() {
        println!("NOT CHECKED: known vulnerabilities, because their database cannot be fetched:\n{error:#}");
        return Ok(());
    }
    MANIFESTS
        .into_iter()
        .try_for_each(|(manifest, _)| deny(manifest).args(["--offline", "check", "advisories"]).run())
}

/// The one on the path when it is recent enough, else the one built here before, else a build of some minutes.
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
    root.cargo(install).env("CARGO_PROFILE_DEV_DEBUG", "0").run().context("cargo-deny could not be built")?;
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
