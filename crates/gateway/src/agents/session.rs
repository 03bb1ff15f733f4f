//! One continuity connection, from its first stream to its end.
//!
//! A proof goes to the core at once, and the agent hears what became of it. Where it fails, or does not come, nothing is
//! renewed: the lease ends in the kernel by itself, whatever becomes of this program.

use super::proof::key_of;
use super::state::State;
use super::station::Station;
use super::talk::{Breach, Step, Talk};
use super::trust::{Judge, Refused};
use crate::link::local::LocalError;
use nullius_identity::{DeviceIdentity, Protection, Verified};
use nullius_model::PortName;
use nullius_protocol::agent::{EXPORTER, FromAgent, MAX_FROM_AGENT, MAX_TO_AGENT, ToAgent};
use nullius_protocol::link::{FrameError, Frames, Hash, frame};
use nullius_protocol::local::{self, Body, Command};
use nullius_protocol::to_hex;
use quinn::{Connection, RecvStream, SendStream, VarInt};
use rustls::pki_types::CertificateDer;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// How long an agent may take to open its stream, to answer a challenge and to read what it is told.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long until a proof that the core could not take is asked for again.
const AGAIN: Duration = Duration::from_secs(5);

/// How long an agent that was refused shall stay away, in seconds.
const STAY_AWAY: u32 = 60;

/// Seconds within which a device that is late renews, at most.
const MOST_TO_RENEW: u32 = 3600;

/// How long it may take until a goodbye has arrived.
const LINGER: Duration = Duration::from_secs(1);

/// Bytes that are taken from the stream at once.
const PIECE: usize = 512;

/// What a connection is closed with: 0 for a goodbye, 1 where somebody is not let in.
const GOODBYE: VarInt = VarInt::from_u32(0);
pub(super) const REFUSED: VarInt = VarInt::from_u32(1);

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
enum Ending {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Breach(#[from] Breach),
    #[error("what the agent sent is no frame")]
    Frame(#[from] FrameError),
    #[error("no proof came in time")]
    Silent,
    #[error("the gateway takes no proof: {0}")]
    Core(LocalError),
    #[error("the key of the certificate signs no proofs")]
    Key,
    #[error("the agent is gone")]
    Gone,
}

/// Who it is, and where.
struct Peer {
    device: Verified<DeviceIdentity>,
    port: PortName,
    station: Station,
    connection: Connection,
}

impl Peer {
    /// What it showed; asked for when it is judged again, and kept once.
    fn chain(&self) -> Vec<CertificateDer<'static>> {
        certificates(&self.connection)
    }
}

/// Keeps a connection whose handshake is done until it ends.
///
/// There are thousands of these, and most of them wait: what is done rarely has its own place on the heap, for as long as it
/// is done.
pub(super) async fn attend(connection: Connection, port: PortName, station: Station, state: Arc<State>) {
    let changes = Changes { judges: state.watch(), links: state.links() };
    let device = match state.admit(&certificates(&connection)) {
        Ok(device) => device,
        Err(refused) => return connection.close(REFUSED, refused.to_string().as_bytes()),
    };
    let peer = Peer { device, port, station, connection };
    let ending = match Box::pin(begin(&peer, &state)).await {
        Ok((mut session, from)) => {
            let ending = session.serve(from, &peer, &state, changes).await;
            Box::pin(session.part(&ending)).await;
            ending
        }
        Err(ending) => ending,
    };
    let code = if matches!(ending, Ending::Refused(_)) { REFUSED } else { GOODBYE };
    peer.connection.close(code, ending.to_string().as_bytes());
    Box::pin(report(&ending, &peer, &state)).await;
}

/// What the peer showed, the leaf first; empty where it showed nothing.
pub(super) fn certificates(connection: &Connection) -> Vec<CertificateDer<'static>> {
    let identity =
        connection.peer_identity().and_then(|any| any.downcast::<Vec<CertificateDer<'static>>>().ok());
    identity.map_or_else(Vec::new, |chain| *chain)
}

async fn begin(peer: &Peer, state: &State) -> Result<(Session, RecvStream), Ending> {
    let connection = &peer.connection;
    let key = peer.chain().first().and_then(|leaf| key_of(leaf)).ok_or(Ending::Key)?;
    let mut exporter = [0; 32];
    connection.export_keying_material(&mut exporter, EXPORTER, b"").map_err(|_| Ending::Key)?;
    let opened = timeout(PATIENCE, connection.accept_bi()).await.map_err(|_| Ending::Silent)?;
    let (to, from) = opened.map_err(|_| Ending::Gone)?;
    let now = Instant::now();
    let talk = Talk::new(key, exporter, state.lease);
    Ok((Session { to, talk, due: now + PATIENCE, plugged: 0 }, from))
}

struct Session {
    to: SendStream,
    talk: Talk,
    /// When the next challenge is due, or the answer to the last.
    due: Instant,
    /// When the link of its port had come, as known at the last challenge.
    plugged: u64,
}

/// What a session hears of beside its agent.
struct Changes {
    judges: watch::Receiver<Option<Arc<Judge>>>,
    links: watch::Receiver<BTreeMap<String, u64>>,
}

impl Session {
    async fn serve(
        &mut self,
        mut from: RecvStream,
        peer: &Peer,
        state: &State,
        Changes { mut judges, mut links }: Changes,
    ) -> Ending {
        let mut frames = Frames::<FromAgent>::new(MAX_FROM_AGENT);
        let mut judge = judges.borrow_and_update().clone();
        let mut greeted = false;
        loop {
            let step = tokio::select! {
                biased;
                changed = judges.changed() => match changed {
                    Ok(()) => {
                        let after = judges.borrow_and_update().clone();
                        match still_stands(&mut judge, after, peer, state) {
                            Ok(Anchored::Anew) if greeted => Box::pin(self.tell_anchors(state)).await,
                            Ok(Anchored::Anew | Anchored::AsBefore) => Ok(()),
                            Err(refused) => Err(refused.into()),
                        }
                    }
                    Err(_) => Err(Ending::Gone),
                },
                changed = links.changed() => match changed {
                    Ok(()) if greeted && state.plugged(&peer.port) > self.plugged => {
                        Box::pin(self.challenge(peer, state)).await
                    }
                    Ok(()) => Ok(()),
                    Err(_) => Err(Ending::Gone),
                },
                () = tokio::time::sleep_until(self.due) => {
                    if greeted && !self.talk.is_waiting() { Box::pin(self.challenge(peer, state)).await } else { Err(Ending::Silent) }
                }
                piece = from.read_chunk(PIECE, true) => match piece {
                    Ok(Some(piece)) => {
                        frames.push(&piece.bytes);
                        Box::pin(self.hear(&mut frames, &mut greeted, peer, state)).await
                    }
                    Ok(None) | Err(_) => Err(Ending::Gone),
                },
            };
            if let Err(ending) = step {
                return ending;
            }
        }
    }

