//! What gateways relay for devices that cannot reach the enrolment server: opaque bytes, in both directions.
//!
//! Each flow is a connection to the door of devices, in this process. What is said on it is between the device and that
//! door, over TLS of their own; nothing of the gateway's identity goes with it.
//!
//! INVARIANT: a gateway has at most [`MAX_RELAYS`] flows, each with at most [`MAX_RELAY_BYTES`] a direction and
//! [`RELAY_SECONDS`]; all end with its session.

use super::wire::{End, Writer};
use crate::App;
use crate::est::Est;
use crate::http::Peer;
use nullius_identity::{GatewayIdentity, Verified};
use nullius_protocol::link::{
    Blob, MAX_RELAY_BYTES, MAX_RELAY_PART, MAX_RELAYS, RELAY_SECONDS, Relay, RelayPart, ToGateway,
};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Parts of a flow that wait at most: a device sends a handshake and one request, and reads between.
const WAITING: usize = 64;

/// The flows of one session.
#[derive(Debug, Default)]
pub(super) struct Relays {
    flows: BTreeMap<u64, Flow>,
    last: Option<u64>,
}

#[derive(Debug)]
struct Flow {
    /// None once the device is done.
    parts: Option<mpsc::Sender<Vec<u8>>>,
    came: usize,
    task: JoinHandle<()>,
}

impl Relays {
    /// Takes a part; a flow that cannot go on, and why.
    pub(super) fn take(
        &mut self,
        app: &App,
        (gateway, writer): (&Verified<GatewayIdentity>, &Writer),
        relay: Relay,
    ) -> Result<(), (u64, &'static str)> {
        let id = relay.id;
        let taken = match relay.part {
            RelayPart::Open { port, mac } => {
                let peer = Peer(stand_in(gateway, &port, &mac).into());
                self.open(app, (id, peer), writer)
            }
            RelayPart::Data(Blob(bytes)) => self.data(id, bytes),
            RelayPart::End { .. } => {
                if let Some(flow) = self.flows.get_mut(&id) {
                    flow.parts = None;
                }
                Ok(())
            }
        };
        taken.map_err(|reason| (id, reason))
    }

    fn open(&mut self, app: &App, (id, peer): (u64, Peer), writer: &Writer) -> Result<(), &'static str> {
        self.flows.retain(|_, flow| !flow.task.is_finished());
        if self.last.is_some_and(|last| id <= last) {
            return Err("a flow's number is used once");
        }
        self.last = Some(id);
        let est = app.est().ok_or("this controller enrols no devices")?.clone();
        if self.flows.len() >= MAX_RELAYS {
            return Err("too many flows are open");
        }
        let (sender, parts) = mpsc::channel(WAITING);
        let task = tokio::spawn(carry(est, (id, peer), parts, writer.clone()));
        self.flows.insert(id, Flow { parts: Some(sender), came: 0, task });
        Ok(())
    }

    /// What was on its way when a flow ended is nobody's.
    fn data(&mut self, id: u64, bytes: Vec<u8>) -> Result<(), &'static str> {
        let Some(flow) = self.flows.get_mut(&id).filter(|flow| !flow.task.is_finished()) else {
            return Ok(());
        };
        flow.came = flow.came.saturating_add(bytes.len());
        let Some(parts) = &flow.parts else { return Ok(()) };
        if flow.came <= MAX_RELAY_BYTES && parts.try_send(bytes).is_ok() {
            return Ok(());
        }
        if let Some(flow) = self.flows.remove(&id) {
            flow.task.abort();
        }
        Err("more was sent than a device has to say")
    }
}

impl Drop for Relays {
    fn drop(&mut self) {
        self.flows.values().for_each(|flow| flow.task.abort());
    }
}

/// One flow to its end.
async fn carry(est: Est, (id, peer): (u64, Peer), parts: mpsc::Receiver<Vec<u8>>, writer: Writer) {
    let (near, far) = duplex(MAX_RELAY_PART);
    let (from_door, to_door) = split(near);
    let serving = tokio::spawn(async move { est.serve(far, peer).await });
    let feeding = tokio::spawn(feed(parts, to_door));
    let told = timeout(Duration::from_secs(RELAY_SECONDS), told(id, from_door, &writer)).await;
    serving.abort();
    feeding.abort();
    let reason = match told {
        Ok(Ok(())) => None,
        Ok(Err(reason)) => Some(reason.to_owned()),
        Err(_) => Some("it took too long".to_owned()),
    };
    // a session that ended needs to hear nothing
    let _ = writer.send(&ToGateway::Relay(Relay { id, part: RelayPart::End { reason } })).await;
}

async fn feed(mut parts: mpsc::Receiver<Vec<u8>>, mut door: WriteHalf<DuplexStream>) {
    while let Some(bytes) = parts.recv().await {
        if door.write_all(&bytes).await.is_err() {
            return;
        }
    }
    // where the door has hung up already, there is nothing to end
    let _ = door.shutdown().await;
}

/// What the door says, until it is done.
async fn told(id: u64, mut door: ReadHalf<DuplexStream>, writer: &Writer) -> Result<(), &'static str> {
    let (mut said, mut part) = (0_usize, vec![0; MAX_RELAY_PART]);
    loop {
        let length = door.read(&mut part).await.map_err(|_| "the connection broke")?;
        let bytes = part.get(..length).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(());
        }
        said = said.saturating_add(length);
        if said > MAX_RELAY_BYTES {
            return Err("more was answered than a device has to hear");
        }
        let part = RelayPart::Data(Blob(bytes.to_vec()));
        writer.send(&ToGateway::Relay(Relay { id, part })).await.map_err(|_: End| "the link ended")?;
    }
}

/// An address that stands for a port of a gateway and what is behind it: who is refused there too often waits, and
/// nobody else does. Of a unique local prefix (RFC 4193), which no device has here.
fn stand_in(gateway: &GatewayIdentity, port: &str, mac: &str) -> Ipv6Addr {
    let said = [gateway.site.as_str(), &gateway.name, port, mac].join("\0");
    let hash = u64::from_be_bytes(Sha256::digest(said).first_chunk().copied().unwrap_or_default());
    let network = (hash >> 8) | (0xfd << 56);
    Ipv6Addr::from_bits(u128::from(network) << 64)
}
