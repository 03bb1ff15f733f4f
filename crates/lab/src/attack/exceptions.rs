//! Attack 19: a session held past the end of its grant, with the gateway killed meanwhile.

use super::Target;
use super::api;
use super::guard::murder;
use super::packet::{PUSH_ACK, Route};
use super::probe::{Finding, Findings};
use super::wire::Wire;
use crate::plant::addresses_of;
use anyhow::{Result, bail};
use nullius_protocol::local::Command;
use std::thread::sleep;
use std::time::Duration;

/// How long the grant lasts, in seconds.
const GRANT: u64 = 4;
/// How far its end may be off.
const SLACK: Duration = Duration::from_secs(1);
/// Time between two messages.
const EVERY: Duration = Duration::from_millis(50);
/// Read one register: what a client that was let in says again and again.
const READ: [u8; 12] = [0x4e, 0x58, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1];

pub(super) fn run(target: &Target<'_>) -> Result<Findings> {
    let (sender, watch) = (Wire::of(target.status, "vendor")?, Wire::of(target.status, "plc1")?);
    grant(target)?;
    hold(Session { sender, watch, number: 0 }, target)
}

fn grant(target: &Target<'_>) -> Result<()> {
    let command = Command::GrantCreate {
        subject: "vendor".to_owned(),
        object: "plc1/modbus".to_owned(),
        verbs: Vec::new(),
        seconds: GRANT,
        work_order: None,
        approvers: Vec::new(),
        reason: "attack 19: a session held past its end".to_owned(),
    };
    match api::ask(target.state, command)? {
        Ok(_) => Ok(()),
        Err(why) => bail!("the gateway grants nothing: {why}"),
    }
}

fn hold(mut session: Session, target: &Target<'_>) -> Result<Findings> {
    let grant = Duration::from_secs(GRANT);
    let alive = session.talk_for(grant / 2)?;
    murder(target)?;
    let orphaned = session.talk_for((grant / 2).saturating_sub(SLACK))?;
    // neither side of the end is judged: clocks differ
    session.talk_for(SLACK * 2)?;
    let late = session.talk_for(grant)?;
    let during = |what: &str, (sent, arrived): (usize, usize)| Finding {
        what: what.to_owned(),
        sent,
        arrived,
        held: arrived > 0,
    };
    Ok(Findings {
        of_probes: vec![
            during("messages while the grant lasts", alive),
            during("the same with the gateway killed", orphaned),
            Finding {
                what: "messages more than 1 s after its end".to_owned(),
                sent: late.0,
                arrived: late.1,
                held: late.1 == 0,
            },
        ],
        others: alive.1,
    })
}

/// Segments of one conversation, counted at both ends.
struct Session {
    sender: Wire,
    watch: Wire,
    number: u32,
}

impl Session {
    /// Sent, and arrived.
    fn talk_for(&mut self, time: Duration) -> Result<(usize, usize)> {
        let (from, to) = (addresses_of("vendor")?, addresses_of("plc1")?);
        let route = Route { from: from.mac, to: to.mac, source: from.v4.into(), destination: to.v4.into() };
        let times = usize::try_from(time.as_millis() / EVERY.as_millis())?;
        self.watch.look();
        let mut arrived = 0;
        for _ in 0..times {
            self.number = self.number.wrapping_add(1);
            self.sender.send(&route.tcp((47_140, 502), PUSH_ACK, self.number, &READ))?;
            sleep(EVERY);
            let ours = |frame: &&Vec<u8>| frame.windows(READ.len()).any(|part| part == READ);
            arrived += self.watch.look().iter().filter(ours).count();
        }
        Ok((times, arrived))
    }
}
