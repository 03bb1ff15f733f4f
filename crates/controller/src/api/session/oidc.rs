//! Signing in with a provider.

use crate::App;
use crate::http::{Peer, Problem, Query};
use crate::people::oidc::{self, Back, Go};
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(go)).routes(routes!(back))
}

/// Sends the browser to the provider.
#[utoipa::path(
    get,
    path = "/v1/session/oidc",
    tag = "session",
    responses(
        (status = 303, description = "To the provider."),
        (status = 404, description = "No provider is configured.", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("public")))
)]
async fn go(State(app): State<App>, Extension(peer): Extension<Peer>) -> Result<Go, Problem> {
    oidc::go(&app, peer).await
}

/// The browser is back from the provider.
#[utoipa::path(
    get,
    path = "/v1/session/oidc/callback",
    tag = "session",
    params(Back),
    responses(
        (status = 303, description = "Signed in; the session is in the cookie."),
        (status = 401, description = "Not let in.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No provider is configured.", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("public")))
)]
async fn back(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Query(answer): Query<Back>,
) -> Result<Response, Problem> {
    let (go, cookie) = oidc::back(&app, peer, headers, answer).await?;
    let mut response = go.into_response();
    if let Some(cookie) = cookie.header() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
