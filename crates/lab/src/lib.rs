//! A plant in network namespaces: device simulators, attackers, and scenarios in virtual time.
//!
//! One supervisor holds everything: a namespace for the gateway with a bridge in it, a namespace for each device, the
//! cables between them, and the processes inside. None of it is in the host's namespace and nothing has a name there,
//! so when the supervisor ends, however it ends, the kernel takes all of it down (design §12, R-80).
//!
//! INVARIANT: no link, address, route, rule or sysctl of the namespace `nullius lab` was called from is ever changed:
//! the supervisor leaves that namespace before it makes its first link.

pub mod attack;
mod commands;
mod control;
mod namespace;
mod network;
pub mod node;
pub mod plant;
pub mod scenario;
pub mod site;
mod state;
mod supervisor;
mod table;

pub use commands::{UpOptions, down, exec, plug, start, status, stop, unplug, up};
pub use control::{NodeStatus, Process, Status};
pub use state::State;
pub use supervisor::{SuperviseOptions, supervise, supervise_inside};
pub use table::table;
