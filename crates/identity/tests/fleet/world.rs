//! What happens when, for three years.

use crate::chance::Chance;
use crate::controller::{Answer, Controller};
use crate::device::{Device, LIFE};
use crate::figures::Figures;
use crate::gateway::Gateway;
use nullius_identity::rollover::{Rollover, State};
use rustls::{CertificateError, Error};
use std::collections::BTreeSet;
use std::ops::Range;

pub(crate) const DEVICES: usize = 500;
const GATEWAYS: usize = 5;
const DAY: u64 = 86_400;
const START: u64 = 1_800_000_000;
const END: u64 = START + 3 * 365 * DAY;

/// Everything is enrolled on one morning.
const MORNING: u64 = START + 7200;

/// The rollover begins in the middle, while one gateway is away for so long.
const ROLLOVER: u64 = START + 548 * DAY;
const AWAY: u64 = 12 * DAY;

/// Enrolment cannot be reached for four fifths of a certificate's life.
const OUTAGE: Range<u64> = START + 850 * DAY..START + 850 * DAY + LIFE / 5 * 4;

/// One answer in so many is lost on the way.
const LOST: u64 = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    On(usize),
    Off(usize),
    Due(usize),
    Trust(usize),
    Fresh(usize),
    Rollover,
}

pub(crate) struct World {
    now: u64,
    events: BTreeSet<(u64, Event)>,
    controller: Controller,
    devices: Vec<Device>,
    gateways: Vec<Gateway>,
    rollover: Option<Rollover>,
    /// The first root that is still to be trusted.
    trusted_from: usize,
    chance: Chance,
    pub(crate) figures: Figures,
}

impl World {
    pub(crate) fn new() -> Self {
        let mut chance = Chance::new(2026);
        let mut controller = Controller::new(DEVICES, START);
        let anchors = controller.anchors(0);
        let devices = (0..DEVICES).map(|number| Device::new(number, anchors.clone(), &mut chance)).collect();
        let gateways = (0..GATEWAYS).map(|number| Gateway::new(number, &mut controller, START)).collect();
        let mut world = Self {
            now: START,
            events: BTreeSet::new(),
            controller,
            devices,
            gateways,
            rollover: None,
            trusted_from: 0,
            chance,
            figures: Figures::default(),
        };
        world.plan();
        world
    }

    /// Who is switched on and off when.
    fn plan(&mut self) {
        for device in 0..DEVICES {
            let first = START + self.chance.below(MORNING - START);
            self.events.insert((first, Event::On(device)));
            // short breaks, and for every twentieth one of months
            for year in 0..3 {
                let at = START + 30 * DAY + year * 365 * DAY + self.chance.below(300 * DAY);
                let length = 600 + self.chance.below(3600);
                self.pause(device, at, length);
            }
            if device % 20 == 7 {
                let at = START + 420 * DAY + self.chance.below(150 * DAY);
                let length = 100 * DAY + self.chance.below(150 * DAY);
                self.pause(device, at, length);
            }
            // a part of the plant stands still for eleven weeks, and is started in one second
            if device % GATEWAYS == 3 {
                self.pause(device, START + 200 * DAY, 77 * DAY);
            }
        }
        for gateway in 0..GATEWAYS {
            self.events.insert((START + DAY, Event::Fresh(gateway)));
        }
        self.events.insert((ROLLOVER, Event::Rollover));
    }

    fn pause(&mut self, device: usize, at: u64, length: u64) {
        self.events.insert((at, Event::Off(device)));
        self.events.insert((at + length, Event::On(device)));
    }

    pub(crate) fn run(&mut self) {
        while let Some((now, event)) = self.events.pop_first() {
            if now > END {
                break;
            }
            self.now = now;
            match event {
                Event::On(device) => self.on(device),
                Event::Off(device) => self.off(device),
                Event::Due(device) => self.due(device),
                Event::Trust(gateway) => self.trust(gateway),
                Event::Fresh(gateway) => self.fresh(gateway),
                Event::Rollover => self.roll(),
            }
        }
        self.now = END;
        (0..DEVICES).for_each(|device| self.off(device));
        self.figures.sum_up(MORNING, OUTAGE.end);
    }

    /// How many hold a certificate that counts.
    pub(crate) fn proven(&self) -> usize {
        self.devices.iter().filter(|device| device.until() >= END).count()
    }

    pub(crate) fn rolled_over(&self) -> bool {
        self.rollover.as_ref().is_some_and(|rollover| rollover.state() == State::Retired)
    }

    fn on(&mut self, number: usize) {
        let device = &mut self.devices[number];
        if device.on_since.is_some() {
            return;
        }
        device.switch_on(self.now);
        self.figures.without_clock += u64::from(device.no_battery);
        self.meet(number);
    }

    fn off(&mut self, number: usize) {
        if self.devices[number].on_since.is_none() {
            return;
        }
        self.account(number);
        self.devices[number].switch_off(self.now);
    }

    /// The device connects to its gateway: each looks at the other.
    fn meet(&mut self, number: usize) {
        let device = &mut self.devices[number];
        let gateway = &self.gateways[number % GATEWAYS];
        self.figures.verified += 2;
        match device.meet(gateway, self.now) {
            Ok(meeting) => self.figures.by_cross += u64::from(meeting.by_cross),
            Err(error) => {
                self.figures.gaps.push(format!("{} does not know its gateway: {error}", device.name()))
            }
        }
        self.look(number);
        let due = self.devices[number].schedule.due().max(self.now);
        self.events.insert((due, Event::Due(number)));
    }

