//! What has changed since the controller was last told.
//!
//! INVARIANT: a plant where nothing happens costs nothing: clocks and counters alone are told once a minute.

use super::local::{Local, LocalError};
use nullius_protocol::link::Report;
use nullius_protocol::local::{Body, Command, Device, Kernel, Station, Status};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How often at most.
const EVERY: Duration = Duration::from_secs(10);

/// How often counters alone are told.
const COUNTERS_EVERY: Duration = Duration::from_secs(60);

/// Devices of one report: the largest fits a frame.
const MAX_DEVICES: usize = 2_000;

/// What was told, and when.
#[derive(Debug, Default)]
pub(super) struct Reporter {
    looked: Option<Instant>,
    told: Option<Instant>,
    status: Status,
    devices: BTreeMap<String, Device>,
}

impl Reporter {
    /// A report, where one is due and there is something to tell. What does not fit comes with the next.
    pub(super) async fn next(&mut self, gateway: &Local, now: Instant) -> Result<Option<Report>, LocalError> {
        if self.looked.is_some_and(|last| now < last + EVERY) {
            return Ok(None);
        }
        self.looked = Some(now);
        let Body::Status(status) = gateway.ask(Command::Status).await? else {
            return Err(LocalError::Misunderstood);
        };
        let long_ago = self.told.is_none_or(|last| now >= last + COUNTERS_EVERY);
        let counted = long_ago && counters(&status) != counters(&self.status);
        if quiet(&status) == quiet(&self.status) && !counted {
            return Ok(None);
        }
        let Body::Devices { devices, stations } = gateway.ask(Command::Devices).await? else {
            return Err(LocalError::Misunderstood);
        };
        self.told = Some(now);
        Ok(Some(self.compare(status, devices, stations)))
    }

    fn compare(&mut self, status: Status, devices: Vec<Device>, stations: Vec<Station>) -> Report {
        let known = &self.devices;
        let changed = devices.iter().filter(|device| known.get(&device.name) != Some(&quiet_device(device)));
        let changed: Vec<Device> = changed.take(MAX_DEVICES).cloned().collect();
        let is_all = changed.len() < MAX_DEVICES;
        for device in &changed {
            self.devices.insert(device.name.clone(), quiet_device(device));
        }
        if is_all {
            let names: std::collections::BTreeSet<&String> =
                devices.iter().map(|device| &device.name).collect();
            self.devices.retain(|name, _| names.contains(name));
            self.status = status.clone();
        }
        Report { status, devices: changed, stations: stations.into_iter().take(MAX_DEVICES).collect() }
    }
}

/// A status without what changes by itself.
fn quiet(status: &Status) -> Status {
    let kernel = Kernel { last_change: 0, ..status.kernel.clone() };
    Status { uptime: 0, counters: Vec::new(), kernel, ..status.clone() }
}

/// A device without what changes by itself: ages, and the ends of what it proves again and again.
fn quiet_device(device: &Device) -> Device {
    let mut quiet = device.clone();
    quiet.posture.iter_mut().for_each(|posture| posture.age = 0);
    quiet.evidence.iter_mut().for_each(|evidence| evidence.left = None);
    quiet
}

fn counters(status: &Status) -> Vec<(&String, u64)> {
    status.counters.iter().map(|counter| (&counter.name, counter.packets)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nullius_protocol::local::Evidence;

    #[test]
    fn only_what_changed_is_told_and_what_does_not_fit_comes_later() {
        let device = |number: usize| Device { name: format!("d{number}"), ..Device::default() };
        let mut devices: Vec<Device> = (0..3_000).map(device).collect();
        let mut reporter = Reporter::default();
        let status = Status { site: "s".into(), ..Status::default() };
        let told = |reporter: &mut Reporter, devices: &[Device]| {
            reporter.compare(status.clone(), devices.to_vec(), Vec::new()).devices.len()
        };
        assert_eq!(told(&mut reporter, &devices), 2_000);
        assert_ne!(reporter.status, status, "the rest is news still");
        assert_eq!(told(&mut reporter, &devices), 1_000);
        assert_eq!((told(&mut reporter, &devices), &reporter.status), (0, &status));
        devices[7].reason = "unplugged".into();
        assert_eq!(told(&mut reporter, &devices), 1);
        // a key that is proved again every few minutes is no news, and one that is not is
        let key = |left| Evidence { kind: "key".into(), text: String::new(), left: Some(left) };
        for (evidence, news) in [(vec![key(300)], 1), (vec![key(150)], 0), (vec![], 1)] {
            devices[7].evidence = evidence;
            assert_eq!(told(&mut reporter, &devices), news);
        }
    }
}
