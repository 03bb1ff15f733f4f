//! The caller's passkeys.

use crate::App;
use crate::access::Caller;
use crate::http::{Json, Page, Path, Problem};
use crate::people::passkeys::{self, NewPasskey, PasskeyView};
use crate::people::sign_in::Challenge;
use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(challenge)).routes(routes!(remove))
}

/// Lists the caller's passkeys.
#[utoipa::path(
    get,
    path = "/v1/session/passkeys",
    tag = "session",
    responses((status = 200, description = "All of them.", body = Page<PasskeyView>)),
    extensions(("x-permission" = json!("anyone")))
)]
async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Page<PasskeyView>>, Problem> {
    Ok(Json(Page { items: passkeys::list(&app, &caller).await?, next: None }))
}

/// Asks for a new passkey.
#[utoipa::path(
    post,
    path = "/v1/session/passkeys/challenge",
    tag = "session",
    responses((status = 200, description = "The question for the authenticator.", body = Challenge)),
    extensions(("x-permission" = json!("anyone")))
)]
async fn challenge(State(app): State<App>, caller: Caller) -> Result<Json<Challenge>, Problem> {
    passkeys::challenge(&app, &caller).await.map(Json)
}

/// Adds a passkey.
#[utoipa::path(
    post,
    path = "/v1/session/passkeys",
    tag = "session",
    request_body = NewPasskey,
    responses(
        (status = 201, description = "Added."),
        (status = 409, description = "There are enough, or it is somebody's.", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("anyone")))
)]
async fn add(
    State(app): State<App>,
    caller: Caller,
    Json(new): Json<NewPasskey>,
) -> Result<StatusCode, Problem> {
    passkeys::add(&app, caller, new).await.map(|()| StatusCode::CREATED)
}

/// Removes a passkey.
#[utoipa::path(
    delete,
    path = "/v1/session/passkeys/{passkey}",
    tag = "session",
    params(("passkey" = String, Path, description = "Its id.")),
    responses(
        (status = 204, description = "Removed."),
        (status = 409, description = "It is the last way in.", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("anyone")))
)]
async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(passkey): Path<String>,
) -> Result<StatusCode, Problem> {
    passkeys::remove(&app, caller, passkey).await.map(|()| StatusCode::NO_CONTENT)
}
