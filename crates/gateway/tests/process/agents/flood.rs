//! Somebody at another port who begins handshakes by the thousand.

use super::device::{Device, first_datagrams};
use super::{door, run_here};
use nullius_protocol::agent::ToAgent;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// As short as it may be, in seconds.
const LEASE: u32 = 5;

/// Renewals while it is flooded, and for how long that is.
const RENEWALS: u32 = 5;
const SECONDS: u32 = RENEWALS * LEASE / 2 + 2;

/// Handshakes in the flood: more than the door takes in a second, and than it keeps in mind.
const HANDSHAKES: usize = 512;

#[test]
fn a_port_that_is_flooded_costs_another_port_no_renewal() {
    let door = door("agents-flood", LEASE);
    let credential = door.site.device("plc");
    run_here(async {
        let datagrams = first_datagrams(&door.site, HANDSHAKES).await;
        let file = door.plant.path("handshakes");
        let bytes = datagrams.iter().flat_map(|datagram| {
            let length = u16::try_from(datagram.len()).unwrap().to_be_bytes();
            [length.as_slice(), datagram].concat()
        });
        fs::write(&file, bytes.collect::<Vec<u8>>()).unwrap();

        let device = Device::new(&door.site, "d1", "fe80::1", Some(&credential));
        let (mut talk, _) = device.prove().await.unwrap();
        let mut leased = Instant::now();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/process/agents/flood.py");
        let flood = python(script, &["d2", &SECONDS.to_string(), file.to_str().unwrap()]);
        let lease = Duration::from_secs(LEASE.into());
        let mut longest = Duration::ZERO;
        for renewal in 0..RENEWALS {
            let nonce = talk.challenge().await.unwrap();
            let proof = talk.proof(nonce);
            talk.say(&proof).await;
            let heard = talk.hear().await.unwrap();
            assert_eq!(heard, ToAgent::Leased { seconds: LEASE }, "{renewal}");
            longest = longest.max(leased.elapsed());
            leased = Instant::now();
        }
        assert!(longest < lease, "a lease was over before it was renewed: {longest:?}");
        // and who comes new to the quiet port is let in as well
        let second = Device::new(&door.site, "d1", "fe80::1", Some(&credential));
        let began = Instant::now();
        let (_talk, _) = timeout(lease, second.prove()).await.unwrap().unwrap();
        let took = began.elapsed();
        let sent = String::from_utf8(flood.wait_with_output().unwrap().stdout).unwrap();
        let rate = sent.trim().parse::<u32>().unwrap() / SECONDS;
        assert!(rate > 1_000, "that is no flood: {rate} a second, {longest:?}, {took:?}");
    });
    let memory = door.plant.peak_memory_of_link();
    assert!(memory < 128 << 10, "{memory} KiB");
}

#[expect(clippy::disallowed_methods, reason = "the sender is a program of its own")]
fn python(script: &str, arguments: &[&str]) -> Child {
    let mut command = Command::new("/usr/bin/python3");
    command.arg(script).args(arguments).stdout(Stdio::piped()).spawn().unwrap()
}
