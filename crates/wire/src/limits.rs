//! Every bound of the dissector that costs memory, in one place.

use std::time::Duration;

/// How much the dissector may remember. What does not fit is let go, oldest first, and said so.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Flows open at once. A port scan opens thousands a second; each costs about half a kilobyte.
    pub flows: usize,
    /// A TCP flow without a frame for this long is over.
    pub tcp_idle: Duration,
    /// Any other flow without a frame for this long is over.
    pub other_idle: Duration,
    /// Fragmented packets being put together at once. Each may hold 64 KiB.
    pub fragmented: usize,
    /// Bytes of out-of-order or not yet readable TCP payload over all flows. A sender could leave a hole in each.
    pub stream_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            flows: 65_536,
            tcp_idle: Duration::from_secs(600),
            other_idle: Duration::from_secs(120),
            fragmented: 256,
            stream_bytes: 64 << 20,
        }
    }
}
