//! Witnesses: each is told every few seconds what the log has signed last, so that who controls this machine cannot
//! take back what others have seen.
//!
//! A file gets the notes themselves, one behind the other: `nullius-verify --anchor` reads it. A syslog gets them as
//! JSON. An HTTP witness is one of C2SP (<https://c2sp.org/tlog-witness>): it gets the note and a proof that the log
//! only grew since the last one it saw, and refuses what does not follow.
//!
//! INVARIANT: a witness that cannot be told is an alarm in the log, once, and is tried until it is told.

mod cosigner;
#[cfg(test)]
mod tests;

use super::backoff::Backoff;
use super::desk::Desk;
use super::destination::{Destination, Receiver};
use super::ocsf::{self, Line};
use super::sink::{Trouble, file, http, syslog};
use super::trust;
use cosigner::Cosigner;
use nullius_store::{StoreError, audit};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Least time between two checkpoints to one witness: a busy log signs hundreds a second.
const PACE: Duration = Duration::from_secs(5);

/// Tells one witness until the task is dropped.
pub(crate) async fn run(desk: Desk, receiver: Receiver) {
    let mut backoff = Backoff::new();
    loop {
        let mut told = false;
        let Err(trouble) = tell(&desk, &receiver, &mut told).await;
        desk.fail(&trouble).await;
        if told {
            backoff = Backoff::new();
        }
        backoff.wait().await;
    }
}

/// Until something goes wrong.
async fn tell(desk: &Desk, receiver: &Receiver, told: &mut bool) -> Result<Infallible, Trouble> {
    let mut way = Way::new(&receiver.to)?;
    let mut seen = desk.claim().await?;
    way.open(seen).await?;
    loop {
        let last: Option<Signed> = desk.app.read(last).await?;
        if let Some(signed) = last.filter(|signed| signed.size > seen) {
            way.push(desk, seen, &signed).await?;
            seen = signed.size;
            *told = true;
        }
        let settled = way.settled(seen);
        if settled > 0 {
            desk.advance(settled).await?;
        }
        way.pause(desk).await?;
    }
}

/// What the log has signed last.
struct Signed {
    size: u64,
    note: String,
}

fn last(tx: &mut nullius_store::Tx<'_>) -> Result<Option<Signed>, StoreError> {
    let size = audit::size(tx)?;
    Ok(audit::checkpoint(tx)?.map(|note| Signed { size, note }))
}

/// The way to one witness.
enum Way {
    File(file::Lines),
    Syslog(syslog::Syslog),
    Http(Cosigner),
}

impl Way {
    fn new(to: &Destination) -> Result<Self, Trouble> {
        Ok(match to {
            Destination::File { path, rotate } => {
                Self::File(file::Lines::new(path.clone(), *rotate, file::Form::Notes))
            }
            Destination::Syslog { host, port, ca } => {
                let tls = ca.as_deref().map(trust::authorities).transpose()?.map(Arc::new);
                Self::Syslog(syslog::Syslog::new(host.clone(), *port, tls))
            }
            Destination::Http { url, ca, token_file } => {
                let tls = ca.as_deref().map(trust::authorities).transpose()?;
                let token = token_file.as_deref().map(trust::token).transpose()?;
                Self::Http(Cosigner::new(http::client(tls)?, url, token)?)
            }
        })
    }

    async fn open(&mut self, seen: u64) -> Result<(), Trouble> {
        match self {
            Self::File(file) => file.open(seen),
            Self::Syslog(syslog) => syslog.open(seen).await?,
            Self::Http(_) => {}
        }
        Ok(())
    }

    async fn push(&mut self, desk: &Desk, seen: u64, signed: &Signed) -> Result<(), Trouble> {
        match self {
            Self::File(file) => file.send(&[line(desk, signed, signed.note.clone())]).await,
            Self::Syslog(syslog) => {
                let note = ocsf::ascii_json(&serde_json::json!({"checkpoint": signed.note}));
                syslog.send(&[line(desk, signed, note)]).await
            }
            Self::Http(cosigner) => cosigner.push(desk, seen, signed).await,
        }
    }

    /// The size that the witness has for sure.
    fn settled(&mut self, seen: u64) -> u64 {
        match self {
            Self::File(_) | Self::Http(_) => seen,
            Self::Syslog(syslog) => syslog.settled(),
        }
    }

    async fn pause(&mut self, desk: &Desk) -> Result<(), Trouble> {
        match self {
            Self::File(_) | Self::Http(_) => sleep(PACE).await,
            Self::Syslog(syslog) => tokio::select! {
                () = sleep(PACE) => {}
                rested = syslog.rest() => {
                    rested?;
                    sleep(PACE).await;
                }
            },
        }
        desk.renew().await
    }
}

/// A checkpoint as a record whose number is that of the last leaf it covers.
fn line(desk: &Desk, signed: &Signed, text: String) -> Line {
    Line {
        sequence: signed.size.saturating_sub(1),
        at: desk.app.now().to_string(),
        what: "checkpoint".to_owned(),
        severity: 1,
        json: text,
    }
}
