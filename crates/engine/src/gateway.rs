//! The gateway: its state, and the verbs that change it.
//!
//! Each verb reads top to bottom: note what happened, judge anew what depends on it and nothing else, put the difference
//! into the queue. Rules go first, then the disk, then the record: a cut waits for nothing.

mod bindings;
mod calendar;
mod commands;
mod delivery;
mod emergencies;
mod grants;
mod judging;
mod lapses;
mod modes;
mod orders;
mod perimeters;
mod proofs;
mod receipts;
mod stages;
mod traffic;
mod trust;
mod views;
mod why;

pub use delivery::{Applied, ReadBack};
pub use receipts::Conversation;
pub use views::{DeviceView, EmergencyView, Status, WindowView, ZoneView};
pub use why::{Question, Why};

use crate::clock::Clock;
use crate::denials::{AlarmBudget, Denials};
use crate::expiry::Expiry;
use crate::facts::{Facts, GrantIndex};
use crate::modes::Modes;
use crate::schedule::Schedule;
use crate::site::Site;
use crate::station::Strangers;
use crate::suspects::Suspects;
use crate::{Act, Actor, Alarm, GrantId, Now, Output, PolicyVersion, Record, Settings, Standing};
use calendar::Calendar;
use delivery::Delivery;
use emergencies::Asked;
use nullius_model::{Epoch, RuleSet, SmolStr, Uptime};
use perimeters::Work;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// How often what has been idle is looked for.
const SWEEP: Duration = Duration::from_secs(60);

/// What one gateway knows and wants.
#[derive(Debug)]
pub struct Gateway {
    settings: Settings,
    standing: Standing,
    site: Option<Site>,
    /// INVARIANT: what [`Gateway::rules_from_scratch`] would make of the same state.
    rules: RuleSet,
    grants: GrantIndex,
    schedule: Schedule,
    /// What is to be done about leases. INVARIANT: what the standing says.
    expiry: Expiry,
    strangers: Strangers,
    denials: Denials,
    alarms: AlarmBudget,
    arrivals: AlarmBudget,
    suspects: Suspects,
    delivery: Delivery,
    clock: Clock,
    /// What the windows will do next.
    calendar: Calendar,
    /// What every zone is doing. INVARIANT: what the standing, the calendar and the policy say.
    modes: Modes,
    /// When modes were set last, of the site and of zones.
    modes_set: BTreeMap<Option<SmolStr>, Uptime>,
    /// Attempts to set off emergencies.
    asked: BTreeMap<SmolStr, Asked>,
    /// Transcripts of grants that ended, and when the last message of them will have been read.
    closing: BTreeMap<GrantId, Uptime>,
    now: Now,
    next_sweep: Uptime,
    /// Accesses judged since the start.
    judged: u64,
    outputs: VecDeque<Output>,
}

impl Gateway {
    /// A gateway without a policy, which therefore wants nothing to pass but at ports that are only watched: putting a
    /// gateway into a plant must not stop it. Grants of another boot end here.
    pub fn new(settings: Settings, standing: Standing, now: Now) -> Self {
        let mut gateway = Self {
            settings,
            standing,
            site: None,
            rules: RuleSet::new(),
            grants: GrantIndex::new(),
            schedule: Schedule::default(),
            expiry: Expiry::default(),
            strangers: Strangers::default(),
            denials: Denials::default(),
            alarms: AlarmBudget::default(),
            arrivals: AlarmBudget::default(),
            suspects: Suspects::default(),
            delivery: Delivery::default(),
            clock: Clock::new(now),
            calendar: Calendar::default(),
            modes: Modes::default(),
            modes_set: BTreeMap::new(),
            asked: BTreeMap::new(),
            closing: BTreeMap::new(),
            now,
            next_sweep: now.uptime.after(SWEEP),
            judged: 0,
            outputs: VecDeque::new(),
        };
        gateway.expiry = Expiry::of(&gateway.standing.leases);
        gateway.resume_transcripts();
        gateway.leave_other_boot();
        gateway.modes = Modes::of_site(gateway.standing.mode);
        gateway.put_port_rules();
        if !gateway.rules.is_empty() {
            gateway.replace();
        }
        gateway
    }

