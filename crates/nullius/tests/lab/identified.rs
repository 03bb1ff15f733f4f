//! A device that proves its key: enrolled through a gateway that it has no address of, leased, and cut when it loses trust.

use crate::agent::Agent;
use crate::controlled::Controlled;
use crate::running::text;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The device that gets a key, and what it may reach with one.
const DEVICE: &str = "historian";
const CAMERA: &str = "exec 3<>/dev/tcp/10.77.1.41/80";

/// The policy's way of saying that a key is wanted.
const BEFORE: &str = "resource == Service::\"cam1/http\"\n);";
const AFTER: &str = "resource == Service::\"cam1/http\"\n) when { context.ia >= 4 };";

/// As the lab's gateway gives it.
const LEASE: Duration = Duration::from_secs(10);

fn reaches(site: &Controlled) -> bool {
    let connect = site.lab.on(DEVICE, &["timeout", "1", "bash", "-c", CAMERA]).output().unwrap();
    connect.status.success()
}

/// How long it takes until the device reaches the camera, or does so no more.
fn until(site: &Controlled, agent: &Agent<'_>, wanted: bool) -> Duration {
    let began = Instant::now();
    while reaches(site) != wanted {
        assert!(began.elapsed() < Duration::from_secs(40), "{} never came: {}", wanted, told(site, agent));
        sleep(Duration::from_millis(100));
    }
    began.elapsed()
}

fn told(site: &Controlled, agent: &Agent<'_>) -> String {
    let show = site.lab.gateway(&["device", "show", DEVICE]).output().unwrap();
    format!("{}\n{}", text(&show), agent.log())
}

#[test]
fn a_device_that_proves_its_key_may_more_for_as_long_as_it_proves_it() {
    let site = Controlled::up();
    site.until("from policy 1.");
    let mut agent = Agent::new(&site.lab, DEVICE);
    assert!(reaches(&site), "{}", told(&site, &agent));
    site.revise("policies/things.cedar", BEFORE, AFTER);
    until(&site, &agent, false);

    let enrolled = agent.enrol(&site.enrol_token(DEVICE), &[]);
    assert!(enrolled.status.success(), "{enrolled:?}");
    agent.start();
    until(&site, &agent, true);
    let shown = told(&site, &agent);
    assert!(shown.contains("IA4"), "{shown}");

    // a key that cannot be used proves nothing, and what was given for it ends
    agent.signal("STOP");
    let ended = until(&site, &agent, false);
    assert!(ended <= LEASE + Duration::from_secs(3), "{ended:?}");
    agent.signal("CONT");
    until(&site, &agent, true);

    // who lost trust is cut at once, key or not, and gets no other certificate
    let revoke = r#"{"event": {"kind": "revoke"}, "reason": "it scans"}"#;
    let answer = site.post(&format!("/v1/sites/lab/devices/{DEVICE}/restriction"), revoke);
    assert!(answer.contains(&format!("{DEVICE} is")), "{answer}");
    let cut = until(&site, &agent, false);
    assert!(cut < Duration::from_secs(3), "{cut:?}");
    let again = agent.command(&["enrol", "--again", "--token", "nle1-00-00-00"]).output().unwrap();
    assert!(!again.status.success());
}
