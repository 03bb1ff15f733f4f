//! The clocks of the machine: the one place of the gateway that reads them.

use nix::time::{ClockId, clock_gettime};
use nullius_engine::{BootId, Now};
use nullius_model::{SmolStr, Timestamp, Uptime};
use std::fmt::Debug;
use std::fs;
use std::time::Duration;

/// Where [`Now`] comes from.
pub trait Clock: Debug + Send + Sync {
    /// Both clocks, read together.
    fn now(&self) -> Now;

    /// Which start of the machine this is.
    fn boot(&self) -> BootId;
}

/// The machine's own clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let wall = u64::try_from(read(ClockId::CLOCK_REALTIME).as_nanos()).unwrap_or(u64::MAX);
        Now { uptime: Uptime::new(read(ClockId::CLOCK_BOOTTIME)), wall: Timestamp::from_nanos(wall) }
    }

    /// Where it cannot be read every start is another one: grants end, which is the safe side.
    fn boot(&self) -> BootId {
        let id = fs::read_to_string("/proc/sys/kernel/random/boot_id");
        let id = id.unwrap_or_else(|_| format!("unknown-{}", self.now().wall));
        BootId(SmolStr::new(id.trim_end()))
    }
}

/// A clock of the kernel's; it has both of ours.
fn read(clock: ClockId) -> Duration {
    clock_gettime(clock).map(Duration::from).unwrap_or_default()
}
