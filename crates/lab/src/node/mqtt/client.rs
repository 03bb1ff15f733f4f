//! A client that publishes what it measures, and one that listens.

use super::PORT;
use super::codec::{CONNACK, CONNECT, PINGREQ, PUBLISH, Packet, Publish, SUBSCRIBE, bad, counted};
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{interval, timeout};

/// How long the broker may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Seconds of silence after which the broker may give up on us.
const KEEP_ALIVE: u16 = 30;

/// Publishes `measure(n)` under `topic` `every` so often, until the broker is gone.
pub(in crate::node) async fn publish(
    broker: IpAddr,
    name: &str,
    topic: &str,
    every: Duration,
    measure: impl Fn(u64) -> String,
) -> io::Result<()> {
    let mut stream = connect(broker, name).await?;
    let mut ticks = interval(every);
    for number in 0.. {
        ticks.tick().await;
        let payload = measure(number).into_bytes();
        let publish = Publish { topic: topic.to_owned(), id: None, qos: 0, retain: true, payload };
        stream.write_all(&publish.packet().encoded()).await?;
    }
    Ok(())
}

/// Calls `heard` with the topic of every message under `filter`, until the broker is gone.
pub(in crate::node) async fn listen(
    broker: IpAddr,
    name: &str,
    filter: &str,
    mut heard: impl FnMut(&str),
) -> io::Result<()> {
    let mut stream = connect(broker, name).await?;
    let wish = [&[0, 1][..], &counted(filter), &[0]].concat();
    stream.write_all(&Packet::new(SUBSCRIBE, 2, wish).encoded()).await?;
    let (mut from, mut to) = stream.split();
    let mut pings = interval(Duration::from_secs(u64::from(KEEP_ALIVE / 2)));
    let ping = Packet::new(PINGREQ, 0, Vec::new()).encoded();
    let beat = async {
        loop {
            pings.tick().await;
            to.write_all(&ping).await?;
        }
    };
    let hear = async {
        while let Some(packet) = Packet::read(&mut from).await? {
            let publish = (packet.kind == PUBLISH).then(|| Publish::parse(&packet)).flatten();
            publish.iter().for_each(|publish| heard(&publish.topic));
        }
        Ok(())
    };
    tokio::select! { done = beat => done, done = hear => done }
}

async fn connect(broker: IpAddr, name: &str) -> io::Result<TcpStream> {
    let mut stream = timeout(PATIENCE, TcpStream::connect((broker, PORT))).await??;
    let mut body = counted("MQTT");
    // version 4, and a session that is forgotten
    body.extend([4, 2]);
    body.extend(KEEP_ALIVE.to_be_bytes());
    body.extend(counted(name));
    stream.write_all(&Packet::new(CONNECT, 0, body).encoded()).await?;
    match timeout(PATIENCE, Packet::read(&mut stream)).await?? {
        Some(reply) if reply.kind == CONNACK && reply.body == [0, 0] => Ok(stream),
        Some(_) => Err(bad("the broker does not want us")),
        None => Err(ErrorKind::ConnectionReset.into()),
    }
}
