//! What was done under a grant, message by message, as far as it could be seen.
//!
//! It is made from copies of frames and judges nothing. Values are process values: they stay in the gateway's own
//! state, and only addresses, counts and a digest go into the records unless somebody asked for more.
//!
//! INVARIANT: bounded, whatever is sent: what finds no room is counted.

use nullius_model::{DeviceName, Object, SmolStr, Timestamp, VerbClass};
use nullius_policy::ServiceId;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;

/// Kinds of message told apart under one grant; a scan of every register is a few of them and a rest (attack 13).
pub(crate) const MAX_EFFECTS: usize = 256;

/// Items whose values are followed under one grant: every register of a large block, and no more.
pub(crate) const MAX_ITEMS: usize = 1_024;

/// Values taken from one message: as many registers as Modbus carries, and coils in part.
pub const MAX_VALUES: usize = 128;

/// What a grant's holder and the service said to each other, taken from the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// When.
    pub at: Timestamp,
    /// The part of the server it is for.
    pub unit: Option<u32>,
    /// The protocol's verb.
    pub verb: &'static str,
    /// Its class.
    pub class: VerbClass,
    /// What it is done to.
    pub object: Object,
    /// What was said.
    pub said: Said,
}

/// What was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It was asked for, with these values; none where nothing is written, or nobody can read them.
    Asked(Vec<i64>),
    /// It was done, and brought these values.
    Done(Vec<i64>),
    /// It was refused.
    Refused,
    /// Bytes of a connection, and how many connections ended.
    Carried {
        /// From the client, then from the server.
        bytes: [u64; 2],
        /// Connections that ended.
        ended: u64,
    },
}

/// What was done under one grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// Who had the grant.
    pub subject: DeviceName,
    /// For what.
    pub object: ServiceId,
    /// When it began.
    pub began: Timestamp,
    /// When it ended, and why.
    pub ended: Option<(Timestamp, SmolStr)>,
    /// Kinds of message, in the order in which they were seen first.
    pub effects: Vec<Effect>,
    /// Messages that found no room.
    pub more: u64,
    /// Items that were read or written: where they count, and which.
    pub items: BTreeMap<(SmolStr, u32), Item>,
    /// Frames that were lost before anybody read them.
    pub lost: u64,
    /// How often nobody listened for a while, since the gateway was started anew.
    pub interrupted: u64,
}

/// One kind of message, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// The protocol's verb.
    pub verb: SmolStr,
    /// Its class.
    pub class: SmolStr,
    /// Where the items count: `unit 1 holding_register`.
    pub space: SmolStr,
    /// The first item and how many; another thing where there are none, named in `space`.
    pub range: Option<(u32, u32)>,
    /// How often it was asked for.
    pub asked: u64,
    /// How often it was done.
    pub done: u64,
    /// How often the service refused it.
    pub refused: u64,
    /// How many packets of it the packet path denied.
    pub denied: u64,
    /// Bytes from the client, then from the server, of a connection.
    pub bytes: [u64; 2],
    /// When it was seen first.
    pub first: Timestamp,
    /// When it was seen last.
    pub last: Timestamp,
    /// What was asked to be written and is not answered yet.
    pub pending: Vec<i64>,
}

/// The value of one item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// As it was seen last before it was written.
    pub before: Option<i64>,
    /// As it was seen or written last, after it was written first.
    pub after: Option<i64>,
    /// It was written.
    pub written: bool,
}

impl Transcript {
    pub(crate) const fn new(subject: DeviceName, object: ServiceId, began: Timestamp) -> Self {
        Self {
            subject,
            object,
            began,
            ended: None,
            effects: Vec::new(),
            more: 0,
            items: BTreeMap::new(),
            lost: 0,
            interrupted: 0,
        }
    }

    /// Takes one message in.
    pub(crate) fn hear(&mut self, heard: Heard) {
        let Heard { at, unit, verb, class, object, said } = heard;
        let (space, range) = place(unit, &object);
        let key = Effect {
            verb: SmolStr::new_static(verb),
            class: SmolStr::new_static(class.name()),
            space,
            range,
            ..Effect::default()
        };
        let Some(place) = self.effect(&key, at) else {
            self.more = self.more.saturating_add(1);
            return;
        };
        let Some(effect) = self.effects.get_mut(place) else { return };
        effect.last = effect.last.max(at);
        match said {
            Said::Asked(values) => {
                effect.asked = effect.asked.saturating_add(1);
                effect.pending = values;
            }
            Said::Done(values) => {
                effect.done = effect.done.saturating_add(1);
                let written = std::mem::take(&mut effect.pending);
                self.follow(&key, written, true);
                self.follow(&key, values, false);
            }
            Said::Refused => {
                effect.refused = effect.refused.saturating_add(1);
                effect.pending = Vec::new();
            }
            Said::Carried { bytes, ended } => {
                effect.asked = effect.asked.saturating_add(ended);
                for (sum, bytes) in effect.bytes.iter_mut().zip(bytes) {
                    *sum = sum.saturating_add(bytes);
                }
            }
        }
    }

    /// Packets of the subject to the object were denied while the grant was in force.
    pub(crate) fn deny(&mut self, carrier: &str, packets: u64, at: Timestamp) {
        let key = Effect {
            verb: SmolStr::new_static("connect"),
            class: SmolStr::new_static("denied"),
            space: SmolStr::new(carrier),
            ..Effect::default()
        };
        match self.effect(&key, at).and_then(|place| self.effects.get_mut(place)) {
            Some(effect) => {
                effect.denied = effect.denied.saturating_add(packets);
                effect.last = effect.last.max(at);
            }
            None => self.more = self.more.saturating_add(packets),
        }
    }

