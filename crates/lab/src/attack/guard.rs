//! Attack 14: the process that guards is killed, and nothing opens.

use super::Target;
use super::packet::{Route, SYN};
use super::probe::{self, Findings, Probe};
use crate::control::Process;
use crate::plant::{GATEWAY, addresses_of};
use anyhow::{Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

pub(super) fn run(target: &Target<'_>) -> Result<Findings> {
    let before = probe::run(target.status, "vendor", "plc1", &[syn("with the gateway alive", 1)?])?;
    murder(target)?;
    let after = probe::run(target.status, "vendor", "plc1", &[syn("with the gateway dead", 2)?])?;
    let of_probes = [before.of_probes, after.of_probes].concat();
    Ok(Findings { of_probes, others: after.others })
}

/// Ends the gateway as nobody can prevent.
pub(super) fn murder(target: &Target<'_>) -> Result<()> {
    match target.status.node(GATEWAY)?.process {
        Process::Running { outside: Some(pid), .. } => {
            kill(Pid::from_raw(i32::try_from(pid)?), Signal::SIGKILL)?;
            Ok(())
        }
        Process::Running { .. } | Process::None | Process::Ended { .. } => {
            bail!("no gateway runs: `nullius lab start gw`")
        }
    }
}

fn syn(when: &str, sequence: u32) -> Result<Probe> {
    let (vendor, victim) = (addresses_of("vendor")?, addresses_of("plc1")?);
    let route =
        Route { from: vendor.mac, to: victim.mac, source: vendor.v4.into(), destination: victim.v4.into() };
    Ok(Probe::whole(format!("vendor opens plc1:502 {when}"), route.tcp((47_130, 502), SYN, sequence, &[])))
}
