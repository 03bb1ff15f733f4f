//! Transcripts of grants: on the disk, and as a client reads them.

use super::standing::device_name;
use nullius_engine::{Effect, GrantId, Item, Transcript};
use nullius_model::{SmolStr, Timestamp};
use nullius_policy::ServiceId;
use nullius_protocol::{local, state};

/// As it is written.
pub(crate) fn from_transcript(id: GrantId, transcript: &Transcript, given: bool) -> state::Transcript {
    let effect = |effect: &Effect| state::Effect {
        verb: effect.verb.to_string(),
        class: effect.class.to_string(),
        space: effect.space.to_string(),
        range: effect.range,
        counts: [effect.asked, effect.done, effect.refused, effect.denied],
        bytes: effect.bytes,
        seen: [effect.first.as_nanos(), effect.last.as_nanos()],
    };
    let ended = transcript.ended.as_ref();
    let items = transcript.items.iter();
    state::Transcript {
        grant: id.0,
        subject: transcript.subject.to_string(),
        device: transcript.object.device.to_string(),
        service: transcript.object.service.to_string(),
        began: transcript.began.as_nanos(),
        ended: ended.map(|(at, why)| (at.as_nanos(), why.to_string())),
        given,
        effects: transcript.effects.iter().map(effect).collect(),
        more: transcript.more,
        items: items
            .map(|((space, number), item)| state::Item {
                space: space.to_string(),
                number: *number,
                before: item.before,
                after: item.after,
                written: item.written,
            })
            .collect(),
        lost: transcript.lost,
        interrupted: transcript.interrupted,
    }
}

/// As it was written; the text says which word means nothing.
pub(crate) fn to_transcript(written: state::Transcript) -> Result<Transcript, String> {
    let effect = |effect: state::Effect| {
        let ([asked, done, refused, denied], [first, last]) = (effect.counts, effect.seen);
        Effect {
            verb: effect.verb.into(),
            class: effect.class.into(),
            space: effect.space.into(),
            range: effect.range,
            asked,
            done,
            refused,
            denied,
            bytes: effect.bytes,
            first: Timestamp::from_nanos(first),
            last: Timestamp::from_nanos(last),
            pending: Vec::new(),
        }
    };
    let item = |item: state::Item| {
        let state::Item { space, number, before, after, written } = item;
        ((SmolStr::from(space), number), Item { before, after, written })
    };
    Ok(Transcript {
        subject: device_name(&written.subject)?,
        object: ServiceId { device: device_name(&written.device)?, service: written.service.into() },
        began: Timestamp::from_nanos(written.began),
        ended: written.ended.map(|(at, why)| (Timestamp::from_nanos(at), why.into())),
        effects: written.effects.into_iter().map(effect).collect(),
        more: written.more,
        items: written.items.into_iter().map(item).collect(),
        lost: written.lost,
        interrupted: written.interrupted,
    })
}

/// As a client reads it.
pub(crate) fn receipt(id: GrantId, transcript: &Transcript) -> local::Receipt {
    let effect = |effect: &Effect| local::Effect {
        verb: effect.verb.to_string(),
        class: effect.class.to_string(),
        target: effect.target(),
        asked: effect.asked,
        done: effect.done,
        refused: effect.refused,
        denied: effect.denied,
        bytes: effect.bytes,
        first: effect.first.to_string(),
        last: effect.last.to_string(),
        changes: transcript
            .changes(effect)
            .map(|(item, values)| local::Change { item, before: values.before, after: values.after })
            .collect(),
    };
    let ended = transcript.ended.as_ref();
    local::Receipt {
        grant: id.0,
        subject: transcript.subject.to_string(),
        object: transcript.object.to_string(),
        began: transcript.began.to_string(),
        ended: ended.map(|(at, _)| at.to_string()),
        why: ended.map(|(_, why)| why.to_string()).unwrap_or_default(),
        effects: transcript.effects.iter().map(effect).collect(),
        unseen: transcript.unseen(),
        digest: transcript.digest().iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}
