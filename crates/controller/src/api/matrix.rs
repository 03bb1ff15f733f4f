//! Every operation of the document × every kind of caller × the caller's site, another, and none that is: who is let in
//! is what the permission table says, and nobody else is.
//!
//! A new operation is in the matrix as soon as it is in the document. What its path names beside the site is taken from
//! [`objects`], or is something that does not exist.

use crate::access::{ALL_SITES, Permission, Role, Scope};
use crate::http::{Need, Rate, Rates, operations};
use crate::testing::{Ask, Stage, Told};
use crate::{Config, api};
use nullius_store::testing::sqlite;
use serde_json::json;
use std::time::Duration;

const OWN: &str = "lab";
const OTHER: &str = "plant";
const NONE: &str = "nowhere";

/// An operation.
struct Operation {
    method: &'static str,
    path: String,
    need: Need,
    takes_body: bool,
}

/// Somebody who calls.
enum Caller {
    /// Nobody we know: what they send.
    Stranger(&'static str, Vec<(&'static str, String)>),
    /// With a role, where.
    Person(String, &'static str, Role),
    /// A program of somebody who may do everything, cut down to this.
    Program(String, &'static str, Permission),
}

/// What must come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// 401 `who-are-you`.
    Stranger,
    /// 403 `not-allowed`.
    Lesser,
    /// 404.
    Hidden,
    /// Passes the gate: whatever the handler says then.
    In,
}

#[test]
fn every_operation_says_what_it_takes() {
    let document = api::routes().into_openapi();
    for (path, item) in &document.paths.paths {
        for (method, operation) in operations(item) {
            assert!(
                Need::of(operation).is_some(),
                "{method} {path} has no `x-permission` that means something"
            );
        }
    }
}

