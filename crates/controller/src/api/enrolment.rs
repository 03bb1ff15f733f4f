//! Tokens with which devices enrol, and what they were given.

use super::gateways::Became;
use super::grants::Ending;
use super::work::{Doing, look};
use crate::App;
use crate::access::Caller;
use crate::http::{Answer, IdempotencyKey, Json, Path, Problem};
use crate::record::{Actor, credentials, devices, enrolment};
use axum::extract::State;
use axum::http::StatusCode;
use nullius_protocol::{from_hex, to_hex};
use nullius_store::credentials::{self as rows, Status};
use nullius_store::{Tx, bundles, enrol_tokens, gateways};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How long a token is good for where nobody says, in seconds.
const USUAL: u64 = 24 * 3_600;

/// Most credentials of a device that are shown, the newest.
const SHOWN: u32 = 16;

/// A device to enrol.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Invite {
    /// Its name.
    #[schema(min_length = 1, max_length = 63)]
    device: String,
    /// The caller vouches that the device keeps its key in hardware that does not give it away.
    #[serde(default)]
    hardware: bool,
    /// How long the token is good for, in seconds; a day if not given.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1209600)]
    seconds: Option<u64>,
}

/// A token with which a device enrols, once.
#[derive(Debug, Serialize, ToSchema)]
struct Made {
    /// Shown this once.
    token: String,
    /// The user of HTTP Basic; also what the token is called.
    id: String,
    /// The device it is good for.
    device: String,
    /// Its last second, since 1970.
    expires: u64,
}

/// Tokens that are neither used nor over.
#[derive(Debug, Serialize, ToSchema)]
struct Tokens {
    /// By device.
    items: Vec<TokenRow>,
    /// There is one page.
    next: Option<String>,
}

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
struct TokenRow {
    /// What it is called.
    id: String,
    /// The device it is good for.
    device: String,
    /// Whoever made it vouches that the key is in hardware.
    hardware: bool,
    /// Who made it.
    made_by: String,
    /// When, in seconds since 1970.
    made: u64,
    /// Its last second, since 1970.
    expires: u64,
}

/// What a device was given to prove itself with.
#[derive(Debug, Serialize, ToSchema)]
struct Given {
    /// The newest first.
    items: Vec<Credential>,
    /// There is one page.
    next: Option<String>,
    /// Of the newest; 0 where it has none.
    generation: u64,
    /// Recoveries since it last renewed in good time.
    recoveries: u64,
    /// Why it gets nothing until a person says so, where that is so.
    frozen: Option<String>,
}

/// A certificate of a device.
#[derive(Debug, Serialize, ToSchema)]
struct Credential {
    /// Hexadecimal.
    serial: String,
    /// SHA-256 of the public key, hexadecimal.
    key: String,
    /// `software` or `hardware`.
    protection: String,
    /// By what it was given: `token`, `idevid`, `renewal` or `recovery`.
    by: String,
    /// Counts the device's certificates.
    generation: u64,
    /// Its first second, since 1970.
    begins: u64,
    /// Its last second, since 1970.
    ends: u64,
    /// `current`, `superseded`, `revoked` or `frozen`.
    status: &'static str,
    /// Why, where there is a reason.
    reason: String,
    /// Where its revocation is not enforced yet; nothing but revoked ones have this.
    not_yet_enforced_at: Vec<Became>,
}

/// A person's word, and why.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Why {
    /// For the log.
    #[schema(min_length = 1, max_length = 512)]
    reason: String,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(tokens, invite))
        .routes(routes!(withdraw))
        .routes(routes!(given))
        .routes(routes!(revoke))
        .routes(routes!(allow))
}

/// Tokens that are neither used nor over.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}/enrol-tokens",
    tag = "enrolment",
    params(("site" = String, Path, description = "The site.")),
    responses((status = 200, description = "Tokens.", body = Tokens)),
    extensions(("x-permission" = json!("device.read")))
)]
async fn tokens(State(app): State<App>, Path(site): Path<String>) -> Result<Json<Tokens>, Problem> {
    let now = app.now().as_secs();
    let found = look(&app, site, move |tx, site| Ok(enrol_tokens::open_of_site(tx, site, now)?)).await?;
    Ok(Json(Tokens { items: found.into_iter().map(TokenRow::from).collect(), next: None }))
}

