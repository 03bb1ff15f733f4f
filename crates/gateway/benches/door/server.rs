//! The door as a process of its own, at the end of a cable.

use crate::core::Core;
use crate::device::{Credential, Device};
use crate::site::{Site, provider};
use anyhow::{Context as _, Result, ensure};
use nullius_gateway::confine::Confinement;
use nullius_gateway::{Config, SystemClock, link};
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

/// Says that this process is the server, and where its configuration is.
pub(crate) const CONFIG: &str = "NULLIUS_BENCH_CONFIG";

/// A handshake is begun each so many milliseconds: the door takes a hundred a second of a port.
const PACE: Duration = Duration::from_millis(11);

/// How long until the server has done all of it, after the client has.
const SETTLES: Duration = Duration::from_millis(5);

pub(crate) fn run(config: &Path) -> Result<()> {
    Ok(link::run(&Config::read(config)?, Arc::new(SystemClock), Confinement::Caller)?)
}

#[expect(clippy::disallowed_methods, reason = "a bench builds its surroundings with the system's own tool")]
fn ip(arguments: &str) -> Result<()> {
    let status = Command::new("ip").args(arguments.split(' ')).status()?;
    ensure!(status.success(), "ip {arguments}");
    Ok(())
}

/// A cable from the device's end `d1` to the port `p1`.
pub(crate) fn plant() -> Result<()> {
    let lines = ["link set lo up", "link add p1 type veth peer name d1", "link set p1 up", "link set d1 up"];
    lines.iter().try_for_each(|line| ip(line))?;
    std::fs::write("/proc/sys/net/ipv6/conf/p1/disable_ipv6", "1")?;
    ip("addr add fe80::1/64 dev d1 nodad")
}

pub(crate) struct Server {
    child: Child,
    _core: Core,
}

impl Server {
    #[expect(clippy::disallowed_methods, reason = "a bench starts itself again as the server")]
    pub(crate) fn start(site: &Site, place: &Path) -> Result<Self> {
        site.write_identity(&place.join("identity"));
        let core = Core::start(&place.join("link-socket"));
        let shown = place.display();
        let config = format!(
            "[port.p1]\npath = 'routed'\n[controller]\nidentity = '{shown}/identity'\nsocket = '{shown}/link-socket'\n[agents]\n"
        );
        std::fs::write(place.join("gateway.toml"), config)?;
        let child = Command::new(std::env::current_exe()?).env(CONFIG, place.join("gateway.toml")).spawn()?;
        std::thread::sleep(Duration::from_secs(1));
        Ok(Self { child, _core: core })
    }

    /// CPU time of a handshake, in microseconds.
    pub(crate) fn handshakes(
        &self,
        site: &Site,
        devices: &[Credential],
        group: &'static dyn SupportedKxGroup,
    ) -> Result<u64> {
        let before = cpu(self.child.id())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            for credential in devices {
                let begun = tokio::time::Instant::now();
                let device = Device::with(
                    site,
                    ("d1", "fe80::1"),
                    Some(credential),
                    only(group),
                    Resumption::disabled(),
                );
                let connection = device.connect().await?;
                tokio::time::sleep(SETTLES).await;
                connection.close(0_u32.into(), b"");
                tokio::time::sleep_until(begun + PACE).await;
            }
            anyhow::Ok(())
        })?;
        std::thread::sleep(Duration::from_millis(50));
        Ok((cpu(self.child.id())? - before) / u64::try_from(devices.len())?)
    }

    /// Resident memory of one of so many connections, in bytes, each greeted and leased.
    pub(crate) fn idle(&self, site: &Site, count: usize) -> Result<u64> {
        let stations = count / 4;
        for number in 0..stations {
            let (high, low) = (number / 250, number % 250);
            ip(&format!(
                "link add m{number} link d1 address 02:00:00:01:{high:02x}:{low:02x} type macvlan mode private"
            ))?;
            ip(&format!("link set m{number} up"))?;
            ip(&format!("addr add fe80::1:{number:x}/64 dev m{number} nodad"))?;
        }
        let before = resident(self.child.id())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let after = runtime.block_on(async {
            let mut held = Vec::new();
            for number in 0..stations {
                let credential = site.device(&format!("i{number}"));
                let (interface, address) = (format!("m{number}"), format!("fe80::1:{number:x}"));
                for _ in 0..4 {
                    let begun = tokio::time::Instant::now();
                    let device = Device::with(
                        site,
                        (&interface, &address),
                        Some(&credential),
                        provider(),
                        Resumption::disabled(),
                    );
                    held.push((device.prove().await?, device));
                    tokio::time::sleep_until(begun + PACE).await;
                }
                for ((talk, _), _) in &mut held {
                    // nobody is silent for so long that it counts as gone
                    if number % 400 == 399 {
                        talk.say(&nullius_protocol::agent::FromAgent::Ping).await;
                    }
                }
            }
            resident(self.child.id())
        })?;
        Ok(after.saturating_sub(before) / u64::try_from(count)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The default provider with one group only.
pub(crate) fn only(group: &'static dyn SupportedKxGroup) -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider { kx_groups: vec![group], ..(*provider()).clone() })
}

/// CPU time of a process so far, in microseconds, as its scheduler counts it: all its threads.
pub(crate) fn cpu(process: u32) -> Result<u64> {
    let mut sum = 0;
    for task in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
        let nanos: u64 = text.split(' ').next().context("schedstat")?.parse()?;
        sum += nanos / 1000;
    }
    Ok(sum)
}

fn resident(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes << 10)
}
