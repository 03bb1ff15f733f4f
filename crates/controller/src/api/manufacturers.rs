//! Makers of devices, and their manifests.

use super::work::known;
use crate::App;
use crate::access::Caller;
use crate::http::{Json, POLICY_BODY, Path, Problem};
use crate::record::manifests::{Import, Imported, import as take, put_maker};
use crate::record::{Actor, tell};
use axum::extract::{DefaultBodyLimit, State};
use nullius_audit::{Entry, Phase};
use nullius_protocol::to_hex;
use nullius_store::{manifests, manufacturers};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Manifests of a maker that are shown, the newest.
const SHOWN: u32 = 16;

/// Makers.
#[derive(Debug, Serialize, ToSchema)]
struct Manufacturers {
    /// By name.
    items: Vec<Manufacturer>,
    /// There is one page.
    next: Option<String>,
}

/// A maker.
#[derive(Debug, Serialize, ToSchema)]
struct Manufacturer {
    /// Its name.
    name: String,
    /// Its roots (PEM).
    anchors: String,
    /// Of its newest manifest; 0 where there is none.
    revision: u64,
    /// Who added it.
    added_by: String,
    /// When, in seconds since 1970.
    added: u64,
    /// Its newest manifests.
    manifests: Vec<ManifestRow>,
}

/// A manifest that was imported.
#[derive(Debug, Serialize, ToSchema)]
struct ManifestRow {
    /// Its revision.
    revision: u64,
    /// SHA-256 of its text, hexadecimal.
    sha256: String,
    /// The site of its devices.
    site: String,
    /// How many there are.
    devices: u64,
    /// Who imported it.
    imported_by: String,
    /// When, in seconds since 1970.
    imported: u64,
}

/// By what a maker is known.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Roots {
    /// One to eight certificates of authorities (PEM).
    #[schema(min_length = 1, max_length = 65536)]
    anchors: String,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    let import = OpenApiRouter::new().routes(routes!(import)).layer(DefaultBodyLimit::max(POLICY_BODY));
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(put)).merge(import)
}

/// The makers whose devices may enrol with the certificates that they came with.
#[utoipa::path(
    get,
    path = "/v1/manufacturers",
    tag = "enrolment",
    responses((status = 200, description = "Makers.", body = Manufacturers)),
    extensions(("x-permission" = json!("manufacturer.read")))
)]
async fn list(State(app): State<App>) -> Result<Json<Manufacturers>, Problem> {
    let found = app.read(|tx| {
        let rows = manufacturers::all(tx)?;
        let shown = rows.into_iter().map(|row| {
            let kept = manifests::of_manufacturer(tx, &row.name, SHOWN)?;
            Ok::<_, Problem>(Manufacturer::of(row, kept))
        });
        shown.collect::<Result<_, _>>()
    });
    Ok(Json(Manufacturers { items: found.await?, next: None }))
}

/// Adds a maker by its roots, or gives one other roots.
#[utoipa::path(
    put,
    path = "/v1/manufacturers/{manufacturer}",
    tag = "enrolment",
    params(("manufacturer" = String, Path, description = "Its name.")),
    request_body = Roots,
    responses(
        (status = 200, description = "It is known by these.", body = Manufacturer),
        (status = 409, description = "There are as many as may be.", body = Problem,
            content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("manufacturer.manage")))
)]
async fn put(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Json(roots): Json<Roots>,
) -> Result<Json<Manufacturer>, Problem> {
    let actor = Actor::of(&app, &caller);
    let put = app.write(move |tx| {
        let row = put_maker(tx, &actor, &name, &roots.anchors)?;
        let kept = manifests::of_manufacturer(tx, &name, SHOWN)?;
        Ok::<_, Problem>(Manufacturer::of(row, kept))
    });
    Ok(Json(put.await?))
}

/// Takes a manifest that its maker signed, all of it or nothing: its devices are devices of the site, and enrol by
/// themselves.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/manifests",
    tag = "enrolment",
    params(("site" = String, Path, description = "The site.")),
    request_body = Import,
    responses(
        (status = 200, description = "All of it is in the record.", body = Imported),
        (status = 409, description = "It is no newer than the last, or names devices that are somebody's.",
            body = Problem, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("device.write")))
)]
async fn import(
    State(app): State<App>,
    caller: Caller,
    Path(site): Path<String>,
    Json(asked): Json<Import>,
) -> Result<Json<Imported>, Problem> {
    let actor = Actor::of(&app, &caller);
    let (who, to, maker) = (actor.clone(), site.clone(), asked.manufacturer.clone());
    let taken = app.write(move |tx| {
        known(tx, &site)?;
        take(tx, &site, &actor, &asked)
    });
    match taken.await {
        Ok(imported) => Ok(Json(imported)),
        Err(problem) => {
            let refused = problem.clone();
            app.write(move |tx| {
                known(tx, &to)?;
                let object = format!("manufacturer/{}", crate::record::short(&maker));
                let entry = Entry::new(Phase::Failed, who.now, who.who.as_str(), "manifest.import", object);
                tell::log(tx, &entry.site(to.as_str()).why(refused.detail()).detail("reason", refused.code()))
            })
            .await?;
            Err(problem)
        }
    }
}

impl Manufacturer {
    fn of(row: manufacturers::Manufacturer, kept: Vec<manifests::Manifest>) -> Self {
        let manufacturers::Manufacturer { name, anchors, revision, added_by, added } = row;
        let manifests = kept.into_iter().map(ManifestRow::from).collect();
        Self { name, anchors, revision, added_by, added, manifests }
    }
}

impl From<manifests::Manifest> for ManifestRow {
    fn from(row: manifests::Manifest) -> Self {
        let manifests::Manifest { revision, digest, site, devices, imported_by, imported, .. } = row;
        Self { revision, sha256: to_hex(&digest), site, devices, imported_by, imported }
    }
}
