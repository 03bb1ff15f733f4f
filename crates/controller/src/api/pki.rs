//! The certificate authorities: how they stand, what runs out when, and how one takes the place of another.
//!
//! What takes a root's key is no operation here: that key is brought to the machine (`nullius pki rollover start`).

use crate::App;
use crate::access::Caller;
use crate::http::{Answer, IdempotencyKey, Json, Path, Problem, Query};
use crate::pki::distrust::{Reissue, distrust, reissue};
use crate::pki::forecast::{Ending, outlook};
use crate::pki::{DAY, rollover};
use crate::record::{Actor, line};
use axum::extract::State;
use axum::http::StatusCode;
use nullius_identity::certificate_end;
use nullius_identity::rollover::State as Step;
use nullius_store::authorities::{self, Kind};
use nullius_store::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How far the forecast looks where nobody says, in days.
const USUAL: u64 = 90;

/// Most gateways that one step goes on without.
const WITHOUT: usize = 256;

/// The certificate authorities.
#[derive(Debug, Serialize, ToSchema)]
struct Authorities {
    /// The oldest first.
    items: Vec<Authority>,
    /// One takes the place of another.
    rollover: Option<Rollover>,
    /// There is one page.
    next: Option<String>,
}

/// A certificate authority.
#[derive(Debug, Serialize, ToSchema)]
struct Authority {
    /// SHA-256 of its certificate.
    id: String,
    /// `root` or `issuing`.
    kind: String,
    /// Who signed it.
    parent: String,
    /// `announced`, `trusted`, `issuing`, `old` or `distrusted`.
    state: String,
    /// Where its key is: `sealed` in the store, in a `module`, or `away`.
    key: String,
    /// Its last second, since 1970.
    ends: u64,
    /// The number of its last list of revoked certificates.
    list: Option<u64>,
    /// When the next one is promised, in seconds since 1970.
    list_next: Option<u64>,
}

/// A rollover that is under way.
#[derive(Debug, Serialize, ToSchema)]
struct Rollover {
    /// The authority that comes, or goes.
    authority: String,
    /// `announced`, `trusted`, or `issuing`, when the old one still counts.
    step: String,
    /// What the next step waits for; nothing where it can be taken.
    waits: Option<String>,
}

/// The next step of a rollover.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Advance {
    /// Gateways that are not waited for, as `site/gateway`: they must join again.
    #[serde(default)]
    #[schema(max_items = 256)]
    without: Vec<String>,
}

/// What a step did.
#[derive(Debug, Serialize, ToSchema)]
struct Advanced {
    /// In words.
    outcome: String,
}

/// Why nothing is believed of an authority any more.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Distrust {
    /// For the log, and for whoever is told.
    #[schema(min_length = 1, max_length = 512)]
    reason: String,
}

/// Who needs another certificate.
#[derive(Debug, Serialize, ToSchema)]
struct Reissues {
    /// The most pressing first.
    items: Vec<Reissue>,
    /// There is one page.
    next: Option<String>,
}

/// How far to look.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Horizon {
    /// In days; 90 if not given.
    #[param(minimum = 0, maximum = 36500)]
    days: Option<u64>,
}

/// What runs out.
#[derive(Debug, Serialize, ToSchema)]
struct Endings {
    /// The first to end first.
    items: Vec<Ending>,
    /// There is one page.
    next: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(forecast))
        .routes(routes!(advance))
        .routes(routes!(stolen))
        .routes(routes!(left))
}

/// Shows the certificate authorities and the rollover that is under way.
#[utoipa::path(
    get,
    path = "/v1/pki",
    tag = "pki",
    responses((status = 200, description = "All of them.", body = Authorities)),
    extensions(("x-permission" = json!("pki.read")))
)]
async fn show(State(app): State<App>) -> Result<Json<Authorities>, Problem> {
    let now = app.now().as_secs();
    let shown = app.read(move |tx| {
        let all = authorities::all(tx)?;
        let items = all.into_iter().map(|row| Authority::of(tx, row)).collect::<Result<_, _>>()?;
        let rollover = rollover::under_way(tx, now)?.map(Rollover::of);
        Ok::<_, Problem>(Authorities { items, rollover, next: None })
    });
    Ok(Json(shown.await?))
}

