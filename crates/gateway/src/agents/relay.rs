//! Bytes between devices and the controller's enrolment server, for devices that reach no other way (RFC 7030 behind a
//! relay). They are TLS between those two; nothing of them is looked at here.
//!
//! INVARIANT: what may be open, how long, and how many bytes may go through is bounded, for each flow and for all.

use crate::agents::session::REFUSED;
use nullius_model::{Mac, PortName};
use nullius_protocol::link::{
    Blob, MAX_RELAY_BYTES, MAX_RELAY_PART, MAX_RELAYS, RELAY_SECONDS, Relay, RelayPart,
};
use quinn::{Connection, VarInt};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Parts to a device that may wait: the largest number of bytes in parts of the size that TLS cuts.
const PARTS: usize = 64;

/// Parts of all devices that may wait for the link.
const OUTGOING: usize = 8;

/// How long a device may wait before it opens its stream.
const OPENS_WITHIN: Duration = Duration::from_secs(10);

/// Largest piece that is read from a device at once: two of them fill a part.
const PIECE: usize = MAX_RELAY_PART / 2;

/// Why nothing is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoRelay {
    #[error("the controller cannot be reached")]
    NoLink,
    #[error("too many devices enrol at once")]
    Full,
}

/// Where flows and the link meet.
#[derive(Debug, Default)]
pub(crate) struct Hub(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    link: Option<mpsc::Sender<Relay>>,
    flows: BTreeMap<u64, Incoming>,
    /// The number of the last flow; none is used twice, whichever stream of the link it was on.
    last: u64,
}

/// What comes for one flow.
#[derive(Debug)]
struct Incoming {
    to: mpsc::Sender<RelayPart>,
    bytes: usize,
}

/// One device's flow. It is forgotten when dropped.
#[derive(Debug)]
pub(crate) struct Flow {
    hub: Arc<Hub>,
    id: u64,
    link: mpsc::Sender<Relay>,
    from: mpsc::Receiver<RelayPart>,
}

/// Whether the controller knows that a device says nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    All,
    NotAll,
}

impl Hub {
    /// The link's stream is open: what devices say comes out here.
    pub(crate) fn link(&self) -> mpsc::Receiver<Relay> {
        let (to, from) = mpsc::channel(OUTGOING);
        let mut inner = self.lock();
        inner.flows.clear();
        inner.link = Some(to);
        from
    }

    /// It is gone, and every flow with it.
    pub(crate) fn unlink(&self) {
        let mut inner = self.lock();
        inner.flows.clear();
        inner.link = None;
    }

    /// What the controller says. Of a flow that is over it was on its way, and nobody misses it.
    pub(crate) fn take(&self, Relay { id, part }: Relay) {
        let mut inner = self.lock();
        let Some(flow) = inner.flows.get_mut(&id) else { return };
        if let RelayPart::Data(Blob(bytes)) = &part {
            flow.bytes = flow.bytes.saturating_add(bytes.len());
        }
        let is_last = matches!(part, RelayPart::End { .. });
        if flow.bytes > MAX_RELAY_BYTES || flow.to.try_send(part).is_err() || is_last {
            inner.flows.remove(&id);
        }
    }

    /// A device wants to speak to the enrolment server.
    pub(crate) async fn open(self: &Arc<Self>, port: &str, mac: &str) -> Result<Flow, NoRelay> {
        let flow = self.enlist()?;
        flow.say(RelayPart::Open { port: port.to_owned(), mac: mac.to_owned() }).await?;
        Ok(flow)
    }

    fn enlist(self: &Arc<Self>) -> Result<Flow, NoRelay> {
        let mut inner = self.lock();
        let link = inner.link.clone().ok_or(NoRelay::NoLink)?;
        if inner.flows.len() >= MAX_RELAYS {
            return Err(NoRelay::Full);
        }
        inner.last += 1;
        let id = inner.last;
        let (to, from) = mpsc::channel(PARTS);
        inner.flows.insert(id, Incoming { to, bytes: 0 });
        Ok(Flow { hub: Arc::clone(self), id, link, from })
    }

