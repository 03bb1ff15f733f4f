//! What the report on the plant must say, counted from the frames of `tshark`.

use super::tshark::Frame;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The report keeps this many gaps of a symbol and then samples.
const GAPS_KEPT: usize = 32;

/// Function, first item, number of items.
type Kind = (u64, u64, u64);

#[derive(Default)]
struct Symbol {
    seen: Vec<(u64, u64)>,
    learned: u64,
    done: u64,
    refused: u64,
    slowest: u64,
}

#[derive(Default)]
struct Channel {
    symbols: BTreeMap<Kind, Symbol>,
    messages: u64,
    learned: u64,
    orphans: u64,
    streams: BTreeSet<u64>,
    sent: [[u64; 3]; 2],
    seen: Vec<(u64, u64)>,
    newest: u64,
}

pub(crate) struct Counted<'f> {
    frames: &'f [Frame],
    until: u64,
    /// By address of client and server.
    channels: BTreeMap<(IpAddr, IpAddr), Channel>,
}

impl<'f> Counted<'f> {
    pub(crate) fn of(frames: &'f [Frame], until: u64) -> Self {
        let mut counted = Self { frames, until, channels: BTreeMap::new() };
        let mut asked = BTreeMap::new();
        for frame in frames {
            counted.count(frame, &mut asked);
        }
        counted
    }

    fn count(&mut self, frame: &Frame, asked: &mut BTreeMap<(u64, u64), (Kind, u64)>) {
        let [source, destination] = [0, 1].map(|end| frame.ips[end].parse().unwrap());
        let asks = frame.ports[1] == 502;
        let key = if asks { (source, destination) } else { (destination, source) };
        let channel = self.channels.entry(key).or_default();
        let sent = &mut channel.sent[usize::from(!asks)];
        [1, frame.length, frame.payload].iter().zip(sent).for_each(|(more, sum)| *sum += more);
        channel.streams.insert(frame.stream);
        for unit in &frame.units {
            channel.seen.push((frame.number, frame.at));
            if asks {
                let kind = (unit.function, unit.first.unwrap(), unit.items.unwrap());
                asked.insert((frame.stream, unit.transaction), (kind, frame.at));
                channel.ask(kind, frame, self.until);
            } else if let Some((kind, at)) = asked.remove(&(frame.stream, unit.transaction)) {
                let symbol = channel.symbols.get_mut(&kind).unwrap();
                *(if unit.refused { &mut symbol.refused } else { &mut symbol.done }) += 1;
                symbol.slowest = symbol.slowest.max(frame.at - at);
            } else {
                channel.orphans += 1;
            }
        }
    }

    fn symbols(&self) -> impl Iterator<Item = (&Kind, &Symbol)> {
        self.channels.values().flat_map(|channel| &channel.symbols)
    }

    pub(crate) fn capture(&self) -> Value {
        let (first, last) = (&self.frames[0], self.frames.last().unwrap());
        json!({
            "frames": self.frames.len(),
            "bytes": self.frames.iter().map(|frame| frame.length).sum::<u64>(),
            "first": moment((first.number, first.at)),
            "last": moment((last.number, last.at)),
            "covered_us": (last.at - first.at) / 1_000,
        })
    }

    pub(crate) fn summary(&self) -> Value {
        let messages = |is: fn(u64) -> bool| -> u64 {
            self.symbols().filter(|((function, ..), _)| is(*function)).map(|(_, symbol)| symbol.count()).sum()
        };
        let outside = || self.symbols().filter(|(_, symbol)| symbol.learned == 0);
        json!({
            "devices": self.macs().len(),
            "conversations": self.channels.len(),
            "ready_conversations": 0,
            "internet_conversations": 0,
            "messages": messages(|_| true),
            "messages_by_class": { "read": messages(|function| !writes(function)), "write": messages(writes) },
            "symbols": self.symbols().count(),
            "writing_symbols": self.symbols().filter(|((function, ..), _)| writes(*function)).count(),
            "outside": {
                "messages": outside().map(|(_, symbol)| symbol.count()).sum::<u64>(),
                "of_messages": self.symbols().map(|(_, symbol)| symbol.count() - symbol.learned).sum::<u64>(),
                "symbols": outside().count(),
                "writing_symbols": outside().filter(|((function, ..), _)| writes(*function)).count(),
                "new_conversations": 0,
            },
        })
    }

