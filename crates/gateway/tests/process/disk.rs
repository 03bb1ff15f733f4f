//! A disk that is full: what happens is still enforced, and somebody is told (attack 14).

use crate::plant::{Plant, error, is_ok, services};
use nullius_protocol::local::{Answer, Body, Command};
use std::fs;

#[test]
fn a_full_disk_stops_no_revocation_and_takes_no_policy() {
    let mut plant = Plant::new("full");
    plant.put_state_on_a_small_disk();
    plant.start();
    assert!(is_ok(plant.apply(1, 1001).as_ref()));
    let filler = plant.path("state/filler");
    let mut size = 1 << 20;
    let mut bytes = Vec::new();
    while size > 0 {
        bytes.resize(bytes.len() + size, 0);
        if fs::write(&filler, &bytes).is_err() {
            bytes.truncate(bytes.len() - size);
            size /= 2;
        }
    }
    let refused = plant.apply(2, 1002).map(error).unwrap_or_default();
    assert!(refused.contains("No space left"), "{refused}");
    assert_eq!(services(&plant.installed()), [1001], "the old policy stays");

    let revoke = Command::Revoke { device: "hmi".into(), reason: "stolen".into() };
    let told = error(plant.ask(revoke));
    assert!(told.contains("in force, but a restart will forget it"), "{told}");
    assert!(services(&plant.installed()).is_empty(), "revoked whatever the disk says");
    let Answer::Ok(body) = plant.ask(Command::Status) else { panic!("no status") };
    let Body::Status(status) = *body else { panic!("no status") };
    assert!(
        status.troubles.iter().any(|trouble| trouble.contains("not everything can be written down")),
        "{status:?}"
    );

    fs::remove_file(filler).unwrap();
    plant.wait_until("the revocation is on the disk", |plant| {
        fs::read_to_string(plant.path("state/standing.json")).unwrap().contains("stolen")
    });
    plant.kill();
    plant.start();
    assert!(services(&plant.installed()).is_empty());
}
