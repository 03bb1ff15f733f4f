//! Policy: revisions, what they would change, and putting them in force.

use super::work::{Doing, Outcome, known, look};
use crate::App;
use crate::access::Caller;
use crate::http::{Answer, IdempotencyKey, Json, POLICY_BODY, Page, PageQuery, Path, Problem, Query};
use crate::record::act::Act;
use crate::record::plan::{Plan, Sides, plan};
use crate::record::{Actor, policy};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use nullius_store::revisions;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tokio::task::spawn_blocking;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A revision.
#[derive(Debug, Serialize, ToSchema)]
struct Revision {
    /// From 1, without gaps.
    number: u64,
    /// SHA-256 of what it holds.
    digest: String,
    /// Who wrote it.
    author: String,
    /// When, in seconds since 1970.
    made: u64,
    /// What for.
    message: String,
    /// When it was last put in force, in seconds since 1970.
    applied: Option<u64>,
    /// As which epoch.
    epoch: Option<String>,
}

/// A revision with its files.
#[derive(Debug, Serialize, ToSchema)]
struct Whole {
    #[serde(flatten)]
    revision: Revision,
    /// Path to text, as people wrote it but for the devices, which are in the record.
    files: BTreeMap<String, String>,
    /// Devices that came with it, and enter the record when it is first applied.
    devices: usize,
}

/// A revision that was kept.
#[derive(Debug, Serialize, ToSchema)]
struct Kept {
    #[serde(flatten)]
    revision: Revision,
    /// What somebody should look at all the same: `file:line:column` and what.
    warnings: Vec<String>,
}

/// A revision to be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Draft {
    /// Path to text: `inventory.toml`, `policies/NAME.cedar`, `tests/NAME.toml`, `*.md`.
    files: BTreeMap<String, String>,
    /// What for.
    #[schema(min_length = 1, max_length = 512)]
    message: String,
}

/// Why something is done.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Because {
    /// Why, for the log.
    #[schema(min_length = 1, max_length = 512)]
    reason: String,
}

/// What a plan is tried on.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct History {
    /// `rules.json` of `nullius eval --draft`: recorded traffic.
    #[serde(default)]
    rules: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    let large = OpenApiRouter::new()
        .routes(routes!(list, write))
        .routes(routes!(preview))
        .layer(DefaultBodyLimit::max(POLICY_BODY));
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(apply)).routes(routes!(rendered)).merge(large)
}

/// The revisions of a site, the newest first.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}/policy/revisions",
    tag = "policy",
    params(("site" = String, Path, description = "The site."), PageQuery),
    responses((status = 200, description = "A page of revisions.", body = Page<Revision>)),
    extensions(("x-permission" = json!("site.read")))
)]
async fn list(
    State(app): State<App>,
    Path(site): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Revision>>, Problem> {
    let (limit, after) = (query.limit()?, query.after()?);
    let before = match after.as_str() {
        "" => i64::MAX as u64,
        number => number.parse().map_err(|_| Problem::not_understood("`cursor` is none that we gave out"))?,
    };
    let found = look(&app, site, move |tx, site| Ok(revisions::page(tx, site, before, limit + 1)?)).await?;
    let numbered: Vec<(String, Revision)> =
        found.into_iter().map(|revision| (revision.number.to_string(), Revision::of(revision))).collect();
    Ok(Json(Page::new(numbered, limit, |(number, _)| number).map(|(_, revision)| revision)))
}

/// Keeps a revision that could be put in force. What is wrong with another is told at its lines.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/policy/revisions",
    tag = "policy",
    params(("site" = String, Path, description = "The site.")),
    request_body = Draft,
    responses((status = 201, description = "It is kept.", body = Kept)),
    extensions(("x-permission" = json!("policy.write")))
)]
async fn write(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path(site): Path<String>,
    Json(draft): Json<Draft>,
) -> Result<Answer, Problem> {
    let files = draft.files.clone();
    // compiling takes a while, and nobody who writes waits for it
    let warnings = look(&app, site.clone(), move |tx, site| policy::check(tx, site, &files)).await?;
    let warnings: Vec<String> = warnings.iter().take(policy::MAX_TOLD).map(told).collect();
    Doing { app, caller, site }
        .once(key, draft, move |tx, site, actor, draft| {
            let kept = policy::keep(tx, site, actor, draft.files.clone(), &draft.message)?;
            let kept = Kept { revision: Revision::of(kept), warnings: warnings.clone() };
            Answer::new(StatusCode::CREATED, &kept)
        })
        .await
}