    fn effect(&mut self, key: &Effect, at: Timestamp) -> Option<usize> {
        let same = |other: &Effect| {
            (&other.verb, &other.space, other.range) == (&key.verb, &key.space, key.range)
                && other.class == key.class
        };
        if let Some(place) = self.effects.iter().position(same) {
            return Some(place);
        }
        if self.effects.len() >= MAX_EFFECTS {
            return None;
        }
        self.effects.push(Effect { first: at, last: at, ..key.clone() });
        Some(self.effects.len() - 1)
    }

    /// Values of a range: as written, or as read.
    fn follow(&mut self, key: &Effect, values: Vec<i64>, written: bool) {
        let Some((first, count)) = key.range else { return };
        let items = (first..first.saturating_add(count)).zip(values.into_iter().take(MAX_VALUES));
        for (number, value) in items {
            let place = (key.space.clone(), number);
            if !self.items.contains_key(&place) && self.items.len() >= MAX_ITEMS {
                return;
            }
            let item = self.items.entry(place).or_default();
            item.written |= written;
            if item.written {
                item.after = Some(value);
            } else {
                item.before = Some(value);
            }
        }
    }

    /// The items that were written, of one effect.
    pub fn changes<'t>(&'t self, effect: &'t Effect) -> impl Iterator<Item = (u32, &'t Item)> + 't {
        let (first, count) = effect.range.unwrap_or_default();
        let is_write = !matches!(effect.class.as_str(), "read" | "discover" | "subscribe");
        let range = (effect.space.clone(), first)..(effect.space.clone(), first.saturating_add(count));
        let items = self.items.range(range).filter(move |(_, item)| is_write && item.written);
        items.map(|((_, number), item)| (*number, item))
    }

    /// What nobody could see, in words; nothing where the transcript is whole.
    pub fn unseen(&self) -> Vec<String> {
        let carried = self.effects.iter().any(|effect| effect.bytes != [0, 0]);
        let is_message = |effect: &&Effect| effect.verb != "connect" && effect.bytes == [0, 0];
        let read = self.effects.iter().any(|effect| is_message(&effect));
        let notes = [
            (self.lost > 0, format!("{} frames were lost before they were read", self.lost)),
            (
                self.interrupted > 0,
                format!("the gateway was started anew {} times, and saw nothing meanwhile", self.interrupted),
            ),
            (
                carried && !read,
                "no message could be read: they are encrypted, or of a protocol this gateway does not read"
                    .to_owned(),
            ),
            (self.effects.is_empty(), "nothing was seen at all".to_owned()),
            (self.more > 0, format!("{} messages of further kinds are only counted", self.more)),
        ];
        notes.into_iter().filter(|(holds, _)| *holds).map(|(_, words)| words).collect()
    }

    /// One line a kind of message, inert; with values or without.
    pub fn lines(&self, with_values: bool) -> Vec<String> {
        self.effects
            .iter()
            .map(|effect| {
                let changes = self.changes(effect).map(|(number, item)| format!(" {number}: {item}"));
                let changes: String = if with_values { changes.collect() } else { String::new() };
                format!("{effect}{changes}")
            })
            .collect()
    }

    /// SHA-256 over all that was seen, values and all.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let head = format!("{} {} {} {}\n", self.subject, self.object, self.began, self.more);
        hash.update(head.as_bytes());
        for line in self.lines(true).into_iter().chain(self.unseen()) {
            hash.update(line.as_bytes());
            hash.update(b"\n");
        }
        hash.finalize().into()
    }
}

/// Where items count, and which of them are meant.
fn place(unit: Option<u32>, object: &Object) -> (SmolStr, Option<(u32, u32)>) {
    let unit = unit.map(|unit| format!("unit {unit} ")).unwrap_or_default();
    match object {
        Object::Range { space, first, count } => {
            let number = space.number.map(|number| number.to_string()).unwrap_or_default();
            (SmolStr::new(format!("{unit}{}{number}", space.name)), Some((*first, *count)))
        }
        Object::Peer | Object::Name(_) | Object::Code(_) => {
            (SmolStr::new(format!("{unit}{object}").trim_end()), None)
        }
    }
}

impl Effect {
    /// What it was done to: `unit 1 holding_register[0..4]`.
    pub fn target(&self) -> String {
        match self.range {
            None => self.space.to_string(),
            Some((first, 1)) => format!("{}[{first}]", self.space),
            Some((first, count)) => {
                format!("{}[{first}..{}]", self.space, u64::from(first) + u64::from(count))
            }
        }
    }
}

/// `write write_multiple_registers unit 1 holding_register[4..6]: asked 2, done 1, refused 1`.
impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.class, self.verb)?;
        let target = self.target();
        if !target.is_empty() {
            write!(f, " {target}")?;
        }
        write!(f, ": asked {}", self.asked)?;
        for (word, count) in [("done", self.done), ("refused", self.refused), ("denied", self.denied)] {
            if count > 0 {
                write!(f, ", {word} {count}")?;
            }
        }
        match self.bytes {
            [0, 0] => Ok(()),
            [sent, received] => write!(f, ", {sent} bytes there and {received} back"),
        }
    }
}

/// `10 -> 20`, `? -> 20`.
impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (arrow, value) in [("", self.before), (" -> ", self.after)] {
            match value {
                Some(value) => write!(f, "{arrow}{value}")?,
                None => write!(f, "{arrow}?")?,
            }
        }
        Ok(())
    }
}
