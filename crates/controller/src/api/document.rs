//! What the OpenAPI document says of all operations alike: what is not worth saying at each.

use crate::http::{Need, Problem};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::Components;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Content, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Response, ResponseBuilder, SecurityRequirement,
};
use utoipa::{PartialSchema, ToSchema};

/// What the document says beside the operations.
pub(super) fn empty() -> OpenApi {
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

/// Adds what every operation of a kind may answer, what it is called, and how its caller proves who calls.
pub(super) fn complete(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let named = path.contains('{');
        for (method, operation) in each(item) {
            operation.operation_id = Some(name(method, path));
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

fn each(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("get", &mut item.get),
        ("put", &mut item.put),
        ("post", &mut item.post),
        ("delete", &mut item.delete),
        ("patch", &mut item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}

/// `get_users_user` for `GET /v1/users/{user}`.
fn name(method: &str, path: &str) -> String {
    let path = path.strip_prefix("/v1").unwrap_or(path);
    let words = path.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(method.to_owned(), |name, word| name + "_" + word)
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
        (true, "414", "The address is too long."),
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

    /// `UPDATE_EXPECT=1` writes it.
    #[test]
    fn the_committed_document_is_current() {
        // `{*path}` is how our router says that a part may hold slashes; OpenAPI has no word for it
        let document =
            crate::api::routes().into_openapi().to_pretty_json().unwrap().replace("{*", "{") + "\n";
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(COMMITTED, &document).unwrap();
        }
        let committed = fs::read_to_string(COMMITTED).unwrap_or_default();
        assert!(
            committed == document,
            "docs/openapi.json is not current: run this test with UPDATE_EXPECT=1"
        );
    }

    #[test]
    fn every_operation_has_its_own_name_and_says_who_may_call_it_and_what_it_answers() {
        let document = crate::api::routes().into_openapi();
        let mut names = std::collections::BTreeSet::new();
        for (path, item) in &document.paths.paths {
            for (method, operation) in crate::http::operations(item) {
                let name = operation.operation_id.clone().unwrap_or_default();
                assert!(names.insert(name.clone()), "{method} {path}: there are two `{name}`");
                let answers = &operation.responses.responses;
                assert!(answers.keys().any(|status| status.starts_with(['2', '3'])), "{method} {path}");
                assert_eq!(Need::of(operation) == Some(Need::Public), operation.security.is_none(), "{path}");
            }
        }
    }
}
