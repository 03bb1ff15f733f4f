//! `nullius site`: a site as its controller holds it.

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::PathBuf;

use super::client::Client;
use super::signed_in;
use crate::policy::repository_files;
use crate::show::{json_value, table};
use crate::{Failure, Outcome, World};

/// A site as its controller holds it.
#[derive(Debug, Args)]
#[command(after_help = crate::EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    act: Act,

    /// Which; the one that `nullius login --site` named where left out.
    #[arg(long, global = true)]
    site: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Lists the sites one may see.
    List,
    /// Makes a site.
    Create {
        /// What it is called.
        name: String,
    },
    /// Shows how it is: what is blocked, what waits for whom.
    Status,
    /// Shows its gateways, and what they have not applied yet.
    Gateways,
    /// Makes a token with which one gateway joins, once.
    Invite {
        /// What the gateway will be called.
        gateway: String,
    },
    /// Puts a folder of policies in force, or asks those whose word it takes.
    Apply {
        /// The folder.
        folder: PathBuf,
        /// Why, for the log.
        #[arg(long)]
        reason: String,
    },
    /// Lists what waits for somebody's word.
    Proposals,
    /// Agrees with a proposal, in the form that was shown.
    Approve {
        /// Its id.
        proposal: String,
        /// Its digest, as it was shown.
        #[arg(long)]
        digest: String,
    },
    /// Prints all of it as one document, without secrets.
    Export,
}

pub(crate) fn run(arguments: &Arguments, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let (client, context) = signed_in(world)?;
    let site = || context.site_or(arguments.site.as_deref());
    let answer = match &arguments.act {
        Act::List => return list(&client, world),
        Act::Create { name } => client.post("/v1/sites", &json!({ "name": name }))?,
        Act::Status => client.get(&format!("/v1/sites/{}/status", site()?))?,
        Act::Gateways => client.get(&format!("/v1/sites/{}/gateways", site()?))?,
        Act::Invite { gateway } => {
            client.post(&format!("/v1/sites/{}/gateways", site()?), &json!({ "gateway": gateway }))?
        }
        Act::Apply { folder, reason } => apply(&client, &site()?, folder, reason)?,
        Act::Proposals => Value::Array(client.list(&format!("/v1/sites/{}/proposals", site()?))?),
        Act::Approve { proposal, digest } => {
            let path = format!("/v1/sites/{}/proposals/{proposal}/approval", site()?);
            client.post(&path, &json!({ "digest": digest }))?
        }
        Act::Export => client.get(&format!("/v1/sites/{}/export", site()?))?,
    };
    json_value(world.out, &answer)?;
    Ok(Outcome::Positive)
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

fn list(client: &Client, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let sites: Vec<Named> = client.list("/v1/sites")?;
    let rows: Vec<_> = sites.into_iter().map(|site| [site.name]).collect();
    write!(world.out, "{}", table(["SITE"], &rows))?;
    Ok(Outcome::Positive)
}

#[derive(Deserialize)]
struct Written {
    number: u64,
}

fn apply(client: &Client, site: &str, folder: &std::path::Path, reason: &str) -> Result<Value, Failure> {
    let files = repository_files(folder)?;
    let path = format!("/v1/sites/{site}/policy/revisions");
    let written: Written = client.post(&path, &json!({ "files": files, "message": reason }))?;
    client.post(&format!("{path}/{}/apply", written.number), &json!({ "reason": reason }))
}
