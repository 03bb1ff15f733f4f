//! `nullius logout`: ends the session, there and here.

use clap::Args;

use super::client::Client;
use super::context::{self, Context};
use crate::{Failure, Outcome, World};

/// Signs out; the commands that follow ask the gateway of this machine.
#[derive(Debug, Args)]
#[command(after_help = crate::EXIT_CODES)]
pub struct Arguments {}

pub(crate) fn run(_: &Arguments, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let path = context::place(&world.home);
    let Some(context) = Context::read(&path)? else {
        writeln!(world.out, "you were not signed in")?;
        return Ok(Outcome::Positive);
    };
    let ended = Client::of(&context).and_then(|client| client.delete("/v1/session"));
    Context::forget(&path)?;
    match ended {
        Ok(()) => writeln!(world.out, "signed out")?,
        Err(failure) => {
            writeln!(
                world.out,
                "forgotten here; the controller was not told and ends it by itself: {failure}"
            )?;
        }
    }
    Ok(Outcome::Positive)
}
