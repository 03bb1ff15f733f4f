//! Accounts and their roles.

use crate::App;
use crate::access::{Caller, Role};
use crate::http::{IfMatch, Json, Page, PageQuery, Path, Problem, Query, Versioned};
use crate::people::accounts::{self, Account, Handed};
use axum::extract::State;
use axum::http::StatusCode;
use nullius_store::people::{self, roles::HeldRole};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// An account.
#[derive(Debug, Serialize, ToSchema)]
struct UserView {
    id: String,
    name: String,
    /// May sign in.
    active: bool,
    /// How: `password`, `passkey`, `provider`, or `nothing` yet.
    signs_in_with: Vec<&'static str>,
    roles: Vec<RoleView>,
    /// Failed attempts since the last sign-in.
    failures: u64,
    /// Seconds since 1970.
    locked_until: Option<u64>,
    /// Seconds since 1970.
    made: u64,
    /// Last sign-in, seconds since 1970.
    seen: Option<u64>,
}

/// What somebody is, and where.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RoleView {
    /// `*` for all sites.
    site: String,
    role: String,
}

/// An account that was made or recovered.
#[derive(Debug, Serialize, ToSchema)]
struct HandedView {
    /// With which its owner sets it up. It is not shown again.
    setup_code: String,
    /// Seconds since 1970.
    expires: u64,
    user: UserView,
}

/// A new account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewUser {
    /// Lower case letters, digits, `-`, `_`, `.` and `@`.
    #[schema(max_length = 63)]
    name: String,
}

/// What changes of an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserChange {
    /// May sign in.
    active: bool,
}

/// A role to give.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRole {
    role: Role,
}

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, change))
        .routes(routes!(recover))
        .routes(routes!(give_role, take_role))
}

/// Lists accounts.
#[utoipa::path(
    get,
    path = "/v1/users",
    tag = "users",
    params(PageQuery),
    responses((status = 200, description = "In the order of their names.", body = Page<UserView>)),
    extensions(("x-permission" = json!("user.read")))
)]
async fn list(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<UserView>>, Problem> {
    let (limit, after, search) = (query.limit()?, query.after()?, query.search()?.to_owned());
    let found = app
        .read(move |tx| {
            let people = people::page(tx, &after, &search, limit + 1)?;
            people
                .into_iter()
                .map(|person| accounts::account(tx, person))
                .collect::<Result<Vec<_>, Problem>>()
        })
        .await?;
    Ok(Json(Page::new(found, limit, |account| &account.person.name).map(UserView::from)))
}

/// Makes an account; its owner sets it up with the code.
#[utoipa::path(
    post,
    path = "/v1/users",
    tag = "users",
    request_body = NewUser,
    responses(
        (status = 201, description = "Made.", body = HandedView),
        (status = 409, description = "The name is taken.", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("user.write")))
)]
async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(new): Json<NewUser>,
) -> Result<(StatusCode, Json<HandedView>), Problem> {
    let now = app.now();
    let handed = app.write(move |tx| accounts::create(tx, &caller, &new.name, now)).await?;
    Ok((StatusCode::CREATED, Json(handed.into())))
}

/// Shows an account.
#[utoipa::path(
    get,
    path = "/v1/users/{user}",
    tag = "users",
    params(("user" = String, Path, description = "Its name.")),
    responses((status = 200, description = "The account.", body = UserView)),
    extensions(("x-permission" = json!("user.read")))
)]
async fn show(
    State(app): State<App>,
    Path(user): Path<String>,
) -> Result<Versioned<Json<UserView>>, Problem> {
    let account = app.read(move |tx| accounts::find(tx, &user)).await?;
    Ok(versioned(account))
}

