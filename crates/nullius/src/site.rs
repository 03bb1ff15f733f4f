//! The commands that ask a gateway: what they need of this machine, and how they end.

use crate::Failure;
use nullius_cli::{Command, Keyboard, Outcome, World, run as obey};
use nullius_model::{Timestamp, inert};
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::UNIX_EPOCH;

pub(crate) fn run(command: &Command) -> Result<ExitCode, Failure> {
    with_world(|world| obey(command, world))
}

/// Whatever is asked of a gateway or a controller, from this terminal.
pub(crate) fn with_world(
    ask: impl FnOnce(&mut World<'_>) -> Result<Outcome, nullius_cli::Failure>,
) -> Result<ExitCode, Failure> {
    let mut out = std::io::stdout().lock();
    let result = ask(&mut World {
        out: &mut out,
        now: now(),
        who: who(),
        home: std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default(),
        keyboard: &mut Terminal,
    });
    let flushed = out.flush();
    match result {
        Ok(outcome) if flushed.is_ok() => Ok(ExitCode::from(outcome.exit_code())),
        Ok(_) => Err(Failure { error: anyhow::anyhow!("the answer cannot be written"), code: 2 }),
        Err(failure) => {
            let mut err = std::io::stderr().lock();
            for line in failure.problems().iter().flat_map(|problem| problem.lines()) {
                // nobody is left to tell where even this fails
                let _ = writeln!(err, "{}", inert(line));
            }
            Err(Failure { code: failure.exit_code(), error: anyhow::anyhow!("{failure}") })
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a signed policy says when it was made")]
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

/// For people: the gateway asks the kernel who is at the other end of its socket.
pub(crate) fn who() -> String {
    let names = ["SUDO_USER", "USER", "LOGNAME"].into_iter().filter_map(|name| std::env::var(name).ok());
    let name =
        names.map(|name| inert(&name).chars().take(64).collect::<String>()).find(|name| !name.is_empty());
    name.unwrap_or_else(|| "unknown".to_owned())
}

/// Whoever sits in front of the program.
struct Terminal;

impl Keyboard for Terminal {
    fn line(&mut self, prompt: &str) -> std::io::Result<String> {
        let mut err = std::io::stderr().lock();
        write!(err, "{prompt}")?;
        err.flush()?;
        let mut line = String::new();
        match std::io::stdin().read_line(&mut line)? {
            0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        }
    }

    /// Without a terminal, from whatever the program was given as its input.
    fn secret(&mut self, prompt: &str) -> std::io::Result<String> {
        match std::io::stdin().is_terminal() {
            true => rpassword::prompt_password(prompt),
            false => self.line(prompt),
        }
    }
}
