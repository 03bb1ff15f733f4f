//! Who may use whom: the table of arrows between the crates, and what a pure crate may not ask for.
//!
//! Everything that is not in the table is forbidden; every crate may also use `nullius-model`. A new row or arrow
//! is a change of architecture and is reviewed as one.

use super::finding::Finding;
use super::metadata::{Dependency, Package, Workspace};

const MODEL: &str = "nullius-model";

/// A crate and the crates it may use besides the model.
struct Row(&'static str, &'static [&'static str]);

#[rustfmt::skip]
const ARROWS: &[Row] = &[
    // nouns
    Row(MODEL, &[]),
    // facts
    Row("nullius-audit", &[]),
    Row("nullius-device", &[]),
    Row("nullius-identity", &[]),
    Row("nullius-policy", &[]),
    Row("nullius-wire", &[]),
    // decision
    Row("nullius-engine", &["nullius-audit", "nullius-device", "nullius-identity", "nullius-policy", "nullius-wire"]),
    // format
    Row("nullius-protocol", &["nullius-audit", "nullius-identity"]),
    // effects
    Row("nullius-capture", &[]),
    Row("nullius-enforce", &[]),
    Row("nullius-filter", &["nullius-identity", "nullius-policy", "nullius-wire"]),
    Row("nullius-store", &["nullius-audit"]),
    // programs
    Row("nullius-agent", &["nullius-agent-core", "nullius-protocol"]),
    Row("nullius-agent-core", &["nullius-identity", "nullius-protocol"]),
    Row("nullius-cli", &["nullius-audit", "nullius-identity", "nullius-policy", "nullius-protocol"]),
    Row("nullius-controller", &["nullius-audit", "nullius-device", "nullius-engine", "nullius-identity", "nullius-policy", "nullius-protocol", "nullius-store"]),
    Row("nullius-eval", &["nullius-capture", "nullius-device", "nullius-policy", "nullius-wire"]),
    Row("nullius-gateway", &["nullius-audit", "nullius-capture", "nullius-device", "nullius-enforce", "nullius-engine", "nullius-filter", "nullius-identity", "nullius-policy", "nullius-protocol", "nullius-wire"]),
    Row("nullius-lab", &["nullius-engine", "nullius-policy", "nullius-protocol", "nullius-wire"]),
    Row("nullius", &["nullius-cli", "nullius-controller", "nullius-eval", "nullius-gateway", "nullius-lab"]),
    Row("nullius-verify", &["nullius-audit"]),
    // tools
    Row("nullius-fuzz", &["nullius-audit", "nullius-capture", "nullius-device", "nullius-enforce", "nullius-identity", "nullius-policy", "nullius-protocol", "nullius-wire"]),
    Row("xtask", &[]),
];

/// What tests may use in addition: captures are read to prove the parsers.
const TEST_ARROWS: &[Row] =
    &[Row("nullius", &["nullius-capture"]), Row("nullius-wire", &["nullius-capture"])];

/// Crates that read no clock, no socket and no random source.
const PURE: &[&str] = &[
    MODEL,
    "nullius-audit",
    "nullius-device",
    "nullius-engine",
    "nullius-identity",
    "nullius-policy",
    "nullius-wire",
];

/// Pure crates whose types are not serialised: formats stay at the edge.
const WITHOUT_SERDE: &[&str] = &[MODEL, "nullius-device", "nullius-engine", "nullius-wire"];

struct Ban {
    dependency: &'static str,
    crates: &'static [&'static str],
    reason: &'static str,
}

const SEEDS: &str = "seeds are arguments of a pure crate";
const SOCKETS: &str = "a pure crate does no input or output: bytes are arguments";
const FORMATS: &str = "formats stay at the edge: convert in `protocol`, `store` or a program";

const BANS: &[Ban] = &[
    Ban { dependency: "async-std", crates: PURE, reason: SOCKETS },
    Ban { dependency: "fastrand", crates: PURE, reason: SEEDS },
    Ban { dependency: "getrandom", crates: PURE, reason: SEEDS },
    Ban { dependency: "libc", crates: PURE, reason: SOCKETS },
    Ban { dependency: "mio", crates: PURE, reason: SOCKETS },
    Ban { dependency: "nix", crates: PURE, reason: SOCKETS },
    Ban { dependency: "rand", crates: PURE, reason: SEEDS },
    Ban { dependency: "serde", crates: WITHOUT_SERDE, reason: FORMATS },
    Ban { dependency: "serde_json", crates: WITHOUT_SERDE, reason: FORMATS },
    Ban { dependency: "smol", crates: PURE, reason: SOCKETS },
    Ban { dependency: "socket2", crates: PURE, reason: SOCKETS },
    Ban { dependency: "tokio", crates: PURE, reason: SOCKETS },
];

/// Every edge between crates of the workspace that is not in the table, and every banned dependency.
pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        if row(ARROWS, &package.name).is_none() {
            findings.push(stranger(package));
            continue;
        }
        for dependency in &package.dependencies {
            if workspace.packages.iter().any(|other| other.name == dependency.name) {
                findings.extend(judge_arrow(package, dependency));
            } else {
                findings.extend(judge_ban(package, dependency));
            }
        }
    }
    findings
}

