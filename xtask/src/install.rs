//! What a fresh Debian machine lacks: system packages by apt, Python packages in a folder of their own.
//!
//! The tables say what is needed and why. Nothing is fetched when everything is there, so that a second run costs
//! nothing and works offline.

use anyhow::{Context, Result};

use crate::shell::{Program, Root};

/// What the packages are wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// `cargo xtask test`.
    Tests,
    /// `cargo xtask fuzz`.
    Fuzzing,
}

struct DebianPackage {
    name: &'static str,
    need: Need,
    reason: &'static str,
}

const DEBIAN: [DebianPackage; 10] = [
    DebianPackage { name: "chromium", need: Need::Tests, reason: "shows and prints the HTML report" },
    DebianPackage { name: "git", need: Need::Tests, reason: "tidy asks it which files are tracked" },
    DebianPackage {
        name: "iproute2",
        need: Need::Tests,
        reason: "network namespaces and veth pairs for live capture",
    },
    DebianPackage {
        name: "libcoap3-bin",
        need: Need::Tests,
        reason: "a second opinion on CoAP: coap-client, coap-server",
    },
    DebianPackage { name: "mosquitto", need: Need::Tests, reason: "a real MQTT broker to listen to" },
    DebianPackage {
        name: "mosquitto-clients",
        need: Need::Tests,
        reason: "real MQTT publishers and subscribers",
    },
    DebianPackage { name: "python3", need: Need::Tests, reason: "runs the Python peers below" },
    DebianPackage {
        name: "python3-venv",
        need: Need::Tests,
        reason: "keeps them out of the system's packages",
    },
    DebianPackage {
        name: "tshark",
        need: Need::Tests,
        reason: "the referee for the numbers in golden files",
    },
    DebianPackage { name: "g++", need: Need::Fuzzing, reason: "libFuzzer is written in C++" },
];

/// A release by its number, and why it is wanted. One line each, as pip reads it.
const PYTHON: &str = "\
# a CoAP peer with observe and block-wise transfer
aiocoap==0.4.17
";

const VENV: &str = "target/venv";

/// Makes sure that everything for `need` is there.
pub(crate) fn install(root: &Root, need: Need) -> Result<()> {
    install_debian(root, need)?;
    if need == Need::Tests {
        install_python(root)?;
    }
    Ok(())
}

fn install_debian(root: &Root, need: Need) -> Result<()> {
    let wanted: Vec<_> = DEBIAN.iter().filter(|package| package.need == need).collect();
    let query = root.program("dpkg-query").args(["-W", "-f", "${Package} ${db:Status-Status}\\n"]);
    let printed = query.args(wanted.iter().map(|package| package.name)).read_anyway().context(
        "packages are installed with dpkg and apt: this needs Debian, or a system derived from it",
    )?;
    let missing = missing(&wanted, &printed);
    for package in &missing {
        println!("missing: {} ({})", package.name, package.reason);
    }
    let names: Vec<_> = missing.iter().map(|package| package.name).collect();
    if names.is_empty() {
        println!("every Debian package is there");
        return Ok(());
    }
    fetch_debian(root, &names)
        .with_context(|| format!("install them by hand as root: apt-get install {}", names.join(" ")))
}

fn missing<'a>(wanted: &[&'a DebianPackage], printed: &str) -> Vec<&'a DebianPackage> {
    let installed: Vec<_> = printed.lines().filter_map(|line| line.strip_suffix(" installed")).collect();
    wanted.iter().copied().filter(|package| !installed.contains(&package.name)).collect()
}

fn fetch_debian(root: &Root, names: &[&str]) -> Result<()> {
    apt(root)?.args(["update", "--quiet"]).run()?;
    apt(root)?.args(["install", "--quiet", "--yes", "--no-install-recommends"]).args(names).run()
}

/// `env` carries the variable through `sudo`, which drops it otherwise.
fn apt(root: &Root) -> Result<Program> {
    let is_root = root.program("id").arg("-u").read()?.trim() == "0";
    let program = match is_root {
        true => root.program("env"),
        false => root.program("sudo").args(["--non-interactive", "env"]),
    };
    Ok(program.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]))
}

/// The list is copied into the folder once everything in it is there: a finished folder is known by it.
fn install_python(root: &Root) -> Result<()> {
    let finished = root.join(VENV).join("installed.txt");
    if std::fs::read_to_string(&finished).is_ok_and(|text| text == PYTHON) {
        println!("every Python package is there");
        return Ok(());
    }
    fetch_python(root).context(
        "the Python packages could not be installed: is the package index (or a mirror) reachable?",
    )?;
    std::fs::write(finished, PYTHON).context("the folder of Python packages is not writable")
}

fn fetch_python(root: &Root) -> Result<()> {
    root.program("/usr/bin/python3").args(["-m", "venv", "--clear", VENV]).run()?;
    let list = root.join(VENV).join("wanted.txt");
    std::fs::write(&list, PYTHON).context("the list of Python packages cannot be written")?;
    let pip = root.join(VENV).join("bin/pip");
    root.program(pip)
        .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(list)
        .run()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_missing_unless_dpkg_says_installed() {
        let wanted: Vec<_> = DEBIAN.iter().filter(|package| package.name.starts_with("mosquitto")).collect();
        let cases: [(&str, &[&str]); 4] = [
            ("", &["mosquitto", "mosquitto-clients"]),
            ("mosquitto installed\nmosquitto-clients installed\n", &[]),
            ("mosquitto config-files\nmosquitto-clients installed\n", &["mosquitto"]),
            ("mosquitto installed\nmosquitto-clients half-installed\n", &["mosquitto-clients"]),
        ];
        for (printed, expected) in cases {
            let names: Vec<_> = missing(&wanted, printed).iter().map(|package| package.name).collect();
            assert_eq!(names, expected, "{printed}");
        }
    }
}
