//! The one screen.

use super::Core;
use crate::confine::Report;
use crate::convert;
use nullius_enforce::{Count, Counters};
use nullius_engine::Status;
use nullius_model::Path;
use nullius_protocol::local;

/// Alarms on the screen.
const ALARMS: usize = 5;

impl Core {
    /// The process gave up what it does not need.
    pub(crate) fn note_confined(&mut self, report: Report) {
        self.confined = Some(report);
    }

    pub(super) fn status(&mut self) -> local::Status {
        let status = self.engine.status();
        let counters = self.enforcement.kernel.counters();
        let mut troubles = self.troubles(&status);
        troubles.extend(self.strange_bridges());
        troubles.extend(counters.as_ref().err().map(|error| format!("the counters cannot be read: {error}")));
        local::Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            site: self.policy.as_ref().map(|policy| policy.site()).unwrap_or_default(),
            uptime: self.now().uptime.since_boot().as_secs(),
            mode: status.mode.to_string(),
            stage: self.engine.standing().stages.default.to_string(),
            policy: self.policy.is_some().then(|| self.policy_view()),
            confined: self.confined.as_ref().map(Report::to_string).unwrap_or_default(),
            kernel: self.kernel(&status),
            ports: self.ports(),
            devices: status
                .devices
                .iter()
                .map(|(lifecycle, count)| (convert::state(*lifecycle), number(*count)))
                .collect(),
            assurance: status
                .assurance
                .iter()
                .map(|(assurance, count)| (assurance.to_string(), number(*count)))
                .collect(),
            strangers: number(status.strangers),
            grants: number(status.grants),
            counters: counters.map(|counters| counted(&counters)).unwrap_or_default(),
            held: self.held(),
            troubles,
            alarms: self.newest_alarms(ALARMS),
        }
    }

    fn kernel(&self, status: &Status) -> local::Kernel {
        let enforcement = &self.enforcement;
        local::Kernel {
            epoch: enforcement.marker.epoch,
            rules: number(status.rules),
            in_step: enforcement.in_step && status.sent == status.applied,
            last_change: u64::try_from(enforcement.last.as_micros()).unwrap_or(u64::MAX),
            repairs: enforcement.repairs,
        }
    }

    fn ports(&self) -> Vec<local::Port> {
        let down = &self.engine.standing().down;
        let ports = self.settings.ports.iter();
        ports
            .map(|(name, port)| local::Port {
                name: name.to_string(),
                up: !down.contains(name),
                path: match port.side {
                    Path::Bridged => "bridged".to_owned(),
                    Path::Routed => "routed".to_owned(),
                },
                strangers: match port.strangers {
                    nullius_engine::Strangers::Hold => "hold".to_owned(),
                    nullius_engine::Strangers::Onboard => "onboard".to_owned(),
                    nullius_engine::Strangers::Watch => "watch".to_owned(),
                },
            })
            .collect()
    }

    /// Bridges that are none of our business and suffer from the rules nevertheless.
    fn strange_bridges(&mut self) -> Option<String> {
        let bridges = self.enforcement.kernel.bridges_judged_besides().ok()?;
        let names = (!bridges.is_empty()).then(|| bridges.join(", "))?;
        Some(format!(
            "this kernel cannot tell bridges apart (it lacks CONFIG_NFT_BRIDGE_META): the rules judge {names} as well, \
             and deny there whatever the policy does not name"
        ))
    }

    /// That no policy is in force is a field of its own.
    fn troubles(&self, status: &Status) -> Vec<String> {
        let mut troubles = Vec::new();
        if !self.enforcement.in_step || status.sent != status.applied {
            troubles.push("the kernel does not have the newest rules yet".to_owned());
        }
        troubles.extend(
            self.keeping.troubles().map(|trouble| format!("not everything can be written down: {trouble}")),
        );
        troubles.extend(self.link_trouble());
        let held = self.held();
        if !held.is_empty() {
            troubles.push(format!("what the controller sends is held back {held}"));
        }
        if self.keeping.audit.is_full() {
            troubles.push("more waits for the controller than may: the oldest denials are let go".to_owned());
        }
        let flooded = status.strangers_let_go.iter();
        troubles
            .extend(flooded.map(|(port, count)| format!("port {port} is flooded: {count} strangers let go")));
        troubles
    }
}

fn counted(counters: &Counters) -> Vec<local::Counter> {
    let passed = std::iter::once(("allowed".to_owned(), counters.allowed));
    let denied = counters.denied.iter().map(|(reason, count)| (format!("denied-{}", reason.name()), *count));
    let would =
        counters.would_deny.iter().map(|(reason, count)| (format!("would-deny-{}", reason.name()), *count));
    let view = |(name, Count { packets, bytes })| local::Counter { name, packets, bytes };
    passed.chain(denied).chain(would).map(view).collect()
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
