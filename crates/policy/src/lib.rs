//! Who may do what to whom, under which conditions: Cedar policies against our schema, compiled three ways (design §5).
//!
//! A [`Repository`] is what people write: the site's inventory and its policies. [`Policies`] is what it compiles to, a
//! [`Directory`] what it says about. [`Policies::decide`] judges one message, [`Policies::connection`] a whole
//! service at once: deny, accept, or divert to the message filter.
//!
//! Nothing here reads a clock, a file or a socket; what is true of a subject and of the site are arguments.
//!
//! INVARIANTS: what no policy allows is denied; a forbid wins over every permit and every grant; an error in a policy
//! that was evaluated denies; an input that is missing is never good.

mod compiled;
mod decision;
mod directory;
mod inputs;
pub mod inventory;
mod problem;
mod repository;
mod request;
mod vocabulary;

pub use compiled::Policies;
pub use decision::{Connection, Decision, Effect, PolicyId, Unknown};
pub use directory::Directory;
pub use inputs::{Inputs, Moment, Permit, Posture, Verbs};
pub use inventory::{Inventory, ServiceId};
pub use problem::{Problem, Severity};
pub use repository::{Files, PolicySource, Repository};
pub use request::{MessageFields, Request, Verb};
