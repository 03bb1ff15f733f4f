//! What the operations on a site have in common.
//!
//! INVARIANT: a site that does not exist is answered as one that the caller does not know, before anything is read of it.

use crate::App;
use crate::access::Caller;
use crate::http::{Answer, IdempotencyKey, Problem};
use crate::record::Actor;
use crate::record::act::{Act, Asked, Done};
use crate::record::proposals::LIFE;
use axum::http::StatusCode;
use nullius_store::{Tx, sites};
use serde::Serialize;
use utoipa::ToSchema;

/// What came of an act that others may have to agree to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Outcome {
    /// As which epoch gateways are told: `1.42`.
    pub(super) epoch: Option<String>,
    /// What came of it, in words.
    pub(super) outcome: String,
    /// The proposal that others must agree to first.
    pub(super) proposal: Option<String>,
    /// What their approval must quote.
    pub(super) digest: Option<String>,
}

impl Outcome {
    pub(super) fn done(done: Done) -> Self {
        let epoch = done.epoch.map(|epoch| epoch.to_string());
        Self { epoch, outcome: done.outcome, proposal: None, digest: None }
    }

    pub(super) fn asked(asked: Asked) -> (StatusCode, Self) {
        match asked {
            Asked::Done(done) => (StatusCode::OK, Self::done(done)),
            Asked::Proposed(proposal) => {
                let days = LIFE / 86_400;
                let outcome = format!("{} must agree within {days} days", proposal.needed);
                let (proposal, digest) = (Some(proposal.id), Some(proposal.digest));
                (StatusCode::ACCEPTED, Self { epoch: None, outcome, proposal, digest })
            }
        }
    }
}

/// Reads of a site.
pub(super) async fn look<T: Send + 'static>(
    app: &App,
    site: String,
    work: impl FnOnce(&mut Tx<'_>, &str) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    app.read(move |tx| {
        known(tx, &site)?;
        work(tx, &site)
    })
    .await
}

/// Who does what where.
#[derive(Debug)]
pub(super) struct Doing {
    pub(super) app: App,
    pub(super) caller: Caller,
    pub(super) site: String,
}

impl Doing {
    /// Writes to a site, once for each key.
    pub(super) async fn once<B: Serialize + Send + 'static>(
        self,
        key: IdempotencyKey,
        body: B,
        work: impl Fn(&mut Tx<'_>, &str, &Actor, &B) -> Result<Answer, Problem> + Send + 'static,
    ) -> Result<Answer, Problem> {
        let actor = Actor::of(&self.app, &self.caller);
        let (caller, site) = (self.caller, self.site);
        self.app
            .write(move |tx| {
                known(tx, &site)?;
                key.once(tx, &caller, actor.now, &body, |tx| work(tx, &site, &actor, &body))
            })
            .await
    }

    /// Asks for an act, once for each key.
    pub(super) async fn ask(self, key: IdempotencyKey, act: Act) -> Result<Answer, Problem> {
        self.caller.may(act.permission(), &self.site)?;
        self.once(key, act, |tx, site, actor, act| {
            let (status, outcome) = Outcome::asked(act.clone().ask(tx, site, actor)?);
            Answer::new(status, &outcome)
        })
        .await
    }
}

/// # Errors
/// 404.
pub(super) fn known(tx: &mut Tx<'_>, site: &str) -> Result<(), Problem> {
    sites::find(tx, site)?.map(drop).ok_or_else(|| Problem::no_such("site"))
}
