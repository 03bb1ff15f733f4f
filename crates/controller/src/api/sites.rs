//! Sites: which there are, how one stands on one screen, and a whole one as a document.

use super::work::{Doing, known, look};
use crate::access::{Caller, Permission};
use crate::http::{Answer, IdempotencyKey, Json, LARGEST, Path, Problem};
use crate::record::act::Act;
use crate::record::whole::{self, Whole};
use crate::record::{Actor, site};
use crate::{App, bundles};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use nullius_store::audit::{self, Order};
use nullius_store::{Tx, devices, gateways, grants, proposals, revisions, sites, standing};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Of each kind of thing on the one screen, how many are named.
const SHOWN: usize = 20;

/// Names of sites.
#[derive(Debug, Serialize, ToSchema)]
struct Sites {
    /// Those on which the caller has a role.
    items: Vec<Site>,
    /// There is one page.
    next: Option<String>,
}

/// A site.
#[derive(Debug, Serialize, ToSchema)]
struct Site {
    /// Its name.
    name: String,
    /// The last epoch that gateways were told.
    epoch: String,
    /// The public key whose signature its gateways take.
    signer: String,
}

/// A site to be.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSite {
    /// Letters, digits and `-`.
    #[schema(min_length = 1, max_length = 63)]
    name: String,
    /// Acts of consequence take two people; they do if not given. Only here one person says that they do not.
    #[serde(default)]
    two_person: Option<bool>,
}

/// How a site stands, on one screen.
#[derive(Debug, Serialize, ToSchema)]
struct Status {
    /// The site.
    site: String,
    /// The revision in force, and its epoch.
    policy: Option<String>,
    /// The stage of whatever has none of its own; none where gateways were told nothing.
    stage: Option<String>,
    /// What the plant does.
    mode: Option<String>,
    /// Acts of consequence take two people.
    two_person: bool,
    /// How many devices are in which state.
    devices: std::collections::BTreeMap<String, u64>,
    /// Devices whose access is taken away, and why.
    restricted: Vec<Restricted>,
    /// The gateways, and whether they have what they were told.
    gateways: Vec<Behind>,
    /// Grants in force: `subject -> object until …`.
    grants: Vec<String>,
    /// What waits for somebody's agreement.
    proposals: Vec<String>,
    /// What people decided last, and who.
    #[schema(value_type = Vec<Object>)]
    decided: Vec<Value>,
}

/// A device without access.
#[derive(Debug, Serialize, ToSchema)]
struct Restricted {
    device: String,
    /// Where it stands: whose line is affected.
    zone: String,
    /// Why.
    reason: String,
    /// Who did it.
    by: String,
    /// When, in seconds since 1970.
    at: u64,
}

/// A gateway and what it has.
#[derive(Debug, Serialize, ToSchema)]
struct Behind {
    name: String,
    /// The highest epoch it has taken.
    taken: String,
    /// It has not taken all it was told.
    behind: bool,
    /// When something was last heard of it, in seconds since 1970.
    seen: u64,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    let import = OpenApiRouter::new().routes(routes!(import)).layer(DefaultBodyLimit::max(LARGEST));
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(status))
        .routes(routes!(export))
        .merge(import)
}

/// The sites on which the caller may read.
#[utoipa::path(
    get,
    path = "/v1/sites",
    tag = "sites",
    responses((status = 200, description = "Sites.", body = Sites)),
    extensions(("x-permission" = json!("site.read")))
)]
async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Sites>, Problem> {
    let may = caller.sites(Permission::SiteRead);
    let all = app.read(|tx| Ok::<_, Problem>(sites::all(tx)?)).await?;
    let items = all.into_iter().filter(|site| may.contains(&site.name)).map(Site::of).collect();
    Ok(Json(Sites { items, next: None }))
}

/// Makes a site, with a number line and a signing key of its own.
#[utoipa::path(
    post,
    path = "/v1/sites",
    tag = "sites",
    request_body = NewSite,
    responses(
        (status = 201, description = "It is made.", body = Site),
        (status = 409, description = "It exists already.", body = Problem,
            content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("site.manage")))
)]
async fn add(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Json(new): Json<NewSite>,
) -> Result<Answer, Problem> {
    let actor = Actor::of(&app, &caller);
    let done = app.write(move |tx| {
        key.once(tx, &caller, actor.now, &new, |tx| {
            if sites::find(tx, &new.name)?.is_some() {
                return Err(Problem::conflict("exists", "a site of that name exists already"));
            }
            bundles::add_site(tx, &new.name, &actor.who, actor.now)?;
            if new.two_person == Some(false) {
                let reason = "said when the site was made".to_owned();
                Act::TwoPerson { on: false, reason }.carry_out(tx, &new.name, &actor, &[])?;
            }
            let made = sites::find(tx, &new.name)?.ok_or_else(|| Problem::no_such("site"))?;
            Answer::new(StatusCode::CREATED, &Site::of(made))
        })
    });
    done.await
}

