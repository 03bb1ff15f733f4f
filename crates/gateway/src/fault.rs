//! Places where a test lets the program die as `kill -9` would.
//!
//! The environment variable `NULLIUS_FAULT` names one, and with `after-kernel:2` the second time it is come by. It is looked at in debug builds and with the feature `faults`
//! only: a release build has none of this.

/// Where the program can be made to die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A bundle is verified and tested; nothing is written.
    BeforeStore,
    /// The bundle is on disk; the pointer still names the one before.
    AfterStore,
    /// The pointer names the new bundle; the kernel has the rules of the one before.
    AfterPointer,
    /// The transaction is about to be sent.
    BeforeKernel,
    /// The kernel has the new rules.
    AfterKernel,
    /// Everything is done, and nobody was told.
    BeforeAck,
}

impl Fault {
    /// Every place, in the order in which a change of policy comes by.
    pub const ALL: &'static [Self] = &[
        Self::BeforeStore,
        Self::AfterStore,
        Self::AfterPointer,
        Self::BeforeKernel,
        Self::AfterKernel,
        Self::BeforeAck,
    ];

    /// As the environment variable has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeforeStore => "before-store",
            Self::AfterStore => "after-store",
            Self::AfterPointer => "after-pointer",
            Self::BeforeKernel => "before-kernel",
            Self::AfterKernel => "after-kernel",
            Self::BeforeAck => "before-ack",
        }
    }

    /// Dies here if that was asked for.
    #[cfg(any(debug_assertions, feature = "faults"))]
    pub(crate) fn reached(self) {
        use nix::sys::signal::{Signal, kill};
        use std::sync::atomic::{AtomicU32, Ordering};

        /// How often the place that was named was come by.
        static TIMES: AtomicU32 = AtomicU32::new(0);

        let Ok(asked) = std::env::var("NULLIUS_FAULT") else { return };
        let (name, time) = asked.split_once(':').unwrap_or((&asked, "1"));
        if name == self.name() && time.parse() == Ok(TIMES.fetch_add(1, Ordering::Relaxed) + 1) {
            let _ = kill(nix::unistd::getpid(), Signal::SIGKILL);
        }
    }

    /// A release build does not die on demand.
    #[cfg(not(any(debug_assertions, feature = "faults")))]
    pub(crate) const fn reached(self) {}
}
