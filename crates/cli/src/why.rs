//! `nullius why`: why a conversation is allowed or is not, now or then, and how to ask for it.

use clap::Args;
use nullius_model::{Timestamp, inert};
use nullius_protocol::local::{Body, Command};

use crate::connection::unexpected;
use crate::show::json;
use crate::target::Question;
use crate::{Failure, Outcome, Site, World, times};

/// Why a conversation is allowed or is not: `nullius why 10.0.0.5 '->' 10.0.0.9:502 write`.
///
/// Who asks and who answers are names or addresses; what is asked for is a service (`plc1/modbus`), a port
/// (`10.0.0.9:502`, `[fe80::9]:502`, `plc1:udp/161`) or `plc1:echo`. The arrow may be `→`, `to`, or `->` in quotes (a
/// shell takes the `>` for itself). After the verb a register may follow (`write 40010`, `write 40010=55`), a topic or a path.
#[derive(Debug, Args)]
#[command(after_help = crate::EXIT_CODES)]
pub struct Arguments {
    /// SRC -> DST:PORT VERB ITEM. Without a verb the connection itself is asked about.
    #[arg(required = true, num_args = 1.., value_name = "QUESTION")]
    question: Vec<String>,

    /// As it was then: `2026-11-22T16:02:00Z`, or so long ago: `2h`.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,

    #[command(flatten)]
    site: Site,
}

pub(crate) fn run(arguments: &Arguments, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let question = Question::parse(&arguments.question).map_err(Failure::Unable)?;
    let at = arguments.at.as_deref().map(|text| moment(text, world.now)).transpose()?;
    let command = Command::Why(nullius_protocol::local::Question {
        subject: question.subject,
        object: question.object,
        service: question.service,
        verb: question.verb,
        operand: question.operand,
        at: at.map(Timestamp::as_secs),
    });
    let body = arguments.site.connect()?.ask(command)?;
    let Body::Why(why) = &body else { return Err(unexpected(&body)) };
    if arguments.site.json {
        json(world.out, &body)?;
        return Ok(Outcome::of(why.allowed));
    }
    for line in &why.lines {
        writeln!(world.out, "{}", inert(line))?;
    }
    Ok(Outcome::of(why.allowed))
}

fn moment(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let ago = || {
        let ago = times::duration(text).ok()?;
        Some(Timestamp::from_nanos(now.as_nanos().saturating_sub(u64::try_from(ago.as_nanos()).ok()?)))
    };
    times::instant(text).or_else(ago).ok_or_else(|| {
        Failure::unable("--at takes an instant (`2026-11-22T16:02:00Z`) or a time ago (`90s`, `2h`)")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn then_is_an_instant_or_so_long_ago() {
        let now = Timestamp::from_secs(10_000);
        assert_eq!(moment("2h", now), Ok(Timestamp::from_secs(2_800)));
        assert_eq!(moment("1970-01-01T00:00:09Z", now), Ok(Timestamp::from_secs(9)));
        assert_eq!(moment("3h", now), Ok(Timestamp::ZERO));
        assert!(moment("yesterday", now).is_err());
    }
}
