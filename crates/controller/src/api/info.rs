//! What this controller is.

use crate::App;
use crate::http::Json;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What this controller is.
#[derive(Debug, Serialize, ToSchema)]
struct Info {
    /// The product.
    name: &'static str,
    /// Of the API.
    api: &'static str,
}

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(info))
}

/// Says what this is, to everybody; and no version, which helps nobody but an attacker.
#[utoipa::path(
    get,
    path = "/v1/info",
    tag = "info",
    responses((status = 200, description = "What this is.", body = Info)),
    extensions(("x-permission" = json!("public")))
)]
async fn info() -> Json<Info> {
    Json(Info { name: "nullius", api: "v1" })
}
