//! What happens to devices (domain §3.2). Each operation takes the events of one permission.

use super::work::{Doing, Outcome};
use crate::App;
use crate::access::{Caller, Permission};
use crate::http::{Answer, IdempotencyKey, IfMatch, Json, Path, Problem};
use crate::record::act::{Act, DeviceEvent};
use crate::record::devices;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What happens, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Happening {
    /// What.
    event: DeviceEvent,
    /// Why, for the log.
    #[schema(min_length = 1, max_length = 512)]
    reason: String,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(restrict))
        .routes(routes!(restore))
        .routes(routes!(approve))
        .routes(routes!(keep))
}

/// Takes access away: `revoke`, `contain`, `lose`. Whatever else is decided meanwhile, this wins.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/devices/{device}/restriction",
    tag = "devices",
    params(("site" = String, Path, description = "The site."), ("device" = String, Path, description = "Its name.")),
    request_body = Happening,
    responses(
        (status = 200, description = "It happened.", body = Outcome),
        (status = 202, description = "Others must agree.", body = Outcome),
        (status = 409, description = "It cannot happen from here.", body = Problem,
            content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("device.revoke")))
)]
async fn restrict(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path((site, device)): Path<(String, String)>,
    Json(body): Json<Happening>,
) -> Result<Answer, Problem> {
    happen(Doing { app, caller, site }, key, (device, u64::MAX), body, Permission::DeviceRevoke).await
}

/// Gives access back: `resume`, `ease`, `release`.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/devices/{device}/restoration",
    tag = "devices",
    params(
        ("site" = String, Path, description = "The site."),
        ("device" = String, Path, description = "Its name."),
        ("If-Match" = String, Header, description = "The `ETag` that was seen.")
    ),
    request_body = Happening,
    responses(
        (status = 200, description = "It happened.", body = Outcome),
        (status = 202, description = "Others must agree.", body = Outcome),
        (status = 409, description = "It cannot happen from here.", body = Problem,
            content_type = "application/problem+json"),
        (status = 412, description = "It was changed meanwhile.", body = Problem,
            content_type = "application/problem+json"),
        (status = 428, description = "`If-Match` is missing.", body = Problem,
            content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("device.restore")))
)]
async fn restore(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path((site, device)): Path<(String, String)>,
    seen: IfMatch,
    Json(body): Json<Happening>,
) -> Result<Answer, Problem> {
    happen(Doing { app, caller, site }, key, (device, seen.version()), body, Permission::DeviceRestore).await
}

/// Puts a device to work: `activate`, `start-maintenance`, `end-maintenance`. Who vouched for a device does not
/// activate it alone.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/devices/{device}/approval",
    tag = "devices",
    params(
        ("site" = String, Path, description = "The site."),
        ("device" = String, Path, description = "Its name."),
        ("If-Match" = String, Header, description = "The `ETag` that was seen.")
    ),
    request_body = Happening,
    responses(
        (status = 200, description = "It happened.", body = Outcome),
        (status = 202, description = "Others must agree.", body = Outcome),
        (status = 409, description = "It cannot happen from here.", body = Problem,
            content_type = "application/problem+json"),
        (status = 412, description = "It was changed meanwhile.", body = Problem,
            content_type = "application/problem+json"),
        (status = 428, description = "`If-Match` is missing.", body = Problem,
            content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("device.approve")))
)]
async fn approve(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path((site, device)): Path<(String, String)>,
    seen: IfMatch,
    Json(body): Json<Happening>,
) -> Result<Answer, Problem> {
    happen(Doing { app, caller, site }, key, (device, seen.version()), body, Permission::DeviceApprove).await
}

/// Whose a device is, and whether it is in use: `claim`, `enrol`, `transfer`, `retire`, `destroy`.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/devices/{device}/custody",
    tag = "devices",
    params(
        ("site" = String, Path, description = "The site."),
        ("device" = String, Path, description = "Its name."),
        ("If-Match" = String, Header, description = "The `ETag` that was seen.")
    ),
    request_body = Happening,
    responses(
        (status = 200, description = "It happened.", body = Outcome),
        (status = 202, description = "Others must agree.", body = Outcome),
        (status = 409, description = "It cannot happen from here.", body = Problem,
            content_type = "application/problem+json"),
        (status = 412, description = "It was changed meanwhile.", body = Problem,
            content_type = "application/problem+json"),
        (status = 428, description = "`If-Match` is missing.", body = Problem,
            content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("device.write")))
)]
async fn keep(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path((site, device)): Path<(String, String)>,
    seen: IfMatch,
    Json(body): Json<Happening>,
) -> Result<Answer, Problem> {
    happen(Doing { app, caller, site }, key, (device, seen.version()), body, Permission::DeviceWrite).await
}

async fn happen(
    doing: Doing,
    key: IdempotencyKey,
    (device, seen): (String, u64),
    Happening { event, reason }: Happening,
    permission: Permission,
) -> Result<Answer, Problem> {
    devices::named(&device)?;
    if event.permission() != permission {
        return Err(Problem::wrong("not-here", "this operation takes other events").with_help(
            "restriction, restoration, approval and custody take the events of one permission each",
        ));
    }
    doing.ask(key, Act::Device { device, event, seen, reason }).await
}