/// Says what runs out when, what is late, and how many devices of essential zones hang on it.
#[utoipa::path(
    get,
    path = "/v1/pki/forecast",
    tag = "pki",
    params(Horizon),
    responses((status = 200, description = "What runs out.", body = Endings)),
    extensions(("x-permission" = json!("pki.read")))
)]
async fn forecast(State(app): State<App>, Query(horizon): Query<Horizon>) -> Result<Json<Endings>, Problem> {
    let (now, days) = (app.now().as_secs(), horizon.days.unwrap_or(USUAL));
    let items = app.read(move |tx| outlook(tx, now, days.saturating_mul(DAY))).await?;
    Ok(Json(Endings { items, next: None }))
}

/// Takes the next step of a rollover. No authority signs before every gateway has said that it trusts it.
#[utoipa::path(
    post,
    path = "/v1/pki/rollover",
    tag = "pki",
    request_body = Advance,
    responses(
        (status = 200, description = "It was taken.", body = Advanced),
        (status = 409, description = "It waits for gateways, or for certificates that still count.", body = Problem,
            content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("pki.manage")))
)]
async fn advance(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Json(body): Json<Advance>,
) -> Result<Answer, Problem> {
    if body.without.len() > WITHOUT {
        return Err(Problem::wrong("too-many", format!("at most {WITHOUT} gateways are not waited for")));
    }
    let actor = Actor::of(&app, &caller);
    app.write(move |tx| {
        key.once(tx, &caller, actor.now, &body, |tx| {
            let outcome = rollover::advance(tx, &actor, &body.without)?;
            Answer::new(StatusCode::OK, &Advanced { outcome })
        })
    })
    .await
}

/// Believes nothing of an authority any more, whose key was stolen. Another signs from now on; who holds a certificate
/// of the old one is listed, the most pressing first.
#[utoipa::path(
    post,
    path = "/v1/pki/authorities/{authority}/distrust",
    tag = "pki",
    params(("authority" = String, Path, description = "SHA-256 of its certificate.")),
    request_body = Distrust,
    responses(
        (status = 200, description = "Who needs another certificate.", body = Reissues),
        (status = 409, description = "Nobody else could sign, or it is distrusted already.", body = Problem,
            content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("pki.manage")))
)]
async fn stolen(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path(authority): Path<String>,
    Json(body): Json<Distrust>,
) -> Result<Answer, Problem> {
    let actor = Actor::of(&app, &caller);
    app.write(move |tx| {
        key.once(tx, &caller, actor.now, &body, |tx| {
            let reason = line("reason", &body.reason)?;
            let absent = authority.contains('\0');
            let items = if absent {
                Err(Problem::no_such("authority"))
            } else {
                distrust(tx, &actor, &authority, &reason)
            };
            Answer::new(StatusCode::OK, &Reissues { items: items?, next: None })
        })
    })
    .await
}

/// Lists who holds a certificate of a distrusted authority and no newer one, the most pressing first.
#[utoipa::path(
    get,
    path = "/v1/pki/reissue",
    tag = "pki",
    responses((status = 200, description = "Who needs another certificate.", body = Reissues)),
    extensions(("x-permission" = json!("pki.read")))
)]
async fn left(State(app): State<App>) -> Result<Json<Reissues>, Problem> {
    let now = app.now().as_secs();
    let items = app.read(move |tx| reissue(tx, now)).await?;
    Ok(Json(Reissues { items, next: None }))
}

impl Authority {
    fn of(tx: &mut Tx<'_>, row: authorities::Authority) -> Result<Self, StoreError> {
        let list = authorities::crl(tx, &row.id)?;
        Ok(Self {
            ends: certificate_end(&row.certificate).unwrap_or_default(),
            kind: Kind::name(row.kind).to_owned(),
            state: row.state.name().to_owned(),
            key: row.place.columns().0.to_owned(),
            id: row.id,
            parent: row.parent,
            list: list.as_ref().map(|list| list.number),
            list_next: list.map(|list| list.next),
        })
    }
}

impl Rollover {
    fn of(row: rollover::UnderWay) -> Self {
        let step = match row.step {
            Step::Announced => "announced",
            Step::Trusted => "trusted",
            Step::Issuing => "issuing",
            Step::Retired => "retired",
        };
        let waits = row.waits.map(|wait| wait.to_string());
        Self { authority: row.authority, step: step.to_owned(), waits }
    }
}
