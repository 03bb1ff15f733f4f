//! Two people together, while nobody can sign in as usual.

use crate::App;
use crate::access::Caller;
use crate::http::{Json, Peer, Problem};
use crate::people::break_glass::{self, Envelope, Opening};
use crate::people::session::Cookie;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(open)).routes(routes!(prepare))
}

/// Two codes of two people open a session for an hour, which may keep the plant safe and approve grants.
#[utoipa::path(
    post,
    path = "/v1/session/break-glass",
    tag = "session",
    request_body = Opening,
    responses(
        (status = 204, description = "Open; the session is in the cookie."),
        (status = 401, description = "Not let in, whatever was wrong.", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("public")))
)]
async fn open(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Json(opening): Json<Opening>,
) -> Result<Cookie, Problem> {
    break_glass::open(&app, peer, headers, opening).await
}

/// Makes a new code for the caller's envelope; the one before is good no more.
#[utoipa::path(
    post,
    path = "/v1/session/break-glass-code",
    tag = "session",
    responses((status = 201, description = "The code; it is not shown again.", body = Envelope)),
    extensions(("x-permission" = json!("grant.approve")))
)]
async fn prepare(State(app): State<App>, caller: Caller) -> Result<(StatusCode, Json<Envelope>), Problem> {
    let envelope = break_glass::code(&app, caller).await?;
    Ok((StatusCode::CREATED, Json(envelope)))
}
