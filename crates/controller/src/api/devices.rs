//! Devices: what is declared and known of them.

use super::enrolment::pending;
use super::gateways::Became;
use super::work::{Doing, look};
use crate::App;
use crate::access::Caller;
use crate::http::{IfMatch, Json, Page, PageQuery, Path, Problem, Query, Versioned};
use crate::record::attributes::{Attribute, believed};
use crate::record::{Actor, Declaration, declared, devices, line};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use nullius_store::devices::{self as rows, Filter};
use nullius_store::{Tx, attributes};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A device in a list.
#[derive(Debug, Serialize, ToSchema)]
struct Listed {
    /// Unique on the site.
    name: String,
    /// Where it is in its life: `active`, `suspended`, …
    state: String,
    /// Counts what happened to it.
    version: u64,
    /// Where it stands.
    zone: String,
    /// Whose it is.
    owner: Option<String>,
    /// Identity assurance, 0 to 6, as last reported.
    ia: u8,
    /// The gateway that saw it last.
    gateway: Option<String>,
    /// When that was, in seconds since 1970.
    seen: Option<u64>,
    /// What is declared; none of a device that was only seen.
    declaration: Option<Declaration>,
}

/// A device with all that is known of it.
#[derive(Debug, Serialize, ToSchema)]
struct Device {
    #[serde(flatten)]
    listed: Listed,
    /// What is believed of it, and who says what.
    attributes: BTreeMap<String, Attribute>,
    /// The standing revocation, where its access is taken away.
    revoked: Option<String>,
    /// Where that revocation, or its end, is not enforced yet.
    not_yet_enforced_at: Vec<Became>,
}

/// Which devices.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeviceQuery {
    /// Items a page, 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next` of the page before.
    #[param(max_length = 512)]
    cursor: Option<String>,
    /// Only those whose name, addresses, vendor, groups or tags contain this text.
    #[param(max_length = 512)]
    q: Option<String>,
    /// Only those of this zone.
    #[param(max_length = 63)]
    zone: Option<String>,
    /// Only those in this state.
    #[param(max_length = 63)]
    state: Option<String>,
    /// Only those with this identity assurance.
    #[param(minimum = 0, maximum = 6)]
    ia: Option<u8>,
}

/// What somebody found out about a device.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Finding {
    /// What.
    #[schema(min_length = 1, max_length = 256)]
    value: String,
    /// How sure that is, 0 to 100; 80 if not given.
    #[schema(minimum = 0, maximum = 100)]
    confidence: Option<u8>,
}

/// What a person may say of a device.
const ATTRIBUTES: [&str; 6] = ["serial", "model", "firmware", "software", "location", "asset"];

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show, put)).routes(routes!(observe))
}

/// The devices of a site, by name.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}/devices",
    tag = "devices",
    params(("site" = String, Path, description = "The site."), DeviceQuery),
    responses((status = 200, description = "A page of devices.", body = Page<Listed>)),
    extensions(("x-permission" = json!("device.read")))
)]
async fn list(
    State(app): State<App>,
    Path(site): Path<String>,
    Query(query): Query<DeviceQuery>,
) -> Result<Json<Page<Listed>>, Problem> {
    let DeviceQuery { limit, cursor, q, zone, state, ia } = query;
    let asked = PageQuery { limit, cursor, q };
    let (limit, after) = (asked.limit()?, asked.after()?);
    let text = Some(asked.search()?.to_lowercase()).filter(|text| !text.is_empty());
    if zone.iter().chain(&state).any(|word| word.contains('\0')) {
        return Err(Problem::not_understood("a word has no such character"));
    }
    let filter = Filter { zone, state, ia, text };
    let found = look(&app, site, move |tx, site| {
        rows::page(tx, site, &filter, &after, limit + 1)?.iter().map(listed).collect::<Result<Vec<_>, _>>()
    });
    Ok(Json(Page::new(found.await?, limit, |device: &Listed| &device.name)))
}

/// One device.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}/devices/{device}",
    tag = "devices",
    params(("site" = String, Path, description = "The site."), ("device" = String, Path, description = "Its name.")),
    responses((
        status = 200, description = "The device.", body = Device,
        headers(("ETag" = String, description = "Its version."))
    )),
    extensions(("x-permission" = json!("device.read")))
)]
async fn show(
    State(app): State<App>,
    Path((site, name)): Path<(String, String)>,
) -> Result<Versioned<Json<Device>>, Problem> {
    devices::named(&name)?;
    let now = app.now().as_secs();
    look(&app, site, move |tx, site| shown(tx, site, &name, now)).await
}