fn row(table: &'static [Row], name: &str) -> Option<&'static Row> {
    table.iter().find(|row| row.0 == name)
}

fn stranger(package: &Package) -> Finding {
    let problem = format!("`{}` is not in the table of arrows", package.name);
    let remedy =
        "give it a row in xtask/src/tidy/arrows.rs, and say in the description that the workspace grows";
    Finding::new(&package.manifest, package.line_of("name"), problem, remedy)
}

fn judge_arrow(package: &Package, dependency: &Dependency) -> Option<Finding> {
    let listed =
        |table| row(table, &package.name).is_some_and(|row| row.1.contains(&dependency.name.as_str()));
    let is_for_tests = dependency.kind.as_deref() == Some("dev");
    if dependency.name == MODEL || listed(ARROWS) || (is_for_tests && listed(TEST_ARROWS)) {
        return None;
    }
    let problem = format!("`{}` may not use `{}`", package.name, dependency.name);
    let remedy = "move what is shared down to `nullius-model`, or pass it in as an argument; \
                  the arrows are in xtask/src/tidy/arrows.rs";
    Some(Finding::new(&package.manifest, package.line_of(&dependency.name), problem, remedy))
}

fn judge_ban(package: &Package, dependency: &Dependency) -> Option<Finding> {
    let is_for_tests = dependency.kind.as_deref() == Some("dev");
    let applies =
        |ban: &&Ban| ban.dependency == dependency.name && ban.crates.contains(&package.name.as_str());
    let ban = BANS.iter().find(applies).filter(|_| !is_for_tests)?;
    let problem = format!("`{}` may not use `{}`", package.name, dependency.name);
    Some(Finding::new(&package.manifest, package.line_of(&dependency.name), problem, ban.reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_that_is_not_in_the_table_is_found_at_its_line() {
        let found = check(&workspace("nullius-wire", "nullius-device", ""));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].problem, "`nullius-wire` may not use `nullius-device`");
        assert_eq!((found[0].path.as_str(), found[0].line), ("nullius-wire/Cargo.toml", 5));
    }

    #[test]
    fn arrows_are_judged_by_kind() {
        let cases = [
            ("nullius-wire", "nullius-model", "", 0),
            ("nullius-eval", "nullius-wire", "", 0),
            ("nullius-wire", "nullius-capture", "", 1),
            ("nullius-wire", "nullius-capture", "build", 1),
            ("nullius-wire", "nullius-capture", "dev", 0),
            ("nullius-device", "nullius-wire", "dev", 1),
            ("nullius-model", "nullius-wire", "", 1),
            ("xtask", "nullius-wire", "", 1),
        ];
        for (from, to, kind, expected) in cases {
            assert_eq!(check(&workspace(from, to, kind)).len(), expected, "{from} -> {to} ({kind})");
        }
    }

    #[test]
    fn a_pure_crate_asks_for_no_runtime_no_randomness_and_no_format() {
        let cases = [
            ("nullius-wire", "tokio", "", 1),
            ("nullius-device", "serde", "", 1),
            ("nullius-model", "rand", "build", 1),
            ("nullius-device", "serde", "dev", 0),
            ("nullius-policy", "serde", "", 0),
            ("nullius-capture", "socket2", "", 0),
        ];
        for (from, to, kind, expected) in cases {
            assert_eq!(check(&package_alone(from, to, kind)).len(), expected, "{from} -> {to} ({kind})");
        }
    }

    #[test]
    fn a_crate_without_a_row_is_a_finding() {
        let found = check(&package_alone("nullius-magic", "serde", ""));
        assert_eq!(found[0].problem, "`nullius-magic` is not in the table of arrows");
    }

    #[test]
    fn every_arrow_points_to_a_row() {
        for Row(name, targets) in ARROWS.iter().chain(TEST_ARROWS) {
            for target in *targets {
                assert!(row(ARROWS, target).is_some(), "{name} -> {target}");
            }
        }
    }

    fn workspace(from: &str, to: &str, kind: &str) -> Workspace {
        let mut workspace = package_alone(from, to, kind);
        workspace.packages.push(package(to, vec![]));
        workspace
    }

    fn package_alone(from: &str, to: &str, kind: &str) -> Workspace {
        let kind = (!kind.is_empty()).then(|| kind.to_owned());
        Workspace { packages: vec![package(from, vec![Dependency { name: to.to_owned(), kind }])] }
    }

    fn package(name: &str, dependencies: Vec<Dependency>) -> Package {
        let asked: String =
            dependencies.iter().map(|dependency| format!("{} = \"1\"\n", dependency.name)).collect();
        let text = format!("[package]\nname = \"{name}\"\n\n[dependencies]\n{asked}");
        Package { name: name.to_owned(), manifest: format!("{name}/Cargo.toml"), text, dependencies }
    }
}
