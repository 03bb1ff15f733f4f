//! The caller's own session and account.

mod break_glass;
mod oidc;
mod passkeys;
mod setup;

use crate::App;
use crate::access::{Caller, Permission};
use crate::http::{Json, Peer, Problem};
use crate::people::change::{self, NewPassword};
use crate::people::log::{decided, record};
use crate::people::session::Cookie;
use crate::people::sign_in::{self, Challenge, Credentials, PasskeyProof};
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use nullius_store::sessions;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Who the caller is, and what they may.
#[derive(Debug, Serialize, ToSchema)]
struct Me {
    /// As the log calls them: `user:anna`.
    who: String,
    /// What they are, and where.
    roles: Vec<super::users::RoleView>,
    /// What they may somewhere: names of permissions.
    permissions: Vec<&'static str>,
}

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(me, sign_in_with_password, sign_out))
        .routes(routes!(passkey_challenge))
        .routes(routes!(sign_in_with_passkey))
        .routes(routes!(change_password))
        .merge(break_glass::routes())
        .merge(oidc::routes())
        .merge(passkeys::routes())
        .merge(setup::routes())
}

/// Says who the caller is, and what they may.
#[utoipa::path(
    get,
    path = "/v1/session",
    tag = "session",
    responses((status = 200, description = "Who the caller is.", body = Me)),
    extensions(("x-permission" = json!("anyone")))
)]
async fn me(caller: Caller) -> Json<Me> {
    let held = Permission::ALL.iter().filter(|permission| caller.may_somewhere(**permission).is_ok());
    Json(Me {
        who: caller.who(),
        permissions: held.map(|permission| permission.name()).collect(),
        roles: caller
            .roles
            .iter()
            .map(|(site, role)| super::users::RoleView::new(site, role.name()))
            .collect(),
    })
}

/// Signs in with a password and the code of an authenticator.
#[utoipa::path(
    post,
    path = "/v1/session",
    tag = "session",
    request_body = Credentials,
    responses(
        (status = 204, description = "Signed in; the session is in the cookie."),
        (status = 401, description = "Not let in, whatever was wrong.", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("public")))
)]
async fn sign_in_with_password(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Json(credentials): Json<Credentials>,
) -> Result<Cookie, Problem> {
    sign_in::with_password(&app, peer, headers, credentials).await
}

/// Asks for a passkey.
#[utoipa::path(
    post,
    path = "/v1/session/passkey-challenge",
    tag = "session",
    responses((status = 200, description = "The question for the authenticator.", body = Challenge)),
    extensions(("x-permission" = json!("public")))
)]
async fn passkey_challenge(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
) -> Result<Json<Challenge>, Problem> {
    sign_in::challenge(&app, peer).await.map(Json)
}

/// Signs in with a passkey.
#[utoipa::path(
    post,
    path = "/v1/session/passkey",
    tag = "session",
    request_body = PasskeyProof,
    responses(
        (status = 204, description = "Signed in; the session is in the cookie."),
        (status = 401, description = "Not let in, whatever was wrong.", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("public")))
)]
async fn sign_in_with_passkey(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Json(proof): Json<PasskeyProof>,
) -> Result<Cookie, Problem> {
    sign_in::with_passkey(&app, peer, headers, proof).await
}

/// Signs out: the session is over on the server too.
#[utoipa::path(
    delete,
    path = "/v1/session",
    tag = "session",
    responses((status = 204, description = "Signed out.")),
    extensions(("x-permission" = json!("anyone")))
)]
async fn sign_out(State(app): State<App>, caller: Caller) -> Result<Cookie, Problem> {
    let now = app.now();
    app.write(move |tx| {
        if let Some(session) = &caller.session {
            sessions::end(tx, &session.digest)?;
            record(tx, &decided(&caller, now, "session.end", caller.who().replace(':', "/")))?;
        }
        Ok::<_, Problem>(Cookie::none())
    })
    .await
}

/// Changes the caller's password; all other sessions of the account end.
#[utoipa::path(
    put,
    path = "/v1/session/password",
    tag = "session",
    request_body = NewPassword,
    responses((status = 204, description = "Changed; the new session is in the cookie.")),
    extensions(("x-permission" = json!("anyone")))
)]
async fn change_password(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    caller: Caller,
    Json(new): Json<NewPassword>,
) -> Result<Cookie, Problem> {
    change::password(&app, peer, headers, caller, new).await
}
