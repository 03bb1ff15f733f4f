//! Modes of zones, windows and emergencies, to and from their serialised form.

use super::{nanos, parse, uptime};
use nullius_engine::{EmergencyStanding, LiveEmergency, Opening, WindowStanding};
use nullius_model::{Mode, SmolStr, Timestamp};
use nullius_protocol::state;
use std::collections::BTreeMap;

pub(super) fn from_zone_modes(modes: &BTreeMap<SmolStr, Mode>) -> BTreeMap<String, String> {
    modes.iter().map(|(zone, mode)| (zone.to_string(), mode.to_string())).collect()
}

pub(super) fn to_zone_modes(modes: BTreeMap<String, String>) -> Result<BTreeMap<SmolStr, Mode>, String> {
    modes.into_iter().map(|(zone, mode)| Ok((SmolStr::from(zone), parse(&mode)?))).collect()
}

pub(super) fn from_windows(windows: &BTreeMap<SmolStr, WindowStanding>) -> BTreeMap<String, state::Window> {
    let open =
        |open: Opening| (open.opened.as_nanos(), open.closes.as_nanos(), nanos(open.ends.since_boot()));
    windows
        .iter()
        .map(|(name, window)| {
            let written = state::Window { over: window.over.as_nanos(), open: window.open.map(open) };
            (name.to_string(), written)
        })
        .collect()
}

pub(super) fn to_windows(windows: BTreeMap<String, state::Window>) -> BTreeMap<SmolStr, WindowStanding> {
    let open = |(opened, closes, ends)| Opening {
        opened: Timestamp::from_nanos(opened),
        closes: Timestamp::from_nanos(closes),
        ends: uptime(ends),
    };
    windows
        .into_iter()
        .map(|(name, window)| {
            let over = Timestamp::from_nanos(window.over);
            (SmolStr::from(name), WindowStanding { over, open: window.open.map(open) })
        })
        .collect()
}

pub(super) fn from_emergencies(
    emergencies: &BTreeMap<SmolStr, EmergencyStanding>,
) -> BTreeMap<String, state::Emergency> {
    let live = |live: &LiveEmergency| state::LiveEmergency {
        at: live.at.as_nanos(),
        by: live.by.iter().map(ToString::to_string).collect(),
        reason: live.reason.to_string(),
        ends: nanos(live.ends.since_boot()),
    };
    emergencies
        .iter()
        .map(|(name, standing)| {
            let EmergencyStanding { armed, ended, live: in_force } = standing;
            let ended = nanos(ended.since_boot());
            let written = state::Emergency { armed: *armed, ended, live: in_force.as_ref().map(live) };
            (name.to_string(), written)
        })
        .collect()
}

pub(super) fn to_emergencies(
    emergencies: BTreeMap<String, state::Emergency>,
) -> BTreeMap<SmolStr, EmergencyStanding> {
    let live = |live: state::LiveEmergency| LiveEmergency {
        at: Timestamp::from_nanos(live.at),
        by: live.by.into_iter().map(SmolStr::from).collect(),
        reason: SmolStr::from(live.reason),
        ends: uptime(live.ends),
    };
    emergencies
        .into_iter()
        .map(|(name, written)| {
            let state::Emergency { armed, ended, live: in_force } = written;
            let standing = EmergencyStanding { armed, ended: uptime(ended), live: in_force.map(live) };
            (SmolStr::from(name), standing)
        })
        .collect()
}
