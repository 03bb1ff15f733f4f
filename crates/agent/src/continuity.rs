//! The continuity connection: the key is proved to the gateway, again and again (`docs/agent-link.md`).
//!
//! One connection at a time: the same key at two places would look like a copy of the device. Where a gateway falls
//! silent, another place or another moment is tried, with pauses that nobody can foresee. What a gateway says beside
//! asking for proofs goes to whom it concerns, as [`News`].

use crate::plant::{Door, Place, Plant, PlantError};
use crate::time::Time;
use crate::tls::{self, Credential};
use nullius_identity::chain::Anchors;
use nullius_identity::{GatewayIdentity, SiteGateway, TrustDomain, assertion};
use nullius_model::inert;
use nullius_protocol::agent::{
    ALPN, EXPORTER, FromAgent, MAX_FROM_AGENT, MAX_TO_AGENT, PING_SECONDS, SILENCE_SECONDS, ToAgent, VERSION,
    proof_message,
};
use nullius_protocol::link::{Blob, FrameError, Frames, Hash, frame};
use quinn::{ConnectionError, ReadError, RecvStream, SendStream, WriteError};
use rustls::pki_types::CertificateDer;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout_at};

/// The first pause after every place failed; twice as long after each round.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// And at most: a lease is lost after minutes.
const LAST_PAUSE: Duration = Duration::from_secs(30);

/// Longest pause that a gateway may ask for.
const LONGEST_BYE: Duration = Duration::from_secs(600);

/// Bytes of a part of the stream.
const PART: usize = 4 << 10;

/// Who this device is, and whom it takes for its gateway.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) credential: Credential,
    pub(crate) anchors: Arc<Anchors>,
    pub(crate) domain: TrustDomain,
    pub(crate) site: String,
}

/// What happened on the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// A gateway is there; its clock, in seconds since 1970, is told and not proved.
    Met { gateway: String, place: String, now: u64 },
    /// It took a proof, for so many seconds.
    Leased { seconds: u32 },
    /// Whose certificates count.
    Anchors { anchors: Vec<Blob>, cross: Vec<Blob>, distrusted: Vec<Hash> },
    /// The certificate is to be renewed within so many seconds.
    RenewNow { within: u32 },
    /// The key did not sign.
    Unsigned { reason: String },
    /// There is no gateway any more, or none yet.
    Lost { reason: String },
}

/// Why a connection is given up.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Plant(#[from] PlantError),
    #[error("{0}")]
    Connection(#[from] ConnectionError),
    #[error("{0}")]
    Read(ReadError),
    #[error("{0}")]
    Write(WriteError),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("the gateway fell silent")]
    Silent,
    #[error("the gateway ended the stream")]
    Ended,
    #[error("the gateway breaks the contract: {0}")]
    Contract(&'static str),
    #[error("the gateway lets go: {reason}")]
    Bye { reason: String, retry_after: u32 },
}

impl From<rustls::Error> for Broken {
    fn from(error: rustls::Error) -> Self {
        Self::Plant(error.into())
    }
}

/// Why the connection is lost is told, and not only that it is: a gateway says there that a device is revoked.
impl From<ReadError> for Broken {
    fn from(error: ReadError) -> Self {
        if let ReadError::ConnectionLost(why) = error { Self::Connection(why) } else { Self::Read(error) }
    }
}

impl From<WriteError> for Broken {
    fn from(error: WriteError) -> Self {
        if let WriteError::ConnectionLost(why) = error { Self::Connection(why) } else { Self::Write(error) }
    }
}

