//! What a machine of the lab reaches, and what is known of it.

use crate::agent::log;
use crate::controlled::Controlled;
use crate::running::text;
use serde_json::Value;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// As the lab's gateway gives it.
pub(crate) const LEASE: Duration = Duration::from_secs(10);

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(40);

/// Whether `machine` gets a connection to the camera.
pub(crate) fn reaches(site: &Controlled, machine: &str) -> bool {
    opens(site, machine, 80)
}

/// The same for any port of the camera.
pub(crate) fn opens(site: &Controlled, machine: &str, port: u16) -> bool {
    let connect = format!("exec 3<>/dev/tcp/10.77.1.41/{port}");
    let connect = site.lab.on(machine, &["timeout", "1", "bash", "-c", &connect]).output().unwrap();
    connect.status.success()
}

/// How long it takes until `machine` reaches the camera, or does so no more.
pub(crate) fn until(site: &Controlled, machine: &str, wanted: bool) -> Duration {
    waited(site, machine, &format!("that it reaches the camera: {wanted}"), || {
        reaches(site, machine) == wanted
    })
}

/// How long it takes until something is so; of `machine` everything is told where it never is.
pub(crate) fn waited(site: &Controlled, machine: &str, what: &str, so: impl Fn() -> bool) -> Duration {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < PATIENCE, "{what} never came:\n{}", told(site, machine));
        sleep(Duration::from_millis(100));
    }
    began.elapsed()
}

/// What the gateway says of `machine`, and its agent.
pub(crate) fn told(site: &Controlled, machine: &str) -> String {
    let show = site.lab.gateway(&["device", "show", machine]).output().unwrap();
    format!("{}\n{}", text(&show), log(&site.lab, machine))
}

/// What the gateway denied `machine` towards `object` by this carrier, by its own account.
pub(crate) fn denied(site: &Controlled, machine: &str, object: &str, carrier: &str) -> Option<Value> {
    let status = text(&site.lab.gateway(&["status", "--json"]).output().unwrap());
    let status: Value = serde_json::from_str(&status).unwrap();
    let denials = status.get("denials").and_then(Value::as_array).unwrap();
    let of_it = |denial: &&Value| {
        (&denial["subject"], &denial["object"], &denial["verb"])
            == (&machine.into(), &object.into(), &carrier.into())
    };
    denials.iter().find(of_it).cloned()
}