    /// What its gateway thinks of it. A certificate that ran out leaves what its binding gives, and with that what is
    /// essential; one that is refused for another reason does not.
    fn look(&mut self, number: usize) {
        let device = &self.devices[number];
        if device.chain.is_empty() {
            return;
        }
        self.figures.verified += 1;
        match self.gateways[number % GATEWAYS].takes(&device.chain, self.now) {
            Ok(()) | Err(Error::InvalidCertificate(CertificateError::Expired)) => {}
            Err(error) => self.figures.gaps.push(format!("{} at {}: {error}", device.name(), self.now)),
        }
    }

    /// Looks a last time before something changes, and counts the time since the last change.
    fn account(&mut self, number: usize) {
        self.look(number);
        let (now, device) = (self.now, &mut self.devices[number]);
        let (Some(since), until) = (device.on_since, device.until()) else { return };
        let from = since.max(device.taken);
        self.figures.proven += until.min(now).saturating_sub(from);
        let lapse = now.saturating_sub(from.max(until));
        if until == 0 || lapse == 0 {
            return;
        }
        self.figures.lapsed += lapse;
        if now >= OUTAGE.start && now - lapse < OUTAGE.end + 120 {
            self.figures.after_outage = self.figures.after_outage.max(now.saturating_sub(OUTAGE.end));
        } else if until < since {
            self.figures.after_start = self.figures.after_start.max(lapse);
        } else {
            self.figures.unexplained += 1;
        }
    }

    fn due(&mut self, number: usize) {
        let device = &self.devices[number];
        if device.on_since.is_none() || (device.schedule.due() > self.now && !device.chain.is_empty()) {
            return;
        }
        if !self.attempt(number) {
            self.figures.failures += 1;
            self.devices[number].schedule.handle_failure(self.now);
            let due = self.devices[number].schedule.due();
            self.events.insert((due, Event::Due(number)));
        }
    }

    /// Whether it has a new certificate.
    fn attempt(&mut self, number: usize) -> bool {
        if OUTAGE.contains(&self.now) {
            return false;
        }
        let (now, device) = (self.now, &mut self.devices[number]);
        self.figures.verified += 1;
        if let Err(error) = device.knows_controller(&mut self.controller, now) {
            self.figures.refused.push(format!("{} does not know the controller: {error}", device.name()));
            return false;
        }
        let request = device.request();
        let answer = if device.chain.is_empty() {
            self.controller.enrol(device, &request, now)
        } else if device.schedule.is_expired(now) {
            let ask = device.ask(&self.controller, &request, now);
            self.controller.recover(device, &ask, now)
        } else {
            self.controller.renew(device, &request, now)
        };
        let (count, chain) = match answer {
            Answer::Enrolled(chain) => (&mut self.figures.enrolments, chain),
            Answer::Renewed(chain) => (&mut self.figures.renewals, chain),
            Answer::Recovered(chain) => (&mut self.figures.recoveries, chain),
            Answer::Again(chain) => (&mut self.figures.again, chain),
            Answer::Refused(why) => {
                self.figures.refused.push(why);
                return false;
            }
        };
        *count += 1;
        self.figures.signed(now);
        if self.devices[number].generation > 0 && self.chance.below(LOST) == 0 {
            return false;
        }
        self.account(number);
        self.devices[number].take(chain, now);
        self.look(number);
        let due = self.devices[number].schedule.due();
        self.events.insert((due, Event::Due(number)));
        true
    }

    fn fresh(&mut self, number: usize) {
        self.gateways[number].keep_fresh(&mut self.controller, self.now);
        self.events.insert((self.now + DAY, Event::Fresh(number)));
    }

    /// The order reaches a gateway, and the gateway tells the devices that are there.
    fn trust(&mut self, number: usize) {
        let there: Vec<_> = (0..DEVICES)
            .filter(|device| device % GATEWAYS == number && self.devices[*device].on_since.is_some())
            .collect();
        there.iter().for_each(|device| self.look(*device));
        let anchors = self.controller.anchors(self.trusted_from);
        self.gateways[number].handle_trust(anchors, self.controller.cross.clone());
        for device in there {
            self.devices[device].trust(&self.gateways[number], self.now);
            self.look(device);
        }
        let name = self.gateways[number].name();
        if let Some(rollover) = &mut self.rollover {
            rollover.handle_ack(&name);
        }
    }

    /// Begins, and then looks once a day how far it can go.
    fn roll(&mut self) {
        let names: Vec<_> = self.gateways.iter().map(Gateway::name).collect();
        let Some(rollover) = &mut self.rollover else {
            self.controller.make(self.now);
            self.rollover = Some(Rollover::default());
            self.announce();
            self.events.insert((self.now + DAY, Event::Rollover));
            return;
        };
        let remaining = self.controller.remaining(self.now);
        match rollover.advance(names.iter().map(String::as_str), remaining) {
            Ok(State::Issuing) => {
                self.controller.signs = 1;
                for gateway in &mut self.gateways {
                    gateway.renew(&mut self.controller, self.now);
                }
            }
            Ok(State::Retired) => {
                self.trusted_from = 1;
                self.figures.rollover_days = (self.now - ROLLOVER) / DAY;
                self.announce();
                return;
            }
            Ok(_) | Err(_) => {}
        }
        self.events.insert((self.now + DAY, Event::Rollover));
    }

    /// Orders go out; one gateway is away at first.
    fn announce(&mut self) {
        for gateway in 0..GATEWAYS {
            let away = if gateway == 2 && self.now == ROLLOVER { AWAY } else { 0 };
            let at = self.now + 1 + away + self.chance.below(300);
            self.events.insert((at, Event::Trust(gateway)));
        }
    }
}