/// Keeps one connection, for ever; it ends when nobody listens to its news.
pub(crate) async fn run(
    plant: Plant,
    mut standing: watch::Receiver<Arc<Standing>>,
    time: Arc<Time>,
    news: mpsc::Sender<News>,
) {
    let mut pause = FIRST_PAUSE;
    while !news.is_closed() {
        let mut wait = None;
        let places = plant.places();
        if let Err(error) = &places {
            let _ = news.send(News::Lost { reason: error.to_string() }).await;
        }
        for place in places.unwrap_or_default() {
            let now = Arc::clone(&standing.borrow_and_update());
            let mut session = Session { standing: now, time: &time, news: &news, met: false };
            let broken = tokio::select! {
                broken = session.run(&place) => Some(broken),
                // another certificate, or other anchors: from the beginning
                Ok(()) = standing.changed() => None,
            };
            if session.met {
                pause = FIRST_PAUSE;
            }
            let Some(broken) = broken else {
                wait = Some(Duration::ZERO);
                break;
            };
            let reason = format!("{}: {broken}", place.name);
            let _ = news.send(News::Lost { reason: inert(&reason) }).await;
            if let Broken::Bye { retry_after, .. } = broken {
                wait = Some(Duration::from_secs(retry_after.into()).min(LONGEST_BYE));
            }
            if session.met {
                break;
            }
        }
        sleep(wait.map_or_else(|| jittered(pause), jittered)).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

/// Between half of it and all of it: a hundred devices that lost one gateway must not come back at once.
fn jittered(pause: Duration) -> Duration {
    let mut byte = [0];
    // without randomness they come at once, which is no reason not to come
    let _ = aws_lc_rs::rand::fill(&mut byte);
    let [byte] = byte;
    pause / 2 + pause / 512 * u32::from(byte)
}

/// One connection, from dialling to its end.
struct Session<'r> {
    standing: Arc<Standing>,
    time: &'r Arc<Time>,
    news: &'r mpsc::Sender<News>,
    /// Whether a gateway said welcome.
    met: bool,
}

/// What is agreed with this gateway.
struct Agreed {
    to: SendStream,
    exporter: [u8; 32],
    gateway: String,
    /// Silence after which something is said, and after which the gateway counts as gone. A gateway that started anew
    /// knows nothing of this connection: it is missed before a lease ends.
    ping: Duration,
    patience: Duration,
}

impl Session<'_> {
    async fn run(&mut self, place: &Place) -> Broken {
        match self.open(place).await {
            Err(error) => error,
            Ok((door, agreed, from)) => match self.serve(agreed, from, place).await {
                Err(error) => {
                    door.close("").await;
                    error
                }
                Ok(never) => match never {},
            },
        }
    }

    async fn open(&self, place: &Place) -> Result<(Door, Agreed, RecvStream), Broken> {
        let Standing { credential, anchors, domain, site } = &*self.standing;
        let gateway = SiteGateway::gateway(Arc::clone(anchors), domain.clone(), site, &tls::provider());
        let tls = tls::client(gateway.behind(), self.time, Some(credential))?;
        let door = Door::open(place, tls, ALPN).await?;
        let mut exporter = [0; 32];
        let exported = door.connection.export_keying_material(&mut exporter, EXPORTER, b"");
        exported.map_err(|_| Broken::Contract("no secret can be derived"))?;
        let gateway = self.name(door.connection.peer_identity());
        let gateway = gateway.ok_or(Broken::Contract("no certificate"))?;
        let (mut to, from) = door.connection.open_bi().await?;
        let software = concat!("nullius-agent ", env!("CARGO_PKG_VERSION")).to_owned();
        to.write_all(&frame(&FromAgent::Hello { version: VERSION, software }, MAX_FROM_AGENT)?).await?;
        let ping = Duration::from_secs(PING_SECONDS);
        let patience = Duration::from_secs(SILENCE_SECONDS);
        Ok((door, Agreed { to, exporter, gateway, ping, patience }, from))
    }

    fn name(&self, identity: Option<Box<dyn std::any::Any>>) -> Option<String> {
        let chain = identity?.downcast::<Vec<CertificateDer<'static>>>().ok()?;
        let gateway = assertion::<GatewayIdentity>(chain.first()?, &self.standing.domain).ok()?;
        Some(gateway.name.clone())
    }

    async fn serve(
        &mut self,
        mut agreed: Agreed,
        mut from: RecvStream,
        place: &Place,
    ) -> Result<std::convert::Infallible, Broken> {
        let mut frames = Frames::<ToAgent>::new(MAX_TO_AGENT);
        let mut part = vec![0; PART];
        let (mut heard, mut said) = (Instant::now(), Instant::now());
        loop {
            let until = (heard + agreed.patience).min(said + agreed.ping);
            match timeout_at(until, from.read(&mut part)).await {
                Ok(read) => {
                    let length = read?.ok_or(Broken::Ended)?;
                    heard = Instant::now();
                    frames.push(part.get(..length).unwrap_or_default());
                    while let Some(frame) = frames.next()? {
                        if self.take(frame, &mut agreed, place).await? {
                            said = Instant::now();
                        }
                    }
                }
                Err(_) if heard + agreed.patience <= Instant::now() => return Err(Broken::Silent),
                Err(_) => {
                    agreed.to.write_all(&frame(&FromAgent::Ping, MAX_FROM_AGENT)?).await?;
                    said = Instant::now();
                }
            }
        }
    }

    /// Whether something was said to it.
    async fn take(&mut self, frame: ToAgent, agreed: &mut Agreed, place: &Place) -> Result<bool, Broken> {
        let news = match frame {
            ToAgent::Welcome { .. } if self.met => return Err(Broken::Contract("a welcome is said once")),
            ToAgent::Welcome { version, lease, now } => {
                if version != VERSION {
                    return Err(Broken::Contract("another version of the connection"));
                }
                self.met = true;
                agreed.hurry(lease);
                let (gateway, place) = (agreed.gateway.clone(), place.name.clone());
                News::Met { gateway, place, now: now / 1_000 }
            }
            ToAgent::Bye { reason, retry_after } => {
                return Err(Broken::Bye { reason: inert(&reason), retry_after });
            }
            _ if !self.met => return Err(Broken::Contract("the first frame is a welcome")),
            ToAgent::Challenge { nonce } => return self.prove(nonce, agreed).await,
            ToAgent::Leased { seconds } => {
                agreed.hurry(seconds);
                News::Leased { seconds }
            }
            ToAgent::Anchors { anchors, cross, distrusted } => News::Anchors { anchors, cross, distrusted },
            ToAgent::RenewNow { within } => News::RenewNow { within },
            ToAgent::Pong => return Ok(false),
        };
        self.tell(news)?;
        Ok(false)
    }

    /// Nobody waits: whoever hears may be busy with a renewal for minutes, and a lease is proved in seconds.
    fn tell(&self, news: News) -> Result<(), Broken> {
        match self.news.try_send(news) {
            // the next says the same
            Err(TrySendError::Full(News::Leased { .. })) => Ok(()),
            Err(TrySendError::Full(_)) => Err(Broken::Contract("it says more than can be heard")),
            Ok(()) | Err(TrySendError::Closed(_)) => Ok(()),
        }
    }

    async fn prove(&self, nonce: Hash, agreed: &mut Agreed) -> Result<bool, Broken> {
        let key = Arc::clone(&self.standing.credential.key);
        let message = proof_message(&agreed.exporter, &nonce);
        let signed = tokio::task::spawn_blocking(move || key.sign(&message)).await;
        let signature = match signed.map_err(|error| error.to_string()) {
            Ok(Ok(signature)) => signature,
            // nothing is said, and the lease ends; a token that comes back signs the next one
            Ok(Err(error)) => return self.unsigned(error.to_string()),
            Err(reason) => return self.unsigned(reason),
        };
        let proof = FromAgent::Proof { nonce, signature: Blob(signature) };
        agreed.to.write_all(&frame(&proof, MAX_FROM_AGENT)?).await?;
        Ok(true)
    }

    fn unsigned(&self, reason: String) -> Result<bool, Broken> {
        self.tell(News::Unsigned { reason })?;
        Ok(false)
    }
}

impl Agreed {
    /// A shorter lease makes a shorter patience.
    fn hurry(&mut self, lease: u32) {
        let lease = Duration::from_secs(lease.max(1).into());
        self.patience = (lease * 3 / 4).min(Duration::from_secs(SILENCE_SECONDS));
        self.ping = (lease / 4).min(Duration::from_secs(PING_SECONDS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quinn::{ApplicationClose, VarInt};

    #[test]
    fn why_the_gateway_closed_the_connection_is_told() {
        let reason = b"the device is revoked".as_slice().into();
        let closed =
            ConnectionError::ApplicationClosed(ApplicationClose { error_code: VarInt::from_u32(1), reason });
        for broken in [
            Broken::from(ReadError::ConnectionLost(closed.clone())),
            Broken::from(WriteError::ConnectionLost(closed)),
        ] {
            assert!(broken.to_string().contains("the device is revoked"), "{broken}");
        }
    }
}
