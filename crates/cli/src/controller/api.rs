//! `nullius api`: any operation of the controller's API, as its document describes it.

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::signed_in;
use crate::show::json_value;
use crate::{Failure, Outcome, World};

/// Calls an operation of the controller's API and prints its answer: `nullius api get /v1/sites`.
#[derive(Debug, Args)]
#[command(after_help = crate::EXIT_CODES)]
pub struct Arguments {
    /// What to do.
    method: Method,

    /// Upon what: `/v1/sites/lab/devices`.
    path: String,

    /// What to send, as JSON.
    #[arg(value_name = "JSON")]
    body: Option<String>,

    /// The version that is changed, as `ETag` told it.
    #[arg(long)]
    etag: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Method {
    Get,
    Post,
    Put,
    Delete,
}

pub(crate) fn run(arguments: &Arguments, world: &mut World<'_>) -> Result<Outcome, Failure> {
    if !arguments.path.starts_with("/v1/") {
        return Err(Failure::unable("operations are below /v1/: docs/openapi.json lists them"));
    }
    let body = arguments.body.as_deref().map(serde_json::from_str::<Value>).transpose();
    let body = body.map_err(|error| Failure::Unable(format!("that is no JSON: {error}")))?;
    let (client, _) = signed_in(world)?;
    let (path, sent) = (&arguments.path, body.unwrap_or(Value::Null));
    let answer: Value = match arguments.method {
        Method::Get => client.get(path)?,
        Method::Post => client.post(path, &sent)?,
        Method::Put => client.put(path, arguments.etag.as_deref().unwrap_or("*"), &sent)?,
        Method::Delete => {
            client.delete(path)?;
            Value::Null
        }
    };
    if answer != Value::Null {
        json_value(world.out, &answer)?;
    }
    Ok(Outcome::Positive)
}
