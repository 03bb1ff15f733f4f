//! What a mutual handshake at the door costs, beside nginx and haproxy in the same run; and what an idle connection holds.
//!
//! CPU time (user and system) is the server's process alone, from the kernel's account of it. Every handshake is a full one
//! by a certificate that the server has not seen before; turn by turn, so that other work on the machine meets all alike.

#[path = "../../tests/process/agents/core.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "of the tests, which look closer and end where something is wrong"
)]
mod core;
#[path = "../../tests/process/agents/device.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "of the tests, which say more and end where something is wrong"
)]
mod device;
mod peers;
mod server;
#[path = "../../tests/process/agents/site.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "of the tests, which have other devices, too")]
mod site;

use anyhow::{Context as _, Result, ensure};
use device::Credential;
use peers::Peer;
use rustls::crypto::SupportedKxGroup;
use rustls::crypto::aws_lc_rs::kx_group::{X25519, X25519MLKEM768};
use server::Server;
use site::Site;
use std::io::Write as _;

/// Handshakes of each server in a round, and rounds.
const HANDSHAKES: usize = 200;
const ROUNDS: usize = 3;

/// Idle connections, four from each station.
const IDLE: usize = 2000;

/// Most bytes of memory that an idle connection may cost.
const MOST: u64 = 25 << 10;

fn main() -> Result<()> {
    if let Some(config) = std::env::var_os(server::CONFIG) {
        return server::run(std::path::Path::new(&config));
    }
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).context("namespaces need root")?;
    let site = Site::new("test.example");
    let place = std::env::temp_dir().join(format!("nullius-door-{}", std::process::id()));
    std::fs::create_dir_all(&place)?;
    let measured = measure(&site, &place);
    std::fs::remove_dir_all(&place)?;
    measured
}

fn measure(site: &Site, place: &std::path::Path) -> Result<()> {
    server::plant()?;
    let door = Server::start(site, place)?;
    let peers = [Peer::nginx(site, place)?, Peer::haproxy(site, place)?];
    let mut times = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let devices: Vec<_> = (0..HANDSHAKES).map(|number| site.device(&format!("d{number}"))).collect();
        let groups: [&'static dyn SupportedKxGroup; 2] = [X25519, X25519MLKEM768];
        times[0].push(door.handshakes(site, &devices, groups[0])?);
        times[1].push(peers[0].handshakes(site, &devices)?);
        times[2].push(peers[1].handshakes(site, &devices)?);
        let devices: Vec<Credential> =
            (0..HANDSHAKES).map(|number| site.device(&format!("h{number}"))).collect();
        times[3].push(door.handshakes(site, &devices, groups[1])?);
    }
    drop(peers);
    let [ours, nginx, haproxy, hybrid] = times.map(median);
    say(&format!("handshake, X25519, mutual: door {ours} us, nginx {nginx} us, haproxy {haproxy} us"))?;
    say(&format!("handshake, X25519MLKEM768, mutual: door {hybrid} us"))?;
    ensure!(ours <= nginx && ours <= haproxy, "a handshake costs more than a peer's");
    let each = door.idle(site, IDLE)?;
    say(&format!("idle connection: {each} bytes, over {IDLE}"))?;
    ensure!(each <= MOST, "an idle connection costs more than {MOST} bytes");
    Ok(())
}

fn median(mut times: Vec<u64>) -> u64 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn say(line: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
