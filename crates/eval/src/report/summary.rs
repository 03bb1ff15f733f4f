//! What every report counts, counted once.

use crate::run::Evaluation;
use nullius_device::{ConversationView, Party, Picture};
use nullius_model::VerbClass;
use std::collections::BTreeMap;
use std::time::Duration;

/// The numbers of a report's first lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Devices.
    pub devices: u64,
    /// Conversations.
    pub conversations: u64,
    /// Conversations whose alphabet may be enforced as it is.
    pub ready: u64,
    /// Requests, and messages nobody asked for.
    pub messages: u64,
    /// Messages by verb class.
    pub by_class: BTreeMap<VerbClass, u64>,
    /// Symbols.
    pub symbols: u64,
    /// Symbols that change something.
    pub writing_symbols: u64,
    /// From the first to the last frame.
    pub covered: Duration,
    /// Conversations with the internet.
    pub to_internet: u64,
    /// What default deny, learned on the first part, would have blocked in the rest.
    pub outside: Outside,
    /// Why the report is partial; empty if it is whole.
    pub partial: Vec<String>,
}

/// What default deny would have blocked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// Messages.
    pub messages: u64,
    /// Of how many after learning.
    pub of: u64,
    /// Symbols never seen while learning.
    pub symbols: u64,
    /// Of these, symbols that change something.
    pub writing_symbols: u64,
    /// Conversations that only began after learning.
    pub new_conversations: u64,
}

impl Summary {
    /// Counts an evaluation.
    pub fn of(evaluation: &Evaluation) -> Self {
        let picture = &evaluation.picture;
        let views = &picture.conversations;
        let mut by_class = BTreeMap::new();
        for (_, symbol, record) in views.iter().flat_map(|view| &view.alphabet) {
            *by_class.entry(symbol.class).or_insert(0) += record.count;
        }
        let alphabet = || views.iter().flat_map(|view| &view.alphabet);
        Self {
            devices: picture.devices.len() as u64,
            conversations: views.len() as u64,
            ready: views.iter().filter(|view| view.readiness.is_ready()).count() as u64,
            messages: views.iter().map(ConversationView::messages).sum(),
            by_class,
            symbols: alphabet().count() as u64,
            writing_symbols: alphabet().filter(|(_, symbol, _)| symbol.class.needs_seal()).count() as u64,
            covered: picture.first.map_or(Duration::ZERO, |first| picture.last.at.since(first.at)),
            to_internet: views.iter().filter(|view| crosses(view)).count() as u64,
            outside: Outside::of(picture),
            partial: partial(evaluation),
        }
    }
}

impl Outside {
    fn of(picture: &Picture) -> Self {
        picture.conversations.iter().fold(Self::default(), |sum, view| {
            let learned = view.tally.map_or(0, |tally| tally.learned);
            Self {
                messages: sum.messages + view.outside_messages(),
                of: sum.of + view.messages() - learned,
                symbols: sum.symbols + view.outside().count() as u64,
                writing_symbols: sum.writing_symbols
                    + view.outside().filter(|(_, symbol, _)| symbol.class.needs_seal()).count() as u64,
                new_conversations: sum.new_conversations + u64::from(view.messages() > 0 && learned == 0),
            }
        })
    }
}

/// The conversation crosses the border to the internet.
pub fn crosses(view: &ConversationView) -> bool {
    matches!(view.client, Party::Internet(_)) || matches!(view.server, Party::Internet(_))
}

/// Bytes that flowed both ways, over all units of this client, server and protocol.
pub fn carried(view: &ConversationView) -> u64 {
    view.channel.as_ref().map_or(0, |channel| channel.from_client.bytes + channel.from_server.bytes)
}

/// Every reason why the report shows less, or other, than what happened: one sentence each.
fn partial(evaluation: &Evaluation) -> Vec<String> {
    let quality = &evaluation.picture.quality;
    let number = super::words::number;
    let damage = quality.damage().map(|(name, damage)| {
        let (count, first) = (number(damage.count), damage.first.frame);
        match name {
            "cut-frame" => format!("{count} frames cut short by the capture's snapshot length, {} lacking", super::words::bytes(damage.bytes)),
            "duplicate" => format!("{count} packets captured twice, as by two mirror ports; counted once (first: frame {first})"),
            "bad-checksum" => format!("{count} checksums do not match (first: frame {first}); usual where the capturing machine itself sends"),
            "stream-gap" => format!("{} of TCP streams never captured, in {count} gaps (first: frame {first})", super::words::bytes(damage.bytes)),
            "conflicting-overlap" => format!("{count} overlaps with different content: evasion or a broken stack (first: frame {first})"),
            "mid-stream" => format!("{count} streams already running when the capture began"),
            "incomplete-fragments" => format!("{count} fragmented packets never became whole (first: frame {first})"),
            "table-full" => format!("{count} times a table was full and let old flows go (first: frame {first})"),
            _ => format!("{count} frames with broken headers (first: frame {first})"),
        }
    });
    let tables = [
        (quality.evicted_stations, "addresses seen least let go: the table of stations is bounded"),
        (quality.evicted_conversations, "conversations with fewest messages let go: their table is bounded"),
        (quality.refused_symbols, "messages not learned: the tables of symbols are bounded"),
        (quality.refused_findings, "findings not kept: their table is bounded"),
    ];
    let let_go = tables
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", number(count)));
    evaluation.notes.iter().cloned().chain(damage).chain(let_go).collect()
}
