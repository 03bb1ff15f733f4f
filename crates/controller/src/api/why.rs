//! Why something passes or does not, and what was denied: asked of the gateways, which know.

use super::work::look;
use crate::App;
use crate::http::{Json, Path, Problem, Query};
use crate::link::ask;
use crate::record::why::{Asked, allowed, explained};
use crate::record::{devices, policy};
use axum::extract::State;
use nullius_model::inert;
use nullius_protocol::local::{Answer, Body, Command, Question};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What is asked.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WhyQuery {
    /// Who: a device's name, or to a gateway a network address.
    #[param(max_length = 63)]
    subject: String,
    /// To whom.
    #[param(max_length = 63)]
    object: String,
    /// On what: a service's name (`modbus`), `tcp/502`, or a port.
    #[param(max_length = 63)]
    service: String,
    /// To do what: a verb of the protocol or a class of verbs.
    #[param(max_length = 63)]
    verb: Option<String>,
    /// What the verb is about: a register, a topic, a path.
    #[param(max_length = 255)]
    operand: Option<String>,
    /// As it was then, in seconds since 1970: gateways remember.
    #[param(minimum = 0)]
    at: Option<u64>,
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
struct Why {
    /// It is allowed.
    allowed: bool,
    /// `gateway:NAME`, or `record` where none could be asked: then what only a gateway knows counts as unknown.
    source: String,
    /// The whole answer in lines of text, the verdict first, how to request access last.
    lines: Vec<String>,
    /// The policies that decided.
    policies: Vec<String>,
    /// Inputs that a policy asked for and that nobody has stated.
    missing: Vec<String>,
}

/// What gateways say.
#[derive(Debug, Serialize, ToSchema)]
struct Told {
    /// By gateway, in order.
    items: Vec<OfGateway>,
    /// There is one page.
    next: Option<String>,
}

/// What one gateway says.
#[derive(Debug, Serialize, ToSchema)]
struct OfGateway {
    /// Which.
    gateway: String,
    /// It was asked, and answered.
    answered: bool,
    /// What it says, as its local API says it.
    #[schema(value_type = Vec<Object>)]
    found: Value,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(why)).routes(routes!(denials)).routes(routes!(alarms))
}

/// Why a conversation is allowed, or is not.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}/why",
    tag = "why",
    params(("site" = String, Path, description = "The site."), WhyQuery),
    responses(
        (status = 200, description = "The answer.", body = Why),
        (status = 409, description = "There is no policy to say why.", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "Nobody knows what was asked about.", body = Problem,
            content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("denial.read")))
)]
async fn why(
    State(app): State<App>,
    Path(site): Path<String>,
    Query(query): Query<WhyQuery>,
) -> Result<Json<Why>, Problem> {
    let (named, subject) = (site.clone(), query.subject.clone());
    let knows = look(&app, named, move |tx, site| {
        let device =
            if subject.contains('\0') { None } else { nullius_store::devices::find(tx, site, &subject)? };
        Ok(device.map(|device| (device.gateway, device.ia)))
    });
    let (last, ia) = knows.await?.unwrap_or((None, 0));
    let connected = app.links().connected(&site);
    let first = last.into_iter().filter(|gateway| connected.contains(gateway));
    for gateway in first.chain(connected.iter().cloned()) {
        let question = Command::Why(query.question());
        if let Ok(Answer::Ok(body)) = ask(&app, &site, &gateway, question).await
            && let Body::Why(found) = *body
        {
            return Ok(Json(Why::of_gateway(&gateway, found)));
        }
    }
    by_record(&app, site, query, ia).await.map(Json)
}

/// What gateways denied of late.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}/denials",
    tag = "why",
    params(("site" = String, Path, description = "The site.")),
    responses((status = 200, description = "By gateway.", body = Told)),
    extensions(("x-permission" = json!("denial.read")))
)]
async fn denials(State(app): State<App>, Path(site): Path<String>) -> Result<Json<Told>, Problem> {
    relayed(&app, site, &Command::Denials).await.map(Json)
}

/// What gateways raised an alarm about of late.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}/alarms",
    tag = "why",
    params(("site" = String, Path, description = "The site.")),
    responses((status = 200, description = "By gateway.", body = Told)),
    extensions(("x-permission" = json!("denial.read")))
)]
async fn alarms(State(app): State<App>, Path(site): Path<String>) -> Result<Json<Told>, Problem> {
    relayed(&app, site, &Command::Alarms).await.map(Json)
}

/// Asks every gateway of a site that is connected here; the others are named with no answer.
async fn relayed(app: &App, site: String, command: &Command) -> Result<Told, Problem> {
    let all = look(app, site.clone(), |tx, site| {
        let rows = nullius_store::gateways::of_site(tx, site)?;
        Ok(rows.into_iter().filter(|row| !row.revoked).map(|row| row.name).collect::<Vec<_>>())
    });
    let mut items = Vec::new();
    for gateway in all.await? {
        let found = match ask(app, &site, &gateway, command.clone()).await {
            Ok(Answer::Ok(body)) => rows(&body),
            Ok(Answer::Error(_)) | Err(_) => None,
        };
        let answered = found.is_some();
        items.push(OfGateway { gateway, answered, found: found.unwrap_or_else(|| Value::Array(Vec::new())) });
    }
    Ok(Told { items, next: None })
}

/// The rows of an answer, as JSON.
fn rows(body: &Body) -> Option<Value> {
    if let Body::Denials(rows) = body {
        return serde_json::to_value(rows).ok();
    }
    if let Body::Alarms(rows) = body { serde_json::to_value(rows).ok() } else { None }
}

async fn by_record(app: &App, site: String, query: WhyQuery, ia: u8) -> Result<Why, Problem> {
    let now = app.now();
    let files = look(app, site, |tx, site| {
        let authored = policy::in_force(tx, site)?;
        let authored = authored
            .ok_or_else(|| Problem::conflict("no-policy", "no policy is in force, and all is denied"))?;
        policy::render(tx, site, &authored)
    });
    let files = files.await?;
    devices::named(&query.subject).map_err(|_| Problem::wrong("not-there", "no device is called so"))?;
    let WhyQuery { subject, object, service, verb, .. } = query;
    let asked = Asked { subject, object, service, verb };
    let explained = tokio::task::spawn_blocking(move || explained(&files, &asked, ia, now)).await;
    let explained = explained.map_err(|error| {
        Problem::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "internal", error.to_string())
    })??;
    Ok(Why {
        allowed: allowed(&explained),
        source: "record".to_owned(),
        lines: explained.to_string().lines().map(inert).collect(),
        policies: explained.decision.reasons.iter().map(ToString::to_string).collect(),
        missing: explained.decision.missing.iter().map(|input| (*input).to_owned()).collect(),
    })
}

impl WhyQuery {
    fn question(&self) -> Question {
        let Self { subject, object, service, verb, operand, at } = self.clone();
        Question { subject, object, service, verb, operand, at }
    }
}

impl Why {
    fn of_gateway(gateway: &str, found: nullius_protocol::local::Why) -> Self {
        Self {
            allowed: found.allowed,
            source: format!("gateway:{gateway}"),
            lines: found.lines.iter().map(|line| inert(line)).collect(),
            policies: found.policies,
            missing: found.missing,
        }
    }
}
