//! Programs from PyPI that judge ours, in an environment of their own below `target/tools`.
//!
//! Tests find them at [`FOLDER`], so that nobody's own Python is touched.

use anyhow::{Context, Result};

use crate::shell::Root;

/// The environment, below the repository.
const FOLDER: &str = "target/tools/python";

struct PythonPackage {
    name: &'static str,
    version: &'static str,
    reason: &'static str,
}

#[rustfmt::skip]
const PACKAGES: &[PythonPackage] = &[
    PythonPackage { name: "jsonschema", version: "4.26.0", reason: "judges exported events by the schema they follow" },
    PythonPackage { name: "pydantic-ocsf", version: "3.0.0", reason: "carries the schema of the exported events" },
    PythonPackage { name: "schemathesis", version: "4.32.5", reason: "calls the API in every way its document allows, and in others" },
    PythonPackage { name: "soft-webauthn", version: "0.1.4", reason: "a passkey that others wrote" },
];

/// Makes the environment where it is not there, and fetches what it lacks.
pub(super) fn install(root: &Root) -> Result<()> {
    let pip = root.join(FOLDER).join("bin/pip");
    if !pip.exists() {
        // Debian's own, whichever comes first in the search path
        root.program("/usr/bin/python3").args(["-m", "venv", FOLDER]).run()?;
    }
    let freeze = root.program(&pip).args(["list", "--format=freeze", "--disable-pip-version-check"]);
    let printed = freeze.read().context("delete `target/tools/python` and try again")?;
    let missing = missing(&printed);
    for package in &missing {
        println!("missing: {} ({})", package.name, package.reason);
    }
    if missing.is_empty() {
        println!("every Python package is there");
        return Ok(());
    }
    let wanted = missing.iter().map(|package| format!("{}=={}", package.name, package.version));
    let install = root.program(&pip).args(["install", "--quiet", "--disable-pip-version-check"]);
    install.args(wanted).run().context("PyPI could not be reached, or no longer has them")
}

fn missing(printed: &str) -> Vec<&'static PythonPackage> {
    let has = |package: &PythonPackage| {
        let line = format!("{}=={}", package.name, package.version);
        printed.lines().any(|printed| printed.to_lowercase().replace('_', "-") == line)
    };
    PACKAGES.iter().filter(|package| !has(package)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_missing_in_another_version_too() {
        let names =
            |printed: &str| -> Vec<_> { missing(printed).iter().map(|package| package.name).collect() };
        let all: String =
            PACKAGES.iter().map(|package| format!("{}=={}\n", package.name, package.version)).collect();
        assert_eq!(names(&all), Vec::<&str>::new());
        assert_eq!(names(&all.replace("soft-webauthn", "soft_webauthn")), Vec::<&str>::new());
        assert_eq!(names(&all.replace("4.32.5", "4.32.4")), ["schemathesis"]);
        assert_eq!(names("").len(), PACKAGES.len());
    }
}
