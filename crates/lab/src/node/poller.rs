//! A Modbus client that polls several controllers, each over a connection of its own that it keeps open.

use super::journal::note;
use super::modbus::{PORT, Pdu, Unit, frame_of, read_frame};
use crate::plant::{Node, PLANT, Role};
use anyhow::Result;
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

/// How long an answer may take before the poll counts as lost.
const PATIENCE: Duration = Duration::from_secs(1);
/// Pause before the next attempt to connect.
const RETRY: Duration = Duration::from_millis(500);
/// Time between two lines of the log with counts.
const REPORT_EVERY: Duration = Duration::from_secs(10);
/// Read holding registers 0 to 9.
const READ: [u8; 5] = [3, 0, 0, 0, 10];
/// The level two set points swing between, in millimetres.
const SET_POINTS: [u16; 2] = [900, 1100];

/// What a client does to its controllers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habit {
    /// Time between two polls.
    pub(super) every: Duration,
    /// Polls between two writes of a set point; nothing is ever written where there is none.
    pub(super) write_every: Option<u32>,
}

/// The operator panel: reads five times a second, writes a set point every 20 s.
pub(super) async fn run_hmi() -> Result<()> {
    poll_all(Habit { every: Duration::from_millis(200), write_every: Some(100) }).await
}

/// Polls every controller of the plant for good.
pub(super) async fn poll_all(habit: Habit) -> Result<()> {
    let mut polls = tokio::task::JoinSet::new();
    for node in PLANT.iter().filter(|node| node.role == Role::Plc) {
        polls.spawn(poll_for_good(node, habit));
    }
    while polls.join_next().await.is_some() {}
    Ok(())
}

async fn poll_for_good(node: &'static Node, habit: Habit) {
    let mut was = String::new();
    loop {
        let error = match poll(node, habit).await {
            Ok(()) => "closed the connection".to_owned(),
            Err(error) => error.to_string(),
        };
        // one line a change, not one an attempt
        if error != was {
            note(format_args!("{}: {error}", node.name));
            was = error;
        }
        sleep(RETRY).await;
    }
}

async fn poll(node: &Node, habit: Habit) -> io::Result<()> {
    let address = IpAddr::from(node.addresses().v4);
    let mut stream = timeout(PATIENCE, TcpStream::connect((address, PORT))).await??;
    stream.set_nodelay(true)?;
    note(format_args!("{}: connected", node.name));
    let mut ticks = interval(habit.every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut counts = Counts::new(node.name);
    for number in 0_u32.. {
        ticks.tick().await;
        let asked = Instant::now();
        let request = request(number, habit);
        let reply = timeout(PATIENCE, exchange(&mut stream, number, request)).await;
        match reply {
            Ok(reply) => reply?,
            Err(_) => return Err(io::Error::new(ErrorKind::TimedOut, "no answer")),
        }
        counts.answered(asked.elapsed());
    }
    Ok(())
}

fn request(number: u32, habit: Habit) -> Vec<u8> {
    match habit.write_every {
        Some(every) if number % every.max(1) == every.saturating_sub(1) => {
            let [low, high] = SET_POINTS;
            let [a, b] = if (number / every.max(1)).is_multiple_of(2) { high } else { low }.to_be_bytes();
            vec![6, 0, 1, a, b]
        }
        _ => READ.to_vec(),
    }
}

async fn exchange(stream: &mut TcpStream, number: u32, bytes: Vec<u8>) -> io::Result<()> {
    let [.., a, b] = number.to_be_bytes();
    let pdu = Pdu { transaction: u16::from_be_bytes([a, b]), unit: Unit(1), bytes };
    stream.write_all(&frame_of(&pdu)).await?;
    match read_frame(stream).await? {
        Some(reply) if reply.transaction == pdu.transaction => Ok(()),
        Some(_) => Err(io::Error::new(ErrorKind::InvalidData, "an answer to another request")),
        None => Err(ErrorKind::ConnectionReset.into()),
    }
}

/// What the log says every now and then.
struct Counts {
    name: &'static str,
    since: Instant,
    polls: u32,
    slowest: Duration,
}

impl Counts {
    fn new(name: &'static str) -> Self {
        Self { name, since: Instant::now(), polls: 0, slowest: Duration::ZERO }
    }

    fn answered(&mut self, after: Duration) {
        self.polls = self.polls.saturating_add(1);
        self.slowest = self.slowest.max(after);
        if self.since.elapsed() >= REPORT_EVERY {
            note(format_args!("{}: {} polls, slowest {:?}", self.name, self.polls, self.slowest));
            *self = Self::new(self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_never_writes_and_a_panel_does_so_now_and_then() {
        let reader = Habit { every: RETRY, write_every: None };
        assert!((0..1000).all(|number| request(number, reader) == READ));
        let panel = Habit { every: RETRY, write_every: Some(100) };
        assert_eq!(request(99, panel), [6, 0, 1, 4, 0x4c]);
        assert_eq!(request(199, panel), [6, 0, 1, 3, 0x84]);
        assert_eq!((0..1000).filter(|&number| request(number, panel) != READ).count(), 10);
    }
}
