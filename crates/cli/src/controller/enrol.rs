//! `nullius enrol`: tokens for devices.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::signed_in;
use crate::show::json_value;
use crate::{Failure, Outcome, World};

/// Tokens with which devices enrol.
#[derive(Debug, Args)]
#[command(after_help = crate::EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    act: Act,

    /// Which site; the one that `nullius login --site` named where left out.
    #[arg(long, global = true)]
    site: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Makes the token with which a device enrols, once. It is shown this once.
    Token {
        /// The device.
        device: String,
        /// You vouch that it keeps its key in hardware that does not give it away.
        #[arg(long)]
        hardware: bool,
        /// How long the token is good for, in seconds; a day where left out.
        #[arg(long)]
        seconds: Option<u64>,
    },
    /// Lists tokens that are neither used nor over.
    List,
    /// Takes a token back before it is used.
    Withdraw {
        /// Its id, as it is listed.
        id: String,
    },
}

pub(crate) fn run(arguments: &Arguments, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let (client, context) = signed_in(world)?;
    let path = format!("/v1/sites/{}/enrol-tokens", context.site_or(arguments.site.as_deref())?);
    let answer: Value = match &arguments.act {
        Act::Token { device, hardware, seconds } => {
            let body = json!({ "device": device, "hardware": hardware, "seconds": seconds });
            client.post(&path, &body)?
        }
        Act::List => client.get(&path)?,
        Act::Withdraw { id } => {
            client.delete(&format!("{path}/{id}"))?;
            json!({ "withdrawn": id })
        }
    };
    json_value(world.out, &answer)?;
    Ok(Outcome::Positive)
}
