//! A plant with a controller in which one device has a key, and may send its stream for as long as it proves it.

use crate::agent::{Agent, log};
use crate::controlled::{API, Controlled, said};
use crate::net::until;
use crate::stream::{ANYTHING, DEVICE, Stream, is_of, tap};
use crate::tap::Tap;
use serde_json::Value;
use std::time::Duration;

/// The policy's way of saying that a key is wanted.
const BEFORE: &str = "resource == Service::\"coap1/coap\"\n);";
const AFTER: &str = "resource == Service::\"coap1/coap\"\n) when { context.ia >= 4 };";

/// How long a proof lasts here, in seconds; and what the lab's own gateway says.
pub(crate) const LEASE: u64 = 5;
const OF_THE_LAB: &str = "lease = 10";

/// Until the stream arrives again after everything that it needs was given.
const PATIENCE: Duration = Duration::from_secs(60);
/// Datagrams over each family that say that it does.
const ENOUGH: usize = 20;

/// The plant, and the agent of the device that has a key.
pub(crate) struct Keyed<'a> {
    pub(crate) site: &'a Controlled,
    pub(crate) agent: Agent<'a>,
    /// Of a second person: what gives access back takes two.
    colleague: String,
    _stream: Stream,
}

impl<'a> Keyed<'a> {
    /// From a plant that is up to a stream that arrives for a key.
    pub(crate) fn begin(site: &'a Controlled) -> Self {
        site.until("from policy 1.");
        site.revise(&[("policies/things.cedar", BEFORE, AFTER)]);
        shorten_leases(site);
        let colleague = colleague(site);
        let mut agent = Agent::new(&site.lab, DEVICE);
        let enrolled = agent.enrol(&site.enrol_token(DEVICE), &[]);
        assert!(enrolled.status.success(), "{enrolled:?}");
        agent.start();
        Self { site, agent, colleague, _stream: Stream::start(&site.lab) }
    }

    /// A tap at the victim, once the stream arrives there.
    pub(crate) fn arrives(&self) -> Tap {
        let tap = tap(&self.site.lab, ANYTHING);
        until("the stream", PATIENCE, || (0..2).all(|index| tap.count(|frame| is_of(frame, index)) > ENOUGH));
        tap
    }

    /// What people do with a device that was revoked and is well: it is put back to work, and gets another certificate.
    pub(crate) fn bring_back(&mut self) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/trust/resume.py");
        let (one, another) = (&self.site.token, &self.colleague);
        let token = self.site.lab.says("gw", &["/usr/bin/python3", script, API, one, another, DEVICE]);
        self.agent.stop();
        let enrolled = self.agent.enrol(token.trim(), &["--again"]);
        assert!(enrolled.status.success(), "{enrolled:?}");
        self.agent.start();
    }

    /// What the agent says of its connection.
    pub(crate) fn seen(&self) -> Value {
        let output = self.agent.command(&["status", "--json"]).output().unwrap();
        let status: Value = serde_json::from_slice(&output.stdout).unwrap();
        status.get("seen").cloned().unwrap_or_default()
    }

    /// Whether the agent's connection was closed because it is not trusted.
    pub(crate) fn is_cut(&self) -> bool {
        let gateway = self.seen().get("gateway").cloned().unwrap_or_default();
        gateway.is_null() && log(&self.site.lab, DEVICE).contains("is revoked")
    }
}

/// A token of a second person.
fn colleague(site: &Controlled) -> String {
    let made = site.post("/v1/users", r#"{"name": "bert"}"#);
    site.send("PUT", "/v1/users/bert/roles/*", r#"{"role": "admin"}"#);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/controller/claim.py");
    let set_up = ["/usr/bin/python3", script, API, said(&made, "setup_code"), "colleague"];
    site.lab.says("gw", &set_up).trim().to_owned()
}

fn shorten_leases(site: &Controlled) {
    let path = site.lab.state.join("gateway/gateway.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(OF_THE_LAB), "{text}");
    std::fs::write(&path, text.replace(OF_THE_LAB, &format!("lease = {LEASE}"))).unwrap();
    assert!(site.lab.nullius(&["stop", "gw"]).status().unwrap().success());
    until("the end of the gateway", PATIENCE, || {
        site.lab.nullius(&["start", "gw"]).output().unwrap().status.success()
    });
    until("the controller", PATIENCE, || {
        site.lab.on("gw", &["curl", "-sk", API]).output().unwrap().status.success()
    });
    site.until("from policy 1.");
}