/// Declares a device, or declares it anew. Without `If-Match` there must be none of the name yet.
#[utoipa::path(
    put,
    path = "/v1/sites/{site}/devices/{device}",
    tag = "devices",
    params(
        ("site" = String, Path, description = "The site."),
        ("device" = String, Path, description = "Its name."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was seen; none for a new device.")
    ),
    request_body = Declaration,
    responses(
        (status = 200, description = "It is declared anew.", body = Device,
            headers(("ETag" = String, description = "Its version."))),
        (status = 201, description = "It is declared.", body = Device,
            headers(("ETag" = String, description = "Its version."))),
        (status = 409, description = "Another device has its address, or the policy needs what it no longer has.",
            body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "It was changed meanwhile, or is there already.",
            body = Problem, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("device.write")))
)]
async fn put(
    State(app): State<App>,
    caller: Caller,
    Path((site, name)): Path<(String, String)>,
    seen: Option<IfMatch>,
    Json(declaration): Json<Declaration>,
) -> Result<Response, Problem> {
    let actor = Actor::of(&app, &caller);
    let seen = seen.map(IfMatch::version);
    let device = app
        .write(move |tx| {
            super::work::known(tx, &site)?;
            devices::put(tx, &site, &actor, (&name, declaration.clone()), seen)?;
            shown(tx, &site, &name, actor.seconds())
        })
        .await?;
    let status = if seen.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, device).into_response())
}

/// Says what somebody found out about a device. It stands beside what others say.
#[utoipa::path(
    put,
    path = "/v1/sites/{site}/devices/{device}/attributes/{attribute}",
    tag = "devices",
    params(
        ("site" = String, Path, description = "The site."),
        ("device" = String, Path, description = "Its name."),
        ("attribute" = String, Path, description = "serial, model, firmware, software, location or asset.")
    ),
    request_body = Finding,
    responses((status = 200, description = "What is believed now.", body = Attribute)),
    extensions(("x-permission" = json!("device.write")))
)]
async fn observe(
    State(app): State<App>,
    caller: Caller,
    Path((site, name, attribute)): Path<(String, String, String)>,
    Json(finding): Json<Finding>,
) -> Result<Json<Attribute>, Problem> {
    devices::named(&name)?;
    if !ATTRIBUTES.contains(&attribute.as_str()) {
        return Err(Problem::no_such("attribute"));
    }
    let doing = Doing { app, caller, site };
    doing.observe(name, attribute, finding).await.map(Json)
}

impl Doing {
    async fn observe(self, name: String, attribute: String, finding: Finding) -> Result<Attribute, Problem> {
        let actor = Actor::of(&self.app, &self.caller);
        let site = self.site;
        self.app
            .write(move |tx| {
                super::work::known(tx, &site)?;
                devices::find(tx, &site, &name)?;
                let value = line("value", &finding.value)?;
                let said = (attribute.as_str(), value.as_str(), finding.confidence.unwrap_or(80).min(100));
                crate::record::attributes::say(tx, &site, &actor, &name, said)?;
                let said = attributes::of_device(tx, &site, &name)?;
                let mut known = believed(said, actor.seconds());
                known.remove(&attribute).ok_or_else(|| Problem::no_such("attribute"))
            })
            .await
    }
}

fn shown(tx: &mut Tx<'_>, site: &str, name: &str, now: u64) -> Result<Versioned<Json<Device>>, Problem> {
    let device = devices::find(tx, site, name)?;
    let attributes = believed(attributes::of_device(tx, site, name)?, now);
    let revocation = nullius_store::standing::find(tx, site, &format!("revocation/{name}"))?;
    let revoked = revocation.filter(|row| row.value == "revoked").map(|row| row.reason);
    let version = device.life.version();
    let not_yet_enforced_at = pending(tx, site, &format!("revocation/{name}"))?;
    Ok(Versioned(
        version,
        Json(Device { listed: listed(&device)?, attributes, revoked, not_yet_enforced_at }),
    ))
}

fn listed(device: &rows::Device) -> Result<Listed, Problem> {
    let life = device.life.parts();
    let declaration = if device.declaration.is_empty() { None } else { Some(declared(device)?) };
    Ok(Listed {
        name: device.name.clone(),
        state: life.state.name().to_owned(),
        version: life.version,
        zone: device.zone.clone(),
        owner: life.owner.as_deref().map(str::to_owned),
        ia: device.ia,
        gateway: device.gateway.clone(),
        seen: device.seen,
        declaration,
    })
}