    pub(crate) fn quality(&self) -> Value {
        let bad = || self.frames.iter().filter(|frame| frame.bad_checksums > 0);
        let first = bad().next().unwrap();
        let opened: BTreeSet<u64> =
            self.frames.iter().filter(|frame| frame.opens).map(|frame| frame.stream).collect();
        let all: BTreeSet<u64> = self.frames.iter().map(|frame| frame.stream).collect();
        json!({
            "damage": [
                { "kind": "bad-checksum", "count": bad().map(|frame| frame.bad_checksums).sum::<u64>(), "first": moment((first.number, first.at)) },
                // Each direction of a stream begins for itself.
                { "kind": "mid-stream", "count": 2 * (all.len() - opened.len()) },
            ],
        })
    }

    fn macs(&self) -> BTreeMap<IpAddr, &str> {
        self.frames.iter().map(|frame| (frame.ips[0].parse().unwrap(), frame.source.as_str())).collect()
    }

    pub(crate) fn devices(&self) -> Value {
        let device = |(ip, mac): (IpAddr, &str)| {
            let sent: Vec<&Frame> = self.frames.iter().filter(|frame| frame.source == mac).collect();
            let mut moments = sent.iter().map(|frame| (frame.number, frame.at));
            let (first, last) =
                (moment(moments.clone().next().unwrap()), moment(moments.next_back().unwrap()));
            let channels = |serves: bool| {
                self.channels
                    .iter()
                    .filter(move |((client, server), _)| ip == if serves { *server } else { *client })
            };
            let role = |serves: bool| {
                let messages: u64 = channels(serves).map(|(_, channel)| channel.messages).sum();
                let name = if serves { "slave" } else { "master" };
                json!({ "protocol": "modbus", "name": name, "serves": serves, "peers": channels(serves).count(), "messages": messages })
            };
            json!({
                "id": format!("device:{mac}"),
                "name": ip.to_string(),
                "macs": [mac],
                "addresses": [{ "address": ip.to_string(), "proofs": [], "frames": sent.len(), "first": first, "last": last }],
                "roles": [role(channels(true).count() > 0)],
                "frames": sent.len(),
                "bytes": sent.iter().map(|frame| frame.length).sum::<u64>(),
                "first": first,
                "last": last,
            })
        };
        self.macs().into_iter().map(device).collect()
    }

    pub(crate) fn conversations(&self) -> Value {
        let macs = self.macs();
        let conversation = |((client, server), channel): (&(_, _), &Channel)| {
            let outside = || channel.symbols.iter().filter(|(_, symbol)| symbol.learned == 0);
            let sent = channel.sent.map(
                |[frames, bytes, payload]| json!({ "frames": frames, "bytes": bytes, "payload": payload }),
            );
            json!({
                "client": format!("device:{}", macs[client]),
                "server": format!("device:{}", macs[server]),
                "protocol": "modbus",
                "unit": 255,
                "messages": channel.messages,
                "learned": channel.learned,
                "orphans": channel.orphans,
                "unkept": 0,
                "first": moment(channel.seen[0]),
                "last": moment(*channel.seen.last().unwrap()),
                "readiness": channel.readiness(self.until.min(self.frames.last().unwrap().at)),
                "outside": {
                    "messages": outside().map(|(_, symbol)| symbol.count()).sum::<u64>(),
                    "symbols": outside().count(),
                    "writing_symbols": outside().filter(|((function, ..), _)| writes(*function)).count(),
                },
                "symbols": channel.symbols(),
                "traffic": { "from_client": sent[0], "from_server": sent[1], "flows": channel.streams.len(), "answered": channel.streams.len(), "refused": 0, "missing_bytes": 0, "malformed": 0 },
            })
        };
        self.channels.iter().map(conversation).collect()
    }
}

