//! `kill -9` around every write and every transaction: old or new, never mixed, never empty.

use crate::plant::{Plant, epoch, is_ok, services};
use nullius_gateway::Fault;
use nullius_protocol::local::{Answer, Body, Command};

/// Kills at each place; the number of places divides it nearly.
const KILLS: u64 = 200;

#[test]
fn after_200_kills_kernel_and_disk_have_the_old_policy_or_the_new() {
    let mut plant = Plant::new("crashes");
    plant.start();
    assert!(is_ok(plant.apply(1, 1001).as_ref()));
    plant.kill();
    let (mut old, mut offered) = (1, 1);
    for kill in 0..KILLS {
        let fault = Fault::ALL[usize::try_from(kill).unwrap() % Fault::ALL.len()];
        offered += 1;
        // the start comes by the kernel once before the change does
        let time = if matches!(fault, Fault::BeforeKernel | Fault::AfterKernel) { ":2" } else { "" };
        plant.start_with(&[("NULLIUS_FAULT", &format!("{}{time}", fault.name()))]);
        plant.wait_until("the gateway answers", |plant| plant.try_ask(Command::PolicyStatus).is_some());
        assert_eq!(plant.apply(offered, port(offered)), None, "{fault:?}: an answer from the dead");
        assert!(!plant.wait_for_end().success());

        let left = plant.installed();
        assert!(left.skeleton_intact, "{fault:?}");
        let in_kernel = left.marker.unwrap().epoch.counter;
        assert!(in_kernel == old || in_kernel == offered, "{fault:?}: {in_kernel}");
        assert_eq!(services(&left), [port(in_kernel)], "{fault:?}: mixed or empty");

        // a boot or a restart makes kernel and disk agree
        assert!(plant.load().success());
        let again = plant.installed();
        let stored = again.marker.unwrap().epoch;
        assert_eq!(services(&again), [port(stored.counter)], "{fault:?}");
        let is_durable = !matches!(fault, Fault::BeforeStore | Fault::AfterStore);
        assert_eq!(stored.counter, if is_durable { offered } else { old }, "{fault:?}");
        old = stored.counter;
    }
    plant.start();
    let Answer::Ok(body) = plant.ask(Command::PolicyStatus) else { panic!("no status") };
    let Body::Policy(status) = *body else { panic!("no policy") };
    assert_eq!(status.epoch, epoch(old));
}

/// The service's port tells which policy it comes from.
fn port(counter: u64) -> u16 {
    1000 + u16::try_from(counter).unwrap()
}
