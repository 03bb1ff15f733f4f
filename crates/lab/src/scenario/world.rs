//! The world of a scenario: clocks, a gateway, a packet path, and a disk.
//!
//! The packet path is told by the gateway and forgets by itself; it goes on when the gateway is dead. The disk holds what
//! the gateway saved, and nothing later.

mod events;
mod identity;

use super::script::Step;
use super::words;
use crate::plant::{Network, PLANT};
use crate::site::FILES;
use nullius_engine::{
    Act, Applied, BootId, Gateway, Now, Order, Output, PolicyVersion, PortSettings, Settings, Standing,
    Strangers,
};
use nullius_model::{DeviceName, Epoch, Marker, Path, PortName, RuleSet, Timestamp, Uptime};
use nullius_policy::{Files, Policies, Repository};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// What the wall clock shows at the beginning: Monday, 2026-06-01, 08:00 UTC.
const MORNING: Duration = Duration::from_secs(1_780_300_800);
/// How long the machine has been up when the scenario begins.
const UP: Duration = Duration::from_secs(100);
/// Most timeouts handled at one instant: a gateway that asks for ever would hang the scenario.
const MAX_TIMEOUTS: usize = 1000;

/// Everything there is.
#[derive(Debug)]
pub(super) struct World {
    text: String,
    /// Since the beginning of the scenario.
    at: Duration,
    /// When the machine was started, in scenario time; before the beginning at first.
    up_before: Duration,
    booted_at: Duration,
    /// What somebody added to the wall clock, in seconds.
    wall_step: i64,
    boots: u64,
    gateway: Option<Gateway>,
    kernel: RuleSet,
    disk: Standing,
    down: BTreeSet<PortName>,
    /// What people wrote; compiled anew when a policy comes into force after it was changed.
    files: Files,
    changed: bool,
    policy: (Arc<Repository>, Arc<Policies>),
    marker: Option<Marker>,
    /// Changes of the packet path so far.
    changes: u64,
    /// What happens is not told one by one.
    is_quiet: bool,
}

impl World {
    /// The plant before any policy.
    pub(super) fn new() -> Result<Self, String> {
        let mut world = Self {
            text: String::new(),
            at: Duration::ZERO,
            up_before: UP,
            booted_at: Duration::ZERO,
            wall_step: 0,
            boots: 1,
            gateway: None,
            kernel: RuleSet::new(),
            disk: Standing::default(),
            down: BTreeSet::new(),
            policy: compiled(&lab_files())?,
            files: lab_files(),
            changed: false,
            marker: None,
            changes: 0,
            is_quiet: false,
        };
        world.start()?;
        Ok(world)
    }

    /// Lets time pass until `step`, then lets it happen.
    pub(super) fn take(&mut self, step: &Step) -> Result<(), String> {
        self.wait_until(step.at);
        self.say(&format!("> {}", step.words.join(" ")));
        let words: Vec<&str> = step.words.iter().map(String::as_str).collect();
        self.happen(&words)?;
        self.drain();
        Ok(())
    }

    /// All that was said.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Every timeout comes at its own time.
    fn wait_until(&mut self, end: Duration) {
        for _ in 0..MAX_TIMEOUTS {
            let due =
                self.gateway.as_ref().and_then(Gateway::poll_timeout).map(|due| self.scenario_time(due));
            let Some(due) = due.filter(|&due| due <= end) else { break };
            self.at = self.at.max(due);
            let now = self.now();
            self.gateway.iter_mut().for_each(|gateway| gateway.handle_timeout(now));
            self.drain();
        }
        self.at = end;
    }

    fn now(&self) -> Now {
        let since_beginning = i64::try_from((MORNING + self.at).as_millis()).unwrap_or(i64::MAX);
        let wall = since_beginning.saturating_add(self.wall_step.saturating_mul(1000));
        Now {
            uptime: self.uptime(),
            wall: Timestamp::from_nanos(u64::try_from(wall).unwrap_or_default() * 1_000_000),
        }
    }

    fn uptime(&self) -> Uptime {
        Uptime::new(self.up_before + self.at.saturating_sub(self.booted_at))
    }

    fn scenario_time(&self, uptime: Uptime) -> Duration {
        self.booted_at + uptime.since_boot().saturating_sub(self.up_before)
    }

    /// The gateway's process starts: from the disk, with the last policy, told of every port.
    fn start(&mut self) -> Result<(), String> {
        let now = self.now();
        let mut gateway = Gateway::new(settings(self.boots)?, self.disk.clone(), now);
        if let Some(marker) = self.marker {
            gateway.handle_policy(self.version(marker), now);
        }
        for port in PLANT.iter().map(|node| port(&node.port())) {
            let port = port?;
            gateway.handle_link(&port, !self.down.contains(&port), now);
        }
        self.gateway = Some(gateway);
        self.drain();
        Ok(())
    }

