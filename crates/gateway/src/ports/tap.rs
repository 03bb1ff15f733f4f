//! Listens to what passes under grants, at the ports of the services they are for, and tells the messages.
//!
//! A copy of the frames is read; nothing waits for it, and nothing hangs on it. At the service's own port only what the
//! packet path let through is seen, both ways.
//!
//! INVARIANT: what is lost is counted and told: a receipt never looks whole when it is not.

use nullius_capture::{Ring, RingOptions};
use nullius_engine::{Conversation, Heard, MAX_VALUES, Said};
use nullius_model::{
    Channel, FlowInfo, FlowUsage, Frame, Message, MessageKind, Object, Observation, Outcome, PortName, Seed,
    Seen, Sink, Transport, Values, VerbClass,
};
use nullius_wire::{Dissector, Limits, addresses};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// Room for what a busy controller says in a tenth of a second.
const RING: RingOptions = RingOptions {
    block_bytes: 1 << 18,
    blocks: 8,
    hand_over_after: Duration::from_millis(5),
    ignore_outgoing: false,
};

/// How often a thread with nothing to do looks whether it should end.
const LOOK_UP: Duration = Duration::from_millis(100);

/// What a tap tells.
#[derive(Debug)]
pub(crate) enum Tapped {
    /// Something was said.
    Heard(Conversation, Heard),
    /// Frames of this port were lost.
    Lost(PortName, u64),
}

/// The taps there are.
#[derive(Debug)]
pub(crate) struct Taps {
    seed: Seed,
    to: Sender<Tapped>,
    taps: BTreeMap<PortName, Arc<Shared>>,
}

/// What a thread is told.
#[derive(Debug, Default)]
struct Shared {
    end: AtomicBool,
    wanted: Mutex<Arc<BTreeSet<Conversation>>>,
}

impl Taps {
    pub(crate) const fn new(seed: Seed, to: Sender<Tapped>) -> Self {
        Self { seed, to, taps: BTreeMap::new() }
    }

    /// Listens to these conversations from here on, and to no others.
    ///
    /// # Errors
    /// What the system says where it gives no thread; the receipts then say that nothing was seen.
    pub(crate) fn want(&mut self, wanted: BTreeMap<PortName, BTreeSet<Conversation>>) -> io::Result<()> {
        self.taps.retain(|port, shared| {
            let stays = wanted.contains_key(port);
            shared.end.store(!stays, Ordering::Relaxed);
            stays
        });
        for (port, conversations) in wanted {
            if let Some(shared) = self.taps.get(&port) {
                let mut here = shared.wanted.lock().unwrap_or_else(PoisonError::into_inner);
                if **here != conversations {
                    *here = Arc::new(conversations);
                }
                continue;
            }
            let shared =
                Arc::new(Shared { end: AtomicBool::new(false), wanted: Mutex::new(Arc::new(conversations)) });
            self.taps.insert(port.clone(), Arc::clone(&shared));
            let (seed, to) = (self.seed, self.to.clone());
            thread::Builder::new()
                .name(format!("tap {port}"))
                .spawn(move || listen(&Tap { port, shared, to }, seed))?;
        }
        Ok(())
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.taps.is_empty()
    }
}

impl Drop for Taps {
    fn drop(&mut self) {
        self.taps.values().for_each(|shared| shared.end.store(true, Ordering::Relaxed));
    }
}

/// One thread's end of it.
struct Tap {
    port: PortName,
    shared: Arc<Shared>,
    to: Sender<Tapped>,
}

impl Tap {
    fn is_over(&self) -> bool {
        self.shared.end.load(Ordering::Relaxed) || self.to.is_closed()
    }

