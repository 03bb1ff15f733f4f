//! What is in force beside the policy: stages, modes, bindings, and the rule of two people.

use super::work::{Doing, Outcome, look};
use crate::App;
use crate::access::Caller;
use crate::http::{Answer, IdempotencyKey, Json, Path, Problem};
use crate::record::act::Act;
use crate::record::{devices, site};
use axum::extract::State;
use nullius_protocol::local::StageTarget;
use nullius_store::standing;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What is in force.
#[derive(Debug, Serialize, ToSchema)]
struct Standing {
    /// Acts of consequence take two people.
    two_person: bool,
    /// Everything that was said, by key.
    items: Vec<Said>,
}

/// What was last said under one key.
#[derive(Debug, Serialize, ToSchema)]
struct Said {
    /// `stage/default`, `stage/device/plc1`, `stage/conduit/a/b`, `mode/site`, `mode/zone/a`, `revocation/cam1`, …
    key: String,
    /// What.
    value: String,
    /// Who said so.
    by: String,
    /// When, in seconds since 1970.
    made: u64,
    /// Why.
    reason: String,
    /// As which epoch gateways were told.
    epoch: String,
}

/// Moves roll-out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StageSet {
    /// Of what; of whatever has none of its own where nothing is given.
    #[serde(default)]
    target: Target,
    /// `observe`, `shadow` or `enforce`.
    #[schema(max_length = 16)]
    stage: String,
    /// Why it is enforced although denials were counted meanwhile.
    #[serde(default)]
    despite: Option<String>,
    /// Why, for the log.
    #[schema(min_length = 1, max_length = 512)]
    reason: String,
}

/// What a stage is set for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum Target {
    /// Whatever has no stage of its own.
    #[default]
    Default,
    /// All that one device sends and receives.
    Device(String),
    /// All that passes between two zones.
    Conduit {
        /// One zone.
        from: String,
        /// The other.
        to: String,
    },
}

/// Says what the plant does.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ModeSet {
    /// `normal`, `maintenance`, `start-up`, `changeover`, `emergency` or `island`.
    #[schema(max_length = 16)]
    mode: String,
    /// The zone; the whole site where none is given.
    #[serde(default)]
    zone: Option<String>,
    /// Why, for the log.
    #[schema(min_length = 1, max_length = 512)]
    reason: String,
}

/// Whether acts of consequence take two people.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// They do.
    on: bool,
    /// Why, for the log.
    #[schema(min_length = 1, max_length = 512)]
    reason: String,
}

/// Where a device is.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Binding {
    /// The port of the gateway; the one it is seen on where none is given.
    #[serde(default)]
    #[schema(max_length = 15)]
    port: Option<String>,
    /// Its hardware address; the declared one where none is given.
    #[serde(default)]
    #[schema(max_length = 17)]
    mac: Option<String>,
    /// Why, for the log.
    #[schema(min_length = 1, max_length = 512)]
    reason: String,
}

/// What is known of a device; what is absent is unknown, never good.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Assessment {
    /// Its software and settings are as they should be.
    #[serde(default)]
    posture: Option<bool>,
    /// Risk band, 0 (none) to 4.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 4)]
    risk: Option<u8>,
    /// Its behaviour lies inside its baseline.
    #[serde(default)]
    conforms: Option<bool>,
    /// Why, for the log.
    #[schema(min_length = 1, max_length = 512)]
    reason: String,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(stage))
        .routes(routes!(mode))
        .routes(routes!(rule))
        .routes(routes!(bind))
        .routes(routes!(assess))
}

/// What is in force beside the policy.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}/standing",
    tag = "standing",
    params(("site" = String, Path, description = "The site.")),
    responses((status = 200, description = "What is in force.", body = Standing)),
    extensions(("x-permission" = json!("site.read")))
)]
async fn show(State(app): State<App>, Path(site): Path<String>) -> Result<Json<Standing>, Problem> {
    let standing = look(&app, site, |tx, site| {
        let two_person = site::takes_two(tx, site)?;
        let items = standing::all(tx, site)?.into_iter().map(Said::of).collect();
        Ok(Standing { two_person, items })
    });
    standing.await.map(Json)
}

