//! Commands that work with a controller, over its API and nothing else.

pub(crate) mod api;
pub(crate) mod audit;
mod client;
mod context;
pub(crate) mod credential;
pub(crate) mod enrol;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod manufacturer;
pub(crate) mod site;

use crate::{Failure, World};
use client::Client;
use context::Context;

/// The controller that whoever is at the keyboard signed in to, and what they said of it.
fn signed_in(world: &World<'_>) -> Result<(Client, Context), Failure> {
    let context = Context::read(&context::place(&world.home))?;
    let context = context
        .ok_or_else(|| Failure::unable("you are signed in nowhere: `nullius login https://HOST:PORT`"))?;
    Ok((Client::of(&context)?, context))
}
