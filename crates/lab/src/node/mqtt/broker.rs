//! The broker: one connection, one task.

use super::PORT;
use super::codec::{
    CONNACK, CONNECT, DISCONNECT, PINGREQ, PINGRESP, PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL, Packet,
    Publish, SUBACK, SUBSCRIBE, UNSUBACK, UNSUBSCRIBE, bad,
};
use super::hub::Hub;
use super::topic::is_filter;
use crate::node::accept::accept;
use crate::node::fields::Fields;
use anyhow::Result;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;

/// Messages that wait for a slow listener.
const OUTBOX: usize = 256;
/// How long a new client may take to say who it is.
const GREETING: Duration = Duration::from_secs(5);
/// What a subscription is granted: at most once.
const GRANTED: u8 = 0;
/// What a subscription that is refused is answered.
const FAILED: u8 = 0x80;
/// The version of the protocol this is.
const LEVEL: u8 = 4;

type Shared = Arc<Mutex<Hub>>;

/// Serves for good.
pub(in crate::node) async fn run() -> Result<()> {
    let hub = Shared::default();
    accept(PORT, |stream| serve(stream, Arc::clone(&hub))).await
}

async fn serve(stream: TcpStream, hub: Shared) -> io::Result<()> {
    let (mut from, mut to) = stream.into_split();
    let hello = timeout(GREETING, Packet::read(&mut from)).await?;
    let Some(hello) = hello? else { return Ok(()) };
    let Some(patience) = greet(&hello, &mut to).await? else { return Ok(()) };
    let (outbox, letters) = channel(OUTBOX);
    tokio::spawn(deliver(letters, to));
    let number = locked(&hub, |hub| hub.join(outbox.clone()));
    let ended = converse(&mut from, &outbox, &hub, number, patience).await;
    locked(&hub, |hub| hub.leave(number));
    ended
}

/// Answers a CONNECT; how long the client may be silent, or nothing where it is turned away.
async fn greet(hello: &Packet, to: &mut OwnedWriteHalf) -> io::Result<Option<Duration>> {
    let (level, keep_alive) = introduction(hello).ok_or_else(|| bad("not a CONNECT"))?;
    let welcome = level == LEVEL;
    let reply = Packet::new(CONNACK, 0, vec![0, u8::from(!welcome)]);
    to.write_all(&reply.encoded()).await?;
    // one and a half times what the client promised (3.1.2.10)
    let silence = match keep_alive {
        0 => Duration::MAX,
        seconds => Duration::from_millis(u64::from(seconds) * 1500),
    };
    Ok(welcome.then_some(silence))
}

fn introduction(hello: &Packet) -> Option<(u8, u16)> {
    let mut fields = Fields(&hello.body);
    let is_ours = hello.kind == CONNECT && fields.text()? == "MQTT";
    let level = fields.u8()?;
    fields.u8()?;
    let keep_alive = fields.u16()?;
    is_ours.then_some((level, keep_alive))
}

async fn deliver(mut letters: Receiver<Vec<u8>>, mut to: OwnedWriteHalf) {
    while let Some(letter) = letters.recv().await {
        if to.write_all(&letter).await.is_err() {
            return;
        }
    }
}

async fn converse(
    from: &mut OwnedReadHalf,
    outbox: &Sender<Vec<u8>>,
    hub: &Shared,
    number: u64,
    patience: Duration,
) -> io::Result<()> {
    while let Some(packet) = timeout(patience, Packet::read(from)).await?? {
        if packet.kind == DISCONNECT {
            return Ok(());
        }
        let reply = locked(hub, |hub| obey(&packet, hub, number)).ok_or_else(|| bad("a malformed packet"))?;
        if let Some(reply) = reply
            && outbox.send(reply.encoded()).await.is_err()
        {
            return Ok(());
        }
    }
    Ok(())
}

/// Nothing where the packet is malformed; some packets have no answer.
fn obey(packet: &Packet, hub: &mut Hub, number: u64) -> Option<Option<Packet>> {
    match packet.kind {
        PUBLISH => publish(packet, hub),
        PUBREL => Some(Some(Packet::new(PUBCOMP, 0, packet.body.get(..2)?.to_vec()))),
        SUBSCRIBE => subscribe(packet, hub, number).map(Some),
        UNSUBSCRIBE => unsubscribe(packet, hub, number).map(Some),
        PINGREQ => Some(Some(Packet::new(PINGRESP, 0, Vec::new()))),
        _ => None,
    }
}

fn publish(packet: &Packet, hub: &mut Hub) -> Option<Option<Packet>> {
    let publish = Publish::parse(packet)?;
    hub.publish(&publish);
    let kind = if publish.qos == 1 { PUBACK } else { PUBREC };
    Some(publish.id.map(|id| Packet::new(kind, 0, id.to_be_bytes().to_vec())))
}

fn subscribe(packet: &Packet, hub: &mut Hub, number: u64) -> Option<Packet> {
    let mut fields = Fields(&packet.body);
    let mut reply = fields.u16()?.to_be_bytes().to_vec();
    while !fields.is_empty() {
        let filter = fields.text()?;
        fields.u8()?;
        let granted = is_filter(filter) && hub.subscribe(number, filter);
        reply.push(if granted { GRANTED } else { FAILED });
    }
    Some(Packet::new(SUBACK, 0, reply))
}

fn unsubscribe(packet: &Packet, hub: &mut Hub, number: u64) -> Option<Packet> {
    let mut fields = Fields(&packet.body);
    let id = fields.u16()?.to_be_bytes().to_vec();
    while !fields.is_empty() {
        hub.unsubscribe(number, fields.text()?);
    }
    Some(Packet::new(UNSUBACK, 0, id))
}

fn locked<T>(hub: &Shared, change: impl FnOnce(&mut Hub) -> T) -> T {
    change(&mut hub.lock().unwrap_or_else(PoisonError::into_inner))
}
