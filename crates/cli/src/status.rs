//! `nullius status`: one screen of 80 columns and 24 lines: what is enforced, what is blocked now, what needs a person.
//!
//! INVARIANT: however bad it is, it stays one screen; what does not fit is counted, and a command shows the rest.

use clap::Args;
use nullius_model::inert;
use nullius_protocol::local::{Body, Command, Denial, DeviceState, Status};
use serde_json::json;

use crate::connection::unexpected;
use crate::device::state;
use crate::show::{count, json_value, minute, or_dash, second_of_day, span};
use crate::{Failure, Outcome, Site, World};

/// The screen's columns.
const COLUMNS: usize = 80;
/// Lines of each part that grows. With them there are 23 at most, and one for the prompt.
const BLOCKED: usize = 4;
const NEEDS: usize = 4;

/// One screen: what is enforced, what is blocked now, what needs a person.
#[derive(Debug, Args)]
#[command(after_help = crate::EXIT_CODES)]
pub struct Arguments {
    #[command(flatten)]
    site: Site,
}

pub(crate) fn run(arguments: &Arguments, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let mut gateway = arguments.site.connect()?;
    let body = gateway.ask(Command::Status)?;
    let Body::Status(status) = body else { return Err(unexpected(&body)) };
    let body = gateway.ask(Command::Denials)?;
    let Body::Denials(denials) = body else { return Err(unexpected(&body)) };
    match arguments.site.json {
        true => json_value(world.out, &json!({ "status": status, "denials": denials }))?,
        false => write!(world.out, "{}", screen(&status, &denials))?,
    }
    Ok(Outcome::Positive)
}

fn screen(status: &Status, denials: &[Denial]) -> String {
    let parts = [heading(status), enforced(status), blocked(status, denials), needs(status)];
    let lines = parts.into_iter().flatten();
    lines.map(|line| format!("{}\n", fitted(&line))).collect()
}

/// Cut at the edge of the screen.
fn fitted(line: &str) -> String {
    let line = inert(line.trim_end());
    if line.chars().count() <= COLUMNS {
        return line;
    }
    line.chars().take(COLUMNS - 1).chain(['…']).collect()
}

fn heading(status: &Status) -> Vec<String> {
    let site = if status.site.is_empty() { "no site yet" } else { &status.site };
    let policy = match &status.policy {
        Some(policy) => format!("policy {} by {}, {}", policy.epoch, policy.by, minute(&policy.made)),
        None => "no policy yet".to_owned(),
    };
    vec![format!("{site} · mode {} · up {} · {policy}", status.mode, span(status.uptime)), String::new()]
}

fn enforced(status: &Status) -> Vec<String> {
    let kernel = &status.kernel;
    let step = if kernel.in_step { "as they should be" } else { "NOT AS THEY SHOULD BE" };
    let repairs = match kernel.repairs {
        0 => String::new(),
        repairs => format!(", repaired {}", count(repairs, "time")),
    };
    vec![
        "ENFORCED".to_owned(),
        format!("  stage      {}", meaning(&status.stage)),
        format!("  kernel     {} from policy {}, {step}{repairs}", count(kernel.rules, "rule"), kernel.epoch),
        format!("  devices    {}", devices(status)),
        format!("  identity   {}", identity(status)),
        format!("  ports      {}", ports(status)),
        format!("  itself     {}", or_dash(Some(&status.confined))),
        String::new(),
    ]
}

fn meaning(stage: &str) -> String {
    let meaning = match stage {
        "observe" => "all passes, nothing is counted",
        "shadow" => "all passes, what would be denied is counted",
        "enforce" => "what no policy allows is dropped",
        _ => "",
    };
    format!("{stage} by default: {meaning}")
}

fn devices(status: &Status) -> String {
    let listed: Vec<_> = status
        .devices
        .iter()
        .filter(|(_, number)| *number > 0)
        .map(|(kind, number)| format!("{number} {}", state(*kind)))
        .collect();
    let known = if listed.is_empty() { "none in the inventory".to_owned() } else { listed.join(", ") };
    format!("{known}; {}, {}", count(status.strangers, "stranger"), count(status.grants, "grant"))
}

