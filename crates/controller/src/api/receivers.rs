//! Who gets what happens, how far they are, and the controller's numbers.
//!
//! Only shown: receivers are named in `controller.toml`, because the server connects to no address that a caller names.

use crate::App;
use crate::http::{Json, Problem};
use crate::out;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use nullius_store::sinks::{self, Kind, Place};
use nullius_store::{StoreError, audit};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Who gets what happens.
#[derive(Debug, Serialize, ToSchema)]
struct Receivers {
    /// Records of the log.
    records: u64,
    /// Those who get the records as events.
    sinks: Vec<Receiver>,
    /// Those who get the log's checkpoints.
    witnesses: Vec<Receiver>,
}

/// One that gets what happens.
#[derive(Debug, Serialize, ToSchema)]
struct Receiver {
    /// As `controller.toml` names it.
    name: String,
    /// The first record that it has not taken, or that no checkpoint it has seen covers.
    next: u64,
    /// Records it is behind.
    lag: u64,
    /// When it last took something, in milliseconds since 1970.
    taken: Option<u64>,
    /// Why it takes nothing at present.
    error: Option<String>,
    /// Since when it takes nothing, in milliseconds since 1970.
    since: Option<u64>,
}

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(metrics))
}

/// Shows who gets what happens, how far they are, and what is wrong with them.
#[utoipa::path(
    get,
    path = "/v1/sinks",
    tag = "receivers",
    responses((status = 200, description = "All receivers that were ever fed.", body = Receivers)),
    extensions(("x-permission" = json!("sink.read")))
)]
async fn show(State(app): State<App>) -> Result<Json<Receivers>, Problem> {
    let read = |tx: &mut nullius_store::Tx<'_>| -> Result<_, StoreError> {
        Ok((audit::size(tx)?, sinks::all(tx, Kind::Sink)?, sinks::all(tx, Kind::Witness)?))
    };
    let (records, sinks, witnesses) = app.read(read).await?;
    let all = |places: Vec<Place>| places.into_iter().map(|place| receiver(records, place)).collect();
    Ok(Json(Receivers { records, sinks: all(sinks), witnesses: all(witnesses) }))
}

/// The controller's numbers, as OpenMetrics text. See `docs/out.md` for their names.
#[utoipa::path(
    get,
    path = "/v1/metrics",
    tag = "receivers",
    responses((
        status = 200,
        description = "The numbers.",
        body = String,
        content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    )),
    extensions(("x-permission" = json!("metrics.read")))
)]
async fn metrics(State(app): State<App>) -> Result<impl IntoResponse, Problem> {
    Ok(([(CONTENT_TYPE, out::metrics::CONTENT)], out::metrics::text(&app).await?))
}

fn receiver(records: u64, place: Place) -> Receiver {
    let Place { name, next, taken_at: taken, error, since } = place;
    Receiver { name, next, lag: records.saturating_sub(next), taken, error, since }
}
