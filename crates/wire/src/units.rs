//! Streams of units that begin with their own length, as Modbus/TCP, IEC 60870-5-104 and ISO transport are: how they
//! are read one after the other, and what is believed after a gap.
//!
//! It knows no unit: the protocol reads it, and judges whether bytes begin with one.
//!
//! INVARIANT: after a gap nothing of a direction is read until the protocol believes that a unit begins there.

use crate::context::Context;
use crate::parser::Progress;
use crate::reader::{Parse, ParseError, Reader};
use crate::sides::Sides;
use nullius_model::{Direction, Protocol};

/// Hands over every whole unit of `bytes`. What is no unit is malformed, and the segment lost.
pub(crate) fn each_unit<'a, T>(
    protocol: Protocol,
    bytes: &'a [u8],
    read: impl Fn(&mut Reader<'a>) -> Parse<T>,
    context: &mut Context<'_>,
    mut handle: impl FnMut(T, &mut Context<'_>),
) -> Progress {
    let mut reader = Reader::new(bytes);
    loop {
        match read(&mut reader) {
            Ok(unit) => handle(unit, context),
            Err(ParseError::Short) => return Progress::Consumed(bytes.len() - reader.left()),
            Err(error @ ParseError::Invalid(_)) => {
                context.malformed(protocol, error);
                return Progress::Lost;
            }
        }
    }
}

/// Whether bytes after a gap begin with a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resume {
    Believe,
    /// They may: the first unit is not whole yet.
    Wait,
    Disbelieve,
}

/// Whether each direction of a flow is known to stand where a unit begins.
#[derive(Debug, Default)]
pub(crate) struct Footing {
    unsure: Sides<bool>,
    server_heard: bool,
}

impl Footing {
    /// Notes a gap. True if requests that are open will not be answered recognisably any more: a flow picked up in its
    /// middle begins with a gap on each side, and its first requests still wait for answers.
    pub(crate) const fn handle_gap(&mut self, direction: Direction) -> bool {
        *self.unsure.of(direction) = true;
        self.server_heard
    }

    /// What to say of bytes instead of reading them, unless `resume` believes them or nothing is missing before them.
    pub(crate) fn hold_back(
        &mut self,
        direction: Direction,
        resume: impl FnOnce() -> Resume,
    ) -> Option<Progress> {
        let unsure = self.unsure.of(direction);
        if *unsure {
            match resume() {
                Resume::Believe => *unsure = false,
                Resume::Wait => return Some(Progress::Consumed(0)),
                Resume::Disbelieve => return Some(Progress::Lost),
            }
        }
        self.server_heard |= direction == Direction::FromServer;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{FromClient, FromServer};

    #[test]
    fn only_the_direction_with_the_gap_is_held_back_until_it_is_believed() {
        let mut footing = Footing::default();
        assert_eq!(footing.hold_back(FromClient, || Resume::Disbelieve), None, "nothing is missing");
        assert!(!footing.handle_gap(FromClient), "no answer was heard yet");
        assert_eq!(footing.hold_back(FromClient, || Resume::Wait), Some(Progress::Consumed(0)));
        assert_eq!(footing.hold_back(FromClient, || Resume::Disbelieve), Some(Progress::Lost));
        assert_eq!(footing.hold_back(FromServer, || Resume::Disbelieve), None);
        assert_eq!(footing.hold_back(FromClient, || Resume::Believe), None);
        assert_eq!(footing.hold_back(FromClient, || Resume::Disbelieve), None, "believed from now on");
        assert!(footing.handle_gap(FromServer));
    }
}