/// Makes the token with which a device enrols. It is shown once and good for once; earlier ones of the device are over.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/enrol-tokens",
    tag = "enrolment",
    params(("site" = String, Path, description = "The site.")),
    request_body = Invite,
    responses(
        (status = 201, description = "The token.", body = Made),
        (status = 409, description = "The device gets nothing as it stands.", body = Problem,
            content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("device.enrol")))
)]
async fn invite(
    State(app): State<App>,
    caller: Caller,
    Path(site): Path<String>,
    Json(Invite { device, hardware, seconds }): Json<Invite>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let actor = Actor::of(&app, &caller);
    let seconds = seconds.unwrap_or(USUAL);
    let made = app.write(move |tx| {
        let (token, row) = enrolment::invite(tx, (&site, &actor), (&device, hardware), seconds)?;
        let (id, expires) = (to_hex(&row.id), row.expires);
        Ok::<_, Problem>(Made { token: token.to_string(), id, device: row.device, expires })
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

/// Takes a token back before it is used.
#[utoipa::path(
    delete,
    path = "/v1/sites/{site}/enrol-tokens/{token}",
    tag = "enrolment",
    params(
        ("site" = String, Path, description = "The site."),
        ("token" = String, Path, description = "What it is called.")
    ),
    responses((status = 204, description = "It is good for nothing.")),
    extensions(("x-permission" = json!("device.enrol")))
)]
async fn withdraw(
    State(app): State<App>,
    caller: Caller,
    Path((site, token)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let actor = Actor::of(&app, &caller);
    app.write(move |tx| enrolment::withdraw(tx, &site, &actor, &token)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a device was given to prove itself with, and where a revocation of it is not enforced yet.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}/devices/{device}/credentials",
    tag = "enrolment",
    params(("site" = String, Path, description = "The site."), ("device" = String, Path, description = "Its name.")),
    responses((status = 200, description = "Its newest credentials.", body = Given)),
    extensions(("x-permission" = json!("device.read")))
)]
async fn given(
    State(app): State<App>,
    Path((site, device)): Path<(String, String)>,
) -> Result<Json<Given>, Problem> {
    look(&app, site, move |tx, site| {
        devices::find(tx, site, &device)?;
        let enrolment = rows::enrolment(tx, site, &device)?;
        let rows = rows::of_device(tx, site, &device, SHOWN)?;
        let items = rows.into_iter().map(|row| Credential::of(tx, site, row)).collect::<Result<_, _>>()?;
        let rows::Enrolment { generation, recoveries, frozen, .. } = enrolment;
        Ok(Json(Given { items, next: None, generation, recoveries, frozen }))
    })
    .await
}

/// Revokes one credential, for good. Gateways take nothing by its key from then on, and its device enrols with another.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/devices/{device}/credentials/{serial}/revoke",
    tag = "enrolment",
    params(
        ("site" = String, Path, description = "The site."),
        ("device" = String, Path, description = "Its name."),
        ("serial" = String, Path, description = "Of the certificate, hexadecimal.")
    ),
    request_body = Ending,
    responses(
        (status = 200, description = "Gateways are told.", body = Credential),
        (status = 409, description = "It was revoked before.", body = Problem,
            content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("device.revoke")))
)]
async fn revoke(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path((site, device, serial)): Path<(String, String, String)>,
    Json(ending): Json<Ending>,
) -> Result<Answer, Problem> {
    devices::named(&device)?;
    let serial = from_hex(&serial).ok_or_else(|| Problem::no_such("credential"))?;
    Doing { app, caller, site }
        .once(key, ending, move |tx, site, actor, ending| {
            let (row, _) = credentials::revoke(tx, site, actor, (&device, &serial), &ending.reason)?;
            Answer::new(StatusCode::OK, &Credential::of(tx, site, row)?)
        })
        .await
}

/// Somebody looked at a device that was frozen, or recovered too often: it may enrol again, and recover once more.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/devices/{device}/enrolment/allowance",
    tag = "enrolment",
    params(("site" = String, Path, description = "The site."), ("device" = String, Path, description = "Its name.")),
    request_body = Why,
    responses((status = 200, description = "It may.", body = Given)),
    extensions(("x-permission" = json!("device.restore")))
)]
async fn allow(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path((site, device)): Path<(String, String)>,
    Json(why): Json<Why>,
) -> Result<Answer, Problem> {
    Doing { app, caller, site }
        .once(key, why, move |tx, site, actor, why| {
            let rows::Enrolment { generation, recoveries, frozen, .. } =
                credentials::allow(tx, site, actor, &device, &why.reason)?;
            let given = Given { items: Vec::new(), next: None, generation, recoveries, frozen };
            Answer::new(StatusCode::OK, &given)
        })
        .await
}

impl Credential {
    fn of(tx: &mut Tx<'_>, site: &str, row: rows::Credential) -> Result<Self, Problem> {
        let key = to_hex(&row.key);
        let pending = if row.status == Status::Revoked {
            pending(tx, site, &format!("key/{key}"))?
        } else {
            Vec::new()
        };
        Ok(Self {
            serial: to_hex(&row.serial),
            key,
            protection: row.protection,
            by: row.means,
            generation: row.generation,
            begins: row.begins,
            ends: row.ends,
            status: row.status.name(),
            reason: row.reason,
            not_yet_enforced_at: pending,
        })
    }
}

/// The gateways that have not applied the order in force under a key.
pub(super) fn pending(tx: &mut Tx<'_>, site: &str, key: &str) -> Result<Vec<Became>, Problem> {
    let Some(order) = bundles::of_key(tx, site, key)? else { return Ok(Vec::new()) };
    let outcomes = bundles::outcomes(tx, site, order.epoch)?;
    let there = gateways::of_site(tx, site)?.into_iter().filter(|row| !row.revoked);
    let became = there.map(|row| Became::of(row.name, &outcomes));
    Ok(became.filter(|became| became.state != "applied").collect())
}

impl From<enrol_tokens::EnrolToken> for TokenRow {
    fn from(row: enrol_tokens::EnrolToken) -> Self {
        let enrol_tokens::EnrolToken { id, device, hardware, made_by, made, expires, .. } = row;
        Self { id: to_hex(&id), device, hardware, made_by, made, expires }
    }
}
