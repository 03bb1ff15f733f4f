//! `nullius login`: says who one is to a controller, once, for the commands that follow.

use clap::Args;
use nullius_identity::{PinnedRoot, pem};
use nullius_model::inert;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

use super::client::{Client, Proof};
use super::context::{self, Context};
use crate::{Failure, Outcome, World};

/// Signs in to a controller; the commands that follow ask it and no gateway.
#[derive(Debug, Args)]
#[command(after_help = crate::EXIT_CODES)]
pub struct Arguments {
    /// The controller: https://HOST:PORT.
    url: String,

    /// SHA-256 of its root certificate, as the controller prints it at its start. Needed the first time.
    #[arg(long, value_name = "HEX")]
    root: Option<String>,

    /// The account; asked for where it is left out.
    #[arg(long)]
    name: Option<String>,

    /// Begins an account with the code that a new controller prints, or that an admin gave.
    #[arg(long, value_name = "CODE")]
    code: Option<String>,

    /// The site that commands are about.
    #[arg(long)]
    site: Option<String>,
}

/// What an authenticator needs.
#[derive(Deserialize)]
struct Begun {
    ceremony: String,
    totp: String,
}

pub(crate) fn run(arguments: &Arguments, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let path = context::place(&world.home);
    let authority = authority(arguments, Context::read(&path)?)?;
    let client = Client::new(&arguments.url, &authority, Proof::None)?;
    let session = match &arguments.code {
        Some(code) => begin(&client, code, arguments, world)?,
        None => sign_in(&client, arguments, world)?,
    };
    let context = Context {
        url: arguments.url.trim_end_matches('/').to_owned(),
        site: arguments.site.clone(),
        session,
        authority,
    };
    context.write(&path)?;
    writeln!(world.out, "signed in at {}; `nullius logout` ends it", inert(&context.url))?;
    Ok(Outcome::Positive)
}

fn sign_in(client: &Client, arguments: &Arguments, world: &mut World<'_>) -> Result<String, Failure> {
    let name = name(arguments, world)?;
    let password = asked(world.keyboard.secret("password: "))?;
    let code = asked(world.keyboard.line("code of your authenticator: "))?;
    client.sign_in("/v1/session", &json!({ "name": name, "password": password, "code": code.trim() }))
}

fn begin(
    client: &Client,
    code: &str,
    arguments: &Arguments,
    world: &mut World<'_>,
) -> Result<String, Failure> {
    let name = name(arguments, world)?;
    let password = asked(world.keyboard.secret("a new password: "))?;
    if asked(world.keyboard.secret("once more: "))? != password {
        return Err(Failure::unable("the two passwords differ"));
    }
    let begun: Begun =
        client.post("/v1/setup", &json!({ "code": code, "name": name, "password": password }))?;
    writeln!(world.out, "add this account to your authenticator:\n  {}", inert(&begun.totp))?;
    world.out.flush()?;
    let code = asked(world.keyboard.line("the code that it shows: "))?;
    client.sign_in("/v1/setup/finish", &json!({ "ceremony": begun.ceremony, "code": code.trim() }))
}

fn name(arguments: &Arguments, world: &mut World<'_>) -> Result<String, Failure> {
    match &arguments.name {
        Some(name) => Ok(name.clone()),
        None => asked(world.keyboard.line("name: ")),
    }
}

fn asked(answer: std::io::Result<String>) -> Result<String, Failure> {
    answer.map_err(|_| {
        Failure::unable("nobody answers: sign in at a terminal, or give the answers on the input, one a line")
    })
}

/// Who vouches for the controller: found by its hash, or known from the last time.
fn authority(arguments: &Arguments, known: Option<Context>) -> Result<String, Failure> {
    let same = known.filter(|context| context.url == arguments.url.trim_end_matches('/'));
    match (&arguments.root, same) {
        (Some(digits), _) => fetch(&arguments.url, digits),
        (None, Some(context)) => Ok(context.authority),
        (None, None) => Err(Failure::unable(
            "say with --root which controller it is: its start printed the digits, and so does `nullius controller root`",
        )),
    }
}

fn fetch(url: &str, digits: &str) -> Result<String, Failure> {
    let wrong = || Failure::unable("--root takes 64 hexadecimal digits");
    let hash =
        nullius_protocol::from_hex(digits).and_then(|bytes| bytes.try_into().ok()).ok_or_else(wrong)?;
    let pinned = PinnedRoot::new(hash, Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    let tls = pinned.client().map_err(|error| Failure::Unable(error.to_string()))?;
    let _: serde_json::Value = Client::over(tls, url, Proof::None)?.get("/v1/info")?;
    let root = pinned.found().ok_or_else(|| Failure::unable("the controller showed no certificate"))?;
    Ok(pem(root))
}
