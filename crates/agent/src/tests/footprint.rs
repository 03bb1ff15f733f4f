//! How much memory the agent takes, in a process of its own. The test runs itself again as that process.
//!
//! What is counted is what the process took for itself. The pages of the program come on top, and say nothing here,
//! where they are not optimised and have the tests in them: docs/performance.md has the figures of the program.

use super::*;
use gateway::Seen;
use nullius_protocol::agent::ToAgent;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Twenty megabytes are what a device can spare, and the pages of the program have to go into that, too.
const LIMIT_KIB: u64 = 6 << 10;

const NAME: &str = "tests::footprint::an_agent_at_work_takes_less_than_six_megabytes_for_itself";
const STATE: &str = "NULLIUS_TEST_STATE";
const GATEWAY: &str = "NULLIUS_TEST_GATEWAY";

#[test]
fn an_agent_at_work_takes_less_than_six_megabytes_for_itself() {
    match (std::env::var(STATE), std::env::var(GATEWAY)) {
        (Ok(state), Ok(gateway)) => inside(Path::new(&state), gateway.parse().unwrap()),
        _ => outside(),
    }
}

/// As the program does it: one thread, and one for the key.
fn inside(state: &Path, gateway: SocketAddr) {
    let config = Config { state: state.to_owned(), runtime: state.to_owned(), ..Config::default() };
    let clock = Arc::new(SetClock::default());
    clock.set(NOW);
    let plant = Plant::at(Some(&gateway::place(gateway)));
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.max_blocking_threads(1).enable_all().build().unwrap();
    let ended = runtime.block_on(Agent::open(&config, clock, plant).unwrap().run());
    panic!("{ended:?}");
}

fn outside() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let taken = runtime.block_on(async {
        let (_world, _controller, mut gateway, device) = scenarios::enrolled(2).await;
        let agent = start(&device.config.state, gateway.address);
        assert!(matches!(gateway.next().await, Seen::Hello(_)));
        gateway.says.send(ToAgent::RenewNow { within: 0 }).unwrap();
        // a renewal through the gateway, a new connection, and proofs by both keys
        let mut hello = 0;
        let mut proofs = 0;
        while hello < 1 || proofs < 4 {
            match gateway.next().await {
                Seen::Hello(_) => hello += 1,
                Seen::Proof(_) => proofs += 1,
                other @ (Seen::Relayed | Seen::Wrong | Seen::Ping) => assert_eq!(other, Seen::Relayed),
            }
        }
        taken(agent.0.id())
    });
    assert!((1..LIMIT_KIB).contains(&taken), "{taken} KiB");
}

/// Ends with its owner.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "only tests start programs")]
fn start(state: &Path, gateway: SocketAddr) -> Process {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", NAME, "--nocapture", "--test-threads=1"]).stdout(Stdio::null());
    Process(command.env(STATE, state).env(GATEWAY, gateway.to_string()).spawn().unwrap())
}

/// What is resident and in no file, in KiB (proc(5)).
fn taken(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
