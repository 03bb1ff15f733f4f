//! An offline look at a capture: who is there, who speaks with whom, what would default deny have broken.
//!
//! [`evaluate`] reads files (or an interface) through `wire` into a `device::Site` and returns an [`Evaluation`]: the
//! picture, and how well the input showed it.
//!
//! INVARIANT: nothing is sent anywhere, and nothing but the report files asked for is written.

mod error;
mod filter;
mod focus;
mod input;
pub mod output;
pub mod report;
mod run;

pub use error::EvalError;
pub use filter::{Filter, FilterError};
pub use focus::UnknownDevice;
pub use run::{Evaluation, Learn, Moment, Options, Progress, Source, evaluate};
