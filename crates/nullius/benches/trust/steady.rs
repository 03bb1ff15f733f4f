//! A stream that hangs on proofs alone, for a while: what is missing of it, and how often the key was proved.

use crate::keyed::Keyed;
use crate::stream::{DATAGRAMS, Steadiness, steadiness, tap};
use serde_json::Value;
use std::fs::File;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// How often the agent is asked how it is: several times between two proofs.
const ASKED_EVERY: Duration = Duration::from_millis(500);

/// What was seen in that time.
#[derive(Debug)]
pub(crate) struct Steady {
    pub(crate) stream: Steadiness,
    /// Proofs that the gateway took.
    pub(crate) renewals: usize,
    /// Alarms of the gateway that a proof is late, and leases that ended.
    pub(crate) late: usize,
    pub(crate) lapsed: usize,
}

/// Watches for so long.
pub(crate) fn watch(keyed: &Keyed<'_>, length: Duration) -> Steady {
    drop(keyed.arrives());
    let told = Told::begin(keyed);
    let tap = tap(&keyed.site.lab, DATAGRAMS);
    let renewals = renewals(keyed, length);
    let stream = steadiness(&tap.stop());
    let told = told.end();
    let count = |words: &str| told.lines().filter(|line| line.contains(words)).count();
    Steady { stream, renewals, late: count("proof-late"), lapsed: count("lapsed") }
}

/// Each proof that is taken moves the end of the lease.
fn renewals(keyed: &Keyed<'_>, length: Duration) -> usize {
    let (end, mut last, mut renewals) = (Instant::now() + length, Value::Null, 0);
    while Instant::now() < end {
        std::thread::sleep(ASKED_EVERY);
        let until = keyed.seen().get("leased_until").cloned().unwrap_or_default();
        renewals += usize::from(!last.is_null() && until != last);
        last = until;
    }
    renewals
}

/// What the gateway tells of, in a file.
struct Told {
    tail: Child,
    path: std::path::PathBuf,
}

impl Told {
    fn begin(keyed: &Keyed<'_>) -> Self {
        let path = keyed.site.lab.state.join("tail.log");
        let mut command = keyed.site.lab.gateway(&["tail"]);
        let tail = command.stdin(Stdio::null()).stdout(File::create(&path).unwrap()).spawn().unwrap();
        Self { tail, path }
    }

    fn end(mut self) -> String {
        let _ = self.tail.kill();
        let _ = self.tail.wait();
        std::fs::read_to_string(&self.path).unwrap()
    }
}