#[tokio::test]
async fn callers_get_in_where_the_permission_table_says_so_and_nowhere_else() {
    let plenty = Rate { burst: 1e9, refill: 1e9 };
    let rates = Rates { address: plenty, sign_in: plenty, caller: plenty, refusal: plenty };
    let stage = Stage::over(sqlite(), Config { rates, ..Config::default() });
    let callers = callers(&stage);
    prepare(&stage).await;
    let (mut asked, mut wrong) = (0_u32, Vec::new());
    for operation in listed() {
        for caller in &callers {
            for site in [OWN, OTHER, NONE] {
                if site != OWN && !operation.path.contains("{site}") {
                    continue;
                }
                asked += 1;
                let told = stage.send(&request(&stage, &operation, caller, site)).await;
                let expected = expected(&operation, caller, site);
                if !fits(expected, &told) || (expected == Expected::In && !hides(&operation, site, &told)) {
                    wrong.push(format!(
                        "{} {} on {site} by {}: {expected:?}, but {} {}",
                        operation.method,
                        operation.path,
                        name(caller),
                        told.status,
                        told.body
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked > 500, "{asked} requests are no matrix");
}

/// Two sites, and a device on the other.
async fn prepare(stage: &Stage) {
    let anna = stage.person("preparer", &[(ALL_SITES, Role::Admin)]);
    stage.site(OWN);
    stage.site(OTHER);
    let list = Ask::new("POST", &format!("/v1/sites/{OTHER}/device-list?origin=cmms"));
    let list = list.session(&stage.session(&anna)).text("text/csv", "Name;Zone\r\nhidden;cell\r\n");
    let told = stage.send(&list).await;
    assert_eq!(told.status, 200, "{}", told.body);
    let show = Ask::new("GET", &format!("/v1/sites/{OTHER}/devices/hidden")).session(&stage.session(&anna));
    assert_eq!(stage.send(&show).await.status, 200);
}

fn listed() -> Vec<Operation> {
    let document = api::routes().into_openapi();
    let mut listed = Vec::new();
    for (path, item) in &document.paths.paths {
        for (method, operation) in operations(item) {
            let need = Need::of(operation).unwrap();
            let takes_body = operation.request_body.is_some();
            listed.push(Operation { method, path: path.clone(), need, takes_body });
        }
    }
    listed
}

fn callers(stage: &Stage) -> Vec<Caller> {
    let anna = stage.person("anna", &[(ALL_SITES, Role::Admin)]);
    let idle = stage.session(&anna);
    let over = stage.token(&anna, Permission::ALL, &[ALL_SITES]);
    stage.pass(Duration::from_secs(2 * 86_400));
    let gone = stage.person("gone", &[(ALL_SITES, Role::Admin)]);
    let of_gone = (stage.session(&gone), stage.token(&gone, Permission::ALL, &[ALL_SITES]));
    disable(stage, "gone");
    stage.person("target", &[(OWN, Role::Viewer)]);
    let bearer = |token: &str| vec![("authorization", format!("Bearer {token}"))];
    let mut callers = vec![
        Caller::Stranger("nobody", Vec::new()),
        Caller::Stranger("garbage token", bearer("nullius_garbage")),
        Caller::Stranger("garbage scheme", vec![("authorization", "Basic YTpi".to_owned())]),
        Caller::Stranger("garbage session", cookie("__Host-nullius=garbage")),
        Caller::Stranger("idle session", cookie(&idle)),
        Caller::Stranger("token that is over", bearer(&over)),
        Caller::Stranger("session of a disabled account", cookie(&of_gone.0)),
        Caller::Stranger("token of a disabled account", bearer(&of_gone.1)),
    ];
    for role in Role::ALL {
        for site in [OWN, OTHER, ALL_SITES] {
            let place = if site == ALL_SITES { "all" } else { site };
            let id = stage.person(&format!("{}.{place}", role.name()), &[(site, role)]);
            callers.push(Caller::Person(id, site, role));
        }
    }
    for permission in Permission::ALL {
        for site in [OWN, ALL_SITES] {
            callers.push(Caller::Program(stage.token(&anna, &[*permission], &[site]), site, *permission));
        }
    }
    callers
}

fn disable(stage: &Stage, name: &str) {
    stage.write(|tx| {
        let Some(mut person) = nullius_store::people::by_name(tx, name)? else { return Ok(()) };
        person.active = false;
        nullius_store::people::update(tx, &person)
    });
}

fn cookie(cookie: &str) -> Vec<(&'static str, String)> {
    vec![("cookie", cookie.to_owned()), ("origin", Config::default().origin)]
}

fn request(stage: &Stage, operation: &Operation, caller: &Caller, site: &str) -> Ask {
    let ask = Ask::new(operation.method, &address(&operation.path, site));
    let ask = if operation.takes_body { ask.json(json!({})) } else { ask };
    match caller {
        Caller::Stranger(_, headers) => headers.iter().fold(ask, |ask, (name, value)| ask.with(name, value)),
        // A new one each time: some operations end sessions.
        Caller::Person(id, _, _) => ask.session(&stage.session(id)),
        Caller::Program(secret, _, _) => ask.token(secret),
    }
}

fn address(path: &str, site: &str) -> String {
    let filled =
        path.split('/').map(|part| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some("site") => site,
            Some(name) => objects(name),
            None => part,
        });
    filled.collect::<Vec<_>>().join("/")
}

/// What a path names, where the test has one.
fn objects(name: &str) -> &'static str {
    match name {
        // On the other site.
        "device" => "hidden",
        "user" => "target",
        _ => "absent",
    }
}

fn expected(operation: &Operation, caller: &Caller, site: &str) -> Expected {
    let permission = match (operation.need, caller) {
        (Need::Public, _) => return Expected::In,
        (_, Caller::Stranger(..)) => return Expected::Stranger,
        (Need::Anyone, _) => return Expected::In,
        (Need::Permission(permission), _) => permission,
    };
    let (at, holds) = match caller {
        Caller::Stranger(..) => return Expected::Stranger,
        Caller::Person(_, at, role) => (*at, permission.is_held_by(*role)),
        Caller::Program(_, at, scope) => (*at, *scope == permission),
    };
    let named = operation.path.contains("{site}");
    let (everywhere, here) = (at == ALL_SITES, at == ALL_SITES || at == site);
    match permission.scope() {
        Scope::Everywhere if holds && everywhere => Expected::In,
        Scope::Everywhere => Expected::Lesser,
        Scope::Site if named && !here => Expected::Hidden,
        Scope::Site if holds => Expected::In,
        Scope::Site => Expected::Lesser,
    }
}

fn fits(expected: Expected, told: &Told) -> bool {
    let code = told.text("/code");
    match expected {
        Expected::Stranger => told.status == 401 && code == "who-are-you",
        Expected::Lesser => told.status == 403 && code == "not-allowed",
        Expected::Hidden => told.status == 404,
        Expected::In => told.status < 500 && code != "who-are-you" && code != "not-allowed",
    }
}

/// What is on another site, or on none, is not shown on the caller's own.
fn hides(operation: &Operation, site: &str, told: &Told) -> bool {
    let elsewhere = operation.path.contains("{device}") && site != OTHER;
    let nowhere = operation.path.contains("{site}") && site == NONE;
    operation.method != "GET" || matches!(told.status, 400 | 404) || !(elsewhere || nowhere)
}

fn name(caller: &Caller) -> String {
    match caller {
        Caller::Stranger(name, _) => (*name).to_owned(),
        Caller::Person(_, site, role) => format!("{} on {site}", role.name()),
        Caller::Program(_, site, permission) => format!("token for {} on {site}", permission.name()),
    }
}
