//! The way to the enrolment server for devices that have no agent: TCP to an address of the gateway, where it has one.
//!
//! Whatever comes in goes to that server and nowhere else.

use super::relay::Hub;
use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// Flows at once from one address.
const PER_SOURCE: u32 = 2;

/// How long to wait when the system gives no connection: it has no descriptors, and will have some.
const AGAIN: Duration = Duration::from_millis(200);

/// What the controller is told instead of a port.
const NAME: &str = "est";

type Sources = Arc<Mutex<BTreeMap<IpAddr, u32>>>;

/// Takes connections until the runtime ends.
pub(super) async fn serve(listener: std::net::TcpListener, hub: Arc<Hub>) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let sources = Sources::default();
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                if let Some(seat) = Seat::take(&sources, from.ip()) {
                    tokio::spawn(carry(stream, seat, Arc::clone(&hub)));
                }
            }
            Err(_) => tokio::time::sleep(AGAIN).await,
        }
    }
}

async fn carry(mut stream: TcpStream, _seat: Seat, hub: Arc<Hub>) {
    // who cannot be carried is hung up on: there is nobody here who speaks TLS
    let Ok(flow) = hub.open(NAME, "").await else { return };
    let (from, to) = stream.split();
    flow.carry(from, to).await;
}

/// One of the flows of an address.
struct Seat(Sources, IpAddr);

impl Seat {
    fn take(sources: &Sources, from: IpAddr) -> Option<Self> {
        let mut counts = sources.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(from).or_default();
        if *count >= PER_SOURCE {
            return None;
        }
        *count += 1;
        Some(Self(Arc::clone(sources), from))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.1) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&self.1);
            }
        }
    }
}
