//! `nullius manufacturer`: whose devices enrol with the certificates that they came with.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

use super::signed_in;
use crate::show::json_value;
use crate::{Failure, Outcome, World};

/// Whose devices enrol with the certificates that they came with.
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
    /// Lists them, and the manifests that were imported.
    List,
    /// Adds one by its roots, or gives one other roots.
    Add {
        /// What it calls itself in its manifests.
        name: String,
        /// Its roots (PEM).
        anchors: PathBuf,
    },
    /// A signed list of devices that are on their way.
    #[command(subcommand)]
    Manifest(Manifest),
}

#[derive(Debug, Subcommand)]
enum Manifest {
    /// Claims all of its devices for the site, or none.
    Import {
        /// Whose it is.
        name: String,
        /// The text, as it was signed.
        manifest: PathBuf,
        /// Its signature: a detached CMS (DER).
        signature: PathBuf,
        /// Where devices stand that are not declared yet.
        #[arg(long)]
        zone: String,
        /// What a device is called: `SERIAL=NAME`; the others by their maker and serial number.
        #[arg(long = "name", value_parser = pair)]
        names: Vec<(String, String)>,
    },
}

pub(crate) fn run(arguments: &Arguments, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let (client, context) = signed_in(world)?;
    let answer: Value = match &arguments.act {
        Act::List => client.get("/v1/manufacturers")?,
        Act::Add { name, anchors } => {
            client.put(&format!("/v1/manufacturers/{name}"), "*", &json!({ "anchors": text(anchors)? }))?
        }
        Act::Manifest(Manifest::Import { name, manifest, signature, zone, names }) => {
            let site = context.site_or(arguments.site.as_deref())?;
            let names: serde_json::Map<String, Value> =
                names.iter().map(|(serial, name)| (serial.clone(), json!(name))).collect();
            let body = json!({
                "manufacturer": name,
                "zone": zone,
                "manifest": text(manifest)?,
                "signature": nullius_protocol::to_hex(&bytes(signature)?),
                "names": names,
            });
            client.post(&format!("/v1/sites/{site}/manifests"), &body)?
        }
    };
    json_value(world.out, &answer)?;
    Ok(Outcome::Positive)
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (serial, name) = text.split_once('=').ok_or("expected `SERIAL=NAME`")?;
    Ok((serial.to_owned(), name.to_owned()))
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::unable(format!("`{}`: {error}", path.display())))
}

fn text(path: &Path) -> Result<String, Failure> {
    let unreadable = |_| Failure::unable(format!("`{}` is no text", path.display()));
    String::from_utf8(bytes(path)?).map_err(unreadable)
}
