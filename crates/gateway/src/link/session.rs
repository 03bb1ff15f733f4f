//! One stream: hello, and then whatever either side has to say until one of them lets go.
//!
//! INVARIANT: one bundle is under way, so many wait, and one frame is read; a side that is silent or does not read is let
//! go. What was not acknowledged comes again on the next stream.

use super::ending::{Ended, Let};
use super::frames::{ack, hello, record, revoked};
use super::identity::Identity;
use super::local::{Local, LocalError};
use super::renewal::Renewal;
use super::report::Reporter;
use super::tls;
use crate::agents::Ties;
use crate::clock::Clock;
use crate::config::Controller;
use nullius_protocol::link::{
    Answered, Asked, Blob, Frames, MAX_RECORDS, MAX_REVOKED, MAX_TO_CONTROLLER, MAX_TO_GATEWAY, MEDIA_TYPE,
    PING_SECONDS, Records, Relay, Revoked, SILENCE_SECONDS, STREAM_PATH, ToController, ToGateway, VERSION,
    Welcome, frame, is_question,
};
use nullius_protocol::local::{Answer, Body, Command, Failure, LinkState};
use reqwest::{Client, Response, Url};
use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout, timeout_at};

/// How long connecting and the first answer may take.
const OPENS_WITHIN: Duration = Duration::from_secs(20);

/// How long the other side may take to read what is sent.
const READS_WITHIN: Duration = Duration::from_secs(60);

/// How long one frame may take from its first byte to its last: the largest, over a slow line.
const FRAME_WITHIN: Duration = Duration::from_secs(600);

/// How often the gateway is asked for news.
const LOOK: Duration = Duration::from_secs(1);

/// Bundles that may wait, and their bytes: a controller that keeps its contract has 33 under way.
const MAX_WAITING: usize = 64;
const MAX_WAITING_BYTES: usize = 32 << 20;

/// Questions that are answered at once.
const MAX_QUESTIONS: usize = 4;

/// Frames on their way out.
const OUTGOING: usize = 4;

/// One stream, from dialling to its end.
pub(super) async fn run(url: &Url, identity: Identity, of: Of<'_>, clock: Arc<dyn Clock>) -> Ended {
    let mut session = match open(url, identity, of, clock).await {
        Ok(session) => session,
        Err(error) => return Ended::from(&error),
    };
    let mut relayed = of.ties.hub.link();
    let error = session.serve(&mut relayed).await;
    of.ties.hub.unlink();
    // what the gateway has under way is not sent to it a second time
    if let Some(delivering) = session.delivering.take() {
        let _ = delivering.await;
    }
    Ended { welcomed: true, ..Ended::from(&error) }
}

/// What outlives a stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Of<'l> {
    pub(super) controller: &'l Controller,
    pub(super) local: &'l Local,
    pub(super) ties: &'l Ties,
}

struct Session<'l> {
    ties: &'l Ties,
    local: Local,
    identity: Identity,
    directory: PathBuf,
    to: mpsc::Sender<Vec<u8>>,
    from: Response,
    frames: Frames<ToGateway>,
    /// Revocations that the controller was told of.
    revoked: BTreeSet<Revoked>,
    spool: String,
    /// The last record that was sent, and whether the controller has not confirmed it yet.
    sent: u64,
    unconfirmed: bool,
    waiting: VecDeque<Vec<u8>>,
    delivering: Option<JoinHandle<Result<Body, LocalError>>>,
    questions: JoinSet<Answered>,
    reporter: Reporter,
    renewal: Renewal,
    said: Instant,
    heard: Instant,
    /// When the frame that is being read began.
    began: Option<Instant>,
}

async fn open<'l>(
    url: &Url,
    identity: Identity,
    Of { controller, local, ties }: Of<'l>,
    clock: Arc<dyn Clock>,
) -> Result<Session<'l>, Let> {
    let state = local.state("connecting".to_owned()).await?;
    let trust = local.trust().await?;
    let (to, outgoing) = mpsc::channel(OUTGOING);
    let client = Client::builder()
        .tls_backend_preconfigured(tls::config(&identity, &trust, clock)?)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .http2_prior_knowledge()
        .connect_timeout(OPENS_WITHIN)
        .build()?;
    let hello = frame(&ToController::Hello(hello(&state)), MAX_TO_CONTROLLER)?;
    to.try_send(hello).map_err(|_| Let::Closed)?;
    let outgoing = futures_util::stream::unfold(outgoing, |mut outgoing| async {
        let bytes: Vec<u8> = outgoing.recv().await?;
        Some((Ok::<_, std::io::Error>(bytes), outgoing))
    });
    let url = url.join(STREAM_PATH).map_err(|_| Let::Contract("an address"))?;
    let request = client.post(url).header(reqwest::header::CONTENT_TYPE, MEDIA_TYPE);
    let request = request.body(reqwest::Body::wrap_stream(outgoing)).send();
    let from = timeout(OPENS_WITHIN, request).await.map_err(|_| Let::Silent)??;
    if !from.status().is_success() {
        return Err(Let::Status(from.status()));
    }
    let now = Instant::now();
    let mut session = Session {
        ties,
        local: local.clone(),
        identity,
        directory: controller.identity.clone(),
        to,
        from,
        frames: Frames::new(MAX_TO_GATEWAY),
        revoked: revoked(&state).collect(),
        spool: state.spool,
        sent: 0,
        unconfirmed: false,
        waiting: VecDeque::new(),
        delivering: None,
        questions: JoinSet::new(),
        reporter: Reporter::default(),
        renewal: Renewal::new(0, now),
        said: now,
        heard: now,
        began: None,
    };
    session.welcome().await?;
    Ok(session)
}

