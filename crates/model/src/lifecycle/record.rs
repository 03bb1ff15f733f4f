//! One device's life: where it is, whose it is, and what it must not come back with.

use super::event::{Author, Event, Refusal, Released, Transition};
use super::{Credential, State};
use smol_str::SmolStr;
use std::collections::BTreeSet;
use std::fmt;

/// Most credentials of lives that ended which one device is remembered for: one that is claimed and lost in a loop must
/// not grow its record.
pub const MAX_SPENT: usize = 64;

/// Longest reason, owner and evidence, in bytes.
pub const MAX_TEXT: usize = 512;

/// What is written down of a [`Lifecycle`], and read back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Where the device is.
    pub state: State,
    /// Counts what happened.
    pub version: u64,
    /// Whose it is.
    pub owner: Option<SmolStr>,
    /// Who alone may claim it, while it is transferred.
    pub heir: Option<SmolStr>,
    /// What proves it to be itself.
    pub credential: Option<Credential>,
    /// What proved it in lives that ended.
    pub spent: BTreeSet<Credential>,
}

/// The life of one device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle(Parts);

/// A record that was read back is none that this machine wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged(pub &'static str);

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the record of the device's life is damaged: {}", self.0)
    }
}

impl std::error::Error for Damaged {}

impl Lifecycle {
    /// A device that was announced, and never seen.
    pub fn new() -> Self {
        Self::default()
    }

    /// A record read back.
    ///
    /// # Errors
    /// [`Damaged`] where no sequence of events leads to it: it gives nothing then.
    pub fn from_parts(parts: Parts) -> Result<Self, Damaged> {
        let owned = parts.state.is_owned();
        let transferring = parts.state == State::Transferring;
        let rules = [
            (owned == parts.owner.is_some(), "an owner where there is none, or none where there is one"),
            (transferring == parts.heir.is_some(), "an heir without a transfer, or a transfer without"),
            (parts.state.is_proven() == parts.credential.is_some(), "a credential that does not go with it"),
            (parts.credential.is_none_or(|now| !parts.spent.contains(&now)), "a credential that was spent"),
            (parts.spent.len() <= MAX_SPENT, "more spent credentials than are remembered"),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            Some((_, what)) => Err(Damaged(what)),
            None => Ok(Self(parts)),
        }
    }

    /// What is to be written down.
    pub const fn parts(&self) -> &Parts {
        &self.0
    }

    /// Where the device is.
    pub const fn state(&self) -> State {
        self.0.state
    }

    /// Counts what happened: what people decide, they decide on a version.
    pub const fn version(&self) -> u64 {
        self.0.version
    }

    /// Something happens. `seen` is the version it was decided on; an event that restricts is carried out at any.
    ///
    /// # Errors
    /// [`Refusal`], and nothing changed.
    pub fn handle(
        &mut self,
        event: Event,
        seen: u64,
        by: Author,
        reason: SmolStr,
    ) -> Result<Transition, Refusal> {
        self.check(&event, seen, &by, &reason)?;
        let from = self.0.state;
        let mut next = self.0.clone();
        next.enter(&event)?;
        next.version = next.version.saturating_add(1);
        self.0 = next;
        Ok(Transition { from, to: self.0.state, event, by, reason, version: self.0.version })
    }

    fn check(&self, event: &Event, seen: u64, by: &Author, reason: &str) -> Result<(), Refusal> {
        let restricting = event.is_restricting();
        let current = self.0.version;
        let fits = |text: &str| !text.trim().is_empty() && text.len() <= MAX_TEXT;
        match () {
            () if matches!(by, Author::Automatic(_)) && event.needs_person() => {
                Err(Refusal::NeedsPerson(event.name()))
            }
            () if reason.trim().is_empty() => Err(Refusal::NoReason),
            () if !event.text().into_iter().chain([by.name().as_str(), reason]).all(fits) => {
                Err(Refusal::BadText(MAX_TEXT))
            }
            // the last version of all: nothing can be told apart any more, so nothing is given any more
            () if !restricting && (seen != current || current == u64::MAX) => {
                Err(Refusal::Stale { seen, current })
            }
            () => Ok(()),
        }
    }
}

impl Parts {
    fn enter(&mut self, event: &Event) -> Result<(), Refusal> {
        let to = self.target(event).ok_or(Refusal::Illegal { from: self.state, event: event.name() })?;
        if let Event::Claim { owner } = event {
            self.claim(owner)?;
        } else if let Event::Enrol { credential } = event {
            self.enrol(*credential)?;
        }
        self.heir = if let Event::Transfer { heir } = event { Some(heir.clone()) } else { None };
        if !to.is_proven() {
            self.spent.extend(self.credential.take());
        }
        if !to.is_owned() {
            self.owner = None;
        }
        self.state = to;
        Ok(())
    }

    /// The whole table: where each event leads from each state. What is not here does not happen.
    fn target(&self, event: &Event) -> Option<State> {
        use State::{
            Active, Blocked, Claimed, Contained, Destroyed, Discovered, Enrolled, Lost, Maintenance,
            Manufactured, Retired, Suspended, Transferring,
        };
        Some(match (event, self.state) {
            (Event::Discover, Manufactured) => Discovered,
            (
                Event::Claim { .. },
                Manufactured | Discovered | Blocked | Transferring | Retired | Destroyed | Lost,
            ) => Claimed,
            (Event::Enrol { .. }, Claimed) => Enrolled,
            (Event::Activate, Enrolled) => Active,
            (Event::StartMaintenance, Active) => Maintenance,
            (Event::EndMaintenance, Maintenance) => Active,
            (Event::Resume, Suspended) => Active,
            (Event::Revoke, Manufactured | Discovered | Claimed | Enrolled) => Blocked,
            (Event::Revoke, Active | Maintenance | Transferring) => Suspended,
            (Event::Revoke, nothing_to_take) => nothing_to_take,
            (Event::Contain { rung }, Enrolled | Active | Maintenance | Suspended | Transferring) => {
                Contained(*rung)
            }
            (Event::Contain { rung }, Contained(now)) => Contained(now.max(*rung)),
            (Event::Ease { rung }, Contained(now)) if *rung < now => Contained(*rung),
            (Event::Release { to: Released::ToActive, .. }, Contained(_)) => Active,
            (Event::Release { to: Released::ToRetired, .. }, Contained(_)) => Retired,
            (Event::Transfer { .. }, Active) => Transferring,
            (Event::Retire, Claimed | Enrolled | Active | Maintenance | Suspended | Transferring) => Retired,
            (Event::Destroy, Retired) => Destroyed,
            (Event::Lose, Destroyed | Lost) => return None,
            (Event::Lose, state) if state.is_owned() => Lost,
            _ => return None,
        })
    }

    /// Whoever claims it is its one owner from now on; what it was transferred with stays behind.
    fn claim(&mut self, owner: &SmolStr) -> Result<(), Refusal> {
        if let Some(heir) = self.heir.as_ref().filter(|heir| *heir != owner) {
            return Err(Refusal::NotTheHeir(heir.clone()));
        }
        self.owner = Some(owner.clone());
        Ok(())
    }

    fn enrol(&mut self, credential: Credential) -> Result<(), Refusal> {
        if self.spent.contains(&credential) {
            return Err(Refusal::SpentCredential);
        }
        // room to remember it by when it is spent
        if self.spent.len() >= MAX_SPENT {
            return Err(Refusal::TooManyLives(MAX_SPENT));
        }
        self.credential = Some(credential);
        Ok(())
    }
}
