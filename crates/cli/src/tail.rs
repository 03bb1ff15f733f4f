//! `nullius tail`: denials, alarms and acts as they come.

use clap::{Args, ValueEnum};
use nullius_model::inert;
use nullius_protocol::local::{AuditLine, Body, Command, Denial, Event};

use crate::connection::unexpected;
use crate::show::{json, second_of_day};
use crate::{Failure, Outcome, Site, World};

/// Denials, alarms and what people did, as they come. Ctrl-C ends it.
#[derive(Debug, Args)]
#[command(after_help = crate::EXIT_CODES)]
pub struct Arguments {
    /// Shows one kind only.
    #[arg(long, value_name = "KIND")]
    only: Option<Kind>,

    #[command(flatten)]
    site: Site,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Denials,
    Alarms,
    Audit,
}

pub(crate) fn run(arguments: &Arguments, world: &mut World<'_>) -> Result<Outcome, Failure> {
    for body in arguments.site.connect()?.follow(Command::Tail)? {
        let body = body?;
        let Body::Event(event) = &body else { return Err(unexpected(&body)) };
        if arguments.only.is_some_and(|only| kind(event).is_some_and(|kind| kind != only)) {
            continue;
        }
        match arguments.site.json {
            true => json(world.out, &body)?,
            false => writeln!(world.out, "{}", line(event))?,
        }
        world.out.flush()?;
    }
    Err(Failure::unable(
        "the gateway stopped: what is in the kernel stays; `nullius tail` again once it is back",
    ))
}

/// That something is missing concerns everybody.
const fn kind(event: &Event) -> Option<Kind> {
    match event {
        Event::Denied(_) => Some(Kind::Denials),
        Event::Alarm(_) => Some(Kind::Alarms),
        Event::Audit(_) => Some(Kind::Audit),
        Event::Missed(_) => None,
    }
}

fn line(event: &Event) -> String {
    match event {
        Event::Denied(denial) => format!("{}  {}", second_of_day(&denial.last), denied(denial)),
        Event::Alarm(alarm) => {
            format!("{}  ALARM {}: {}", second_of_day(&alarm.at), inert(&alarm.kind), inert(&alarm.text))
        }
        Event::Audit(audit) => format!("{}  {}", second_of_day(&audit.at), act(audit)),
        Event::Missed(number) => {
            format!("--------  {number} events went by unseen: this terminal was too slow")
        }
    }
}

/// `denied  vendor1 -> plc1/modbus write  (no policy allows it, IA2 bound by the inventory, port p-vend, 3 packets)`.
pub(crate) fn denied(denial: &Denial) -> String {
    let word = if denial.only_counted { "would deny" } else { "denied" };
    let who = format!("{} -> {} {}", denial.subject, denial.object, denial.verb);
    let known = format!("{} {}", denial.assurance, denial.known_by);
    let known = if denial.assurance.is_empty() { String::new() } else { format!(", {}", known.trim_end()) };
    let port = denial.port.as_ref().map(|port| format!(", port {port}")).unwrap_or_default();
    let reason = match denial.because.as_slice() {
        [] => denial.reason.clone(),
        because => because.join("; "),
    };
    inert(&format!("{word}  {}  ({reason}{known}{port}, {})", who.trim_end(), packets(denial.packets)))
}

fn packets(number: u64) -> String {
    if number == 1 { "1 packet".to_owned() } else { format!("{number} packets") }
}

fn act(audit: &AuditLine) -> String {
    let why = if audit.why.is_empty() { String::new() } else { format!(", because: {}", audit.why) };
    inert(&format!("{}  {}: {}{why}", audit.who, audit.what, audit.text))
}
