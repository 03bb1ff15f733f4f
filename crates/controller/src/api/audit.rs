//! The audit log: checkpoints and tiles for whoever checks it (C2SP tlog-tiles), records for whoever reads it.

use crate::App;
use crate::access::{Caller, Permission, Sites};
use crate::http::{Json, Path, Problem, Query};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use nullius_audit::layout::Resource;
use nullius_store::Tx;
use nullius_store::audit::{self, Order};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Most records an answer holds.
const MOST: u32 = 200;

/// Records by their numbers.
#[derive(Debug, Serialize, ToSchema)]
struct Entries {
    /// In the order of their numbers.
    items: Vec<Numbered>,
    /// The number to go on from; none at the end.
    next: Option<u64>,
}

/// A record.
#[derive(Debug, Serialize, ToSchema)]
struct Numbered {
    /// Counted from 0.
    number: u64,
    /// Who did what to which object, why, and what came of it.
    #[schema(value_type = Object)]
    record: Value,
}

/// Which records.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EntryQuery {
    /// The first number; 0 if not given.
    #[param(minimum = 0)]
    from: Option<u64>,
    /// How many, 100 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// Only of this site.
    #[param(max_length = 63)]
    site: Option<String>,
    /// Only about this object: `device/plc1`.
    #[param(max_length = 256)]
    object: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(checkpoint))
        .routes(routes!(verifier))
        .routes(routes!(tile))
        .routes(routes!(entries))
}

/// The signed size and root of the log: keep it somewhere else.
#[utoipa::path(
    get,
    path = "/v1/audit/checkpoint",
    tag = "audit",
    responses(
        (status = 200, description = "A signed note.", body = String, content_type = "text/plain"),
        (status = 404, description = "There is no record yet.", body = Problem,
            content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("log.read")))
)]
async fn checkpoint(State(app): State<App>) -> Result<Response, Problem> {
    let note = app.read(|tx| Ok::<_, Problem>(audit::checkpoint(tx)?)).await?;
    let note = note.ok_or_else(|| Problem::no_such("checkpoint"))?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], note).into_response())
}

/// The key that checkpoints are checked with.
#[utoipa::path(
    get,
    path = "/v1/audit/key",
    tag = "audit",
    responses(
        (status = 200, description = "A verifier key.", body = String, content_type = "text/plain"),
        (status = 404, description = "There is no record yet.", body = Problem,
            content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("audit.read")))
)]
async fn verifier(State(app): State<App>) -> Result<Response, Problem> {
    let key = app.read(|tx| Ok::<_, Problem>(audit::verifier(tx)?)).await?;
    let key = key.ok_or_else(|| Problem::no_such("key"))?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{key}\n")).into_response())
}

/// A tile of hashes, or a bundle of records, as C2SP tlog-tiles lays them out. For who may read all sites: a tile holds
/// what happened on any.
#[utoipa::path(
    get,
    path = "/v1/audit/tile/{*path}",
    tag = "audit",
    params(("path" = String, Path, description = "`0/x001/234`, `entries/000`, `0/000.p/7`.")),
    responses((status = 200, description = "Bytes.", body = Vec<u8>, content_type = "application/octet-stream")),
    extensions(("x-permission" = json!("log.read")))
)]
async fn tile(State(app): State<App>, Path(path): Path<String>) -> Result<Response, Problem> {
    let resource = Resource::parse(&format!("tile/{path}")).ok_or_else(|| Problem::no_such("tile"))?;
    let bytes = app.read(move |tx| Ok::<_, Problem>(audit::file(tx, resource)?)).await?;
    let bytes = bytes.ok_or_else(|| Problem::no_such("tile"))?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

/// Records by their numbers: of the sites that the caller may read, and of none in particular for who may read all.
#[utoipa::path(
    get,
    path = "/v1/audit/entries",
    tag = "audit",
    params(EntryQuery),
    responses((status = 200, description = "Records.", body = Entries)),
    extensions(("x-permission" = json!("audit.read")))
)]
async fn entries(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<EntryQuery>,
) -> Result<Json<Entries>, Problem> {
    let limit = query.limit.unwrap_or(100);
    let from = i64::try_from(query.from.unwrap_or(0));
    let from = from.ok().and_then(|from| u64::try_from(from).ok());
    let words = query.site.iter().chain(&query.object);
    let (Some(from), true, false) =
        (from, (1..=MOST).contains(&limit), words.into_iter().any(|word| word.contains('\0')))
    else {
        return Err(Problem::not_understood(format!(
            "`from` is a number of a record, `limit` is 1 to {MOST}"
        )));
    };
    let sites = caller.sites(Permission::AuditRead);
    if query.site.as_ref().is_some_and(|site| !sites.contains(site)) {
        return Err(Problem::no_such("site"));
    }
    let found = app.read(move |tx| read(tx, &query, from, limit, &sites)).await?;
    Ok(Json(found))
}

fn read(
    tx: &mut Tx<'_>,
    query: &EntryQuery,
    from: u64,
    limit: u32,
    sites: &Sites,
) -> Result<Entries, Problem> {
    let page = audit::Page {
        site: query.site.as_deref(),
        object: query.object.as_deref(),
        from,
        order: Order::Forwards,
        limit,
    };
    let leaves = audit::page(tx, &page)?;
    let full = u64::try_from(leaves.len()).unwrap_or(u64::MAX) >= u64::from(limit);
    let next = leaves.last().filter(|_| full).map(|last| last.number.saturating_add(1));
    let items = leaves.into_iter().filter_map(|leaf| {
        let record: Value = serde_json::from_str(&leaf.record).ok()?;
        let shown = match record.get("site").and_then(Value::as_str) {
            Some(site) => sites.contains(site),
            None => *sites == Sites::All,
        };
        shown.then_some(Numbered { number: leaf.number, record })
    });
    Ok(Entries { items: items.collect(), next })
}
