//! A receiver's row in the store: who feeds it, how far it is, what is wrong with it.

use super::sink::Trouble;
use crate::App;
use nullius_audit::{Entry, Phase};
use nullius_store::sinks::{self, Hold, Kind};
use nullius_store::{StoreError, audit};
use std::sync::Arc;
use std::time::Duration;

/// How long a controller that says nothing keeps a receiver.
const HOLD: Duration = Duration::from_secs(30);

/// How often it says so.
pub(crate) const RENEW: Duration = Duration::from_secs(10);

/// One receiver's row.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    pub(crate) app: App,
    kind: Kind,
    name: Arc<str>,
    holder: Arc<str>,
}

impl Desk {
    /// The row of a receiver, for the controller `holder`.
    pub(crate) fn new(app: App, kind: Kind, name: &str, holder: Arc<str>) -> Self {
        Self { app, kind, name: name.into(), holder }
    }

    /// Waits until nobody else feeds the receiver; where it is then.
    pub(crate) async fn claim(&self) -> Result<u64, StoreError> {
        loop {
            if let Some(next) = self.hold_on().await? {
                return Ok(next);
            }
            tokio::time::sleep(RENEW).await;
        }
    }

    /// Keeps the receiver.
    pub(crate) async fn renew(&self) -> Result<(), Trouble> {
        self.hold_on().await?.map(drop).ok_or_else(taken_over)
    }

    /// The receiver is reached again.
    pub(crate) async fn recover(&self) -> Result<(), StoreError> {
        let (desk, hold) = (self.clone(), self.hold());
        self.app.write(move |tx| sinks::recover(tx, desk.kind, &desk.name, &hold)).await
    }

    async fn hold_on(&self) -> Result<Option<u64>, StoreError> {
        let (desk, hold) = (self.clone(), self.hold());
        let claimed = self.app.write(move |tx| sinks::claim(tx, desk.kind, &desk.name, &hold)).await?;
        Ok(claimed.map(|place| place.next))
    }

    /// The receiver has taken everything before `next`.
    pub(crate) async fn advance(&self, next: u64) -> Result<(), Trouble> {
        let (desk, hold) = (self.clone(), self.hold());
        let held = self.app.write(move |tx| sinks::advance(tx, desk.kind, &desk.name, next, &hold)).await;
        match held {
            Ok(true) => Ok(()),
            Ok(false) => Err(taken_over()),
            Err(error) => Err(error.into()),
        }
    }

    /// The receiver takes nothing. That a witness does not is an alarm: nobody off the machine sees what becomes of the
    /// log meanwhile. That the store takes nothing either is for the journal.
    pub(crate) async fn fail(&self, trouble: &Trouble) {
        tracing::warn!(receiver = %self.name, %trouble, "a receiver takes nothing");
        let (desk, hold, why, now) = (self.clone(), self.hold(), trouble.to_string(), self.app.now());
        let told = self.app.write(move |tx| {
            let news = sinks::fail(tx, desk.kind, &desk.name, &why, &hold)?;
            if news && desk.kind == Kind::Witness {
                let object = format!("witness/{}", desk.name);
                let alarm =
                    Entry::new(Phase::Observed, now, "system", "witness.fail", object).why(why.as_str());
                audit::append(tx, &alarm)?;
            }
            Ok(())
        });
        let told: Result<(), StoreError> = told.await;
        if let Err(error) = told {
            tracing::error!(%error, "what is wrong with a receiver could not be written down");
        }
    }

    fn hold(&self) -> Hold {
        let milliseconds = |nanos: u64| nanos / 1_000_000;
        let now = self.app.now();
        Hold {
            holder: self.holder.to_string(),
            now: milliseconds(now.as_nanos()),
            until: milliseconds(now.after(HOLD).as_nanos()),
        }
    }
}

fn taken_over() -> Trouble {
    Trouble::new("another controller feeds it by now")
}
