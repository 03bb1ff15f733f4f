//! What was seen and is not suggested: a rule made from an attack would allow the next one (dynamics §5.4, point 2).

use crate::report::summary::crosses;
use nullius_device::risk::evidence::Kind;
use nullius_device::risk::findings::Finding;
use nullius_device::{ConversationView, Party, Picture};
use nullius_model::{Protocol, Symbol, VerbClass};

/// Findings named of one conversation: two machines that fight over addresses make hundreds.
const MAX_FINDINGS: usize = 8;

/// Every reason not to suggest a conversation; none where nothing speaks against it.
pub(super) fn reasons(picture: &Picture, view: &ConversationView) -> Vec<String> {
    let mut reasons = Vec::new();
    if crosses(view) {
        reasons.push("crosses to the internet: say where to and what for".to_owned());
    }
    if matches!(view.server, Party::Silent(_)) || is_unanswered(view) {
        reasons.push("was never answered: there may be nothing to reach".to_owned());
    }
    let mut about: Vec<String> = picture
        .findings
        .iter()
        .filter(|finding| concerns(finding, view) && speaks_against(finding.kind))
        .map(|finding| format!("{}: {}", finding.kind.name(), finding.detail))
        .collect();
    let more = about.len().saturating_sub(MAX_FINDINGS);
    about.truncate(MAX_FINDINGS);
    reasons.extend(about);
    if more > 0 {
        reasons.push(format!("and {more} findings more"));
    }
    reasons
}

/// A verb that governs a controller: granted for a piece of work, never standing.
pub(super) fn governs(protocol: Protocol, symbol: &Symbol) -> bool {
    let class = symbol.class;
    protocol.is_industrial()
        && matches!(class, VerbClass::Configure | VerbClass::Program | VerbClass::Firmware | VerbClass::Admin)
}

fn is_unanswered(view: &ConversationView) -> bool {
    let silent = |channel: &nullius_device::behaviour::table::Channel| {
        channel.answered == 0 && channel.from_server.frames == 0
    };
    matches!(view.server, Party::Device(_)) && view.channel.as_ref().is_some_and(silent)
}

fn concerns(finding: &Finding, view: &ConversationView) -> bool {
    let ends = [view.client, view.server];
    match finding.peer {
        Some(peer) => ends.contains(&finding.subject) && ends.contains(&peer) && same_protocol(finding, view),
        // whoever shares its address with another is not known to be itself; whoever is asked by many is
        None => finding.kind == Kind::AddressConflict && ends.contains(&finding.subject),
    }
}

/// A secret is seen before it is known what the stream speaks: it is filed under TCP.
fn same_protocol(finding: &Finding, view: &ConversationView) -> bool {
    finding.protocol == view.protocol || finding.kind == Kind::CleartextLogin
}

const fn speaks_against(kind: Kind) -> bool {
    match kind {
        Kind::AddressConflict
        | Kind::CleartextLogin
        | Kind::Exposure
        | Kind::FromInternet
        | Kind::Malformed
        | Kind::Scan
        | Kind::SecondWriter
        | Kind::WeakCrypto => true,
        // the border and single verbs are judged by themselves; a weak certificate is mended, not blocked
        Kind::ToInternet | Kind::UnexpectedVerb | Kind::WeakCertificate => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_verbs_that_govern_a_controller_are_left_out() {
        for (protocol, class, expected) in [
            (Protocol::S7comm, VerbClass::Program, true),
            (Protocol::Modbus, VerbClass::Admin, true),
            (Protocol::Modbus, VerbClass::Write, false),
            (Protocol::Dhcp, VerbClass::Configure, false),
        ] {
            assert_eq!(governs(protocol, &Symbol::new(class, "verb")), expected, "{protocol} {class}");
        }
    }
}