impl Session<'_> {
    async fn welcome(&mut self) -> Result<(), Let> {
        let deadline = Instant::now() + OPENS_WITHIN;
        let Welcome { version, now, recorded } = loop {
            match self.frames.next()? {
                Some(ToGateway::Welcome(welcome)) => break welcome,
                Some(ToGateway::Bye(bye)) => return Err(bye.into()),
                Some(_) => return Err(Let::Contract("the first frame is a welcome")),
                None => {
                    let chunk = timeout_at(deadline, self.from.chunk()).await.map_err(|_| Let::Silent)??;
                    self.frames.push(&chunk.ok_or(Let::Closed)?);
                }
            }
        };
        if version != VERSION {
            return Err(Let::Contract("another version of the link"));
        }
        self.renewal = Renewal::new(now / 1000, Instant::now());
        self.recorded(recorded).await
    }

    async fn serve(&mut self, relayed: &mut mpsc::Receiver<Relay>) -> Let {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let silent = self.heard + Duration::from_secs(SILENCE_SECONDS);
            let step = tokio::select! {
                biased;
                delivered = finished(&mut self.delivering) => self.delivered(delivered).await,
                Some(answered) = self.questions.join_next() => self.answer(answered.ok()).await,
                _ = look.tick() => self.look().await,
                Some(relay) = relayed.recv() => self.say(&ToController::Relay(relay)).await,
                chunk = timeout_at(silent, self.from.chunk()) => self.hear(chunk).await,
            };
            if let Err(error) = step {
                return error;
            }
        }
    }

    async fn hear(
        &mut self,
        chunk: Result<Result<Option<impl AsRef<[u8]>>, reqwest::Error>, tokio::time::error::Elapsed>,
    ) -> Result<(), Let> {
        let chunk = chunk.map_err(|_| Let::Silent)??.ok_or(Let::Closed)?;
        self.heard = Instant::now();
        self.frames.push(chunk.as_ref());
        let began = *self.began.get_or_insert(self.heard);
        while let Some(frame) = self.frames.next()? {
            self.began = None;
            self.take(frame).await?;
        }
        if self.began.is_some() && self.heard > began + FRAME_WITHIN { Err(Let::Silent) } else { Ok(()) }
    }

    async fn take(&mut self, frame: ToGateway) -> Result<(), Let> {
        match frame {
            ToGateway::Bundle { bytes: Blob(bytes) } => self.bundle(bytes),
            ToGateway::Recorded { spool, through } if spool == self.spool => self.recorded(through).await,
            ToGateway::Recorded { .. } => Err(Let::Contract("records of another spool")),
            ToGateway::Renewed { chain } => {
                self.identity = self.renewal.take(&self.identity, chain)?;
                self.ties.renewed(&self.identity);
                Ok(self.identity.write(&self.directory)?)
            }
            ToGateway::Ask(Asked { id, command }) => self.question(id, command),
            // it is asked again after a while; what is wrong stands in the controller's own log
            ToGateway::NotRenewed { .. } | ToGateway::Pong => Ok(()),
            ToGateway::Bye(bye) => Err(bye.into()),
            ToGateway::Relay(relay) => {
                self.ties.hub.take(relay);
                Ok(())
            }
            ToGateway::Welcome(_) => Err(Let::Contract("a welcome is said once")),
        }
    }

    fn bundle(&mut self, bytes: Vec<u8>) -> Result<(), Let> {
        let held: usize = self.waiting.iter().map(Vec::len).sum();
        if self.waiting.len() >= MAX_WAITING || held.saturating_add(bytes.len()) > MAX_WAITING_BYTES {
            return Err(Let::Contract("more bundles than may be under way"));
        }
        self.waiting.push_back(bytes);
        self.deliver();
        Ok(())
    }

    /// Hands the gateway the next bundle, unless it has one to look at.
    fn deliver(&mut self) {
        if self.delivering.is_some() {
            return;
        }
        let Some(bundle) = self.waiting.pop_front() else { return };
        let local = self.local.clone();
        self.delivering = Some(tokio::spawn(async move { local.ask(Command::Deliver { bundle }).await }));
    }

    async fn delivered(
        &mut self,
        delivered: Result<Result<Body, LocalError>, tokio::task::JoinError>,
    ) -> Result<(), Let> {
        self.delivering = None;
        let Body::Delivered(delivered) = delivered.map_err(|_| LocalError::Misunderstood)?? else {
            return Err(LocalError::Misunderstood.into());
        };
        self.say(&ack(delivered)).await?;
        self.deliver();
        Ok(())
    }

    /// The controller has records; the gateway may let go of them, and the next may be sent.
    async fn recorded(&mut self, through: u64) -> Result<(), Let> {
        self.local.ask(Command::SpoolAcked { through }).await?;
        self.sent = through;
        self.unconfirmed = false;
        Ok(())
    }

    /// What is new at the gateway.
    async fn look(&mut self) -> Result<(), Let> {
        let state = self.local.state(String::new()).await?;
        if state.spool != self.spool {
            return Err(Let::Renumbered);
        }
        self.say_revoked(&state).await?;
        for outcome in state.outcomes {
            self.say(&ack(outcome)).await?;
        }
        if state.next > self.sent.saturating_add(1) && !self.unconfirmed {
            self.send_records().await?;
        }
        let now = Instant::now();
        if let Some(report) = self.reporter.next(&self.local, now).await? {
            self.say(&ToController::Report(Box::new(report))).await?;
        }
        if let Some(csr) = self.renewal.request(&self.identity, now)? {
            self.say(&ToController::Renew { csr }).await?;
        }
        if now >= self.said + Duration::from_secs(PING_SECONDS) {
            self.say(&ToController::Ping).await?;
        }
        Ok(())
    }

    /// Whoever revokes here revokes everywhere, and not only when the link comes back the next time.
    async fn say_revoked(&mut self, state: &LinkState) -> Result<(), Let> {
        let all: BTreeSet<Revoked> = revoked(state).collect();
        let new: Vec<Revoked> = all.difference(&self.revoked).take(MAX_REVOKED).cloned().collect();
        self.revoked.retain(|known| all.contains(known));
        if new.is_empty() {
            return Ok(());
        }
        self.revoked.extend(new.iter().cloned());
        self.say(&ToController::Revoked(new)).await
    }

    async fn send_records(&mut self) -> Result<(), Let> {
        let max = u64::try_from(MAX_RECORDS).unwrap_or(u64::MAX);
        let body = self.local.ask(Command::SpoolRead { after: self.sent, max }).await?;
        let Body::Records(records) = body else { return Err(LocalError::Misunderstood.into()) };
        let Some(last) = records.last().map(|record| record.seq) else { return Ok(()) };
        let records = records.into_iter().map(record).collect();
        self.say(&ToController::Records(Records { spool: self.spool.clone(), records })).await?;
        self.sent = last;
        self.unconfirmed = true;
        Ok(())
    }

    /// What the controller asks, beside everything else: an answer that takes long holds nothing up.
    fn question(&mut self, id: u64, command: Command) -> Result<(), Let> {
        if !is_question(&command) {
            return Err(Let::Contract("a command that is no question"));
        }
        if self.questions.len() >= MAX_QUESTIONS {
            return Err(Let::Contract("more questions than may be open"));
        }
        let local = self.local.clone();
        self.questions.spawn(async move {
            let failed =
                |error: LocalError| Answer::Error(Failure { error: error.to_string(), ..Failure::default() });
            Answered { id, answer: local.relay(command).await.unwrap_or_else(failed) }
        });
        Ok(())
    }

    async fn answer(&mut self, answered: Option<Answered>) -> Result<(), Let> {
        let Some(answered) = answered else { return Ok(()) };
        let id = answered.id;
        if frame(&ToController::Answer(answered.clone()), MAX_TO_CONTROLLER).is_ok() {
            return self.say(&ToController::Answer(answered)).await;
        }
        let error = "the answer is larger than a frame".to_owned();
        let answer = Answer::Error(Failure { error, ..Failure::default() });
        self.say(&ToController::Answer(Answered { id, answer })).await
    }

    async fn say(&mut self, value: &ToController) -> Result<(), Let> {
        let bytes = frame(value, MAX_TO_CONTROLLER)?;
        self.said = Instant::now();
        let sent = timeout(READS_WITHIN, self.to.send(bytes)).await;
        sent.map_err(|_| Let::Silent)?.map_err(|_| Let::Closed)
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        // the gateway goes on with what it has; its answer is not for this stream any more
        self.questions.abort_all();
    }
}

/// A bundle that is under way, once it is done.
async fn finished<T>(handle: &mut Option<JoinHandle<T>>) -> Result<T, tokio::task::JoinError> {
    match handle {
        Some(handle) => handle.await,
        None => std::future::pending().await,
    }
}
