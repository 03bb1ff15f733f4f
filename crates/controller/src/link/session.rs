//! One gateway's session: from its hello to its end.
//!
//! One task does one thing after another: while it writes to the store nothing is read from the gateway, so that whoever
//! sends much waits, and no queue grows.

use super::delivery::{self, Form};
use super::hub::{Question, Seat};
use super::relay::Relays;
use super::wire::{End, Reader, Writer};
use super::{arrival, records};
use crate::{App, join, pki};
use nullius_audit::{Entry, Phase};
use nullius_identity::{GatewayIdentity, Profile, RequestedKey, Verified};
use nullius_model::Epoch;
use nullius_protocol::link::{
    Ack, Answered, Asked, Blob, Bye, Hello, Outcome, Records, Relay, RelayPart, Report, ToController,
    ToGateway, VERSION, Welcome,
};
use nullius_protocol::local::Answer;
use nullius_store::gateways::Gateway;
use nullius_store::{Tx, audit};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout};

/// Longest wait for the hello.
const HELLO: Duration = Duration::from_secs(10);

/// What is written within this time is looked at together.
const GATHER: Duration = Duration::from_millis(20);

/// Reports that come faster than this are not kept: each is a write.
const REPORT_EVERY: Duration = Duration::from_secs(2);

/// Certificates are not signed faster than this.
const RENEW_EVERY: Duration = Duration::from_secs(30);

/// Questions that a gateway has not answered at most.
const OPEN_QUESTIONS: usize = 64;

/// Serves one gateway to its end, and tells it why that came.
pub(super) async fn run(app: App, peer: Verified<GatewayIdentity>, reader: Reader, writer: Writer) {
    let end = match Session::open(app, peer.clone(), reader, writer.clone()).await {
        Ok(session) => session.serve().await,
        Err(end) => end,
    };
    tracing::info!(site = %peer.site, gateway = %peer.name, %end, "a gateway's session ended");
    let retry_after = match &end {
        End::Closed | End::Silent | End::Slow | End::Renewed => 0,
        End::Replaced | End::Here(_) => 30,
        End::Frame(_) | End::TurnedAway => 3600,
        End::Contract(_) => 300,
    };
    let reason = if matches!(end, End::Here(_)) {
        // what failed here is for our own journal
        "the controller failed".to_owned()
    } else {
        end.to_string()
    };
    writer.try_send(&ToGateway::Bye(Bye { reason, retry_after }));
}

struct Session {
    app: App,
    peer: Verified<GatewayIdentity>,
    seat: Seat,
    reader: Reader,
    writer: Writer,
    changes: watch::Receiver<u64>,
    /// The certificate has run out: it may renew, and nothing else.
    late: bool,
    /// The last second of the newest certificate it got.
    until: u64,
    sent: Epoch,
    under_way: BTreeMap<Epoch, Form>,
    /// A change was refused: the policy goes in full.
    in_full: bool,
    open: BTreeMap<u64, oneshot::Sender<Answer>>,
    relays: Relays,
    asked: u64,
    reported: Option<Instant>,
    renewed: Option<Instant>,
    heard: Instant,
}

enum Event {
    Frame(ToController),
    Question(Question),
    Look,
}

impl Session {
    async fn open(
        app: App,
        peer: Verified<GatewayIdentity>,
        mut reader: Reader,
        writer: Writer,
    ) -> Result<Self, End> {
        let ToController::Hello(hello) = timeout(HELLO, reader.next()).await.map_err(|_| End::Silent)??
        else {
            return Err(End::Contract("the first frame is a hello"));
        };
        if hello.version != VERSION {
            return Err(End::Contract("this controller speaks version 1 of the link"));
        }
        let late = peer.until < app.now().as_secs();
        let changes = app.changes();
        let gateway = arrive(&app, &peer, hello, late).await?;
        let seat = app.links().enter(&peer.site, &peer.name);
        let now = app.now().as_nanos() / 1_000_000;
        let recorded = gateway.spool.recorded;
        writer.send(&ToGateway::Welcome(Welcome { version: VERSION, now, recorded })).await?;
        Ok(Self {
            until: peer.until,
            app,
            peer,
            seat,
            reader,
            writer,
            changes,
            late,
            sent: gateway.taken,
            under_way: BTreeMap::new(),
            in_full: false,
            open: BTreeMap::new(),
            relays: Relays::default(),
            asked: 0,
            reported: None,
            renewed: None,
            heard: Instant::now(),
        })
    }