/// How many devices are known how surely.
fn identity(status: &Status) -> String {
    let levels = status.assurance.iter().filter(|(_, number)| *number > 0);
    let levels: Vec<_> = levels.map(|(level, number)| format!("{number} {level}")).collect();
    if levels.is_empty() { "nobody is known".to_owned() } else { levels.join(", ") }
}

fn ports(status: &Status) -> String {
    let listed: Vec<_> = status
        .ports
        .iter()
        .map(|port| {
            let down = if port.up { "" } else { " DOWN" };
            format!("{}{down} ({})", port.name, port.strangers)
        })
        .collect();
    if listed.is_empty() { "none: name them in gateway.toml".to_owned() } else { listed.join(", ") }
}

/// The conversations with the most packets first: what hurts most is seen first.
fn blocked(status: &Status, denials: &[Denial]) -> Vec<String> {
    let mut sorted: Vec<_> = denials.iter().collect();
    sorted.sort_by_key(|denial| std::cmp::Reverse((!denial.only_counted, denial.packets)));
    let mut lines = vec![format!("BLOCKED NOW                {}", counters(status))];
    lines.extend(sorted.iter().take(BLOCKED).map(|denial| line_of(denial)));
    match denials.len() {
        0 => lines.push("  nothing".to_owned()),
        all if all > BLOCKED => lines.push(format!("  and {} more: nullius status --json", all - BLOCKED)),
        _ => {}
    }
    lines.push(String::new());
    lines
}

fn counters(status: &Status) -> String {
    let of = |kind: &str| -> u64 {
        let fitting = status.counters.iter().filter(|counter| counter.name.starts_with(kind));
        fitting.map(|counter| counter.packets).sum()
    };
    let [dropped, would, passed] = ["denied-", "would-deny-", "allowed"].map(of);
    format!("packets: {dropped} dropped, {would} would be, {passed} passed")
}

fn line_of(denial: &Denial) -> String {
    let shadow = if denial.only_counted { " (passed: shadow)" } else { "" };
    let what = format!("{} -> {} {}", denial.subject, denial.object, denial.verb);
    format!(
        "  {} {:>7}×  {:<3}  {}  {}{shadow}",
        second_of_day(&denial.last),
        denial.packets,
        or_dash(Some(&denial.assurance)),
        denial.reason,
        what.trim_end()
    )
}

fn needs(status: &Status) -> Vec<String> {
    let doubles = status.devices.iter().find(|(kind, number)| *kind == DeviceState::Conflict && *number > 0);
    let conflict = doubles.map(|_| "a device is seen twice: nullius device list".to_owned());
    let policy =
        status.policy.is_none().then(|| "no policy is in force yet: nullius policy apply DIR".to_owned());
    let step = (!status.kernel.in_step)
        .then(|| "the kernel's rules differ from the policy: nullius tail".to_owned());
    let troubles = status.troubles.iter().cloned();
    let alarms =
        status.alarms.iter().map(|alarm| format!("{} {}: {}", minute(&alarm.at), alarm.kind, alarm.text));
    let all: Vec<_> = policy.into_iter().chain(step).chain(conflict).chain(troubles).chain(alarms).collect();
    let mut lines = vec!["NEEDS A PERSON".to_owned()];
    lines.extend(all.iter().take(NEEDS).map(|line| format!("  {line}")));
    match all.len() {
        0 => lines.push("  nothing".to_owned()),
        all if all > NEEDS => lines.push(format!("  and {} more: nullius status --json", all - NEEDS)),
        _ => {}
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use nullius_protocol::local::{Alarm, Port};

    #[test]
    fn the_worst_day_still_fits_on_one_screen() {
        let denial = Denial { subject: "s".repeat(63), object: "o".repeat(90), ..Denial::default() };
        let status = Status {
            site: "x".repeat(200),
            ports: vec![Port { name: "p".repeat(15), ..Port::default() }; 64],
            devices: vec![(DeviceState::Conflict, 9_000), (DeviceState::Active, u64::MAX)],
            troubles: vec!["t".repeat(500); 40],
            alarms: vec![Alarm::default(); 40],
            ..Status::default()
        };
        let screen = screen(&status, &vec![denial; 2_000]);
        assert!(screen.lines().count() <= 23, "{screen}");
        assert!(screen.lines().all(|line| line.chars().count() <= COLUMNS), "{screen}");
    }
}
