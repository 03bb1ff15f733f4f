//! How one authority takes the place of another without a gap: trust goes ahead of use, and use ends before trust does.
//!
//! The new authority is announced to every gateway; once all trust it, it signs; once nothing counts any more that the
//! old one signed, the old one is trusted no longer. A gateway that is away holds a step back, unless a person says to go
//! on without it: it must then join again.
//!
//! INVARIANT: no certificate is signed by an authority that a gateway in force does not trust, and no authority is
//! distrusted in good order while a certificate under it counts.

use std::collections::BTreeSet;

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Gateways are told of the new authority; the old one signs.
    Announced,
    /// Every gateway trusts both.
    Trusted,
    /// The new one signs. Both are trusted.
    Issuing,
    /// The old one is trusted no longer.
    Retired,
}

/// Why the next step is not taken yet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wait {
    /// These gateways have not said that they trust the new authority.
    #[error("not every gateway trusts the new authority yet: {}", .0.join(", "))]
    Gateways(Vec<String>),
    /// Certificates under the old authority still count.
    #[error(
        "{count} certificates of the old authority still count, the last until {until} (seconds since 1970)"
    )]
    Credentials {
        /// How many.
        count: u64,
        /// The last second of the last, since 1970.
        until: u64,
    },
    /// There is no step left.
    #[error("the old authority has retired: there is nothing left to do")]
    Done,
}

/// What still hangs on the old authority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remaining {
    /// Certificates under it that count.
    pub count: u64,
    /// The last second of the last of them, since 1970.
    pub until: u64,
}

/// A rollover that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollover {
    state: State,
    acked: BTreeSet<String>,
    without: BTreeSet<String>,
}

impl Default for Rollover {
    fn default() -> Self {
        Self { state: State::Announced, acked: BTreeSet::new(), without: BTreeSet::new() }
    }
}

impl Rollover {
    /// As it was kept.
    pub const fn resumed(state: State, acked: BTreeSet<String>, without: BTreeSet<String>) -> Self {
        Self { state, acked, without }
    }

    /// How far it has come.
    pub const fn state(&self) -> State {
        self.state
    }

    /// Gateways that trust the new authority.
    pub const fn acked(&self) -> &BTreeSet<String> {
        &self.acked
    }

    /// Gateways that are not waited for.
    pub const fn without(&self) -> &BTreeSet<String> {
        &self.without
    }

    /// A gateway says that it trusts the new authority.
    pub fn handle_ack(&mut self, gateway: &str) {
        self.acked.insert(gateway.to_owned());
    }

    /// A person says not to wait for a gateway.
    pub fn handle_without(&mut self, gateway: &str) {
        self.without.insert(gateway.to_owned());
    }

    /// What the next step waits for, given the gateways in force and what hangs on the old authority.
    ///
    /// # Errors
    /// [`Wait`].
    pub fn may_advance<'g>(
        &self,
        gateways: impl IntoIterator<Item = &'g str>,
        remaining: Remaining,
    ) -> Result<State, Wait> {
        match self.state {
            State::Announced => self.all_trust(gateways).map(|()| State::Trusted),
            // one may have joined since then, who was told of both
            State::Trusted => self.all_trust(gateways).map(|()| State::Issuing),
            State::Issuing if remaining.count == 0 => Ok(State::Retired),
            State::Issuing => Err(Wait::Credentials { count: remaining.count, until: remaining.until }),
            State::Retired => Err(Wait::Done),
        }
    }

    /// Takes the next step.
    ///
    /// # Errors
    /// [`Wait`].
    pub fn advance<'g>(
        &mut self,
        gateways: impl IntoIterator<Item = &'g str>,
        remaining: Remaining,
    ) -> Result<State, Wait> {
        self.state = self.may_advance(gateways, remaining)?;
        Ok(self.state)
    }

    fn all_trust<'g>(&self, gateways: impl IntoIterator<Item = &'g str>) -> Result<(), Wait> {
        let known = |gateway: &&str| self.acked.contains(*gateway) || self.without.contains(*gateway);
        let missing: Vec<_> =
            gateways.into_iter().filter(|gateway| !known(gateway)).map(str::to_owned).collect();
        if missing.is_empty() { Ok(()) } else { Err(Wait::Gateways(missing)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Remaining = Remaining { count: 0, until: 0 };

    #[test]
    fn nothing_is_signed_before_every_gateway_trusts_the_new_authority() {
        let mut rollover = Rollover::default();
        let gateways = ["gw1", "gw2", "gw3"];
        let waits =
            |names: &[&str]| Err(Wait::Gateways(names.iter().map(|name| (*name).to_owned()).collect()));
        assert_eq!(rollover.advance(gateways, NONE), waits(&gateways));
        rollover.handle_ack("gw1");
        rollover.handle_ack("gw3");
        assert_eq!((rollover.advance(gateways, NONE), rollover.state()), (waits(&["gw2"]), State::Announced));
        rollover.handle_without("gw2");
        assert_eq!(rollover.advance(gateways, NONE), Ok(State::Trusted));
        // one more joined in the meantime
        assert_eq!(rollover.advance(["gw1", "gw4"], NONE), waits(&["gw4"]));
        rollover.handle_ack("gw4");
        assert_eq!(rollover.advance(["gw1", "gw4"], NONE), Ok(State::Issuing));
    }

    #[test]
    fn the_old_authority_stays_while_anything_under_it_counts() {
        let acked = BTreeSet::from(["gw1".to_owned()]);
        let mut rollover = Rollover::resumed(State::Issuing, acked, BTreeSet::new());
        let remaining = Remaining { count: 3, until: 99 };
        let waits = Err(Wait::Credentials { count: 3, until: 99 });
        assert_eq!((rollover.advance(["gw1"], remaining), rollover.state()), (waits, State::Issuing));
        assert_eq!(rollover.advance(["gw1"], NONE), Ok(State::Retired));
        assert_eq!(rollover.advance(["gw1"], NONE), Err(Wait::Done));
    }
}