impl Channel {
    fn ask(&mut self, kind: Kind, frame: &Frame, until: u64) {
        let learning = frame.at < until;
        if learning && !self.symbols.contains_key(&kind) {
            self.newest = frame.at;
        }
        let symbol = self.symbols.entry(kind).or_default();
        symbol.seen.push((frame.number, frame.at));
        symbol.learned += u64::from(learning);
        self.messages += 1;
        self.learned += u64::from(learning);
    }

    /// Dynamics §5.2, worked out a second time.
    fn readiness(&self, until: u64) -> Value {
        let learned = || self.symbols.iter().filter(|(_, symbol)| symbol.learned > 0);
        let once = learned().filter(|(_, symbol)| symbol.learned == 1).count() as u64;
        let ppm = once * 1_000_000 / self.learned;
        let (grew, length) = (self.newest - self.seen[0].1, until - self.seen[0].1);
        let writing = learned().filter(|((function, ..), _)| writes(*function)).count();
        let mut doubts = Vec::new();
        if ppm >= 1_000 {
            doubts.push(json!({ "kind": "unseen-mass", "ppm": ppm, "once": once }));
        }
        if 2 * grew > length {
            doubts.push(json!({ "kind": "still-growing", "grew_for_us": grew / 1_000, "learned_for_us": length / 1_000 }));
        }
        doubts.push(json!({ "kind": "unsealed", "symbols": writing }));
        json!({ "ready": false, "unseen_ppm": ppm, "doubts": doubts })
    }

    /// In the report's order: by class, verb, object.
    fn symbols(&self) -> Value {
        let mut symbols: Vec<(_, Value)> =
            self.symbols.iter().map(|(kind, symbol)| (order(*kind), symbol.told(*kind))).collect();
        symbols.sort_by_key(|(order, _)| *order);
        symbols.into_iter().map(|(_, symbol)| symbol).collect()
    }
}

impl Symbol {
    fn count(&self) -> u64 {
        self.seen.len() as u64
    }

    fn told(&self, (function, first, items): Kind) -> Value {
        let (verb, space) = words(function);
        let mut told = json!({
            "sender": "client",
            "class": if writes(function) { "write" } else { "read" },
            "verb": verb,
            "object": { "kind": "range", "space": space, "number": null, "first": first, "count": items },
            "size_up_to_bytes": null,
            "count": self.count(),
            "learned": self.learned,
            "first": moment(self.seen[0]),
            "last": moment(*self.seen.last().unwrap()),
            "answers": { "done": self.done, "refused": self.refused, "slowest_us": self.slowest / 1_000 },
            "envelope_milli": [],
        });
        if self.seen.len() <= GAPS_KEPT + 1 {
            told["period"] = self.period();
        }
        told
    }

    fn period(&self) -> Value {
        let mut gaps: Vec<u64> = self.seen.windows(2).map(|pair| (pair[1].1 - pair[0].1) / 1_000).collect();
        if gaps.len() < 4 {
            return Value::Null;
        }
        gaps.sort_unstable();
        let median = gaps[gaps.len() / 2];
        let mut strays: Vec<u64> = gaps.iter().map(|gap| gap.abs_diff(median)).collect();
        strays.sort_unstable();
        let stray = strays[strays.len() / 2];
        json!({ "median_us": median, "deviation_us": stray, "shortest_us": gaps[0], "longest_us": gaps.last(), "regular": median > 0 && stray * 20 < median })
    }
}

/// Modbus application protocol 1.1b3: the functions of this plant, and what they are about.
fn words(function: u64) -> (&'static str, &'static str) {
    match function {
        1 => ("read_coils", "coil"),
        2 => ("read_discrete_inputs", "discrete_input"),
        4 => ("read_input_registers", "input_register"),
        15 => ("write_multiple_coils", "coil"),
        16 => ("write_multiple_registers", "holding_register"),
        other => panic!("function {other} is not in the capture"),
    }
}

fn order((function, first, items): Kind) -> (bool, &'static str, &'static str, u64, u64) {
    let (verb, space) = words(function);
    (writes(function), verb, space, first, items)
}

const fn writes(function: u64) -> bool {
    matches!(function, 15 | 16)
}

fn moment((frame, at): (u64, u64)) -> Value {
    json!({ "frame": frame, "at": nullius_model::Timestamp::from_nanos(at).to_string() })
}