    fn wanted(&self) -> Arc<BTreeSet<Conversation>> {
        Arc::clone(&self.shared.wanted.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn listen(tap: &Tap, seed: Seed) {
    let mut dissector = Dissector::new(Limits::default(), seed);
    let mut messages = Messages { to: &tap.to, wanted: tap.wanted(), dropped: 0, lost: 0 };
    while !tap.is_over() {
        if let Ok(mut ring) = Ring::open(tap.port.as_str(), RING) {
            messages.dropped = 0;
            while !tap.is_over() && read(tap, &mut ring, &mut dissector, &mut messages) {}
        } else {
            thread::sleep(LOOK_UP);
        }
    }
    dissector.finish(&mut messages);
    tell_lost(tap, &mut messages);
}

/// Reads one frame; `false` where the port is gone.
fn read(tap: &Tap, ring: &mut Ring, dissector: &mut Dissector, messages: &mut Messages<'_>) -> bool {
    messages.wanted = tap.wanted();
    let idle = match ring.next_frame(LOOK_UP) {
        Err(_) => return false,
        Ok(None) => true,
        Ok(Some(frame)) => {
            if messages.is_wanted(&frame) {
                dissector.handle_frame(&frame, messages);
            }
            false
        }
    };
    if idle {
        let dropped = ring.statistics().map(|statistics| statistics.dropped).unwrap_or(messages.dropped);
        messages.lost = messages.lost.saturating_add(dropped.saturating_sub(messages.dropped));
        messages.dropped = dropped;
        tell_lost(tap, messages);
    }
    true
}

fn tell_lost(tap: &Tap, messages: &mut Messages<'_>) {
    if messages.lost > 0 && tap.to.try_send(Tapped::Lost(tap.port.clone(), messages.lost)).is_ok() {
        messages.lost = 0;
    }
}

/// Takes messages of wanted conversations out of what is observed.
struct Messages<'t> {
    to: &'t Sender<Tapped>,
    wanted: Arc<BTreeSet<Conversation>>,
    /// Frames this ring let go, as it counts them.
    dropped: u64,
    /// Of those and of what the loop had no room for, how many were not told yet.
    lost: u64,
}

impl Messages<'_> {
    fn is_wanted(&self, frame: &Frame<'_>) -> bool {
        let Some((_, Some([from, to]))) = addresses(frame) else { return false };
        self.wanted
            .iter()
            .any(|talk| (talk.client, talk.server) == (from, to) || (talk.client, talk.server) == (to, from))
    }

    fn conversation(&self, flow: &FlowInfo) -> Option<Conversation> {
        let channel = match flow.transport {
            Transport::Tcp => Channel::Tcp(flow.server.port),
            Transport::Udp => Channel::Udp(flow.server.port),
            Transport::Ip(_) => Channel::Echo,
            Transport::Link(_) => return None,
        };
        let found = Conversation { client: flow.client.ip?, server: flow.server.ip?, channel };
        self.wanted.contains(&found).then_some(found)
    }

    fn tell(&mut self, conversation: Conversation, heard: Heard) {
        if self.to.try_send(Tapped::Heard(conversation, heard)).is_err() {
            self.lost = self.lost.saturating_add(1);
        }
    }
}

impl Sink for Messages<'_> {
    fn observe(&mut self, seen: Seen, flow: Option<&FlowInfo>, observation: Observation<'_>) {
        let Some(conversation) = flow.and_then(|flow| self.conversation(flow)) else { return };
        if let Observation::Message(message) = &observation {
            self.tell(conversation, heard(seen, message));
        } else if let Observation::FlowUsage(usage) = &observation {
            self.tell(conversation, carried(seen, usage));
        }
    }
}

fn heard(seen: Seen, message: &Message<'_>) -> Heard {
    let said = match message.kind {
        MessageKind::Request => Said::Asked(numbers(message.values)),
        MessageKind::Response { outcome: Outcome::Done, .. }
        | MessageKind::Orphan { outcome: Outcome::Done } => Said::Done(numbers(message.values)),
        MessageKind::Response { outcome: Outcome::Refused(_), .. }
        | MessageKind::Orphan { outcome: Outcome::Refused(_) } => Said::Refused,
    };
    Heard {
        at: seen.at,
        unit: message.unit.0,
        verb: message.symbol.verb,
        class: message.symbol.class,
        object: message.symbol.object.clone(),
        said,
    }
}

fn carried(seen: Seen, usage: &FlowUsage) -> Heard {
    let bytes = [usage.from_client.payload, usage.from_server.payload];
    let said = Said::Carried { bytes, ended: u64::from(usage.ended) };
    Heard { at: seen.at, unit: None, verb: "connect", class: VerbClass::Connect, object: Object::Peer, said }
}

fn numbers(values: Values<'_>) -> Vec<i64> {
    match values {
        Values::None => Vec::new(),
        Values::Words(bytes) => {
            let words = bytes.chunks_exact(2).filter_map(|word| word.first_chunk::<2>());
            words.map(|word| i64::from(u16::from_be_bytes(*word))).take(MAX_VALUES).collect()
        }
        Values::Bits(bytes) => {
            let bits = bytes.iter().flat_map(|byte| (0..8).map(move |bit| i64::from(byte >> bit & 1)));
            bits.take(MAX_VALUES).collect()
        }
        Values::Milli(number) => vec![number],
    }
}
