//! A controller without its gate: who calls is what the test says.

use crate::access::{Caller, Principal, Role};
use crate::{App, Clock, Config, api, bundles};
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request};
use axum::{Extension, Router};
use http_body_util::BodyExt as _;
use nullius_model::Timestamp;
use nullius_store::testing::{Scratch, postgres, sqlite};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tower::ServiceExt as _;

pub(crate) const SITE: &str = "lab";
const START: u64 = 1_800_000_000;

/// The policy of the plant in a box.
pub(crate) const LAB: [(&str, &str); 5] = [
    ("inventory.toml", include_str!("../../../../lab/site/inventory.toml")),
    ("policies/control.cedar", include_str!("../../../../lab/site/policies/control.cedar")),
    ("policies/services.cedar", include_str!("../../../../lab/site/policies/services.cedar")),
    ("policies/things.cedar", include_str!("../../../../lab/site/policies/things.cedar")),
    ("tests/plant.toml", include_str!("../../../../lab/site/tests/plant.toml")),
];

/// A clock that stands until it is moved.
#[derive(Clone, Debug)]
struct Hand(Arc<AtomicU64>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.0.load(Ordering::Relaxed))
    }
}

/// A controller with one site.
pub(crate) struct Desk {
    pub(crate) app: App,
    clock: Hand,
    scratch: Option<Scratch>,
}

/// A connection to a server is not closed on a thread that serves.
impl Drop for Desk {
    fn drop(&mut self) {
        let (app, scratch) = (self.app.clone(), self.scratch.take());
        // goes last, after the clone that this desk holds
        std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(200));
            drop((app, scratch));
        });
    }
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answered {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// What it says of `key`, as text.
    pub(crate) fn at(&self, path: &str) -> String {
        let json = self.json();
        let found = json.pointer(path).cloned().unwrap_or_default();
        found.as_str().map_or_else(|| found.to_string(), str::to_owned)
    }
}

impl Desk {
    /// Over either database.
    pub(crate) async fn both() -> [Self; 2] {
        let postgres = tokio::task::spawn_blocking(postgres).await.unwrap();
        [Self::over(sqlite()).await, Self::over(postgres).await]
    }

    pub(crate) async fn new() -> Self {
        Self::over(sqlite()).await
    }

    async fn over(scratch: Scratch) -> Self {
        let clock = Hand(Arc::new(AtomicU64::new(START)));
        let app = App::new(scratch.store.clone(), Arc::new(clock.clone()), Config::default());
        let desk = Self { app, clock, scratch: Some(scratch) };
        desk.site(SITE).await;
        desk
    }

    pub(crate) async fn site(&self, name: &'static str) {
        let at = self.app.now();
        self.app.write(move |tx| bundles::add_site(tx, name, "user:root", at)).await.unwrap();
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.0.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Somebody with a role on all sites.
    pub(crate) fn caller(name: &str, role: Role) -> Caller {
        Caller {
            principal: Principal::User { id: format!("id-{name}"), name: name.to_owned() },
            roles: vec![("*".to_owned(), role)],
            cut: None,
            session: None,
        }
    }

    fn routes(&self, caller: Caller) -> Router {
        let (routes, _) = api::routes().split_for_parts();
        routes.layer(Extension(caller)).with_state(self.app.clone())
    }

    pub(crate) async fn send(&self, caller: Caller, request: Request<Body>) -> Answered {
        let response = self.routes(caller).oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Answered { status, headers, text: String::from_utf8_lossy(&body).into_owned() }
    }

    pub(crate) async fn call(
        &self,
        who: &str,
        role: Role,
        method: Method,
        path: &str,
        body: Value,
    ) -> Answered {
        self.call_seen(who, role, (method, path, None), body).await
    }

    pub(crate) async fn call_seen(
        &self,
        who: &str,
        role: Role,
        (method, path, seen): (Method, &str, Option<&str>),
        body: Value,
    ) -> Answered {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let request = seen.into_iter().fold(request, |request, tag| request.header("if-match", tag));
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(Self::caller(who, role), request.body(body).unwrap()).await
    }

    /// An engineer asks.
    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.call("anna", Role::Admin, Method::GET, &format!("/v1/sites/{SITE}{path}"), Value::Null).await
    }

    /// An engineer sends.
    pub(crate) async fn post(&self, who: &str, path: &str, body: Value) -> Answered {
        self.call(who, Role::Admin, Method::POST, &format!("/v1/sites/{SITE}{path}"), body).await
    }

    /// The lab's policy, in force.
    pub(crate) async fn in_force(&self) {
        let files: serde_json::Map<String, Value> =
            LAB.iter().map(|(path, text)| ((*path).to_owned(), Value::from(*text))).collect();
        let draft = serde_json::json!({ "files": files, "message": "the lab" });
        let kept = self.post("anna", "/policy/revisions", draft).await;
        assert_eq!(kept.status, 201, "{}", kept.text);
        let path = format!("/policy/revisions/{}/apply", kept.at("/number"));
        let applied = self.post("anna", &path, serde_json::json!({ "reason": "first" })).await;
        assert_eq!(applied.status, 200, "{}", applied.text);
    }
}
