//! Accounts begin, and begin again, with a code.

use crate::App;
use crate::http::{Json, Peer, Problem};
use crate::people::session::Cookie;
use crate::people::setup::{self, Begin, Begun, Finish};
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(begin)).routes(routes!(finish))
}

/// Begins with the claim code of a new controller, or with a setup code.
#[utoipa::path(
    post,
    path = "/v1/setup",
    tag = "session",
    request_body = Begin,
    responses(
        (status = 200, description = "What the second factor needs.", body = Begun),
        (status = 401, description = "The code opens nothing.", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("public")))
)]
async fn begin(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    Json(body): Json<Begin>,
) -> Result<Json<Begun>, Problem> {
    setup::begin(&app, peer, body).await.map(Json)
}

/// Shows that the second factor works: the account stands, and its owner is signed in.
#[utoipa::path(
    post,
    path = "/v1/setup/finish",
    tag = "session",
    request_body = Finish,
    responses(
        (status = 204, description = "Signed in; the session is in the cookie."),
        (status = 401, description = "It does not work, or it is over.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The passkey is somebody's.", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("public")))
)]
async fn finish(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Json(body): Json<Finish>,
) -> Result<Cookie, Problem> {
    setup::finish(&app, peer, headers, body).await
}
