//! A thread that listens on one port and tells who speaks there.
//!
//! Receives only. A port that is not there yet, or went away, is tried again every second; frames that found the ring
//! full are not missed, since whoever sent them speaks again.

use super::frame;
use super::sightings::Sightings;
use nullius_capture::{Ring, RingOptions};
use nullius_model::{Mac, PortName, Seed};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// A small ring: senders are all that is read.
const RING: RingOptions = RingOptions {
    block_bytes: 1 << 16,
    blocks: 4,
    hand_over_after: Duration::from_millis(5),
    ignore_outgoing: true,
};

/// How long until a port that cannot be listened on is tried again.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How often a thread with nothing to do looks whether it should end.
const LOOK_UP: Duration = Duration::from_millis(200);

/// Somebody spoke on a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sighting {
    /// Where.
    pub(crate) port: PortName,
    /// With which hardware address.
    pub(crate) mac: Mac,
    /// For which network address.
    pub(crate) address: Option<IpAddr>,
}

/// Listens while it lives.
#[derive(Debug)]
pub(crate) struct Listener {
    signals: Arc<Signals>,
}

#[derive(Debug, Default)]
struct Signals {
    end: AtomicBool,
    forget: AtomicBool,
}

impl Listener {
    /// Listens on `port` from here on, in a thread of this one's network namespace.
    ///
    /// # Errors
    /// What the system says where it gives no thread.
    pub(crate) fn start(port: PortName, seed: Seed, to: Sender<Sighting>) -> io::Result<Self> {
        let signals = Arc::new(Signals::default());
        let shared = Arc::clone(&signals);
        thread::Builder::new()
            .name(format!("port {port}"))
            .spawn(move || listen(&port, seed, &to, &shared))?;
        Ok(Self { signals })
    }

    /// Whoever speaks next is news: a link was pulled.
    pub(crate) fn forget(&self) {
        self.signals.forget.store(true, Ordering::Relaxed);
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.signals.end.store(true, Ordering::Relaxed);
    }
}

fn listen(port: &PortName, seed: Seed, to: &Sender<Sighting>, signals: &Signals) {
    let mut sightings = Sightings::new(seed);
    while !signals.end.load(Ordering::Relaxed) {
        if let Ok(mut ring) = Ring::open(port.as_str(), RING) {
            while tell(port, &mut ring, &mut sightings, to, signals) {}
        }
        pause(signals);
    }
}

/// Reads one frame; `false` where the thread should end or the port is gone.
fn tell(
    port: &PortName,
    ring: &mut Ring,
    sightings: &mut Sightings,
    to: &Sender<Sighting>,
    signals: &Signals,
) -> bool {
    if signals.end.load(Ordering::Relaxed) || to.is_closed() {
        return false;
    }
    if signals.forget.swap(false, Ordering::Relaxed) {
        sightings.forget();
    }
    let Ok(next) = ring.next_frame(LOOK_UP) else { return false };
    let Some(seen) = next else { return true };
    let Some((mac, address)) = frame::sender(seen.bytes) else { return true };
    if sightings.is_news(mac, address, seen.at) {
        let sighting = Sighting { port: port.clone(), mac, address };
        if to.try_send(sighting).is_err() {
            // the loop is behind: whoever speaks again is news again
            sightings.forget();
        }
    }
    true
}

fn pause(signals: &Signals) {
    let mut left = TRY_AGAIN_AFTER;
    while !left.is_zero() && !signals.end.load(Ordering::Relaxed) {
        thread::sleep(LOOK_UP);
        left = left.saturating_sub(LOOK_UP);
    }
}
