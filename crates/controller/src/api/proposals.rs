//! What one person asked for and others must agree to.

use super::grants::{Approval, Ending, StateQuery, identifier};
use super::work::{Doing, Outcome, look};
use crate::App;
use crate::access::Caller;
use crate::http::{Answer, IdempotencyKey, Json, Page, Path, Problem, Query};
use crate::record::{Actor, line, proposals, tell};
use axum::extract::State;
use axum::http::StatusCode;
use nullius_store::Tx;
use nullius_store::proposals as rows;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A proposal.
#[derive(Debug, Serialize, ToSchema)]
struct Proposal {
    /// Names it for ever.
    id: String,
    /// `device`, `stage`, `mode`, `grant`, `policy` or `two-person`.
    kind: String,
    /// What it is about.
    object: String,
    /// The act, as it will be carried out.
    #[schema(value_type = Object)]
    act: Value,
    /// SHA-256 of the act: what an approval must quote.
    digest: String,
    /// Who asked.
    asked_by: String,
    /// When, in seconds since 1970.
    asked: u64,
    /// When nobody may agree any more, in seconds since 1970.
    expires: u64,
    /// How many must agree.
    needed: u64,
    /// Who agreed.
    approvals: Vec<Approval>,
    /// `open`, `done`, `refused`, `withdrawn` or `expired`.
    state: String,
    /// What came of it.
    outcome: Option<String>,
}

/// Agreement.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Agreement {
    /// Of the proposal, as it was shown.
    #[schema(min_length = 64, max_length = 64)]
    digest: String,
}

/// What came of somebody's word.
#[derive(Debug, Serialize, ToSchema)]
struct Word {
    proposal: Proposal,
    /// Of the act, where this was the last approval it took.
    done: Option<Outcome>,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(approve))
        .routes(routes!(refuse))
}

/// The proposals of a site, the newest first.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}/proposals",
    tag = "proposals",
    params(("site" = String, Path, description = "The site."), StateQuery),
    responses((status = 200, description = "A page of proposals.", body = Page<Proposal>)),
    extensions(("x-permission" = json!("proposal.read")))
)]
async fn list(
    State(app): State<App>,
    Path(site): Path<String>,
    Query(query): Query<StateQuery>,
) -> Result<Json<Page<Proposal>>, Problem> {
    let (limit, before, state) = query.parts()?;
    let found = look(&app, site, move |tx, site| {
        let rows = rows::page(tx, site, state.as_deref(), &before, limit + 1)?;
        rows.into_iter().map(|row| Proposal::of(tx, site, row)).collect::<Result<Vec<_>, _>>()
    });
    Ok(Json(Page::new(found.await?, limit, |proposal: &Proposal| &proposal.id)))
}

/// One proposal.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}/proposals/{proposal}",
    tag = "proposals",
    params(
        ("site" = String, Path, description = "The site."),
        ("proposal" = String, Path, description = "Its id.")
    ),
    responses((status = 200, description = "The proposal.", body = Proposal)),
    extensions(("x-permission" = json!("proposal.read")))
)]
async fn show(
    State(app): State<App>,
    Path((site, id)): Path<(String, String)>,
) -> Result<Json<Proposal>, Problem> {
    let id = identifier("proposal", id)?;
    let proposal = look(&app, site, move |tx, site| {
        let row = proposals::find(tx, site, &id)?;
        Proposal::of(tx, site, row)
    });
    proposal.await.map(Json)
}

/// Agrees to what somebody else asked for. With the last approval it takes, it is carried out.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/proposals/{proposal}/approval",
    tag = "proposals",
    params(
        ("site" = String, Path, description = "The site."),
        ("proposal" = String, Path, description = "Its id.")
    ),
    request_body = Agreement,
    responses(
        (status = 200, description = "It is agreed to.", body = Word),
        (status = 409, description = "It is open no more, is another than was shown, or something stands in its way.",
            body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "What it is about was changed meanwhile.",
            body = Problem, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("proposal.approve")))
)]
async fn approve(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path((site, id)): Path<(String, String)>,
    Json(agreement): Json<Agreement>,
) -> Result<Answer, Problem> {
    let id = identifier("proposal", id)?;
    let (doing, who) =
        (Doing { app: app.clone(), caller: caller.clone(), site: site.clone() }, caller.clone());
    let proposal = id.clone();
    let approved = doing
        .once(key, agreement, move |tx, site, actor, agreement| {
            let word = proposals::approve(tx, site, (&who, actor), (&proposal, &agreement.digest))?;
            let done = word.done.map(Outcome::done);
            Answer::new(StatusCode::OK, &Word { proposal: Proposal::of(tx, site, word.proposal)?, done })
        })
        .await;
    if let Err(problem) = &approved
        && matches!(problem.status(), StatusCode::FORBIDDEN | StatusCode::CONFLICT)
    {
        let entry = proposals::attempt(&site, &Actor::of(&app, &caller), &id, problem);
        app.write(move |tx| tell::log(tx, &entry)).await?;
    }
    approved
}

/// Says no; who asked takes it back so.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/proposals/{proposal}/refusal",
    tag = "proposals",
    params(
        ("site" = String, Path, description = "The site."),
        ("proposal" = String, Path, description = "Its id.")
    ),
    request_body = Ending,
    responses(
        (status = 200, description = "It is closed.", body = Proposal),
        (status = 409, description = "It is open no more.", body = Problem,
            content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("proposal.approve")))
)]
async fn refuse(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path((site, id)): Path<(String, String)>,
    Json(ending): Json<Ending>,
) -> Result<Answer, Problem> {
    let id = identifier("proposal", id)?;
    Doing { app, caller, site }
        .once(key, ending, move |tx, site, actor, ending| {
            let reason = line("reason", &ending.reason)?;
            let row = proposals::refuse(tx, site, actor, (&id, &reason))?;
            Answer::new(StatusCode::OK, &Proposal::of(tx, site, row)?)
        })
        .await
}

impl Proposal {
    fn of(tx: &mut Tx<'_>, site: &str, row: rows::Proposal) -> Result<Self, Problem> {
        let approvals = Approval::all(tx, site, &row.id)?;
        Ok(Self {
            id: row.id,
            kind: row.kind,
            object: row.object,
            act: serde_json::from_str(&row.payload).unwrap_or_default(),
            digest: row.digest,
            asked_by: row.asked_by,
            asked: row.asked,
            expires: row.expires,
            needed: row.needed,
            approvals,
            state: row.state,
            outcome: row.outcome,
        })
    }
}
