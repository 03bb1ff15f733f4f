//! Sinks: each feeds one receiver with every event of the log, in order, at least once.
//!
//! A sink is a task of its own that holds one batch of leaves in memory. It reads the log from where its receiver is,
//! sends, and writes down how far it got; whatever goes wrong, it starts again from what is written down. So a receiver
//! that is slow, away or broken costs nobody anything but itself, and misses nothing.

mod connection;
pub(crate) mod file;
pub(crate) mod http;
pub(crate) mod syslog;
#[cfg(test)]
mod tests;

use super::backoff::Backoff;
use super::desk::{Desk, RENEW};
use super::destination::{Destination, Receiver};
use super::ocsf::{self, Line};
use super::trust;
use nullius_store::{StoreError, audit};
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Leaves that are read at once, of 60,000 bytes at most each.
const BATCH: u32 = 256;

/// Bytes of events after which a batch is closed: a log full of the longest leaves does not fill the memory.
const MAX_BYTES: usize = 4 << 20;

/// How often it is written down how far a receiver is while it is catching up.
const SAVE: Duration = Duration::from_secs(1);

/// Why a receiver takes nothing. A sentence without line ends, safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble(String);

impl Trouble {
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self(nullius_model::inert(text.as_ref()))
    }

    pub(crate) fn io(doing: &str, error: &std::io::Error) -> Self {
        Self::new(format!("{doing}: {error}"))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::new(error.to_string())
    }
}

/// Feeds one receiver until the task is dropped.
pub(crate) async fn run(desk: Desk, receiver: Receiver) {
    let mut backoff = Backoff::new();
    loop {
        let started = Instant::now();
        let Err(trouble) = feed(&desk, &receiver).await;
        desk.fail(&trouble).await;
        // one that worked for a while is tried again at once
        if started.elapsed() > SAVE * 60 {
            backoff = Backoff::new();
        }
        backoff.wait().await;
    }
}

/// Until something goes wrong; how far it got then is written down.
async fn feed(desk: &Desk, receiver: &Receiver) -> Result<Infallible, Trouble> {
    let mut outlet = Outlet::new(&receiver.to)?;
    let next = desk.claim().await?;
    outlet.open(next).await?;
    let mut saved = Saved { next, at: Instant::now(), told: false };
    let ended = pump(desk, &mut outlet, &mut saved).await;
    outlet.close().await;
    saved.save(desk, &mut outlet, true).await?;
    ended
}

async fn pump(desk: &Desk, outlet: &mut Outlet, saved: &mut Saved) -> Result<Infallible, Trouble> {
    let mut next = saved.next;
    let mut changes = desk.app.changes();
    loop {
        changes.borrow_and_update();
        let lines = batch(desk, next).await?;
        if let Some(last) = lines.last() {
            next = last.sequence + 1;
            send(desk, outlet, &lines).await?;
        }
        if !saved.told {
            desk.recover().await?;
            saved.told = true;
        }
        saved.save(desk, outlet, lines.is_empty()).await?;
        if lines.is_empty() {
            rest(desk, outlet, &mut changes).await?;
        }
    }
}

async fn batch(desk: &Desk, next: u64) -> Result<Vec<Line>, StoreError> {
    let leaves = desk.app.read(move |tx| audit::leaves(tx, next, BATCH)).await?;
    let mut lines = Vec::new();
    let mut bytes = 0;
    for leaf in leaves {
        let line = ocsf::line(leaf.number, leaf.record.as_bytes());
        bytes += line.json.len();
        lines.push(line);
        if bytes >= MAX_BYTES {
            break;
        }
    }
    Ok(lines)
}

/// However long the receiver takes: nobody else becomes its feeder meanwhile.
async fn send(desk: &Desk, outlet: &mut Outlet, lines: &[Line]) -> Result<(), Trouble> {
    let sending = outlet.send(lines);
    tokio::pin!(sending);
    loop {
        tokio::select! {
            sent = &mut sending => return sent,
            () = tokio::time::sleep(RENEW) => desk.renew().await?,
        }
    }
}

/// Until there may be something new to send or to write down.
async fn rest(desk: &Desk, outlet: &mut Outlet, changes: &mut watch::Receiver<u64>) -> Result<(), Trouble> {
    tokio::select! {
        _ = changes.changed() => Ok(()),
        rested = outlet.rest() => rested,
        () = tokio::time::sleep(RENEW) => desk.renew().await,
    }
}

/// What is written down of a receiver.
struct Saved {
    next: u64,
    at: Instant,
    /// That it is reached again.
    told: bool,
}

impl Saved {
    async fn save(&mut self, desk: &Desk, outlet: &mut Outlet, at_end: bool) -> Result<(), Trouble> {
        let settled = outlet.settled();
        if settled > self.next && (at_end || self.at.elapsed() >= SAVE) {
            desk.advance(settled).await?;
            (self.next, self.at) = (settled, Instant::now());
        }
        Ok(())
    }
}

/// The way to one receiver.
#[derive(Debug)]
enum Outlet {
    Syslog(syslog::Syslog),
    Http(http::Http),
    File(file::Lines),
}

impl Outlet {
    fn new(to: &Destination) -> Result<Self, Trouble> {
        Ok(match to {
            Destination::Syslog { host, port, ca } => {
                let tls = ca.as_deref().map(trust::authorities).transpose()?.map(Arc::new);
                Self::Syslog(syslog::Syslog::new(host.clone(), *port, tls))
            }
            Destination::Http { url, ca, token_file } => {
                let tls = ca.as_deref().map(trust::authorities).transpose()?;
                let token = token_file.as_deref().map(trust::token).transpose()?;
                Self::Http(http::Http::new(http::client(tls)?, url.clone(), token))
            }
            Destination::File { path, rotate } => {
                Self::File(file::Lines::new(path.clone(), *rotate, file::Form::Lines))
            }
        })
    }

    async fn open(&mut self, next: u64) -> Result<(), Trouble> {
        match self {
            Self::Syslog(syslog) => syslog.open(next).await,
            Self::Http(http) => {
                http.open(next);
                Ok(())
            }
            Self::File(file) => {
                file.open(next);
                Ok(())
            }
        }
    }

    async fn send(&mut self, lines: &[Line]) -> Result<(), Trouble> {
        match self {
            Self::Syslog(syslog) => syslog.send(lines).await,
            Self::Http(http) => http.send(lines).await,
            Self::File(file) => file.send(lines).await,
        }
    }

    /// The first record that the receiver may not have.
    fn settled(&mut self) -> u64 {
        match self {
            Self::Syslog(syslog) => syslog.settled(),
            Self::Http(http) => http.settled(),
            Self::File(file) => file.settled(),
        }
    }

    /// The last words on a connection.
    async fn close(&mut self) {
        match self {
            Self::Syslog(syslog) => syslog.close().await,
            Self::Http(_) | Self::File(_) => {}
        }
    }

    /// Ends where there is something to write down, or the receiver is gone.
    async fn rest(&mut self) -> Result<(), Trouble> {
        match self {
            Self::Syslog(syslog) => syslog.rest().await,
            Self::Http(_) | Self::File(_) => std::future::pending().await,
        }
    }
}
