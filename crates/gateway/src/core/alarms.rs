//! Alarms: what a person should know now, kept for whoever asks later.

use super::Core;
use nullius_engine::Alarm;
use nullius_protocol::local::{self, Event};
use std::collections::VecDeque;

/// Alarms that are kept in memory; older ones are in the audit. A flood is held back by the engine, port by port.
const KEPT: usize = 200;

/// The alarms of late, the newest first.
#[derive(Debug, Default)]
pub(super) struct Alarms(VecDeque<local::Alarm>);

impl Alarms {
    pub(super) fn newest(&self, count: usize) -> Vec<local::Alarm> {
        self.0.iter().take(count).cloned().collect()
    }

    fn keep(&mut self, alarm: local::Alarm) {
        self.0.truncate(KEPT - 1);
        self.0.push_front(alarm);
    }
}

impl Core {
    /// An alarm of the engine, which has recorded it already.
    pub(super) fn raise(&mut self, alarm: &Alarm) {
        let kind = match alarm {
            Alarm::Double { .. } => "double",
            Alarm::Cloned { .. } => "clone",
            Alarm::Misplaced { .. } => "misplaced-key",
            Alarm::ProofLate { .. } => "proof-late",
            Alarm::Spoof { .. } => "spoof",
            Alarm::Resolution { .. } => "resolution",
            Alarm::Stranger { .. } => "stranger",
            Alarm::RevokedSeen { .. } => "revoked-seen",
            Alarm::NotApplied { .. } => "not-applied",
            Alarm::Drift(_) => "drift",
            Alarm::Emergency { .. } => "emergency",
            Alarm::EmergencyEnded { .. } => "emergency-ended",
            Alarm::EmergencyRefused { .. } => "emergency-refused",
            Alarm::ClockStepped { .. } => "clock",
        };
        self.show(kind, alarm.to_string());
    }

    /// An alarm of the program's own.
    pub(crate) fn alarm(&mut self, kind: &str, text: String) {
        self.show(kind, text.clone());
        let line = self.own_line(&format!("alarm-{kind}"), text);
        self.write_down(line, true);
    }

    pub(crate) fn newest_alarms(&self, count: usize) -> Vec<local::Alarm> {
        self.alarms.newest(count)
    }

    fn show(&mut self, kind: &str, text: String) {
        let alarm = local::Alarm { at: self.now().wall.to_string(), kind: kind.to_owned(), text };
        self.alarms.keep(alarm.clone());
        self.tell(Event::Alarm(alarm));
    }
}
