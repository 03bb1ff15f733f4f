//! What happens, as it happens: the log as server-sent events.
//!
//! The log is the one stream. An event is a leaf with its number as id, so that whoever comes back after a break says the
//! last number they have (`Last-Event-ID`) and misses nothing. A slow reader reads slowly and costs nothing but its own
//! connection: leaves are taken from the log as they are sent.
//!
//! INVARIANT: who may read is asked again before every batch. A session that ended, a role that was taken and a token
//! that was revoked end the stream. Values of a process are not for auditors.

use crate::App;
use crate::access::{ALL_SITES, Caller, Permission, Role, Sites};
use crate::http::{Problem, Query};
use crate::people;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use nullius_store::audit::{self, Leaf};
use serde::Deserialize;
use serde_json::Value;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::timeout;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Leaves taken from the log at once.
const BATCH: u32 = 64;

/// Longest time without a look at the log, at the caller's credential, and without a word to the other end.
const LOOK: Duration = Duration::from_secs(15);

/// Fields of a leaf's details that hold what a process did.
const VALUES: [&str; 4] = ["read", "value", "values", "written"];

/// Which events.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Of this site only.
    #[param(max_length = 63)]
    site: Option<String>,
    /// After this number; from now on if not given.
    after: Option<u64>,
}

/// Somebody who follows.
struct Follower {
    app: App,
    headers: HeaderMap,
    site: Option<String>,
    next: u64,
    ready: VecDeque<Event>,
    changes: watch::Receiver<u64>,
    _place: OwnedSemaphorePermit,
}

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(follow))
}

/// Follows what happens on the caller's sites.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "events",
    params(Wanted, ("Last-Event-ID" = Option<u64>, Header, description = "The last number seen, in place of `after`.")),
    responses((status = 200, description = "Leaves of the log, as they come.", content_type = "text/event-stream", body = String)),
    extensions(("x-permission" = json!("event.read")))
)]
async fn follow(
    State(app): State<App>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>> + Send>, Problem> {
    if let Some(site) = wanted.site.as_deref() {
        caller.may(Permission::EventRead, site)?;
    }
    let place = Arc::clone(app.followers()).try_acquire_owned().map_err(|_| full())?;
    let next = match last_seen(&headers)?.or(wanted.after) {
        Some(seen) => seen.saturating_add(1),
        None => app.read(audit::size).await?,
    };
    let changes = app.changes();
    let follower =
        Follower { app, headers, site: wanted.site, next, ready: VecDeque::new(), changes, _place: place };
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.event().await?;
        Some((Ok(event), follower))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(LOOK)))
}

impl Follower {
    /// The next event; none when the caller may read no more.
    async fn event(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            self.changes.mark_unchanged();
            let caller = people::recognise(&self.app, &self.headers).await.ok().flatten()?;
            caller.may_somewhere(Permission::EventRead).ok()?;
            let from = self.next;
            let leaves = self.app.read(move |tx| audit::leaves(tx, from, BATCH)).await.ok()?;
            match leaves.last() {
                Some(last) => self.next = last.number.saturating_add(1),
                // Nothing new: another controller may have written, so we look again after a while too.
                None => drop(timeout(LOOK, self.changes.changed()).await),
            }
            let shown = leaves.iter().filter_map(|leaf| shown(leaf, &caller, self.site.as_deref()));
            self.ready.extend(shown);
        }
    }
}

/// A leaf as this caller may see it.
fn shown(leaf: &Leaf, caller: &Caller, wanted: Option<&str>) -> Option<Event> {
    let mut record: Value = serde_json::from_str(&leaf.record).ok()?;
    let site = record.get("site").and_then(Value::as_str).map(str::to_owned);
    if wanted.is_some() && wanted != site.as_deref() {
        return None;
    }
    let sites = caller.sites(Permission::EventRead);
    let is_shown = match &site {
        Some(site) => sites.contains(site),
        // People, keys and sites themselves: for whoever may read the whole log.
        None => sites == Sites::All && caller.may_everywhere(Permission::LogRead).is_ok(),
    };
    if !is_shown {
        return None;
    }
    if audits_only(caller, site.as_deref().unwrap_or(ALL_SITES)) {
        redact(record.get_mut("data")?);
    }
    let what = record.get("what").and_then(Value::as_str).unwrap_or("event").to_owned();
    Some(Event::default().id(leaf.number.to_string()).event(what).data(record.to_string()))
}

