//! The gateway in a small plant: what happens, and what the packet path then holds.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on must say so at once"
)]

mod bindings;
mod calendar;
mod delivery;
mod fleet;
mod grants;
mod levels;
mod orders;
mod plant;
mod proofs;
mod properties;
mod receipts;
mod stages;
mod time;
mod traffic;
mod why;
