//! `nullius credential`: what devices were given to prove themselves with.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::signed_in;
use crate::show::json_value;
use crate::{Failure, Outcome, World};

/// What devices were given to prove themselves with.
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
    /// Lists the certificates of a device, and where a revocation is not enforced yet.
    List {
        /// The device.
        device: String,
    },
    /// Revokes a certificate and its key, for good.
    Revoke {
        /// The device.
        device: String,
        /// Its serial, as it is listed.
        serial: String,
        /// Why, for the log.
        #[arg(long)]
        reason: String,
    },
    /// Lets a device enrol again that was frozen, and recover once more than usual.
    Allow {
        /// The device.
        device: String,
        /// Why, for the log.
        #[arg(long)]
        reason: String,
    },
}

pub(crate) fn run(arguments: &Arguments, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let (client, context) = signed_in(world)?;
    let site = context.site_or(arguments.site.as_deref())?;
    let answer: Value = match &arguments.act {
        Act::List { device } => client.get(&format!("/v1/sites/{site}/devices/{device}/credentials"))?,
        Act::Revoke { device, serial, reason } => {
            let path = format!("/v1/sites/{site}/devices/{device}/credentials/{serial}/revoke");
            client.post(&path, &json!({ "reason": reason }))?
        }
        Act::Allow { device, reason } => {
            let path = format!("/v1/sites/{site}/devices/{device}/enrolment/allowance");
            client.post(&path, &json!({ "reason": reason }))?
        }
    };
    json_value(world.out, &answer)?;
    Ok(Outcome::Positive)
}
