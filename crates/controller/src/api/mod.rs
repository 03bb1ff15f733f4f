//! The operations of the API, one file a noun, and the document that describes them.
//!
//! Each operation says in `x-permission` what it takes (see `http::gate`). What every operation of a kind may answer
//! is added to the document here, once.

mod info;
mod session;
mod tokens;
mod users;

use crate::App;
use crate::http::{Need, Problem};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::Components;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Content, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Response, ResponseBuilder, SecurityRequirement,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;

/// All operations, and the document.
pub(crate) fn routes() -> OpenApiRouter<App> {
    let mut routes = OpenApiRouter::with_openapi(document())
        .merge(crate::join::routes())
        .merge(info::routes())
        .merge(session::routes())
        .merge(tokens::routes())
        .merge(users::routes());
    complete(routes.get_openapi_mut());
    routes
}

fn document() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Nullius")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("One record, one API, one log. Errors are `application/problem+json` (RFC 9457)."))
        .build();
    OpenApiBuilder::new().info(info).components(Some(components())).build()
}

fn components() -> Components {
    let mut schemas = vec![("Problem".to_owned(), Problem::schema())];
    Problem::schemas(&mut schemas);
    let mut components = Components::new();
    components.schemas.extend(schemas);
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(crate::people::SESSION_COOKIE)));
    let token = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    components.add_security_scheme("session", cookie);
    components.add_security_scheme("token", token);
    components
}

/// Adds what every operation of a kind may answer, and how its caller proves who calls.
fn complete(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let named = path.contains('{');
        for operation in each(item) {
            let public = Need::of(operation) == Some(Need::Public);
            if !public {
                operation.security = Some(vec![one_of("session"), one_of("token")]);
            }
            for (status, what) in usual(public, named, operation.request_body.is_some()) {
                let answers = &mut operation.responses.responses;
                answers.entry(status.to_owned()).or_insert_with(|| RefOr::T(problem(what)));
            }
        }
    }
}

fn each(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch]
        .into_iter()
        .filter_map(Option::as_mut)
}

fn one_of(scheme: &str) -> SecurityRequirement {
    SecurityRequirement::new(scheme, Vec::<String>::new())
}

fn usual(public: bool, named: bool, body: bool) -> impl Iterator<Item = (&'static str, &'static str)> {
    [
        (true, "400", "Not understood."),
        (!public, "401", "Nobody we know."),
        (true, "403", "The caller may not."),
        (named, "404", "There is no such object that the caller may see."),
        (body, "413", "The body is too large."),
        (body, "415", "The body is not JSON."),
        (body, "422", "Understood, and wrong."),
        (true, "429", "Too often; `Retry-After` says when again."),
        (true, "500", "It was not done: something is broken."),
        (true, "503", "It took too long."),
    ]
    .into_iter()
    .filter_map(|(may, status, what)| may.then_some((status, what)))
}

fn problem(what: &str) -> Response {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    ResponseBuilder::new().description(what).content("application/problem+json", content).build()
}
