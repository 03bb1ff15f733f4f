//! HTTP around the handlers: what a caller may cost, who gets in, and how answers and errors look.

mod body;
mod bucket;
mod etag;
mod extract;
mod gate;
mod guard;
mod idempotency;
mod layers;
mod origin;
mod page;
mod problem;
mod prompt;
mod server;

pub use bucket::Rate;
pub(crate) use etag::{IfMatch, Versioned};
pub(crate) use extract::{Json, Path, Query};
#[cfg(test)]
pub(crate) use gate::operations;
pub(crate) use gate::{Gate, Need, pass};
pub use guard::Rates;
pub(crate) use guard::{Guard, Peer};
pub(crate) use idempotency::{Answer, IdempotencyKey};
pub(crate) use layers::{LARGEST, POLICY_BODY};
pub(crate) use page::{Page, PageQuery};
pub(crate) use problem::{Fault, Problem};
pub use server::{Limits, router, serve};
pub(crate) use server::{Seats, accept, plain, requests};
