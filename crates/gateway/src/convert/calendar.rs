//! Modes, windows and emergencies, as a client reads them.

use nullius_engine::{EmergencyView, ModeCause, Now, WindowView, ZoneView};
use nullius_protocol::local;

pub(crate) fn zone(view: &ZoneView, now: Now) -> local::ZoneMode {
    let because = match &view.mode.cause {
        ModeCause::Site => "site".to_owned(),
        ModeCause::Zone => "set".to_owned(),
        ModeCause::Window(window) => format!("window {window}"),
        ModeCause::Emergency(profile) => format!("emergency {profile}"),
    };
    local::ZoneMode {
        zone: view.name.to_string(),
        mode: view.mode.mode.to_string(),
        because,
        next: view.mode.next.map(|(at, mode)| (at.since(now.uptime).as_secs(), mode.to_string())),
    }
}

pub(crate) fn window(view: &WindowView) -> local::Window {
    local::Window {
        name: view.name.to_string(),
        zones: view.zones.iter().map(ToString::to_string).collect(),
        mode: view.mode.to_string(),
        open: view.is_open,
        opens: view.opens.map(|at| at.to_string()),
        closes: view.closes.map(|at| at.to_string()),
    }
}

pub(crate) fn emergency(view: &EmergencyView, now: Now) -> local::Emergency {
    let live = view.standing.live.as_ref();
    local::Emergency {
        name: view.name.to_string(),
        zones: view.declared.zones.iter().map(ToString::to_string).collect(),
        seconds: view.declared.length.as_secs(),
        people: view.declared.people,
        armed: view.standing.armed,
        left: live.map(|live| live.ends.since(now.uptime).as_secs()),
        by: live.into_iter().flat_map(|live| &live.by).map(ToString::to_string).collect(),
    }
}
