//! Rules into the kernel: nftables over netlink.

mod elements;
mod error;
mod field;
mod kernel;
mod line;
mod netlink;
mod plan;
mod plane;
mod set;
mod skeleton;
mod writer;

pub use error::Error;
pub use kernel::{Applied, Kernel, Layout};
