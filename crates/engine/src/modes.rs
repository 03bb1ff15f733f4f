//! What each zone is doing, and what it will be doing next.
//!
//! An access has the mode of the zone of what is asked for: an emergency before what people said of the zone, that before
//! an open window, that before what people said of the site. Of windows that overlap, the one that opened last counts.
//!
//! INVARIANT: a zone of class safety is never in [`Mode::Emergency`].

use nullius_model::{Mode, SmolStr, Uptime};
use nullius_policy::inventory::{Inventory, ZoneClass};
use std::collections::BTreeMap;

/// Why a zone is in its mode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ModeCause {
    /// People said so of the whole site.
    #[default]
    Site,
    /// This window is open.
    Window(SmolStr),
    /// People said so of the zone.
    Zone,
    /// This emergency was set off.
    Emergency(SmolStr),
}

/// What a zone is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ZoneMode {
    /// What.
    pub mode: Mode,
    /// Why.
    pub cause: ModeCause,
    /// When it will be doing something else by itself, and what.
    pub next: Option<(Uptime, Mode)>,
}

/// A mode that zones have from one time to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Uptime,
    pub(crate) till: Uptime,
    pub(crate) mode: Mode,
    pub(crate) cause: ModeCause,
}

/// What every zone is doing; the whole site, for zones that nothing is known of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Modes {
    site: ZoneMode,
    zones: BTreeMap<SmolStr, ZoneMode>,
}

impl Modes {
    /// Of a site that nobody declared anything of yet.
    pub(crate) fn of_site(mode: Mode) -> Self {
        Self { site: ZoneMode { mode, ..ZoneMode::default() }, zones: BTreeMap::new() }
    }

    /// `spans` are those of each zone: windows and emergencies that are on or will be.
    pub(crate) fn new(
        inventory: &Inventory,
        site: Mode,
        said: &BTreeMap<SmolStr, Mode>,
        spans: &BTreeMap<SmolStr, Vec<Span>>,
        now: Uptime,
    ) -> Self {
        let mut modes = Self::of_site(site);
        for (name, zone) in &inventory.zones {
            let spans = spans.get(name).map(Vec::as_slice).unwrap_or_default();
            let zone = OneZone { site, said: said.get(name).copied(), spans, class: zone.class };
            modes.zones.insert(name.clone(), zone.at(now));
        }
        modes
    }

    pub(crate) fn of(&self, zone: &str) -> &ZoneMode {
        self.zones.get(zone).unwrap_or(&self.site)
    }

    pub(crate) fn zones(&self) -> impl Iterator<Item = (&SmolStr, &ZoneMode)> {
        self.zones.iter()
    }

    /// Another mode, or another one next.
    pub(crate) fn differs(&self, other: &Self, zone: &str) -> bool {
        let (here, there) = (self.of(zone), other.of(zone));
        (here.mode, here.next) != (there.mode, there.next)
    }
}

/// All that has a say in the mode of one zone.
struct OneZone<'a> {
    site: Mode,
    said: Option<Mode>,
    spans: &'a [Span],
    class: ZoneClass,
}

impl OneZone<'_> {
    fn at(&self, now: Uptime) -> ZoneMode {
        let (mode, cause) = self.mode(now);
        let mut times: Vec<Uptime> = self.spans.iter().flat_map(|span| [span.from, span.till]).collect();
        times.sort_unstable();
        let later = times.into_iter().filter(|time| *time > now).map(|time| (time, self.mode(time).0));
        ZoneMode { mode, cause, next: later.into_iter().find(|(_, next)| *next != mode) }
    }

    fn mode(&self, at: Uptime) -> (Mode, ModeCause) {
        let on = || self.spans.iter().filter(|span| span.from <= at && at < span.till);
        let is_emergency = |span: &&Span| matches!(span.cause, ModeCause::Emergency(_));
        let latest = |spans: &mut dyn Iterator<Item = &Span>| {
            spans.max_by_key(|span| span.from).map(|span| (span.mode, span.cause.clone()))
        };
        let emergency = latest(&mut on().filter(is_emergency).filter(|_| self.class != ZoneClass::Safety));
        let said = self.said.map(|mode| (mode, ModeCause::Zone));
        let window = || latest(&mut on().filter(|span| !is_emergency(span)));
        emergency.or(said).or_else(window).unwrap_or((self.site, ModeCause::Site))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: u64, till: u64, mode: Mode, cause: ModeCause) -> Span {
        Span { from: Uptime::from_millis(from), till: Uptime::from_millis(till), mode, cause }
    }

    fn at(zone: &OneZone<'_>, millis: u64) -> (Mode, Option<(u64, Mode)>) {
        let found = zone.at(Uptime::from_millis(millis));
        let next = found.next.map(|(at, mode)| (u64::try_from(at.since_boot().as_millis()).unwrap(), mode));
        (found.mode, next)
    }

    #[test]
    fn an_emergency_wins_over_people_they_over_a_window_and_that_over_the_site() {
        let window = |name| ModeCause::Window(SmolStr::new(name));
        let spans = [
            span(10, 50, Mode::Maintenance, window("outer")),
            span(20, 30, Mode::Changeover, window("inner")),
            span(25, 45, Mode::Emergency, ModeCause::Emergency(SmolStr::new("fire"))),
        ];
        let zone =
            OneZone { site: Mode::Normal, said: None, spans: &spans, class: ZoneClass::EssentialControl };
        for (millis, mode, next) in [
            (0, Mode::Normal, Some((10, Mode::Maintenance))),
            (10, Mode::Maintenance, Some((20, Mode::Changeover))),
            (20, Mode::Changeover, Some((25, Mode::Emergency))),
            (25, Mode::Emergency, Some((45, Mode::Maintenance))),
            (45, Mode::Maintenance, Some((50, Mode::Normal))),
            (50, Mode::Normal, None),
        ] {
            assert_eq!(at(&zone, millis), (mode, next), "{millis}");
        }
        let said = OneZone { said: Some(Mode::StartUp), ..zone };
        assert_eq!(at(&said, 20), (Mode::StartUp, Some((25, Mode::Emergency))));
        let safe = OneZone { class: ZoneClass::Safety, said: None, ..said };
        assert_eq!(at(&safe, 25), (Mode::Changeover, Some((30, Mode::Maintenance))));
    }
}
