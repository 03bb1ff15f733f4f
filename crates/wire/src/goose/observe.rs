//! What GOOSE messages mean: a state told, or repeated; by the rules, or by somebody who does not know them.
//!
//! A publisher repeats its state for ever, ever more slowly: those repetitions (`goose`) have a rhythm that a baseline can
//! learn. A new state (`goose_state_change`) comes when the process moves. Messages of a test set and of a half-configured
//! publisher have verbs of their own, as nobody should act on them.
//!
//! Counters that run backwards are told as malformed: either the publisher restarted, or somebody replays or forges its
//! messages under its address.

use super::Session;
use super::parser::{Frame, Goose, Pdu};
use crate::context::Context;
use crate::reader::{Parse, ensure};
use nullius_model::{Attribute, Object, Protocol, Symbol, Unit, Values, VerbClass};
use smol_str::SmolStr;

const PROTOCOL: Protocol = Protocol::Goose;

/// Most control blocks remembered of one publisher and group. Devices have a handful; a forger could name a new one in
/// every frame.
const MAX_CONTROL_BLOCKS: usize = 32;

/// What was last heard of a control block.
#[derive(Debug)]
pub(super) struct Published {
    name: SmolStr,
    state: u32,
    sequence: u32,
    revision: u32,
}

impl Session {
    pub(super) fn handle_frame(&mut self, frame: &Frame<'_>, context: &mut Context<'_>) -> Parse<()> {
        let unit = Unit::number(u32::from(frame.appid));
        let Pdu::Goose(goose) = frame.pdu else {
            let management = Symbol::new(VerbClass::Discover, "gse_management");
            context.request(PROTOCOL, unit, management, Values::None);
            return Ok(());
        };
        let name = goose.control_block;
        let position = self.published.iter().position(|known| known.name == name);
        let before = position.and_then(|position| self.published.remove(position));
        let is_new = before.is_none();
        let moved = |before: &Published| before.state != goose.state || before.is_begun_anew_by(&goose);
        let changed = goose.sequence == 0 || before.as_ref().is_some_and(moved);
        let name = before.as_ref().map_or_else(|| SmolStr::new(name), |before| before.name.clone());
        let symbol = Symbol::new(VerbClass::Publish, verb(frame, &goose, changed));
        context.request(PROTOCOL, unit, symbol.about(Object::Name(name.clone())), Values::None);
        if is_new {
            tell(&name, context);
        }
        self.remember(Published {
            name,
            state: goose.state,
            sequence: goose.sequence,
            revision: goose.revision,
        });
        before.map_or(Ok(()), |before| before.is_followed_by(&goose))
    }

    fn remember(&mut self, published: Published) {
        if self.published.len() == MAX_CONTROL_BLOCKS {
            self.published.pop_front();
        }
        self.published.push_back(published);
    }
}

const fn verb(frame: &Frame<'_>, goose: &Goose<'_>, changed: bool) -> &'static str {
    if frame.simulated || goose.simulated {
        "goose_simulated"
    } else if goose.needs_commissioning {
        "goose_needs_commissioning"
    } else if changed {
        "goose_state_change"
    } else {
        "goose"
    }
}

impl Published {
    /// Counting starts at state 1, repetition 1 when a publisher starts.
    const fn is_begun_anew_by(&self, goose: &Goose<'_>) -> bool {
        let wraps = self.state == u32::MAX || (self.state == 1 && self.sequence == u32::MAX);
        goose.state == 1
            && goose.sequence <= 1
            && !wraps
            && (self.state != 1 || self.sequence > goose.sequence)
    }

    /// Whether this message may come next (18.1.2.5): states count up, repetitions of one state too; both wrap at 32
    /// bits, past 0.
    fn is_followed_by(&self, goose: &Goose<'_>) -> Parse<()> {
        ensure(!self.is_begun_anew_by(goose), "counting begins anew: restart, or forgery")?;
        ensure(
            goose.state >= self.state || self.state == u32::MAX,
            "state number runs backwards: replay, or forgery",
        )?;
        let repeats = goose.state == self.state && self.sequence != u32::MAX;
        ensure(
            !repeats || goose.sequence >= self.sequence,
            "sequence number runs backwards: replay, or forgery",
        )?;
        ensure(goose.revision == self.revision, "configuration revision changed")
    }
}

/// The logical device that the control block lies in: all that a publisher says of itself.
fn tell(control_block: &str, context: &mut Context<'_>) {
    if let Some((device, _)) = control_block.split_once('/') {
        context.fact(PROTOCOL, Attribute::Application, device);
    }
}
