//! Gateways: which there are, what they have of what they were told, and how a new one joins.

use super::work::{Doing, look};
use crate::App;
use crate::access::Caller;
use crate::http::{Answer, IdempotencyKey, Json, Path, Problem};
use crate::join::invite;
use crate::record::{Actor, gateways as joining};
use axum::extract::State;
use axum::http::StatusCode;
use nullius_store::{Tx, bundles, gateways, sites};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::grants::Ending;

/// How long a token is good for where nobody says, in seconds.
const USUAL: u64 = 3_600;

/// Gateways of a site.
#[derive(Debug, Serialize, ToSchema)]
struct Gateways {
    /// By name.
    items: Vec<Gateway>,
    /// There is one page.
    next: Option<String>,
}

/// A gateway.
#[derive(Debug, Serialize, ToSchema)]
struct Gateway {
    /// Its name.
    name: String,
    /// It was turned away.
    revoked: bool,
    /// When it joined, in seconds since 1970.
    since: u64,
    /// When something was last heard of it, in seconds since 1970.
    seen: u64,
    /// The version of its program, as it says.
    software: String,
    /// The highest epoch it has taken.
    taken: String,
    /// The epoch of the policy it enforces.
    policy: String,
    /// It has not taken all it was told.
    behind: bool,
    /// Its records that the log has.
    recorded: u64,
}

/// What gateways were told and is in force.
#[derive(Debug, Serialize, ToSchema)]
struct Orders {
    /// In the order of their epochs.
    items: Vec<Order>,
    /// There is one page.
    next: Option<String>,
}

/// Something gateways were told.
#[derive(Debug, Serialize, ToSchema)]
struct Order {
    /// Its epoch.
    epoch: String,
    /// What it is about: `policy`, `revocation/cam1`, …
    key: String,
    /// When it was decided, in seconds since 1970.
    made: u64,
    /// The record that decided it.
    record: u64,
    /// What became of it, by gateway.
    gateways: Vec<Became>,
}

/// What became of an order at a gateway.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Became {
    /// Which gateway.
    gateway: String,
    /// `applied`, `held`, `refused`, or `waiting` where nothing was heard yet.
    pub(super) state: String,
    /// Why, where there is a reason.
    reason: String,
}

/// A gateway to be.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Join {
    /// Its name.
    #[schema(min_length = 1, max_length = 63)]
    gateway: String,
    /// How long the token is good for, in seconds; an hour if not given.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1209600)]
    seconds: Option<u64>,
}

/// A token with which a gateway joins, once.
#[derive(Debug, Serialize, ToSchema)]
struct Token {
    /// Shown this once.
    token: String,
    /// The gateway it is good for.
    gateway: String,
    /// Its last second, since 1970.
    expires: u64,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(orders))
        .routes(routes!(join))
        .routes(routes!(revoke))
}

/// The gateways of a site.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}/gateways",
    tag = "gateways",
    params(("site" = String, Path, description = "The site.")),
    responses((status = 200, description = "Gateways.", body = Gateways)),
    extensions(("x-permission" = json!("gateway.read")))
)]
async fn list(State(app): State<App>, Path(site): Path<String>) -> Result<Json<Gateways>, Problem> {
    let found = look(&app, site, |tx, site| {
        let last = sites::find(tx, site)?.map(|site| site.last).unwrap_or_default();
        Ok(gateways::of_site(tx, site)?.into_iter().map(|row| Gateway::of(row, last)).collect())
    });
    Ok(Json(Gateways { items: found.await?, next: None }))
}

/// What gateways were told and is in force, and what became of it at each.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}/orders",
    tag = "gateways",
    params(("site" = String, Path, description = "The site.")),
    responses((status = 200, description = "Orders.", body = Orders)),
    extensions(("x-permission" = json!("gateway.read")))
)]
async fn orders(State(app): State<App>, Path(site): Path<String>) -> Result<Json<Orders>, Problem> {
    let items = look(&app, site, |tx, site| {
        let there = gateways::of_site(tx, site)?;
        let there: Vec<String> = there.into_iter().filter(|row| !row.revoked).map(|row| row.name).collect();
        let told = bundles::in_force(tx, site)?;
        told.into_iter().map(|row| Order::of(tx, site, row, &there)).collect::<Result<Vec<_>, _>>()
    });
    Ok(Json(Orders { items: items.await?, next: None }))
}

/// Makes the token with which a gateway joins. It is shown once and good for once.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/gateways",
    tag = "gateways",
    params(("site" = String, Path, description = "The site.")),
    request_body = Join,
    responses((status = 201, description = "The token.", body = Token)),
    extensions(("x-permission" = json!("gateway.manage")))
)]
async fn join(
    State(app): State<App>,
    caller: Caller,
    Path(site): Path<String>,
    Json(Join { gateway, seconds }): Json<Join>,
) -> Result<(StatusCode, Json<Token>), Problem> {
    let actor = Actor::of(&app, &caller);
    let seconds = seconds.unwrap_or(USUAL);
    let made = app.write(move |tx| {
        let token = invite(tx, (&site, &gateway), &actor.who, seconds, actor.now)?;
        let expires = actor.seconds().saturating_add(seconds);
        Ok::<_, Problem>(Token { token: token.to_string(), gateway: gateway.clone(), expires })
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

/// Turns a gateway away: its connection is cut, its certificate refused.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/gateways/{gateway}/revocation",
    tag = "gateways",
    params(
        ("site" = String, Path, description = "The site."),
        ("gateway" = String, Path, description = "Its name.")
    ),
    request_body = Ending,
    responses(
        (status = 200, description = "It may not come any more.", body = Gateway),
        (status = 409, description = "It was turned away before.", body = Problem,
            content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("gateway.manage")))
)]
async fn revoke(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path((site, gateway)): Path<(String, String)>,
    Json(ending): Json<Ending>,
) -> Result<Answer, Problem> {
    Doing { app, caller, site }
        .once(key, ending, move |tx, site, actor, ending| {
            let row = joining::revoke(tx, site, actor, (&gateway, &ending.reason))?;
            let last = sites::find(tx, site)?.map(|site| site.last).unwrap_or_default();
            Answer::new(StatusCode::OK, &Gateway::of(row, last))
        })
        .await
}

impl Gateway {
    fn of(row: gateways::Gateway, last: nullius_model::Epoch) -> Self {
        Self {
            behind: row.taken < last,
            name: row.name,
            revoked: row.revoked,
            since: row.since,
            seen: row.seen,
            software: nullius_model::inert(&row.software),
            taken: row.taken.to_string(),
            policy: row.policy.to_string(),
            recorded: row.spool.recorded,
        }
    }
}

impl Order {
    fn of(tx: &mut Tx<'_>, site: &str, row: bundles::Bundle, there: &[String]) -> Result<Self, Problem> {
        let outcomes = bundles::outcomes(tx, site, row.epoch)?;
        let gateways = there.iter().map(|gateway| Became::of(gateway.clone(), &outcomes)).collect();
        Ok(Self { epoch: row.epoch.to_string(), key: row.key, made: row.made, record: row.leaf, gateways })
    }
}

impl Became {
    pub(super) fn of(gateway: String, outcomes: &[bundles::Outcome]) -> Self {
        let outcome = outcomes.iter().find(|outcome| outcome.gateway == gateway);
        let state = outcome.map_or("waiting", |outcome| &outcome.state).to_owned();
        let reason = outcome.map(|outcome| nullius_model::inert(&outcome.reason)).unwrap_or_default();
        Self { gateway, state, reason }
    }
}
