//! The historian: reads every controller, the camera, the CoAP sensor and the broker, and keeps nothing but counts.

use super::camera::{BOUNDARY, PORT as HTTP};
use super::journal::note;
use super::poller::{Habit, poll_all};
use super::{coap, mqtt};
use crate::plant::{PLANT, Role};
use anyhow::Result;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// Time between two reads of a controller.
const READ_EVERY: Duration = Duration::from_secs(2);
/// Time between two questions to the CoAP sensor.
const ASK_EVERY: Duration = Duration::from_secs(5);
/// Messages between two lines of the log.
const REPORT_EVERY: u64 = 100;
/// Time between two attempts of what failed.
const RETRY: Duration = Duration::from_secs(1);
/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Records for good.
pub(super) async fn run() -> Result<()> {
    let read = poll_all(Habit { every: READ_EVERY, write_every: None });
    let watch = again("camera", async || watch(address_of(Role::Camera)?).await);
    let hear = again("broker", async || {
        let broker = address_of(Role::Broker)?;
        let mut heard = 0_u64;
        let count = |topic: &str| {
            heard = heard.saturating_add(1);
            if heard % REPORT_EVERY == 1 {
                note(format_args!("broker: {heard} messages, the last under {topic}"));
            }
        };
        mqtt::listen(broker, "historian", "plant/#", count).await
    });
    let ask = ask_for_good();
    let (read, (), (), ()) = tokio::join!(read, watch, hear, ask);
    read
}

/// The first node in `role`, by IPv4.
pub(super) fn address_of(role: Role) -> io::Result<IpAddr> {
    let node = PLANT.iter().find(|node| node.role == role).ok_or(io::ErrorKind::NotFound)?;
    Ok(IpAddr::from(node.addresses().v4))
}

/// Does `what` again and again; one line in the log for each new way to fail.
pub(super) async fn again<F: Future<Output = io::Result<()>>>(name: &str, what: impl Fn() -> F) {
    let mut was = String::new();
    loop {
        let error = what().await.map_or_else(|error| error.to_string(), |()| "ended".to_owned());
        if error != was {
            note(format_args!("{name}: {error}"));
            was = error;
        }
        sleep(RETRY).await;
    }
}

async fn ask_for_good() {
    for number in 0_u16..=u16::MAX {
        let answer = match PLANT.iter().find(|node| node.role == Role::CoapSensor) {
            Some(node) => coap::ask(node.addresses().v6.into(), "temperature", number).await,
            None => return,
        };
        if let Err(error) = answer {
            note(format_args!("coap: {error}"));
        }
        sleep(ASK_EVERY).await;
    }
}

/// Reads the series of pictures until the camera ends it.
async fn watch(camera: IpAddr) -> io::Result<()> {
    let mut stream = timeout(PATIENCE, TcpStream::connect((camera, HTTP))).await??;
    let request = format!("GET /stream HTTP/1.1\r\nHost: {camera}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let (mut buffer, mut pictures) = ([0; 4096], 0_usize);
    loop {
        let size = timeout(PATIENCE, stream.read(&mut buffer)).await??;
        let Some(seen) = buffer.get(..size).filter(|seen| !seen.is_empty()) else {
            note(format_args!("camera: {pictures} pictures"));
            return Ok(());
        };
        // the camera sends a picture in one piece, so a boundary is hardly ever torn
        pictures += seen.windows(BOUNDARY.len()).filter(|window| *window == BOUNDARY.as_bytes()).count();
    }
}
