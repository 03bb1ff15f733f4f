//! Many devices at once, from a list, and back into one.

use super::work::{known, look};
use crate::App;
use crate::access::Caller;
use crate::http::{LARGEST, Path, Problem, Query};
use crate::record::import::{Format, List, Refused, Report, sheet};
use crate::record::{Actor, line};
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::Deserialize;
use std::io::{self, Read};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Parts of a body that wait to be read.
const AHEAD: usize = 16;

/// Where a list comes from.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Origin {
    /// What the list is called: what it says replaces what a list of the same name said before.
    #[param(max_length = 128)]
    origin: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    let import = OpenApiRouter::new().routes(routes!(import)).layer(DefaultBodyLimit::disable());
    OpenApiRouter::new().routes(routes!(export)).merge(import)
}

/// Takes a list of devices, all of it or nothing. Every mistake is told with its row.
#[utoipa::path(
    post,
    path = "/v1/sites/{site}/device-list",
    tag = "devices",
    params(("site" = String, Path, description = "The site."), Origin),
    request_body(
        content((String = "text/csv"), (String = "application/json"), (String = "application/x-ndjson")),
        description = "Columns: name, zone, class, vendor, groups, tags, gateway, port, mac, addresses, cycle, services \
            (`modbus=modbus@tcp/502; …`), serial, model, firmware, software, location, asset."
    ),
    responses(
        (status = 200, description = "All of it is in the record.", body = Report),
        (status = 409, description = "Something stands in its way.", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "Nothing was taken: what is wrong with which row.", content(
            (Report = "application/json"), (Problem = "application/problem+json")
        ))
    ),
    extensions(("x-permission" = json!("device.write")))
)]
async fn import(
    State(app): State<App>,
    caller: Caller,
    Path(site): Path<String>,
    Query(Origin { origin }): Query<Origin>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let format = format(&headers)?;
    let origin = line("origin", &format!("list:{}", origin.as_deref().unwrap_or("api")))?;
    look(&app, site.clone(), |_, _| Ok(())).await?;
    let list = read(format, body).await?;
    let actor = Actor::of(&app, &caller);
    let applied = app.write(move |tx| {
        known(tx, &site)?;
        list.apply(tx, &site, &actor, &origin)
    });
    match applied.await {
        Ok((report, _)) => Ok(crate::http::Json(report).into_response()),
        Err(Refused::List(report)) => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, crate::http::Json(report)).into_response())
        }
        Err(Refused::Problem(problem)) => Err(problem),
    }
}

/// The devices of a site as a list for a spreadsheet. No cell of it is a formula, whatever a device is called.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}/device-list",
    tag = "devices",
    params(("site" = String, Path, description = "The site.")),
    responses((status = 200, description = "Comma-separated values.", body = String, content_type = "text/csv")),
    extensions(("x-permission" = json!("device.read")))
)]
async fn export(State(app): State<App>, Path(site): Path<String>) -> Result<Response, Problem> {
    let text = look(&app, site, sheet::write).await?;
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response())
}

fn format(headers: &HeaderMap) -> Result<Format, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    match kind.split(';').next().map(str::trim) {
        Some("text/csv") => Ok(Format::Csv),
        Some("application/json" | "application/x-ndjson") => Ok(Format::Json),
        Some(_) | None => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "no-list",
            "a list is text/csv, application/json or application/x-ndjson",
        )),
    }
}

/// Reads the body as it comes, on a thread that may wait.
async fn read(format: Format, body: Body) -> Result<List, Problem> {
    let (send, receive) = mpsc::channel::<io::Result<Bytes>>(AHEAD);
    let list = spawn_blocking(move || List::read(format, Incoming { receive, current: Bytes::new() }));
    let mut parts = Limited::new(body, LARGEST).into_data_stream();
    let mut too_large = false;
    while let Some(part) = parts.next().await {
        let part = part.map_err(|error| {
            too_large = error.is::<LengthLimitError>();
            io::Error::other(error.to_string())
        });
        let broken = part.is_err();
        if send.send(part).await.is_err() || broken {
            break;
        }
    }
    drop(send);
    let list = list
        .await
        .map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", error.to_string()))?;
    if too_large {
        let detail = format!("a list has {LARGEST} bytes at most");
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail).with_help("split it"));
    }
    Ok(list)
}

/// A body as something to read from.
struct Incoming {
    receive: mpsc::Receiver<io::Result<Bytes>>,
    current: Bytes,
}

impl Read for Incoming {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.receive.blocking_recv() {
                Some(part) => self.current = part?,
                None => return Ok(0),
            }
        }
        let part = self.current.split_to(into.len().min(self.current.len()));
        let (filled, _) = into.split_at_mut(part.len());
        filled.copy_from_slice(&part);
        Ok(part.len())
    }
}