    /// A policy came into force. Everything is judged anew; what comes out of it is the difference, but for the first
    /// policy after the start, which replaces whatever the packet path holds.
    ///
    /// Signature and epoch were checked by the program: a policy that reaches this is the one to enforce.
    pub fn handle_policy(&mut self, version: PolicyVersion, now: Now) {
        self.enter(now);
        let mut site = Site::new(version, &self.standing);
        let before = self.site.take();
        before.iter().for_each(|before| site.remember(before));
        self.site = Some(site);
        self.index_grants();
        self.adopt_calendar();
        let proven: Vec<_> =
            self.standing.leases.keys().chain(self.standing.vouched.keys()).cloned().collect();
        let ended = self.take_evidence_elsewhere(&proven);
        let (change, judged) = self.rebuild();
        let devices = self.site.as_ref().map_or(0, |site| site.all().count());
        let act = Act::Policy { devices, removed: change.remove.len(), added: change.add.len() };
        let generation = Some(if before.is_none() { self.replace() } else { self.enforce_marked(change) });
        self.record_ended(ended, Work { judged: 0, generation });
        self.audit(None, act, Work { judged, generation });
    }

    /// Time passed: grants end, accesses that depend on time are judged anew, what was idle is forgotten.
    pub fn handle_timeout(&mut self, now: Now) {
        self.enter(now);
        self.end_grants();
        self.look_at_leases();
        self.turn_when_due();
        self.judge_due();
        self.give_receipts();
        self.retry();
        if self.now.uptime >= self.next_sweep {
            self.next_sweep = self.now.uptime.after(SWEEP);
            self.sweep();
        }
    }

    /// When [`Gateway::handle_timeout`] is wanted next. May lie in the past: at once.
    pub fn poll_timeout(&self) -> Option<Uptime> {
        let grant = self.standing.grants.values().map(|grant| grant.ends).min();
        let receipt = self.closing.values().copied().min();
        let vouched = self.standing.vouched.values().map(|vouched| vouched.ends).min();
        [
            grant,
            receipt,
            vouched,
            self.expiry.next(),
            self.calendar.due(),
            self.schedule.next(),
            self.delivery.retry_at(),
            Some(self.next_sweep),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// What is to be done next, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// What the packet path should hold.
    pub const fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// What must survive a restart.
    pub const fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Notes the time; uptime never runs backwards, and a wall clock that was set is told and moves no lease.
    fn enter(&mut self, now: Now) {
        self.now = Now { uptime: self.now.uptime.max(now.uptime), wall: now.wall };
        let Some(seconds) = self.clock.correct(self.now) else { return };
        self.turn();
        let work = self.judge_scheduled();
        self.audit(None, Act::ClockStepped { seconds }, work);
        self.outputs.push_back(Output::Alarm(Alarm::ClockStepped { seconds }));
    }

    fn facts(&self) -> Option<Facts<'_>> {
        Some(Facts {
            settings: &self.settings,
            standing: &self.standing,
            site: self.site.as_ref()?,
            strangers: &self.strangers,
            grants: &self.grants,
            modes: &self.modes,
            clock: self.clock,
            at: self.now.uptime,
        })
    }

    fn epoch(&self) -> Epoch {
        self.site.as_ref().map(|site| site.version.marker.epoch).unwrap_or_default()
    }

    /// The disk is told once, however much changed meanwhile.
    fn save(&mut self) {
        if !self.outputs.contains(&Output::Save) {
            self.outputs.push_back(Output::Save);
        }
    }

    fn audit(&mut self, by: Option<&Actor>, act: Act, work: Work) {
        if !matches!(act, Act::Denied(_) | Act::Alarmed(_) | Act::Applied) {
            self.denials.turn();
        }
        self.outputs.push_back(Output::Audit(Record {
            at: self.now.wall,
            uptime: self.now.uptime,
            epoch: self.epoch(),
            by: by.cloned(),
            act,
            judged: work.judged,
            generation: work.generation,
        }));
    }

    fn alarm(&mut self, alarm: Alarm) {
        self.audit(None, Act::Alarmed(alarm.clone()), Work::default());
        self.outputs.push_back(Output::Alarm(alarm));
    }

    /// Forgets what has been idle, and closes the books of denials that stopped.
    fn sweep(&mut self) {
        let (now, limits) = (self.now.uptime, self.settings.limits.clone());
        self.strangers.expire(now, limits.stranger_idle);
        self.suspects.expire(now, &limits);
        for summary in self.denials.expire(now, &limits) {
            self.audit(None, Act::Denied(summary), Work::default());
        }
    }
}
