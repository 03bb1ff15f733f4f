//! A steady stream of one device to another, and what of it arrives: numbered datagrams over IPv4 and IPv6 (`stream.py`).

use crate::running::Lab;
use crate::tap::{Arrival, Tap};
use nullius_model::Timestamp;
use std::process::{Child, Stdio};
use std::time::Duration;

/// Who sends, who is sent to, and where that listens.
pub(crate) const DEVICE: &str = "historian";
const VICTIM: &str = "coap1";
const ADDRESSES: [&str; 2] = ["10.77.1.34", "fd4e:55:77:1::34"];
const PORT: u16 = 5683;
/// Between two datagrams to one address.
const PERIOD: Duration = Duration::from_millis(4);

/// Everything that the device sends, whatever it is.
pub(crate) const ANYTHING: &str = "ether src 02:4e:55:01:00:22";
/// What the stream is alone.
pub(crate) const DATAGRAMS: &str = "ether src 02:4e:55:01:00:22 and udp dst port 5683 and greater 66";

/// A stream that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Stream {
    sender: Child,
}

impl Stream {
    pub(crate) fn start(lab: &Lab) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/trust/stream.py");
        let (port, period) = (PORT.to_string(), PERIOD.as_secs_f64().to_string());
        let mut command = lab.on(DEVICE, &["/usr/bin/python3", script, &port, &period]);
        let sender = command.args(ADDRESSES).stdin(Stdio::null()).spawn().unwrap();
        Self { sender }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let _ = self.sender.kill();
        let _ = self.sender.wait();
    }
}

/// Listens at the victim's end of its cable.
pub(crate) fn tap(lab: &Lab, filter: &str) -> Tap {
    Tap::by(lab.on(VICTIM, &["tcpdump"]), lab.state.join("victim.pcap"), filter)
}

/// A datagram of the stream that arrived.
#[derive(Clone, Copy, Debug)]
struct Datagram {
    at: Timestamp,
    sent: Timestamp,
    number: u64,
}

/// Where the payload of a datagram begins, with and without IPv6, in an untagged frame without options.
const PAYLOADS: [usize; 2] = [42, 62];
/// Where in it the eight bytes begin that end it.
const TAIL: usize = 16;

/// Of the address of this index, as it arrived.
fn datagram(arrival: &Arrival, index: usize) -> Option<Datagram> {
    let begin = PAYLOADS.get(index).filter(|_| is_of(&arrival.bytes, index))?;
    let [number, sent] = [*begin, begin + 8].map(|at| number(&arrival.bytes, at));
    Some(Datagram { at: arrival.at, sent: Timestamp::from_nanos(sent?), number: number? })
}

fn number(frame: &[u8], at: usize) -> Option<u64> {
    frame.get(at..at + 8)?.try_into().ok().map(u64::from_be_bytes)
}

/// Whether a frame is of the stream, over IPv4 and over IPv6.
pub(crate) fn is_of(frame: &[u8], index: usize) -> bool {
    let tail = PAYLOADS.get(index).and_then(|begin| frame.get(begin + TAIL..));
    tail == Some(&[0; 8])
}

/// How steady a stream was.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Steadiness {
    pub(crate) arrived: usize,
    /// Datagrams that were sent between two that arrived, and did not arrive.
    pub(crate) lost: u64,
    /// The longest time without one.
    pub(crate) gap: Duration,
    /// The longest that one took longer than the one before it, which a pause of its sender does not lengthen.
    pub(crate) delay: Duration,
}

/// Over both addresses, the worse of the two each.
pub(crate) fn steadiness(arrivals: &[Arrival]) -> Steadiness {
    (0..PAYLOADS.len()).fold(Steadiness::default(), |all, index| {
        let datagrams: Vec<_> = arrivals.iter().filter_map(|arrival| datagram(arrival, index)).collect();
        let one = steadiness_of(&datagrams);
        Steadiness {
            arrived: all.arrived + one.arrived,
            lost: all.lost + one.lost,
            gap: all.gap.max(one.gap),
            delay: all.delay.max(one.delay),
        }
    })
}

fn steadiness_of(datagrams: &[Datagram]) -> Steadiness {
    let mut found = Steadiness { arrived: datagrams.len(), ..Steadiness::default() };
    for pair in datagrams.windows(2) {
        let [before, after] = pair else { continue };
        found.lost += after.number.saturating_sub(before.number + 1);
        let gap = after.at.since(before.at);
        found.gap = found.gap.max(gap);
        found.delay = found.delay.max(gap.saturating_sub(after.sent.since(before.sent)));
    }
    found
}
