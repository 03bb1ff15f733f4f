//! What comes in from the wire's side: links that come and go, stations that speak, packets that were denied.

mod denials;
mod frame;
mod links;
mod listener;
mod sightings;
mod tap;

pub(crate) use denials::Ear;
pub(crate) use links::Links;
pub(crate) use listener::{Listener, Sighting};
pub(crate) use tap::{Tapped, Taps};

use std::io;
use std::os::fd::AsRawFd;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Wakes the loop when there is something to read.
#[expect(
    deprecated,
    reason = "`inner` owns its descriptor for as long as it lives; the other way in is unsafe"
)]
pub(crate) fn readable<T: AsRawFd>(inner: T) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(inner, Interest::READABLE)
}