    /// Carries the streams of a connection, one after another.
    pub(crate) async fn relay(self: Arc<Self>, connection: Connection, port: PortName, mac: Mac) {
        while let Ok(Ok((mut to, from))) = timeout(OPENS_WITHIN, connection.accept_bi()).await {
            match self.open(port.as_str(), &mac.to_string()).await {
                Ok(flow) => {
                    flow.carry(from, &mut to).await;
                    let _ = to.finish();
                }
                Err(reason) => return connection.close(REFUSED, reason.to_string().as_bytes()),
            }
        }
        connection.close(VarInt::from_u32(0), b"done");
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flow {
    /// Carries bytes both ways until either end is done, or the time is up.
    pub(crate) async fn carry(mut self, from: impl AsyncRead + Unpin, to: impl AsyncWrite + Unpin) {
        let time = Duration::from_secs(RELAY_SECONDS);
        let reason = match timeout(time, self.both(from, to)).await {
            Ok(Said::All) => return,
            Ok(Said::NotAll) => None,
            Err(_) => Some("it took too long".to_owned()),
        };
        let _ = timeout(OPENS_WITHIN, self.say(RelayPart::End { reason })).await;
    }

    async fn both(&mut self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> Said {
        let mut piece = vec![0; PIECE];
        let (mut sent, mut said) = (0_usize, Said::NotAll);
        loop {
            tokio::select! {
                part = self.from.recv() => match part {
                    Some(RelayPart::Data(Blob(bytes))) if to.write_all(&bytes).await.is_ok() => {}
                    Some(RelayPart::Data(_) | RelayPart::Open { .. } | RelayPart::End { .. }) | None => return said,
                },
                read = from.read(&mut piece), if said == Said::NotAll => {
                    let bytes = piece.get(..read.unwrap_or_default()).unwrap_or_default();
                    sent = sent.saturating_add(bytes.len());
                    if sent > MAX_RELAY_BYTES {
                        return said;
                    }
                    // who says nothing more may still listen; whether it may is for the controller to know
                    let part = match bytes {
                        [] => RelayPart::End { reason: None },
                        bytes => RelayPart::Data(Blob(bytes.to_vec())),
                    };
                    said = if bytes.is_empty() { Said::All } else { Said::NotAll };
                    if self.say(part).await.is_err() {
                        return said;
                    }
                },
            }
        }
    }

    async fn say(&self, part: RelayPart) -> Result<(), NoRelay> {
        self.link.send(Relay { id: self.id, part }).await.map_err(|_| NoRelay::NoLink)
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        self.hub.lock().flows.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(bytes: &[u8]) -> RelayPart {
        RelayPart::Data(Blob(bytes.to_vec()))
    }

    #[tokio::test]
    async fn bytes_go_both_ways_until_the_controller_is_done() {
        let hub = Arc::new(Hub::default());
        assert_eq!(hub.open("p1", "m").await.err(), Some(NoRelay::NoLink));
        let mut link = hub.link();
        let flow = hub.open("p1", "m").await.unwrap();
        let (device, mine) = tokio::io::duplex(64);
        let carried = tokio::spawn(async move {
            let (from, to) = tokio::io::split(mine);
            flow.carry(from, to).await;
        });
        let (mut hears, mut says) = tokio::io::split(device);
        let Relay { id, part } = link.recv().await.unwrap();
        assert_eq!(part, RelayPart::Open { port: "p1".into(), mac: "m".into() });
        says.write_all(b"hello").await.unwrap();
        assert_eq!(link.recv().await.unwrap().part, data(b"hello"));
        hub.take(Relay { id: 99, part: data(b"nobody's") });
        hub.take(Relay { id, part: data(b"world") });
        hub.take(Relay { id, part: RelayPart::End { reason: None } });
        let mut heard = Vec::new();
        hears.read_buf(&mut heard).await.unwrap();
        assert_eq!(heard, b"world");
        carried.await.unwrap();
        assert_eq!(link.recv().await.unwrap().part, RelayPart::End { reason: None });
        assert!(hub.lock().flows.is_empty());
    }

    /// A seat that a device left would else be kept for it until the time is up.
    #[tokio::test]
    async fn of_a_device_that_hangs_up_the_controller_is_told_once() {
        let hub = Arc::new(Hub::default());
        let mut link = hub.link();
        let flow = hub.open("p1", "m").await.unwrap();
        let carried = tokio::spawn(flow.carry(tokio::io::empty(), tokio::io::sink()));
        let id = link.recv().await.unwrap().id;
        assert_eq!(link.recv().await.unwrap().part, RelayPart::End { reason: None });
        hub.take(Relay { id, part: data(b"an answer that was on its way") });
        hub.take(Relay { id, part: RelayPart::End { reason: None } });
        carried.await.unwrap();
        assert!(link.try_recv().is_err() && hub.lock().flows.is_empty());
    }

    #[tokio::test]
    async fn a_flood_from_either_side_ends_its_own_flow() {
        let hub = Arc::new(Hub::default());
        let mut link = hub.link();
        let drained = tokio::spawn(async move { while link.recv().await.is_some() {} });
        let flow = hub.open("p1", "m").await.unwrap();
        let endless = tokio::io::repeat(7);
        flow.carry(endless, tokio::io::sink()).await;
        assert!(hub.lock().flows.is_empty());
        let flow = hub.open("p1", "m").await.unwrap();
        for _ in 0..PARTS + 2 {
            hub.take(Relay { id: flow.id, part: data(&[0; MAX_RELAY_PART]) });
        }
        assert!(hub.lock().flows.is_empty(), "the controller's");
        drop((flow, hub));
        drained.await.unwrap();
    }

    #[tokio::test]
    async fn no_more_flows_are_open_than_may_be_and_none_outlives_the_link() {
        let hub = Arc::new(Hub::default());
        let link = hub.link();
        let flows: Vec<_> = (0..MAX_RELAYS).map(|_| hub.enlist().unwrap()).collect();
        assert_eq!(hub.enlist().err(), Some(NoRelay::Full));
        drop(flows);
        let mut flow = hub.enlist().unwrap();
        drop(link);
        hub.unlink();
        assert_eq!(flow.from.recv().await, None);
        assert_eq!(hub.enlist().err(), Some(NoRelay::NoLink));
    }
}
