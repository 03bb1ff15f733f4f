//! Debian's packages, by apt.

use anyhow::{Context, Result};

use super::Need;
use crate::shell::{Program, Root};

struct DebianPackage {
    name: &'static str,
    need: Need,
    reason: &'static str,
}

#[rustfmt::skip]
const DEBIAN: &[DebianPackage] = &[
    DebianPackage { name: "bind9-dnsutils", need: Need::Tests, reason: "asks the lab's DNS" },
    DebianPackage { name: "chromium", need: Need::Tests, reason: "draws the HTML report, so that a test sees what a person sees" },
    DebianPackage { name: "curl", need: Need::Tests, reason: "a client that others wrote, in front of the gateway" },
    DebianPackage { name: "git", need: Need::Tests, reason: "tidy asks it which files are tracked" },
    DebianPackage { name: "iperf3", need: Need::Tests, reason: "streams that a revocation has to end" },
    DebianPackage { name: "iproute2", need: Need::Tests, reason: "network namespaces, bridges and veth pairs" },
    DebianPackage { name: "isc-dhcp-client", need: Need::Tests, reason: "asks the lab's DHCP" },
    DebianPackage { name: "libcoap3-bin", need: Need::Tests, reason: "a peer of the lab's CoAP sensor" },
    DebianPackage { name: "libmodbus-dev", need: Need::Tests, reason: "the Modbus server that is defended" },
    DebianPackage { name: "libtss2-dev", need: Need::Tests, reason: "the agent's way to a TPM" },
    DebianPackage { name: "mbpoll", need: Need::Tests, reason: "Modbus masters on libmodbus" },
    DebianPackage { name: "mosquitto-clients", need: Need::Tests, reason: "peers of the lab's MQTT broker" },
    DebianPackage { name: "nftables", need: Need::Tests, reason: "reads the kernel's rules back, as an operator would" },
    DebianPackage { name: "nmap", need: Need::Tests, reason: "its nping knocks a thousand times a second" },
    DebianPackage { name: "openssl", need: Need::Tests, reason: "asks for, reads and judges certificates, as third parties do" },
    DebianPackage { name: "postgresql", need: Need::Tests, reason: "the other database of the controller; tests start one of their own" },
    DebianPackage { name: "python3-pymodbus", need: Need::Tests, reason: "a peer of the lab's controllers" },
    DebianPackage { name: "python3-scapy", need: Need::Tests, reason: "makes frames of every kind that policy forbids" },
    DebianPackage { name: "python3-serial-asyncio", need: Need::Tests, reason: "pymodbus does not start without it" },
    DebianPackage { name: "python3-venv", need: Need::Tests, reason: "where packages from PyPI go, apart from the system's" },
    DebianPackage { name: "softhsm2", need: Need::Tests, reason: "a PKCS#11 token that keeps keys" },
    DebianPackage { name: "swtpm", need: Need::Tests, reason: "a TPM that keeps keys" },
    DebianPackage { name: "systemd", need: Need::Tests, reason: "systemd-analyze judges the units of the package" },
    DebianPackage { name: "tcpdump", need: Need::Tests, reason: "sees what arrives at the far end of a cable" },
    DebianPackage { name: "tshark", need: Need::Tests, reason: "the referee for the numbers of the report" },
    DebianPackage { name: "g++", need: Need::Fuzzing, reason: "libFuzzer is written in C++" },
    DebianPackage { name: "haproxy", need: Need::Benches, reason: "a TLS server to take no more time than" },
    DebianPackage { name: "nginx-light", need: Need::Benches, reason: "another" },
    DebianPackage { name: "libndpi-bin", need: Need::Benches, reason: "ndpiReader, a peer to be faster than" },
];

/// Makes sure that everything for `need` is there.
pub(super) fn install(root: &Root, need: Need) -> Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_missing_unless_dpkg_says_installed() {
        let wanted: Vec<_> =
            DEBIAN.iter().filter(|package| ["git", "tshark"].contains(&package.name)).collect();
        let cases: [(&str, &[&str]); 4] = [
            ("", &["git", "tshark"]),
            ("git installed\ntshark installed\n", &[]),
            ("git config-files\ntshark installed\n", &["git"]),
            ("git installed\ntshark half-installed\n", &["tshark"]),
        ];
        for (printed, expected) in cases {
            let names: Vec<_> = missing(&wanted, printed).iter().map(|package| package.name).collect();
            assert_eq!(names, expected, "{printed}");
        }
    }
}
