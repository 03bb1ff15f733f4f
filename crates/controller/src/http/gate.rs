//! The gate: every request passes here before its handler, and nothing passes that the OpenAPI document does not list.
//!
//! Each operation of the document says in `x-permission` what it takes: `public`, `anyone` who has signed in, or a
//! permission. The gate holds callers to that, so a handler cannot forget it. What a handler adds is what only it knows:
//! which objects of a list are shown, and that nobody approves their own.
//!
//! INVARIANT: an operation without `x-permission` is answered by nobody.

use super::{Problem, origin};
use crate::App;
use crate::access::{Caller, Permission, Scope};
use crate::people;
use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};

/// What an operation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing.
    Public,
    /// To be somebody.
    Anyone,
    /// A permission.
    Permission(Permission),
}

/// The gate of one document.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    app: App,
    needs: Arc<BTreeMap<(String, String), Need>>,
}

impl Need {
    /// As `x-permission` says it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "public" => Some(Self::Public),
            "anyone" => Some(Self::Anyone),
            name => Permission::parse(name).map(Self::Permission),
        }
    }

    /// Of one operation.
    pub(crate) fn of(operation: &Operation) -> Option<Self> {
        Self::parse(operation.extensions.as_ref()?.get("x-permission")?.as_str()?)
    }
}

impl Gate {
    pub(crate) fn new(app: App, document: &OpenApi) -> Self {
        let listed = document.paths.paths.iter().flat_map(|(path, item)| {
            operations(item)
                .filter_map(|(method, operation)| Need::of(operation).map(|need| (method, need)))
                .map(|(method, need)| ((method.to_owned(), path.clone()), need))
        });
        Self { app, needs: Arc::new(listed.collect()) }
    }

    fn need(&self, method: &Method, path: &str) -> Option<Need> {
        let method = if method == Method::HEAD { "GET" } else { method.as_str() };
        self.needs.get(&(method.to_owned(), path.to_owned())).copied()
    }
}

/// The operations of a path, by the name of their method.
pub(crate) fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    [
        ("GET", &item.get),
        ("PUT", &item.put),
        ("POST", &item.post),
        ("DELETE", &item.delete),
        ("PATCH", &item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.as_ref().map(|operation| (method, operation)))
}

/// The middleware.
pub(crate) async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    match admit(&gate, request).await {
        Ok(request) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

async fn admit(gate: &Gate, request: Request) -> Result<Request, Problem> {
    let (mut parts, body) = request.into_parts();
    let path = parts.extensions.get::<MatchedPath>().ok_or_else(|| Problem::no_such("address"))?;
    let need = gate.need(&parts.method, path.as_str()).ok_or_else(no_such_method)?;
    origin::check(&parts, gate.app.config())?;
    if need != Need::Public {
        let caller = people::caller(&gate.app, &parts.headers).await?.ok_or_else(Problem::stranger)?;
        gate.app.guard().caller(&caller, gate.app.now())?;
        if let Need::Permission(permission) = need {
            let site = site(&mut parts).await;
            entitled(&caller, permission, site.as_deref())?;
        }
        parts.extensions.insert(caller);
    }
    Ok(Request::from_parts(parts, body))
}

fn entitled(caller: &Caller, permission: Permission, site: Option<&str>) -> Result<(), Problem> {
    match (permission.scope(), site) {
        (Scope::Everywhere, _) => caller.may_everywhere(permission),
        (Scope::Site, Some(site)) => caller.may(permission, site),
        (Scope::Site, None) => caller.may_somewhere(permission),
    }
}

/// `{site}` of the path.
async fn site(parts: &mut axum::http::request::Parts) -> Option<String> {
    let params = RawPathParams::from_request_parts(parts, &()).await.ok()?;
    params.iter().find(|(name, _)| *name == "site").map(|(_, site)| site.to_owned())
}

fn no_such_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "no-such-method", "that cannot be done with this address")
}