/// Moves roll-out of a device, a conduit or everything. To enforce less in an essential zone takes a second person.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/stages",
    tag = "standing",
    params(("site" = String, Path, description = "The site.")),
    request_body = StageSet,
    responses(
        (status = 200, description = "Gateways are told.", body = Outcome),
        (status = 202, description = "Others must agree.", body = Outcome)
    ),
    extensions(("x-permission" = json!("stage.set")))
)]
async fn stage(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path(site): Path<String>,
    Json(StageSet { target, stage, despite, reason }): Json<StageSet>,
) -> Result<Answer, Problem> {
    let target = match target {
        Target::Default => StageTarget::Default,
        Target::Device(device) => StageTarget::Device(device),
        Target::Conduit { from, to } => StageTarget::Conduit { from, to },
    };
    Doing { app, caller, site }.ask(key, Act::Stage { target, stage, despite, reason }).await
}

/// Says what the plant, or a zone of it, does.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/mode",
    tag = "standing",
    params(("site" = String, Path, description = "The site.")),
    request_body = ModeSet,
    responses(
        (status = 200, description = "Gateways are told.", body = Outcome),
        (status = 202, description = "Others must agree.", body = Outcome)
    ),
    extensions(("x-permission" = json!("mode.set")))
)]
async fn mode(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path(site): Path<String>,
    Json(ModeSet { mode, zone, reason }): Json<ModeSet>,
) -> Result<Answer, Problem> {
    Doing { app, caller, site }.ask(key, Act::Mode { mode, zone, reason }).await
}

/// Says whether acts of consequence take two people. To end that takes two people.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/two-person",
    tag = "standing",
    params(("site" = String, Path, description = "The site.")),
    request_body = Rule,
    responses(
        (status = 200, description = "It holds from now on.", body = Outcome),
        (status = 202, description = "Others must agree.", body = Outcome)
    ),
    extensions(("x-permission" = json!("site.import")))
)]
async fn rule(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path(site): Path<String>,
    Json(Rule { on, reason }): Json<Rule>,
) -> Result<Answer, Problem> {
    Doing { app, caller, site }.ask(key, Act::TwoPerson { on, reason }).await
}

/// Vouches that a station is this device, and binds it to its port.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/devices/{device}/binding",
    tag = "devices",
    params(("site" = String, Path, description = "The site."), ("device" = String, Path, description = "Its name.")),
    request_body = Binding,
    responses((status = 200, description = "Gateways are told.", body = Outcome)),
    extensions(("x-permission" = json!("device.approve")))
)]
async fn bind(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path((site, device)): Path<(String, String)>,
    Json(binding): Json<Binding>,
) -> Result<Answer, Problem> {
    Doing { app, caller, site }
        .once(key, binding, move |tx, site, actor, binding| {
            let place = (binding.port.as_deref(), binding.mac.as_deref());
            let done = devices::bind(tx, site, actor, &device, place, &binding.reason)?;
            Answer::new(axum::http::StatusCode::OK, &Outcome::done(done))
        })
        .await
}

/// States what is known of a device; replaces what was stated before.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/devices/{device}/assessment",
    tag = "devices",
    params(("site" = String, Path, description = "The site."), ("device" = String, Path, description = "Its name.")),
    request_body = Assessment,
    responses((status = 200, description = "Gateways are told.", body = Outcome)),
    extensions(("x-permission" = json!("device.write")))
)]
async fn assess(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path((site, device)): Path<(String, String)>,
    Json(assessment): Json<Assessment>,
) -> Result<Answer, Problem> {
    Doing { app, caller, site }
        .once(key, assessment, move |tx, site, actor, found| {
            let Assessment { posture, risk, conforms, reason } = found;
            let done = devices::assess(tx, site, actor, &device, (*posture, *risk, *conforms), reason)?;
            Answer::new(axum::http::StatusCode::OK, &Outcome::done(done))
        })
        .await
}

impl Said {
    fn of(row: standing::Standing) -> Self {
        let standing::Standing { key, value, version: _, author, made, reason, epoch } = row;
        Self { key, value, by: author, made, reason, epoch: epoch.to_string() }
    }
}
