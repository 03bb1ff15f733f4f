//! Rules into the kernel: nftables over netlink.

mod bypass;
mod counters;
mod denials;
mod elements;
mod error;
mod field;
mod generation;
mod kernel;
mod line;
mod netlink;
mod plan;
mod plane;
mod readback;
mod reader;
mod set;
mod skeleton;
mod writer;

pub use counters::{Count, Counters};
pub use denials::{Denials, Logged, parse_denial};
pub use error::Error;
pub use generation::Generation;
pub use kernel::{Applied, Kernel, Layout};
pub use readback::Installed;
