//! What a client may ask, by the socket it came in at.
//!
//! INVARIANT: no command is for both, but those that only ask: a link that was taken over does nothing that its controller
//! did not sign, and nobody at the gateway says what the controller has.

use nullius_protocol::link::is_question;
use nullius_protocol::local::Command;

/// Who comes in at a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// People and their programs.
    Operator,
    /// The link to the controller.
    Link,
}

impl Role {
    /// Whether `command` is for whoever comes in here.
    pub(super) const fn may(self, command: &Command) -> bool {
        let is_links = matches!(
            command,
            Command::LinkState { .. }
                | Command::Deliver { .. }
                | Command::SpoolRead { .. }
                | Command::SpoolAcked { .. }
                | Command::Proven { .. }
                | Command::Unproven { .. }
                | Command::Trust
                | Command::WatchTrust
        );
        match self {
            Self::Operator => !is_links,
            Self::Link => is_links || is_question(command),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nullius_protocol::link::Hash;

    #[test]
    fn a_link_asks_and_delivers_and_does_nothing_else() {
        let (deliver, acked) = (Command::Deliver { bundle: vec![] }, Command::SpoolAcked { through: 1 });
        let revoke = Command::Revoke { device: "a".into(), reason: "b".into() };
        let unproven = Command::Unproven { device: "a".into(), key: Hash::default(), reason: "b".into() };
        let vouch = Command::Vouch { device: "a".into(), seconds: 60, reason: "b".into() };
        let hold = Command::Hold { on: false, reason: "b".into() };
        for (command, operator, link) in [
            (Command::Status, true, true),
            (deliver, false, true),
            (acked, false, true),
            (Command::LinkState { trouble: String::new() }, false, true),
            (Command::Trust, false, true),
            (Command::WatchTrust, false, true),
            (unproven, false, true),
            (vouch, true, false),
            (revoke, true, false),
            (hold, true, false),
            (Command::PolicyApply { bundle: vec![] }, true, false),
            (Command::Tail, true, false),
        ] {
            assert_eq!(
                (Role::Operator.may(&command), Role::Link.may(&command)),
                (operator, link),
                "{command:?}"
            );
        }
    }
}
