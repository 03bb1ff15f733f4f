//! Between what is serialised and what is decided with: one direction each, every word checked.

mod calendar;
mod command;
mod identity;
mod orders;
mod question;
mod standing;
mod transcript;
mod view;

pub(crate) use calendar::{emergency, window, zone};
pub(crate) use command::command;
pub(crate) use identity::{evidence, lease_line, millis, proof, read_lease_line, trust};
pub(crate) use orders::order;
pub(crate) use question::question;
pub(crate) use standing::{from_standing, to_standing};
pub(crate) use transcript::{from_transcript, receipt, to_transcript};
pub(crate) use view::{denial, device, grant, stages, state, station};
