//! Windows: opened and closed as their schedules say, without asking anybody.
//!
//! A schedule is asked for its next change only when one came, a policy came, or the clock was set; between, only
//! uptimes are compared.
//!
//! INVARIANTS: a window that closed does not open again, whatever becomes of the wall clock; an open window closes at the
//! latest after as much uptime as its schedule left it when it opened.

use super::Gateway;
use crate::{Act, EmergencyEnd, Opening, WindowAct, WindowEnd, WindowStanding};
use nullius_model::{SmolStr, Uptime};
use nullius_policy::calendar::{Occurrence, Schedule};
use std::collections::BTreeMap;

/// When a window opens and closes next, or did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) opens: Uptime,
    pub(super) closes: Uptime,
}

/// What the windows will do next.
#[derive(Clone, Debug, Default)]
pub(super) struct Calendar {
    windows: BTreeMap<SmolStr, Times>,
    due: Option<Uptime>,
}

impl Calendar {
    /// When something changes next.
    pub(super) const fn due(&self) -> Option<Uptime> {
        self.due
    }

    pub(super) fn times(&self) -> impl Iterator<Item = (&SmolStr, &Times)> {
        self.windows.iter()
    }

    pub(super) fn window(&self, name: &str) -> Option<Times> {
        self.windows.get(name).copied()
    }
}

impl Gateway {
    /// A policy came: what it no longer declares is over, and what it declares begins. The caller judges everything.
    pub(super) fn adopt_calendar(&mut self) {
        self.drop_undeclared_windows();
        self.drop_undeclared_emergencies();
        for act in self.advance() {
            self.audit(None, act, super::Work::default());
        }
        self.take_modes();
    }

    /// The time has come for a window or an emergency.
    pub(super) fn turn_when_due(&mut self) {
        if self.calendar.due.is_some_and(|due| due <= self.now.uptime) {
            self.turn();
        }
    }

    /// Opens and closes what is to be, and judges what hangs on it.
    pub(super) fn turn(&mut self) {
        let acts = self.advance();
        let work = self.follow_modes();
        for act in acts {
            self.audit(None, act, work);
        }
    }

    /// A standing from another boot: what was open may be so still, but says so anew; what was set off is over.
    pub(super) fn leave_other_calendar(&mut self) {
        self.standing.windows.values_mut().for_each(|window| window.open = None);
        for act in self.end_live(|_, _| Some(EmergencyEnd::Rebooted)) {
            self.audit(None, act, super::Work::default());
        }
        for emergency in self.standing.emergencies.values_mut() {
            // it rests from here on: nobody knows how long the machine was off
            emergency.ended = self.now.uptime;
        }
    }

    fn drop_undeclared_windows(&mut self) {
        let Some(site) = &self.site else { return };
        let declared = &site.inventory().windows;
        let mut closed = Vec::new();
        self.standing.windows.retain(|name, standing| {
            let schedule = declared.get(name).map(|window| &window.schedule);
            let stays = |open: &Opening| schedule.is_some_and(|schedule| has(schedule, open));
            if standing.open.take_if(|open| !stays(open)).is_some() {
                closed.push(name.clone());
            }
            schedule.is_some()
        });
        for window in closed {
            self.save();
            self.audit(
                None,
                Act::Window { window, act: WindowAct::Closed(WindowEnd::Changed) },
                super::Work::default(),
            );
        }
    }

    /// Brings every window and emergency to where it should be now, and finds out what comes next.
    fn advance(&mut self) -> Vec<Act> {
        let now = self.now.uptime;
        let mut acts = self.end_live(|_, live| (live.ends <= now).then_some(EmergencyEnd::Expired));
        let mut windows = BTreeMap::new();
        let site = self.site.take();
        for (name, window) in site.iter().flat_map(|site| &site.inventory().windows) {
            acts.extend(self.close(name));
            if let Some((times, opened)) = self.open(name, &window.schedule) {
                acts.extend(opened.map(|Opening { opened, closes, .. }| Act::Window {
                    window: name.clone(),
                    act: WindowAct::Opened { mode: window.mode, opened, closes },
                }));
                windows.insert(name.clone(), times);
            }
        }
        self.site = site;
        if !acts.is_empty() {
            self.save();
        }
        self.calendar = Calendar { due: self.next_change(&windows), windows };
        acts
    }

    fn close(&mut self, name: &SmolStr) -> Option<Act> {
        let (uptime, wall) = (self.now.uptime, self.clock.wall(self.now.uptime));
        let standing = self.standing.windows.get_mut(name)?;
        let is_over = |open: &mut Opening| open.ends <= uptime || open.closes <= wall;
        let open = standing.open.take_if(is_over)?;
        standing.over = standing.over.max(open.closes);
        Some(Act::Window { window: name.clone(), act: WindowAct::Closed(WindowEnd::Over) })
    }

    /// When a window is open or will be; it opens now where it should be and is not.
    fn open(&mut self, name: &SmolStr, schedule: &Schedule) -> Option<(Times, Option<Opening>)> {
        let (uptime, wall) = (self.now.uptime, self.clock.wall(self.now.uptime));
        let known = self.standing.windows.get(name).copied().unwrap_or_default();
        if let Some(open) = known.open {
            let opens = self.clock.uptime(open.opened).min(uptime);
            return Some((Times { opens, closes: self.clock.uptime(open.closes).min(open.ends) }, None));
        }
        let Occurrence { opens, closes } = schedule.next(wall.max(known.over))?;
        let times = Times { opens: self.clock.uptime(opens), closes: self.clock.uptime(closes) };
        if opens > wall {
            return Some((times, None));
        }
        let open = Opening { opened: opens, closes, ends: uptime.after(closes.since(wall)) };
        self.standing.windows.insert(name.clone(), WindowStanding { open: Some(open), ..known });
        Some((Times { opens: times.opens.min(uptime), ..times }, Some(open)))
    }

    fn next_change(&self, windows: &BTreeMap<SmolStr, Times>) -> Option<Uptime> {
        let of_windows = windows.values().flat_map(|times| [times.opens, times.closes]);
        let live = self.standing.emergencies.values().filter_map(|standing| standing.live.as_ref());
        let times = of_windows.chain(live.map(|live| live.ends));
        times.filter(|time| *time > self.now.uptime).min()
    }

    /// An emergency was set off or ended.
    pub(super) fn note_change(&mut self) {
        self.calendar.due = self.next_change(&self.calendar.windows);
    }
}

/// The schedule has this very opening.
fn has(schedule: &Schedule, open: &Opening) -> bool {
    let just_before = open.closes.as_nanos().saturating_sub(1);
    let there = schedule.next(nullius_model::Timestamp::from_nanos(just_before));
    there == Some(Occurrence { opens: open.opened, closes: open.closes })
}
