//! Access for a while.

use super::work::{Doing, Outcome, look};
use crate::App;
use crate::access::Caller;
use crate::http::{Answer, IdempotencyKey, Json, Page, PageQuery, Path, Problem, Query};
use crate::record::grants::{self, Receipt, Wish};
use axum::extract::State;
use axum::http::StatusCode;
use nullius_store::Tx;
use nullius_store::grants as rows;
use nullius_store::proposals;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A grant.
#[derive(Debug, Serialize, ToSchema)]
struct Grant {
    /// Names it for ever.
    id: String,
    /// `pending`, `active`, `ended`, `refused`, `withdrawn` or `expired`.
    state: String,
    /// The device that has access.
    subject: String,
    /// To which service.
    object: String,
    /// Classes of verbs; every one where none is given.
    verbs: Vec<String>,
    /// For how long, in seconds.
    seconds: u64,
    /// Why.
    reason: String,
    /// The work order it belongs to.
    work_order: Option<String>,
    /// The grant it prolongs.
    extends: Option<String>,
    /// Who asked.
    asked_by: String,
    /// When, in seconds since 1970.
    asked: u64,
    /// The proposal that others must agree to.
    proposal: Option<String>,
    /// Who agreed, and when.
    approvals: Vec<Approval>,
    /// When it began, in seconds since 1970.
    made: Option<u64>,
    /// When it ends at the latest, in seconds since 1970.
    ends: Option<u64>,
    /// When it was ended before its time.
    ended: Option<u64>,
    /// Why it was ended or refused.
    end_reason: Option<String>,
    /// What was done with it, as gateways tell when it is over.
    receipts: Vec<Receipt>,
}

/// Somebody agreed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Approval {
    /// Who.
    who: String,
    /// When, in seconds since 1970.
    at: u64,
}

/// A grant that was asked for.
#[derive(Debug, Serialize, ToSchema)]
struct Asked {
    grant: Grant,
    outcome: Outcome,
}

/// Which grants.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct StateQuery {
    /// Items a page, 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next` of the page before.
    #[param(max_length = 512)]
    cursor: Option<String>,
    /// Only those in this state, as it was last written.
    #[param(max_length = 63)]
    state: Option<String>,
}

/// How long a grant is prolonged.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Extension {
    /// For how long from when it is agreed to, in seconds.
    #[schema(minimum = 1, maximum = 43200)]
    seconds: u64,
    /// Why.
    #[schema(min_length = 1, max_length = 512)]
    reason: String,
}

/// Why something ends.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Ending {
    /// Why, for the log.
    #[schema(min_length = 1, max_length = 512)]
    pub(super) reason: String,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, ask))
        .routes(routes!(show))
        .routes(routes!(extend))
        .routes(routes!(end))
}

/// The grants of a site, the newest first.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}/grants",
    tag = "grants",
    params(("site" = String, Path, description = "The site."), StateQuery),
    responses((status = 200, description = "A page of grants.", body = Page<Grant>)),
    extensions(("x-permission" = json!("grant.read")))
)]
async fn list(
    State(app): State<App>,
    Path(site): Path<String>,
    Query(query): Query<StateQuery>,
) -> Result<Json<Page<Grant>>, Problem> {
    let (limit, before, state) = query.parts()?;
    let now = app.now().as_secs();
    let found = look(&app, site, move |tx, site| {
        let rows = rows::page(tx, site, state.as_deref(), &before, limit + 1)?;
        rows.into_iter().map(|row| Grant::of(tx, site, row, now)).collect::<Result<Vec<_>, _>>()
    });
    Ok(Json(Page::new(found.await?, limit, |grant: &Grant| &grant.id)))
}

/// Asks for access for a while. Others agree, by what the zone of the object is for; then it begins.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/grants",
    tag = "grants",
    params(("site" = String, Path, description = "The site.")),
    request_body = Wish,
    responses(
        (status = 201, description = "It has begun.", body = Asked),
        (status = 202, description = "Others must agree.", body = Asked)
    ),
    extensions(("x-permission" = json!("grant.request")))
)]
async fn ask(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path(site): Path<String>,
    Json(wish): Json<Wish>,
) -> Result<Answer, Problem> {
    Doing { app, caller, site }
        .once(key, wish, |tx, site, actor, wish| {
            let asked = grants::ask(tx, site, actor, wish.clone(), None)?;
            answered(tx, site, actor.seconds(), asked)
        })
        .await
}

/// A grant with who agreed to it and, when it has ended, what was done with it.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}/grants/{grant}",
    tag = "grants",
    params(("site" = String, Path, description = "The site."), ("grant" = String, Path, description = "Its id.")),
    responses((status = 200, description = "The grant.", body = Grant)),
    extensions(("x-permission" = json!("grant.read")))
)]
async fn show(
    State(app): State<App>,
    Path((site, id)): Path<(String, String)>,
) -> Result<Json<Grant>, Problem> {
    let id = identifier("grant", id)?;
    let now = app.now().as_secs();
    let grant = look(&app, site, move |tx, site| {
        let row = grants::find(tx, site, &id)?;
        Grant::of(tx, site, row, now)
    });
    grant.await.map(Json)
}