    async fn hear(
        &mut self,
        frames: &mut Frames<FromAgent>,
        greeted: &mut bool,
        peer: &Peer,
        state: &State,
    ) -> Result<(), Ending> {
        while let Some(frame) = frames.next()? {
            let now = state.clock.now().wall.as_nanos() / 1_000_000;
            match self.talk.take(&frame, now)? {
                Step::Say(answer) => self.say(&answer).await?,
                Step::Greet(welcome) => {
                    *greeted = true;
                    self.say(&welcome).await?;
                    self.tell_anchors(state).await?;
                    self.challenge(peer, state).await?;
                }
                Step::Proved => self.proved(peer, state).await?,
                Step::Nothing => {}
            }
        }
        Ok(())
    }

    /// Asks for a proof: of a device that is still let in, by a certificate that has not run out.
    async fn challenge(&mut self, peer: &Peer, state: &State) -> Result<(), Ending> {
        let device = state.admit(&peer.chain())?;
        self.plugged = state.plugged(&peer.port);
        if let Some(within) = late(&device, state.now()) {
            self.say(&ToAgent::RenewNow { within }).await?;
        }
        let mut nonce = [0; 32];
        aws_lc_rs::rand::fill(&mut nonce).map_err(|_| Ending::Key)?;
        self.due = Instant::now() + PATIENCE.min(Duration::from_secs(state.lease.into()) / 3);
        let challenge = self.talk.ask(Hash(nonce));
        self.say(&challenge).await
    }

