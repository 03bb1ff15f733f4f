//! A `[[window]]` and an `[[emergency]]` of the inventory: when zones are in another mode, and who may bring that about.

use super::document::{At, Fields};
use super::inventory::{Draft, Mention};
use crate::calendar::{Part, Schedule};
use crate::inventory::{Emergency, Window, ZoneClass};
use nullius_model::{Mode, SmolStr};
use std::collections::BTreeSet;
use std::time::Duration;

/// Minutes that a window may be open: up to a week.
const WINDOW_MINUTES: std::ops::Range<i64> = 1..10_081;
/// Minutes that an emergency may last: up to a shift.
const EMERGENCY_MINUTES: std::ops::Range<i64> = 1..481;
/// How long after its end an emergency cannot be armed again, where nobody said.
const COOLDOWN: Duration = Duration::from_secs(600);

pub(super) fn read_window<'s>(draft: &mut Draft<'s>, fields: Fields<'s, '_>) {
    let name = draft.name(&fields, "name");
    let zones = zones(draft, &fields, "a window");
    let mode = mode(draft, &fields);
    let schedule = schedule(draft, &fields);
    if let (Some(name), Some(schedule)) = (name, schedule) {
        let window = Window { zones, schedule, mode };
        if draft.inventory.windows.insert(name.value.clone(), window).is_some() {
            draft.declared_twice("window", &name);
        }
    }
    fields.finish();
}

pub(super) fn read_emergency<'s>(draft: &mut Draft<'s>, fields: Fields<'s, '_>) {
    let name = draft.name(&fields, "name");
    let zones = zones(draft, &fields, "an emergency");
    refuse_safety(draft, &fields);
    let length = minutes(&fields, EMERGENCY_MINUTES);
    let people = fields.integer("people", 1..3).and_then(|people| u8::try_from(people.value).ok());
    let cooldown = draft.span(&fields, "cooldown").unwrap_or(COOLDOWN);
    if let (Some(name), Some(length)) = (name, length) {
        let emergency = Emergency { zones, length, people: people.unwrap_or(1), cooldown };
        if draft.inventory.emergencies.insert(name.value.clone(), emergency).is_some() {
            draft.declared_twice("emergency", &name);
        }
    }
    fields.finish();
}

/// What protects people has no state in which it protects them less.
fn refuse_safety(draft: &Draft<'_>, fields: &Fields<'_, '_>) {
    for zone in fields.texts("zones") {
        let declared = draft.inventory.zones.get(zone.value);
        if declared.is_some_and(|zone| zone.class == ZoneClass::Safety) {
            let message = format!("`{}` is of class safety, where no emergency loosens anything", zone.value);
            draft.sink.error(zone.offset, message, "take it out; who must reach it needs a grant by name");
        }
    }
}

fn zones<'s>(draft: &mut Draft<'s>, fields: &Fields<'s, '_>, what: &str) -> BTreeSet<SmolStr> {
    let zones = fields.texts("zones");
    if zones.is_empty() {
        let message = format!("{what} names no zone");
        draft.sink.error(fields.offset(), message, "add a line zones = [\"…\"]");
    }
    draft.mentions.extend(zones.iter().copied().map(Mention::Zone));
    zones.iter().map(|zone| SmolStr::new(zone.value)).collect()
}

fn mode(draft: &Draft<'_>, fields: &Fields<'_, '_>) -> Mode {
    let Some(text) = fields.text("mode") else { return Mode::Maintenance };
    match text.value.parse() {
        Ok(Mode::Emergency) => {
            let message = "no emergency comes by the calendar";
            draft.sink.error(text.offset, message, "declare an [[emergency]], which people set off");
        }
        Ok(mode) => return mode,
        Err(unknown) => {
            let message = format!("no mode is called `{}`", text.value.escape_debug());
            draft.sink.error(text.offset, message, unknown.to_string());
        }
    }
    Mode::Maintenance
}

fn minutes(fields: &Fields<'_, '_>, range: std::ops::Range<i64>) -> Option<Duration> {
    let minutes = fields.integer("minutes", range);
    let minutes = fields.required("minutes", minutes)?;
    Some(Duration::from_secs(u64::try_from(minutes.value).ok()?.saturating_mul(60)))
}

fn schedule(draft: &Draft<'_>, fields: &Fields<'_, '_>) -> Option<Schedule> {
    let rule = fields.text("rrule");
    let [start, zone] = ["start", "timezone"].map(|key| {
        let text = fields.text(key);
        fields.required(key, text)
    });
    let length = minutes(fields, WINDOW_MINUTES)?;
    let (start, zone) = (start?, zone?);
    Schedule::new(start.value, zone.value, rule.map(|rule| rule.value), length)
        .map_err(|unusable| {
            let place = |text: Option<At<&str>>| text.map_or(fields.offset(), |text| text.offset);
            let offset = match unusable.part {
                Part::Start => place(Some(start)),
                Part::Zone => place(Some(zone)),
                Part::Rule => place(rule),
            };
            draft.sink.error(offset, unusable.message, unusable.help);
        })
        .ok()
}
