//! What the gateway's own ports tell: links that come and go, stations that speak.

mod frame;
mod links;
mod listener;
mod sightings;

pub use links::{LinkState, Links};
pub use listener::{Listener, Sighting};
