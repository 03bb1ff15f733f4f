//! Emergencies.

use super::grants::Ending;
use super::work::{Doing, Outcome};
use crate::App;
use crate::access::Caller;
use crate::http::{Answer, IdempotencyKey, Json, Path, Problem};
use crate::record::emergencies;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// An emergency.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Emergency {
    /// The profile, as the policy declares it.
    #[schema(min_length = 1, max_length = 63)]
    profile: String,
    /// Why, for the log.
    #[schema(min_length = 1, max_length = 512)]
    reason: String,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(declare)).routes(routes!(end))
}

/// Puts an emergency profile in force. It ends by itself.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/emergencies",
    tag = "emergencies",
    params(("site" = String, Path, description = "The site.")),
    request_body = Emergency,
    responses((status = 200, description = "Gateways are told.", body = Outcome)),
    extensions(("x-permission" = json!("emergency.declare")))
)]
async fn declare(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path(site): Path<String>,
    Json(emergency): Json<Emergency>,
) -> Result<Answer, Problem> {
    Doing { app, caller, site }
        .once(key, emergency, |tx, site, actor, asked| {
            let done = emergencies::declare(tx, site, actor, (&asked.profile, &asked.reason))?;
            Answer::new(StatusCode::OK, &Outcome::done(done))
        })
        .await
}

/// Ends the emergency in a zone before its time.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/zones/{zone}/emergency-end",
    tag = "emergencies",
    params(("site" = String, Path, description = "The site."), ("zone" = String, Path, description = "The zone.")),
    request_body = Ending,
    responses((status = 200, description = "Gateways are told.", body = Outcome)),
    extensions(("x-permission" = json!("emergency.end")))
)]
async fn end(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path((site, zone)): Path<(String, String)>,
    Json(ending): Json<Ending>,
) -> Result<Answer, Problem> {
    Doing { app, caller, site }
        .once(key, ending, move |tx, site, actor, ending| {
            let done = emergencies::end(tx, site, actor, (&zone, &ending.reason))?;
            Answer::new(StatusCode::OK, &Outcome::done(done))
        })
        .await
}
