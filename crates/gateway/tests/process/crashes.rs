//! `kill -9` around every write and every transaction: old or new, never mixed, never empty.

use crate::plant::{Plant, is_ok, services};
use nullius_gateway::Fault;
use nullius_protocol::local::{Answer, Body, Command};

/// Kills at each place; the number of places divides it nearly.
const KILLS: u64 = 200;

#[test]
fn after_200_kills_kernel_and_disk_have_the_old_policy_or_the_new() {
    let mut plant = Plant::new("crashes");
    plant.start();
    assert!(is_ok(plant.apply(1, port(1)).as_ref()));
    plant.kill();
    let mut stored = 1;
    for kill in 0..KILLS {
        let fault = Fault::ALL[usize::try_from(kill).unwrap() % Fault::ALL.len()];
        // the start comes by the kernel once before the change does
        let time = if matches!(fault, Fault::BeforeKernel | Fault::AfterKernel) { ":2" } else { "" };
        plant.start_with(&[("NULLIUS_FAULT", &format!("{}{time}", fault.name()))]);
        assert_eq!(in_force(&plant), stored, "a start makes kernel and disk agree, after kill {kill}");

        let offered = 2 + kill;
        assert_eq!(plant.apply(offered, port(offered)), None, "{fault:?}: an answer from the dead");
        assert!(!plant.wait_for_end().success());

        let left = plant.installed();
        let in_kernel = left.marker.unwrap().epoch.counter;
        assert!(left.skeleton_intact, "{fault:?}");
        assert!(in_kernel == stored || in_kernel == offered, "{fault:?}: {in_kernel}");
        assert_eq!(services(&left), [port(in_kernel)], "{fault:?}: mixed or empty");
        if !matches!(fault, Fault::BeforeStore | Fault::AfterStore) {
            stored = offered;
        }
    }
    plant.start();
    assert_eq!(in_force(&plant), stored);
}

/// What kernel and store both say, once the gateway answers.
fn in_force(plant: &Plant) -> u64 {
    let mut answer = None;
    plant.wait_until("the gateway answers", |plant| {
        answer = plant.try_ask(Command::PolicyStatus);
        answer.is_some()
    });
    let Some(Answer::Ok(body)) = answer else { panic!("no status") };
    let Body::Policy(status) = *body else { panic!("no policy") };
    let installed = plant.installed();
    assert_eq!(installed.marker.unwrap().epoch, status.epoch);
    assert_eq!(services(&installed), [port(status.epoch.counter)]);
    status.epoch.counter
}

/// The service's port tells which policy it comes from.
fn port(counter: u64) -> u16 {
    1000 + u16::try_from(counter).unwrap()
}