    async fn proved(&mut self, peer: &Peer, state: &State) -> Result<(), Ending> {
        state.admit(&peer.chain())?;
        match state.core.ask(proven(peer, state.lease, self.plugged)).await {
            Ok(Body::Leased { seconds }) => {
                let seconds = seconds.min(state.lease);
                self.due = Instant::now() + Duration::from_secs(seconds.into()) / 2;
                self.say(&ToAgent::Leased { seconds }).await
            }
            // what is there now may be another device than the one that was asked
            Ok(Body::Anew) => self.challenge(peer, state).await,
            Err(LocalError::Refused(reason)) => Err(Ending::Core(LocalError::Refused(reason))),
            // the core is gone for a moment: what it put into the kernel holds
            Ok(_) | Err(_) => {
                self.due = Instant::now() + AGAIN.min(Duration::from_secs(state.lease.into()) / 4);
                Ok(())
            }
        }
    }

    async fn tell_anchors(&mut self, state: &State) -> Result<(), Ending> {
        let Some(judge) = state.judge() else { return Ok(()) };
        let told = judge.told();
        if told.anchors.is_empty() {
            return Ok(());
        }
        let (anchors, cross) = (told.anchors.clone(), told.cross.clone());
        self.say(&ToAgent::Anchors { anchors, cross, distrusted: told.distrusted.clone() }).await
    }

    async fn say(&mut self, value: &ToAgent) -> Result<(), Ending> {
        let bytes = frame(value, MAX_TO_AGENT)?;
        let sent = timeout(PATIENCE, self.to.write_all(&bytes)).await;
        sent.map_err(|_| Ending::Gone)?.map_err(|_| Ending::Gone)
    }

    /// The last frame, as far as somebody hears it. Whoever lost our trust is not waited for.
    async fn part(&mut self, ending: &Ending) {
        if matches!(ending, Ending::Gone | Ending::Refused(_)) {
            return;
        }
        let bye = ToAgent::Bye { reason: ending.to_string(), retry_after: STAY_AWAY };
        if self.say(&bye).await.is_ok() && self.to.finish().is_ok() {
            let _ = timeout(LINGER, self.to.stopped()).await;
        }
    }
}

/// Whether it has changed under which anchors a device stays.
enum Anchored {
    AsBefore,
    Anew,
}

/// Whether a device stays when it has changed whom to trust. Only what changed is looked at: of a thousand connections
/// one is cut before the others' chains are followed again.
fn still_stands(
    before: &mut Option<Arc<Judge>>,
    after: Option<Arc<Judge>>,
    peer: &Peer,
    state: &State,
) -> Result<Anchored, Refused> {
    let judge = after.ok_or(Refused::TooEarly)?;
    judge.stands(&peer.device)?;
    let as_before = before.as_ref().is_some_and(|before| before.has_anchors_of(&judge));
    if !as_before {
        judge.judge(&peer.chain(), state.now())?;
    }
    *before = Some(judge);
    Ok(if as_before { Anchored::AsBefore } else { Anchored::Anew })
}

/// How soon a device is to renew, in seconds: nothing before the last sixth of its certificate's life, by which it should
/// have.
fn late(device: &DeviceIdentity, now: u64) -> Option<u32> {
    let sixth = device.until.saturating_sub(device.from) / 6;
    let left = device.until.saturating_sub(now);
    (left < sixth).then(|| u32::try_from(left / 2).unwrap_or(MOST_TO_RENEW).min(MOST_TO_RENEW))
}

fn proven(peer: &Peer, seconds: u32, plugged: u64) -> Command {
    let device = &peer.device;
    let protection = match device.protection {
        Protection::Software => local::Protection::Software,
        Protection::Hardware => local::Protection::Hardware,
    };
    Command::Proven {
        device: device.name.clone(),
        key: Hash(device.key),
        serial: to_hex(&device.serial),
        protection,
        port: peer.port.to_string(),
        mac: peer.station.mac.to_string(),
        addresses: vec![peer.station.ip().into()],
        seconds,
        plugged,
    }
}

/// A key that is not trusted any more proves nothing, from now on and not from the end of its lease.
async fn report(ending: &Ending, peer: &Peer, state: &State) {
    let Ending::Refused(refused) = ending else { return };
    let (device, key) = (peer.device.name.clone(), Hash(peer.device.key));
    // a core that is gone lets the lease run out
    let _ = state.core.ask(Command::Unproven { device, key, reason: refused.to_string() }).await;
}