/// Asks for more time: a new grant of the same access, to which others agree anew.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/grants/{grant}/extension",
    tag = "grants",
    params(("site" = String, Path, description = "The site."), ("grant" = String, Path, description = "Its id.")),
    request_body = Extension,
    responses(
        (status = 201, description = "It has begun.", body = Asked),
        (status = 202, description = "Others must agree.", body = Asked)
    ),
    extensions(("x-permission" = json!("grant.request")))
)]
async fn extend(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path((site, id)): Path<(String, String)>,
    Json(extension): Json<Extension>,
) -> Result<Answer, Problem> {
    let id = identifier("grant", id)?;
    Doing { app, caller, site }
        .once(key, extension, move |tx, site, actor, extension| {
            let old = grants::find(tx, site, &id)?;
            let wish = Wish {
                subject: old.subject,
                object: old.object,
                verbs: grants::verbs(&old.verbs),
                seconds: extension.seconds,
                reason: extension.reason.clone(),
                work_order: old.work_order,
            };
            let asked = grants::ask(tx, site, actor, wish, Some(id.clone()))?;
            answered(tx, site, actor.seconds(), asked)
        })
        .await
}

/// Ends a grant before its time.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/grants/{grant}/end",
    tag = "grants",
    params(("site" = String, Path, description = "The site."), ("grant" = String, Path, description = "Its id.")),
    request_body = Ending,
    responses(
        (status = 200, description = "Gateways are told.", body = Asked),
        (status = 409, description = "It is not in force.", body = Problem,
            content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("grant.end")))
)]
async fn end(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path((site, id)): Path<(String, String)>,
    Json(ending): Json<Ending>,
) -> Result<Answer, Problem> {
    let id = identifier("grant", id)?;
    Doing { app, caller, site }
        .once(key, ending, move |tx, site, actor, ending| {
            let (row, done) = grants::end(tx, site, actor, (&id, &ending.reason))?;
            let grant = Grant::of(tx, site, row, actor.seconds())?;
            Answer::new(StatusCode::OK, &Asked { grant, outcome: Outcome::done(done) })
        })
        .await
}

fn answered(
    tx: &mut Tx<'_>,
    site: &str,
    now: u64,
    (row, asked): (rows::Grant, crate::record::act::Asked),
) -> Result<Answer, Problem> {
    let (status, outcome) = Outcome::asked(asked);
    let status = if status == StatusCode::OK { StatusCode::CREATED } else { status };
    let grant = Grant::of(tx, site, row, now)?;
    Answer::new(status, &Asked { grant, outcome })
}

/// An id that could be one of ours.
///
/// # Errors
/// 404.
pub(super) fn identifier(what: &str, id: String) -> Result<String, Problem> {
    let fits = id.len() == 26 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits { Ok(id) } else { Err(Problem::no_such(what)) }
}

impl StateQuery {
    /// Items a page, the id the page is older than, and the state.
    pub(super) fn parts(self) -> Result<(usize, String, Option<String>), Problem> {
        let page = PageQuery { limit: self.limit, cursor: self.cursor, q: None };
        if self.state.as_ref().is_some_and(|state| state.contains('\0')) {
            return Err(Problem::not_understood("a word has no such character"));
        }
        Ok((page.limit()?, page.after()?, self.state))
    }
}

impl Approval {
    /// Of a proposal.
    pub(super) fn all(tx: &mut Tx<'_>, site: &str, proposal: &str) -> Result<Vec<Self>, Problem> {
        let rows = proposals::approvals(tx, site, proposal)?;
        Ok(rows.into_iter().map(|row| Self { who: row.who, at: row.at }).collect())
    }
}

impl Grant {
    fn of(tx: &mut Tx<'_>, site: &str, row: rows::Grant, now: u64) -> Result<Self, Problem> {
        let approvals = match &row.proposal {
            Some(proposal) => Approval::all(tx, site, proposal)?,
            None => Vec::new(),
        };
        Ok(Self {
            state: grants::state(&row, now).to_owned(),
            verbs: grants::verbs(&row.verbs),
            ends: row.made.map(|made| made.saturating_add(row.seconds)),
            receipts: grants::receipts(&row),
            id: row.id,
            subject: row.subject,
            object: row.object,
            seconds: row.seconds,
            reason: row.reason,
            work_order: row.work_order,
            extends: row.extends,
            asked_by: row.asked_by,
            asked: row.asked,
            proposal: row.proposal,
            approvals,
            made: row.made,
            ended: row.ended,
            end_reason: row.end_reason,
        })
    }
}
