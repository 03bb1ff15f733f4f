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

pub mod blast;
mod cache;
pub mod calendar;
mod compiled;
mod decision;
pub mod diff;
mod directory;
mod draft;
mod entity;
mod explain;
mod inputs;
pub mod inventory;
mod ir;
mod lint;
mod problem;
mod reading;
mod repository;
mod request;
mod schema;
pub mod simulate;
pub mod slack;
pub mod testing;
mod vocabulary;
mod world;

pub use cache::{Basis, DecisionCache, MAX_CACHED_DECISIONS};
pub use compiled::Policies;
pub use decision::{Connection, Decision, Effect, PolicyId, Unknown};
pub use directory::Directory;
pub use draft::{from_draft, history as draft_history};
pub use explain::{Explanation, Remedy, Source, explain};
pub use inputs::{Inputs, ModeChange, Moment, Permit, Posture, Verbs};
pub use inventory::{Inventory, ServiceId};
pub use lint::Accepted;
pub use problem::{Problem, Severity};
pub use repository::{Files, PolicySource, Repository};
pub use request::{MessageFields, Request, Verb};
pub use schema::{MAX_POLICIES, SCHEMA};
pub use vocabulary::verbs;
pub use world::{Pair, World};