    fn version(&self, marker: Marker) -> PolicyVersion {
        let (repository, policies) = &self.policy;
        PolicyVersion { marker, repository: Arc::clone(repository), policies: Arc::clone(policies) }
    }

    fn put_in_force(&mut self, counter: u64) -> Result<(), String> {
        if std::mem::take(&mut self.changed) {
            self.policy = compiled(&self.files)?;
        }
        let marker = Marker { epoch: Epoch { term: 1, counter }, digest: [0; 16] };
        self.marker = Some(marker);
        let (version, now) = (self.version(marker), self.now());
        self.gateway.iter_mut().for_each(|gateway| gateway.handle_policy(version.clone(), now));
        Ok(())
    }

    /// A line is added to a file of the policy.
    fn write(&mut self, path: &str, line: &str) {
        let text = self.files.entry(path.to_owned()).or_default();
        text.push_str(line);
        text.push('\n');
        self.changed = true;
    }

    /// A device is declared in another zone.
    fn rezone(&mut self, device: &str, zone: &str) -> Result<(), String> {
        let text = self.files.get_mut("inventory.toml").ok_or("no inventory")?;
        let head = format!("name = \"{device}\"\nzone = \"");
        let (before, after) = text.split_once(&head).ok_or_else(|| format!("no device `{device}`"))?;
        let (_, after) = after.split_once('"').ok_or("no zone")?;
        *text = format!("{before}{head}{zone}\"{after}");
        self.changed = true;
        Ok(())
    }

    /// Does what the gateway wants done, in its order.
    fn drain(&mut self) {
        while let Some(output) = self.gateway.as_mut().and_then(Gateway::poll_output) {
            match output {
                Output::Enforce { generation, order, .. } => self.enforce(generation, order),
                Output::Leased(device) => self.save_lease(&device),
                Output::Save | Output::Transcribed(_) | Output::Receipt(..) => self.save(),
                Output::Audit(record) if matches!(record.act, Act::Applied | Act::Alarmed(_)) => {}
                Output::Audit(record) => self.say(&format!("  audit {}", record.act)),
                Output::Alarm(alarm) => self.say(&format!("  ALARM {alarm}")),
            }
        }
    }

    fn save(&mut self) {
        if let Some(gateway) = &self.gateway {
            self.disk = gateway.standing().clone();
        }
    }

    fn save_lease(&mut self, device: &DeviceName) {
        let lease = self.gateway.as_ref().and_then(|gateway| gateway.standing().leases.get(device));
        match lease.cloned() {
            Some(lease) => drop(self.disk.leases.insert(device.clone(), lease)),
            None => drop(self.disk.leases.remove(device)),
        }
    }

    fn enforce(&mut self, generation: u64, order: Order) {
        self.changes += 1;
        match order {
            Order::Change(change) => {
                self.kernel.retain(|rule, _| !change.remove.contains(rule));
                self.kernel.extend(change.add.iter().cloned());
                self.say(&format!("  change {generation}"));
                words::change(&change).iter().for_each(|line| self.say(&format!("    {line}")));
            }
            Order::Replace => {
                self.kernel =
                    self.gateway.as_ref().map(|gateway| gateway.rules().clone()).unwrap_or_default();
                self.say(&format!("  change {generation}: all {} rules", self.kernel.len()));
            }
        }
        let (applied, now) = (Applied { generation, error: None }, self.now());
        self.gateway.iter_mut().for_each(|gateway| gateway.handle_applied(applied.clone(), now));
    }

    fn say(&mut self, line: &str) {
        if self.is_quiet {
            return;
        }
        let seconds = self.at.as_secs_f64();
        self.text.push_str(&format!("{seconds:>9.3}  {line}\n"));
    }
}

fn lab_files() -> Files {
    FILES.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect()
}

fn compiled(files: &Files) -> Result<(Arc<Repository>, Arc<Policies>), String> {
    let told = |problems: Vec<nullius_policy::Problem>| {
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let repository = Repository::parse(files).map_err(told)?;
    let accepted = repository.accept().map_err(told)?;
    Ok((Arc::new(repository), Arc::new(accepted.policies)))
}

fn settings(boot: u64) -> Result<Settings, String> {
    let mut ports = BTreeMap::new();
    for node in &PLANT {
        let (side, strangers) = match node.network {
            Network::Cell => (Path::Bridged, Strangers::Onboard),
            Network::Site2 | Network::Corporate => (Path::Routed, Strangers::Hold),
        };
        ports.insert(port(&node.port())?, PortSettings { side, strangers });
    }
    Ok(Settings { boot: BootId(format!("boot-{boot}").into()), ports, ..Settings::default() })
}

fn port(name: &str) -> Result<PortName, String> {
    PortName::new(name).map_err(|error| error.to_string())
}