/// How a site stands: is my line affected, what is blocked, who decided so.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}/status",
    tag = "sites",
    params(("site" = String, Path, description = "The site.")),
    responses((status = 200, description = "One screen.", body = Status)),
    extensions(("x-permission" = json!("site.read")))
)]
async fn status(State(app): State<App>, Path(site): Path<String>) -> Result<Json<Status>, Problem> {
    let now = app.now().as_secs();
    look(&app, site, move |tx, site| Status::read(tx, site, now)).await.map(Json)
}

/// All that people decided about a site, as one document. It holds no secret.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}/export",
    tag = "sites",
    params(("site" = String, Path, description = "The site.")),
    responses((status = 200, description = "The site.", body = Whole)),
    extensions(("x-permission" = json!("site.export")))
)]
async fn export(State(app): State<App>, Path(site): Path<String>) -> Result<Json<Whole>, Problem> {
    look(&app, site, whole::export).await.map(Json)
}

/// Makes an empty site into the one of a document.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/import",
    tag = "sites",
    params(("site" = String, Path, description = "The site.")),
    request_body = Whole,
    responses(
        (status = 200, description = "How it stands.", body = Status),
        (status = 409, description = "It is not empty.", body = Problem,
            content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("site.import")))
)]
async fn import(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Path(site): Path<String>,
    Json(document): Json<Whole>,
) -> Result<Answer, Problem> {
    Doing { app, caller, site }
        .once(key, document, |tx, site, actor, document| {
            known(tx, site)?;
            whole::import(tx, site, actor, document.clone())?;
            Answer::new(StatusCode::OK, &Status::read(tx, site, actor.seconds())?)
        })
        .await
}

impl Site {
    fn of(row: sites::Site) -> Self {
        Self { name: row.name, epoch: row.last.to_string(), signer: row.signer }
    }
}

impl Status {
    fn read(tx: &mut Tx<'_>, site: &str, now: u64) -> Result<Self, Problem> {
        let standings = standing::all(tx, site)?;
        let said = |key: &str| standings.iter().find(|row| row.key == key).map(|row| row.value.clone());
        let last = sites::find(tx, site)?.map(|site| site.last).unwrap_or_default();
        let revision = revisions::in_force(tx, site)?;
        let revision =
            revision.and_then(|row| Some(format!("revision {} as {}", row.number, row.applied?.1)));
        Ok(Self {
            site: site.to_owned(),
            policy: revision,
            stage: said("stage/default"),
            mode: said("mode/site"),
            two_person: site::takes_two(tx, site)?,
            devices: devices::counts(tx, site)?.into_iter().collect(),
            restricted: restricted(tx, site, &standings)?,
            gateways: gateways::of_site(tx, site)?.into_iter().map(|row| Behind::of(row, last)).collect(),
            grants: in_force(tx, site, now)?,
            proposals: open(tx, site)?,
            decided: decided(tx, site)?,
        })
    }
}

impl Behind {
    fn of(row: gateways::Gateway, last: nullius_model::Epoch) -> Self {
        Self { name: row.name, taken: row.taken.to_string(), behind: row.taken < last, seen: row.seen }
    }
}

fn restricted(
    tx: &mut Tx<'_>,
    site: &str,
    standings: &[standing::Standing],
) -> Result<Vec<Restricted>, Problem> {
    let revoked = standings.iter().filter(|row| row.key.starts_with("revocation/") && row.value == "revoked");
    revoked
        .take(SHOWN)
        .map(|row| {
            let device = row.key.trim_start_matches("revocation/").to_owned();
            let zone = devices::find(tx, site, &device)?.map(|found| found.zone).unwrap_or_default();
            let (reason, by) = (row.reason.clone(), row.author.clone());
            Ok(Restricted { device, zone, reason, by, at: row.made })
        })
        .collect()
}

fn in_force(tx: &mut Tx<'_>, site: &str, now: u64) -> Result<Vec<String>, Problem> {
    let active = grants::page(tx, site, Some("active"), "", SHOWN * 5)?;
    let active =
        active.iter().filter(|grant| crate::record::grants::state(grant, now) == "active").take(SHOWN);
    let told = active.map(|grant| {
        let ends = grant.made.unwrap_or(0).saturating_add(grant.seconds);
        format!("{} -> {} until {}", grant.subject, grant.object, nullius_model::Timestamp::from_secs(ends))
    });
    Ok(told.collect())
}

fn open(tx: &mut Tx<'_>, site: &str) -> Result<Vec<String>, Problem> {
    let open = proposals::page(tx, site, Some("open"), "", SHOWN)?;
    Ok(open.into_iter().map(|row| format!("{} {} asked by {}", row.kind, row.object, row.asked_by)).collect())
}

fn decided(tx: &mut Tx<'_>, site: &str) -> Result<Vec<Value>, Problem> {
    let limit = u32::try_from(SHOWN).unwrap_or(u32::MAX);
    let page =
        audit::Page { site: Some(site), object: None, from: i64::MAX as u64, order: Order::Backwards, limit };
    let leaves = audit::page(tx, &page)?;
    Ok(leaves.iter().filter_map(|leaf| serde_json::from_str(&leaf.record).ok()).collect())
}