/// Lets somebody sign in, or no more: then their sessions end and their tokens are gone.
#[utoipa::path(
    patch,
    path = "/v1/users/{user}",
    tag = "users",
    params(("user" = String, Path, description = "Its name."), ("If-Match" = String, Header, description = "The `ETag` seen.")),
    request_body = UserChange,
    responses(
        (status = 200, description = "Changed.", body = UserView),
        (status = 409, description = "It is the last admin.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "It was changed meanwhile.", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`If-Match` is missing.", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("user.write")))
)]
async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(user): Path<String>,
    seen: IfMatch,
    Json(change): Json<UserChange>,
) -> Result<Versioned<Json<UserView>>, Problem> {
    let now = app.now();
    let account =
        app.write(move |tx| accounts::activate(tx, &caller, &user, seen, change.active, now)).await?;
    Ok(versioned(account))
}

/// Takes away all that somebody signs in with, and makes a code with which they begin again.
#[utoipa::path(
    post,
    path = "/v1/users/{user}/recovery",
    tag = "users",
    params(("user" = String, Path, description = "Its name.")),
    responses(
        (status = 201, description = "The code.", body = HandedView),
        (status = 409, description = "A provider signs them in, or they are disabled.", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("user.write")))
)]
async fn recover(
    State(app): State<App>,
    caller: Caller,
    Path(user): Path<String>,
) -> Result<(StatusCode, Json<HandedView>), Problem> {
    let now = app.now();
    let handed = app.write(move |tx| accounts::recover(tx, &caller, &user, now)).await?;
    Ok((StatusCode::CREATED, Json(handed.into())))
}

/// Gives somebody a role on a site, in place of the one they have there; their sessions end.
#[utoipa::path(
    put,
    path = "/v1/users/{user}/roles/{site}",
    tag = "users",
    params(
        ("user" = String, Path, description = "Name of the account."),
        ("site" = String, Path, description = "Name of the site, `*` for all."),
    ),
    request_body = NewRole,
    responses(
        (status = 204, description = "Given."),
        (status = 409, description = "Nobody would be left who manages people.", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("role.write")))
)]
async fn give_role(
    State(app): State<App>,
    caller: Caller,
    Path((user, site)): Path<(String, String)>,
    Json(new): Json<NewRole>,
) -> Result<StatusCode, Problem> {
    let now = app.now();
    app.write(move |tx| accounts::give(tx, &caller, &user, &site, new.role, now)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes somebody's role on a site; their sessions end.
#[utoipa::path(
    delete,
    path = "/v1/users/{user}/roles/{site}",
    tag = "users",
    params(
        ("user" = String, Path, description = "Name of the account."),
        ("site" = String, Path, description = "Name of the site, `*` for all."),
    ),
    responses(
        (status = 204, description = "Taken."),
        (status = 409, description = "Nobody would be left who manages people.", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("role.write")))
)]
async fn take_role(
    State(app): State<App>,
    caller: Caller,
    Path((user, site)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let now = app.now();
    app.write(move |tx| accounts::take(tx, &caller, &user, &site, now)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn versioned(account: Account) -> Versioned<Json<UserView>> {
    Versioned(account.person.version, Json(account.into()))
}

impl RoleView {
    pub(super) fn new(site: &str, role: &str) -> Self {
        Self { site: site.to_owned(), role: role.to_owned() }
    }
}

impl From<Account> for UserView {
    fn from(account: Account) -> Self {
        let Account { person, roles, passkeys } = account;
        let ways = [
            (person.password.is_some(), "password"),
            (passkeys > 0, "passkey"),
            (person.subject.is_some(), "provider"),
        ];
        Self {
            signs_in_with: ways.into_iter().filter_map(|(has, way)| has.then_some(way)).collect(),
            roles: roles.iter().map(|HeldRole { site, role, .. }| RoleView::new(site, role)).collect(),
            failures: person.failures,
            locked_until: Some(person.locked_until).filter(|until| *until > 0),
            id: person.id,
            name: person.name,
            active: person.active,
            made: person.made,
            seen: person.seen,
        }
    }
}

impl From<Handed> for HandedView {
    fn from(handed: Handed) -> Self {
        Self { setup_code: handed.code, expires: handed.expires, user: handed.account.into() }
    }
}