/// One revision with its files.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}/policy/revisions/{revision}",
    tag = "policy",
    params(
        ("site" = String, Path, description = "The site."),
        ("revision" = u64, Path, description = "Its number.")
    ),
    responses((status = 200, description = "The revision.", body = Whole)),
    extensions(("x-permission" = json!("site.read")))
)]
async fn show(
    State(app): State<App>,
    Path((site, number)): Path<(String, u64)>,
) -> Result<Json<Whole>, Problem> {
    let whole = look(&app, site, move |tx, site| {
        let revision = Revision::of(policy::find(tx, site, storable(number)?)?);
        let held = policy::held(tx, site, number)?;
        Ok(Whole { revision, files: held.authored, devices: held.devices.len() })
    });
    whole.await.map(Json)
}

/// What would change if a revision were applied now.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/policy/revisions/{revision}/plan",
    tag = "policy",
    params(
        ("site" = String, Path, description = "The site."),
        ("revision" = u64, Path, description = "Its number.")
    ),
    request_body = History,
    responses((status = 200, description = "What would change.", body = Plan)),
    extensions(("x-permission" = json!("policy.write")))
)]
async fn preview(
    State(app): State<App>,
    caller: Caller,
    Path((site, number)): Path<(String, u64)>,
    Json(history): Json<History>,
) -> Result<Json<Plan>, Problem> {
    let actor = Actor::of(&app, &caller);
    let (sides, approvals) = look(&app, site, move |tx, site| {
        let after = policy::rendered(tx, site, storable(number)?)?;
        let before = policy::in_force(tx, site)?;
        let before = before.map(|authored| policy::render(tx, site, &authored)).transpose()?;
        let act = Act::Policy { revision: number, reason: "plan".to_owned() };
        Ok((Sides { before, after }, act.needed(tx, site, &actor)?))
    })
    .await?;
    let now = app.now();
    let planned = spawn_blocking(move || plan(&sides, history.rules.as_deref(), now)).await;
    let mut planned = planned
        .map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", error.to_string()))??;
    planned.approvals = approvals;
    Ok(Json(planned))
}

/// Puts a revision in force, whether it is newer or older than the one that is: going back is a new epoch too.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/policy/revisions/{revision}/apply",
    tag = "policy",
    params(
        ("site" = String, Path, description = "The site."),
        ("revision" = u64, Path, description = "Its number.")
    ),
    request_body = Because,
    responses(
        (status = 200, description = "It is in force.", body = Outcome),
        (status = 202, description = "Others must agree.", body = Outcome),
        (status = 409, description = "Something stands in its way.", body = Problem,
            content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("policy.apply")))
)]
async fn apply(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path((site, revision)): Path<(String, u64)>,
    Json(Because { reason }): Json<Because>,
) -> Result<Answer, Problem> {
    storable(revision)?;
    Doing { app, caller, site }.ask(key, Act::Policy { revision, reason }).await
}

/// The policy in force as gateways have it: what people wrote, and the device record.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}/policy/rendered",
    tag = "policy",
    params(("site" = String, Path, description = "The site.")),
    responses((status = 200, description = "Path to text.", body = BTreeMap<String, String>)),
    extensions(("x-permission" = json!("site.read")))
)]
async fn rendered(
    State(app): State<App>,
    Path(site): Path<String>,
) -> Result<Json<BTreeMap<String, String>>, Problem> {
    let files = app.read(move |tx| {
        known(tx, &site)?;
        let authored = policy::in_force(tx, &site)?.ok_or_else(|| Problem::no_such("policy"))?;
        policy::render(tx, &site, &authored)
    });
    files.await.map(Json)
}

impl Revision {
    fn of(row: revisions::Revision) -> Self {
        let revisions::Revision { number, digest, author, made, message, applied } = row;
        let epoch = applied.map(|(_, epoch)| epoch.to_string());
        Self { number, digest, author, made, message, applied: applied.map(|(at, _)| at), epoch }
    }
}

/// # Errors
/// 404 for a number that none has.
fn storable(number: u64) -> Result<u64, Problem> {
    i64::try_from(number).map(|_| number).map_err(|_| Problem::no_such("revision"))
}

fn told(wrong: &nullius_policy::Problem) -> String {
    let fault = policy::fault(wrong);
    format!("{}: {}", fault.at, fault.detail)
}
