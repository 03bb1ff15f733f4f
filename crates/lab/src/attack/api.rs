//! The gateway's own socket, as somebody who got hold of it would use it.

use crate::state::State;
use anyhow::{Context as _, Result, bail};
use nullius_protocol::bundle::SigningKey;
use nullius_protocol::local::{Answer, Body, Command, Reply, Request, decode, encode, read_line};
use std::fs;
use std::io::{BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How long an answer may take: a policy is checked and loaded meanwhile.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the gateway answers; its refusal in words where it refuses.
pub(super) fn ask(state: &State, command: Command) -> Result<Result<Body, String>> {
    let mut socket = UnixStream::connect(state.gateway_socket()).context(
        "no gateway answers: `nullius lab start gw`, or `nullius lab up` without --without-gateway",
    )?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.write_all(&encode(&Request { id: None, command })?)?;
    let line = read_line(&mut BufReader::new(socket))?.context("the gateway hung up")?;
    match decode::<Reply>(&line)?.answer {
        Answer::Ok(body) => Ok(Ok(*body)),
        Answer::Error(failure) => Ok(Err(failure.error)),
    }
}

/// The policy in force, as it was signed.
pub(super) fn bundle_in_force(state: &State) -> Result<Vec<u8>> {
    match ask(state, Command::PolicyFetch { epoch: None })? {
        Ok(Body::Bundle { bundle }) => Ok(bundle),
        Ok(_) => bail!("the gateway answered something else"),
        Err(why) => bail!("no policy to attack ({why}): apply one first"),
    }
}

/// The key the gateway made at its first start.
pub(super) fn key(state: &State) -> Result<SigningKey> {
    let seed = fs::read_to_string(state.gateway().join("local.key")).context("the gateway has no key")?;
    SigningKey::from_seed(seed.trim()).context("the gateway's key is no key")
}
