//! Tokens of programs.

use crate::App;
use crate::access::Caller;
use crate::http::{Json, Page, PageQuery, Path, Problem, Query};
use crate::people::tokens::{self, NewToken};
use axum::extract::State;
use axum::http::StatusCode;
use nullius_store::tokens::Token;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
struct TokenView {
    id: String,
    name: String,
    /// Id of the account that answers for it.
    owner: String,
    permissions: Vec<String>,
    sites: Vec<String>,
    /// Seconds since 1970.
    made: u64,
    /// Seconds since 1970.
    expires: u64,
    /// Seconds since 1970, to about a minute.
    used: Option<u64>,
}

/// A token that was made.
#[derive(Debug, Serialize, ToSchema)]
struct MadeToken {
    /// What goes into `Authorization: Bearer`. It is not shown again.
    secret: String,
    token: TokenView,
}

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(show, revoke))
}

/// Lists the caller's tokens; those of all where they manage them.
#[utoipa::path(
    get,
    path = "/v1/tokens",
    tag = "tokens",
    params(PageQuery),
    responses((status = 200, description = "In the order of their names.", body = Page<TokenView>)),
    extensions(("x-permission" = json!("anyone")))
)]
async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<TokenView>>, Problem> {
    let (limit, after, search) = (query.limit()?, query.after()?, query.search()?.to_owned());
    let found = app.read(move |tx| tokens::page(tx, &caller, &after, &search, limit + 1)).await?;
    Ok(Json(Page::new(found, limit, |token| &token.name).map(TokenView::from)))
}

/// Makes a token.
#[utoipa::path(
    post,
    path = "/v1/tokens",
    tag = "tokens",
    request_body = NewToken,
    responses(
        (status = 201, description = "Made.", body = MadeToken),
        (status = 409, description = "The name is taken.", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("anyone")))
)]
async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(new): Json<NewToken>,
) -> Result<(StatusCode, Json<MadeToken>), Problem> {
    let now = app.now();
    let (token, secret) = app.write(move |tx| tokens::create(tx, &caller, &new, now)).await?;
    Ok((StatusCode::CREATED, Json(MadeToken { secret, token: token.into() })))
}

/// Shows a token.
#[utoipa::path(
    get,
    path = "/v1/tokens/{token}",
    tag = "tokens",
    params(("token" = String, Path, description = "Its id.")),
    responses((status = 200, description = "The token.", body = TokenView)),
    extensions(("x-permission" = json!("anyone")))
)]
async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(token): Path<String>,
) -> Result<Json<TokenView>, Problem> {
    let token = app.read(move |tx| tokens::find(tx, &caller, &token)).await?;
    Ok(Json(token.into()))
}

/// Revokes a token, at once.
#[utoipa::path(
    delete,
    path = "/v1/tokens/{token}",
    tag = "tokens",
    params(("token" = String, Path, description = "Its id.")),
    responses((status = 204, description = "Revoked.")),
    extensions(("x-permission" = json!("anyone")))
)]
async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path(token): Path<String>,
) -> Result<StatusCode, Problem> {
    let now = app.now();
    app.write(move |tx| tokens::revoke(tx, &caller, &token, now)).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<Token> for TokenView {
    fn from(token: Token) -> Self {
        let Token { id, name, owner, permissions, sites, made, expires, used, digest: _ } = token;
        Self { id, name, owner, permissions, sites, made, expires, used }
    }
}
