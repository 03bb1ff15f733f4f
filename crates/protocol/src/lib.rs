//! What crosses a boundary: signed bundles, the gateway link, the agents' connection, the local API, stored state (design §9, §11).
//!
//! Everything that is serialised is declared here, and nothing here decides: programs convert these types to and from
//! the nouns of `model` and the views of `engine`.
//!
//! INVARIANT: what comes in is hostile. Length is checked before parsing, depth while parsing, and a field nobody knows
//! is an error, so that a sender and a receiver never disagree in silence about what was said.

pub mod agent;
pub mod bundle;
pub mod enrol;
pub mod link;
pub mod local;
pub mod order;
pub mod state;
mod text;
mod token;

pub use text::{from_hex, parse_epoch, to_hex};
pub use token::{TOKEN_ID, TOKEN_SECRET};