    async fn serve(mut self) -> End {
        loop {
            if let Err(end) = self.step().await {
                return end;
            }
        }
    }

    async fn step(&mut self) -> Result<(), End> {
        self.deliver().await?;
        match self.event().await? {
            Event::Frame(frame) => {
                self.heard = Instant::now();
                self.take(frame).await
            }
            Event::Question(question) => self.ask(question).await,
            Event::Look => Ok(()),
        }
    }

    /// Waits for something to do.
    async fn event(&mut self) -> Result<Event, End> {
        let silent = self.heard + self.app.config().link.silence;
        let changes = &mut self.changes;
        let look = async {
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
            sleep_until(Instant::now() + GATHER).await;
            changes.mark_unchanged();
        };
        tokio::select! {
            biased;
            _ = &mut self.seat.left => Err(End::Replaced),
            frame = self.reader.next() => Ok(Event::Frame(frame?)),
            Some(question) = self.seat.questions.recv() => Ok(Event::Question(question)),
            () = look => Ok(Event::Look),
            () = sleep_until(silent) => Err(End::Silent),
        }
    }

    /// Sends what is new, as far as it may go now.
    async fn deliver(&mut self) -> Result<(), End> {
        let (peer, sent, under_way) = (self.peer.clone(), self.sent, self.under_way.len());
        // a connection is worth no more than the certificate it was opened with
        self.late |= self.until < self.app.now().as_secs();
        if self.late {
            return self.app.read(move |tx| arrival::admitted(tx, &peer).map(|_| ())).await;
        }
        let alone = self.under_way.values().any(|form| *form != Form::Order);
        let (in_full, changes) = (self.in_full, self.app.links().changes());
        let next = move |tx: &mut Tx<'_>| delivery::next(tx, &peer, &changes, sent, under_way, in_full);
        for ready in self.app.read(next).await? {
            if alone {
                break;
            }
            self.sent = ready.epoch;
            self.under_way.insert(ready.epoch, ready.form);
            self.in_full &= ready.form == Form::Order;
            self.writer.send(&ToGateway::Bundle { bytes: Blob(ready.bytes) }).await?;
        }
        Ok(())
    }

    async fn take(&mut self, frame: ToController) -> Result<(), End> {
        match frame {
            ToController::Ping => self.writer.send(&ToGateway::Pong).await,
            ToController::Renew { csr } => self.renew(&csr).await,
            // it will say all of this again when it comes with its new certificate
            _ if self.late => Ok(()),
            ToController::Hello(_) => Err(End::Contract("a hello is said once")),
            ToController::Ack(ack) => self.acked(ack).await,
            ToController::Records(records) => self.record(records).await,
            ToController::Report(report) => self.report(*report).await,
            ToController::Answer(answered) => {
                self.answered(answered);
                Ok(())
            }
            ToController::Relay(part) => self.relay(part).await,
        }
    }

    async fn relay(&mut self, part: Relay) -> Result<(), End> {
        let Err((id, reason)) = self.relays.take(&self.app, (&self.peer, &self.writer), part) else {
            return Ok(());
        };
        let part = RelayPart::End { reason: Some(reason.to_owned()) };
        self.writer.send(&ToGateway::Relay(Relay { id, part })).await
    }

    async fn acked(&mut self, ack: Ack) -> Result<(), End> {
        let form = self.under_way.remove(&ack.epoch);
        if form == Some(Form::Delta) && matches!(ack.result, Outcome::Refused { .. }) {
            self.in_full = true;
            self.sent.counter = ack.epoch.counter.saturating_sub(1);
            return Ok(());
        }
        let (peer, at) = (self.peer.clone(), self.app.now());
        self.app.write(move |tx| delivery::acked(tx, &peer, &ack, form, at)).await
    }

