//! Rules into the kernel: nftables over netlink, one transaction a change, read back and repaired (design §6).
//!
//! Every frame is judged on its own, at the port it comes in by and again at the port it would leave by:
//!
//! 1. **Who sends** (`skeleton::source`): port, hardware address and network address have to be bound together, in
//!    Ethernet, IP, ARP and neighbour discovery, before the bridge learns anything of the frame.
//! 2. **What it hides**: fragments, IPv4 options, IPv6 extension headers, tags and labels do not pass.
//! 3. **Who receives** (`skeleton::forward`): what leaves by a port is for a device bound there.
//! 4. **What policy says**: a service is an element of a set. Nothing is let through because it is "established", so
//!    taking the element away cuts what is under way. An answer over TCP is never an opening segment; one over UDP
//!    follows a question by at most thirty seconds.
//! 5. **At what stage** (`skeleton::deny`): what is only watched passes, what is in shadow passes and is counted, the
//!    rest is counted, logged and dropped.
//!
//! [`Kernel`] turns rules into elements and back. It decides nothing, and knows neither devices nor policies.
//!
//! Not here: ICMP errors are denied, since the packet they quote would have to be judged too; so path MTU discovery
//! does not work between ports whose links differ. Strangers are onboarded over IPv4; over IPv6 they would need
//! neighbour discovery first. What the gateway sends of its own is not judged.
//!
//! INVARIANT: a packet meets the rules from before a step or those from after it, never a part, never none.

mod bypass;
mod counters;
mod denials;
mod elements;
mod error;
mod field;
mod generation;
mod kernel;
mod line;
mod links;
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
pub use skeleton::AGENT_GROUP;