fn audits_only(caller: &Caller, site: &str) -> bool {
    let mut roles = caller.roles.iter().filter(|(at, _)| at == ALL_SITES || at == site);
    roles.all(|(_, role)| *role == Role::Auditor)
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                if VALUES.contains(&name.as_str()) {
                    *value = Value::from("(not shown)");
                } else {
                    redact(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(redact),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn last_seen(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(header) = headers.get("last-event-id") else { return Ok(None) };
    let seen = header.to_str().ok().and_then(|text| text.parse().ok());
    seen.map(Some).ok_or_else(|| Problem::not_understood("`Last-Event-ID` is the number of an event"))
}

fn full() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many follow already")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Ask, Stage};
    use nullius_audit::{Entry, Phase};
    use serde_json::json;

    fn happen(stage: &Stage, site: Option<&str>, what: &str) {
        let entry = Entry::new(Phase::Observed, stage.app.now(), "system", what, "device/plc1");
        let entry = site.into_iter().fold(entry, Entry::site);
        let entry = entry.detail("value", 42).detail("why", "because");
        stage.write(|tx| audit::append(tx, &entry));
    }

    async fn seen(stage: &Stage, ask: &Ask, events: usize) -> Vec<(String, Value)> {
        let text = stage.stream(ask, events).await;
        let blocks = text.split("\n\n").filter(|block| block.contains("data:"));
        let field = |block: &str, name: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        blocks
            .map(|block| (field(block, "id:"), serde_json::from_str(&field(block, "data:")).unwrap()))
            .collect()
    }

    #[tokio::test]
    async fn somebody_sees_their_sites_from_where_they_stopped() {
        let stage = Stage::new();
        let anna = stage.person("anna", &[("lab", Role::Viewer)]);
        for (site, what) in [(Some("lab"), "a"), (Some("plant"), "b"), (None, "c"), (Some("lab"), "d")] {
            happen(&stage, site, what);
        }
        let follow = Ask::new("GET", "/v1/events").session(&stage.session(&anna));
        let all = seen(&stage, &follow.clone().with("last-event-id", "0"), 1).await;
        assert_eq!(all.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["3"]);
        assert_eq!(all[0].1["data"]["value"], json!(42));
        let wrong = stage.send(&follow.clone().with("last-event-id", "x")).await;
        assert_eq!(wrong.status, 400);
        let hidden = Ask::new("GET", "/v1/events?site=plant").session(&stage.session(&anna));
        assert_eq!(stage.send(&hidden).await.status, 404);
    }

    #[tokio::test]
    async fn what_happens_while_somebody_follows_comes_at_once() {
        let stage = Stage::new();
        stage.site("lab");
        let anna = stage.person("anna", &[(ALL_SITES, Role::Admin)]);
        let ben = stage.person("ben", &[]);
        let annas = stage.session(&anna);
        let follow = Ask::new("GET", "/v1/events").session(&annas);
        let give = Ask::new("PUT", "/v1/users/ben/roles/lab").session(&annas).json(json!({"role": "viewer"}));
        let (seen, given) = tokio::join!(seen(&stage, &follow, 1), async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            stage.send(&give).await.status
        });
        assert_eq!((given, seen[0].1["what"].as_str()), (204, Some("role.give")));
        drop(ben);
    }

    #[tokio::test]
    async fn a_stream_ends_with_its_session() {
        let stage = Stage::new();
        let anna = stage.person("anna", &[("lab", Role::Viewer)]);
        let annas = stage.session(&anna);
        let follow = Ask::new("GET", "/v1/events").session(&annas);
        let out = Ask::new("DELETE", "/v1/session").session(&annas);
        let (seen, ended) = tokio::join!(seen(&stage, &follow, 99), async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            stage.send(&out).await.status
        });
        assert_eq!((seen.len(), ended), (0, 204));
    }

    #[tokio::test]
    async fn values_of_a_process_are_not_for_auditors() {
        let stage = Stage::new();
        let vera = stage.person("vera", &[("lab", Role::Auditor)]);
        happen(&stage, Some("lab"), "a");
        let follow = Ask::new("GET", "/v1/events").session(&stage.session(&vera));
        happen(&stage, Some("lab"), "b");
        let seen = seen(&stage, &follow.with("last-event-id", "0"), 1).await;
        assert_eq!(seen[0].1["data"], json!({"value": "(not shown)", "why": "because"}));
    }
}