    async fn record(&mut self, records: Records) -> Result<(), End> {
        let (peer, at, spool) = (self.peer.clone(), self.app.now(), records.spool.clone());
        let through = self.app.write(move |tx| records::record(tx, &peer, &records, at)).await?;
        self.writer.send(&ToGateway::Recorded { spool, through }).await
    }

    async fn report(&mut self, report: Report) -> Result<(), End> {
        if self.reported.is_some_and(|last| last.elapsed() < REPORT_EVERY) {
            return Ok(());
        }
        self.reported = Some(Instant::now());
        let (peer, at) = (self.peer.clone(), self.app.now());
        self.app.write(move |tx| arrival::reported(tx, &peer, &report, at)).await
    }

    async fn renew(&mut self, csr: &Blob) -> Result<(), End> {
        if self.renewed.is_some_and(|last| last.elapsed() < RENEW_EVERY) {
            let reason = "a certificate was signed a moment ago".to_owned();
            return self.writer.send(&ToGateway::NotRenewed { reason }).await;
        }
        self.renewed = Some(Instant::now());
        let key = match RequestedKey::from_request(&csr.0) {
            Ok(key) => key,
            Err(error) => {
                return self.writer.send(&ToGateway::NotRenewed { reason: error.to_string() }).await;
            }
        };
        let issued = signed(&self.app, self.peer.clone(), key).await?;
        self.until = issued.until;
        let chain = issued.chain.into_iter().map(Blob).collect();
        self.writer.send(&ToGateway::Renewed { chain }).await?;
        if self.late { Err(End::Renewed) } else { Ok(()) }
    }

    async fn ask(&mut self, question: Question) -> Result<(), End> {
        self.open.retain(|_, answer| !answer.is_closed());
        if self.late || self.open.len() >= OPEN_QUESTIONS {
            return Ok(());
        }
        self.asked += 1;
        self.open.insert(self.asked, question.answer);
        self.writer.send(&ToGateway::Ask(Asked { id: self.asked, command: question.command })).await
    }

    fn answered(&mut self, answered: Answered) {
        if let Some(answer) = self.open.remove(&answered.id) {
            // who asked may have given up
            let _ = answer.send(answered.answer);
        }
    }
}

async fn arrive(
    app: &App,
    peer: &Verified<GatewayIdentity>,
    hello: Hello,
    late: bool,
) -> Result<Gateway, End> {
    let (peer, at) = (peer.clone(), app.now());
    if late {
        return app.read(move |tx| arrival::admitted(tx, &peer)).await;
    }
    let hello = Arc::new(hello);
    for begin in (0..hello.revoked.len()).step_by(arrival::ADOPT_AT_ONCE) {
        let (hello, peer) = (Arc::clone(&hello), peer.clone());
        let adopt = move |tx: &mut Tx<'_>| {
            let mut some = hello.revoked.iter().skip(begin).take(arrival::ADOPT_AT_ONCE);
            some.try_for_each(|revoked| arrival::adopt(tx, &peer, revoked, hello.taken, at))
        };
        app.write(adopt).await?;
    }
    app.write(move |tx| arrival::welcome(tx, &peer, &hello, at)).await
}

/// A certificate for the same gateway, and a record of it.
async fn signed(app: &App, peer: Verified<GatewayIdentity>, key: RequestedKey) -> Result<pki::Issued, End> {
    let (config, at) = (app.config().clone(), app.now());
    let sign = move |tx: &mut Tx<'_>| {
        let gateway = arrival::admitted(tx, &peer)?;
        let profile = Profile::Gateway { site: gateway.site.clone(), name: gateway.name.clone() };
        let issued = pki::issue(tx, &config, &profile, &key, join::validity(&config, at))?;
        let who = format!("gateway:{}", gateway.name);
        let entry =
            Entry::new(Phase::Observed, at, who, "gateway.renew", format!("gateway/{}", gateway.name));
        audit::append(tx, &entry.site(gateway.site))?;
        Ok::<_, End>(issued)
    };
    app.write(sign).await
}
