//! `nullius lab` as a person runs it: namespaces, devices, third-party peers, attacks, and nothing left behind.

#![expect(clippy::unwrap_used, reason = "a broken fixture must fail the test")]
#![expect(
    clippy::disallowed_methods,
    reason = "the tests start the program, and the peers it must get on with"
)]

mod agent;
mod attacks;
mod by_hand;
mod cloned;
mod controlled;
mod guarded;
mod identified;
mod life;
mod peers;
mod reach;
mod running;
