//! The conversations of a draft as a history.

use super::document::{End, Rule, RulesFile, Target, Verb};
use super::services;
use crate::reading::words;
use crate::simulate::{Heard, History, Recorded, Station};
use crate::{MessageFields, verbs};
use nullius_model::{Channel, Protocol, SmolStr, Timestamp, VerbClass};

/// Why a text is no time.
type BadTime = String;

pub(super) fn of(rules: &RulesFile) -> Result<History, BadTime> {
    let last = time(&rules.basis.last)?;
    let first = rules.basis.first.as_deref().map_or(Ok(last), time)?;
    let conversations = rules.allow.iter().filter_map(|rule| conversation(rule).transpose());
    Ok(History { first, last, conversations: conversations.collect::<Result<_, _>>()? })
}

/// Nothing for what is no service on TCP or UDP: no policy judges it here.
fn conversation(rule: &Rule) -> Result<Option<Recorded>, BadTime> {
    let Some(implied) = services::of(rule) else { return Ok(None) };
    let read = verbs(implied.protocol).iter().any(|verb| verb.name != "connect");
    let heard = if read { heard(rule, implied.protocol)? } else { vec![connection(rule)?] };
    let named = matches!(implied.protocol, Protocol::Tcp | Protocol::Udp);
    Ok(Some(Recorded {
        client: station(&rule.subject),
        server: station(&rule.object),
        protocol: implied.protocol,
        channel: named.then_some(implied.channel).filter(|channel| *channel != Channel::Echo),
        heard,
    }))
}

fn station(end: &End) -> Station {
    Station { name: None, address: end.name.parse().ok(), mac: words::mac(&end.name) }
}

/// A service whose messages nobody reads is connected to.
fn connection(rule: &Rule) -> Result<Heard, BadTime> {
    Ok(Heard {
        verb: SmolStr::new_static("connect"),
        class: VerbClass::Connect,
        message: MessageFields::default(),
        about: SmolStr::default(),
        count: rule.support.count,
        first: time(&rule.support.first.at)?,
        last: time(&rule.support.last.at)?,
        unasked: false,
    })
}

fn heard(rule: &Rule, protocol: Protocol) -> Result<Vec<Heard>, BadTime> {
    let mut all = Vec::new();
    for verb in &rule.verbs {
        let class = words::verb_class(&verb.class)
            .ok_or_else(|| format!("`{}` is no class", verb.class.escape_debug()))?;
        for target in &verb.objects {
            all.push(Heard {
                verb: SmolStr::new(&verb.verb),
                class,
                message: message(rule, verb, target, protocol),
                about: about(target),
                count: target.support.count,
                first: time(&target.support.first.at)?,
                last: time(&target.support.last.at)?,
                unasked: verb.sender != "subject",
            });
        }
    }
    Ok(all)
}

fn message(rule: &Rule, verb: &Verb, target: &Target, protocol: Protocol) -> MessageFields {
    let name = target.name.as_deref().map(SmolStr::new);
    let publishes = verb.verb.starts_with("PUBLISH") || verb.verb.starts_with("WILL");
    let mqtt = protocol == Protocol::Mqtt;
    MessageFields {
        unit: rule.unit,
        address: target.first,
        quantity: target.count,
        topic: name.clone().filter(|_| mqtt),
        qos: (mqtt && publishes).then(|| qos(&verb.verb)),
        retain: (mqtt && publishes).then(|| verb.verb.ends_with("retain")),
        path: name.filter(|_| !mqtt),
        size: target.max_bytes,
        value_min: written(verb, target).map(|[least, _]| least.floor()).reduce(f64::min).and_then(whole),
        value_max: written(verb, target).map(|[_, most]| most.ceil()).reduce(f64::max).and_then(whole),
    }
}

/// The values of what changes something: those of a reading are the answer's, not the message's.
fn written<'a>(verb: &Verb, target: &'a Target) -> impl Iterator<Item = &'a [f64; 2]> {
    let writes = words::verb_class(&verb.class).is_some_and(VerbClass::needs_seal);
    target.values.iter().filter(move |_| writes)
}

/// A number without a fraction, where 64 bits hold it.
fn whole(number: f64) -> Option<i64> {
    format!("{number:.0}").parse().ok()
}

fn qos(verb: &str) -> u8 {
    match verb {
        _ if verb.contains("qos2") => 2,
        _ if verb.contains("qos1") => 1,
        _ => 0,
    }
}

fn about(target: &Target) -> SmolStr {
    let number = target.number.map_or_else(String::new, |number| number.to_string());
    match (&target.space, target.first, target.count, &target.name, target.code) {
        (Some(space), Some(first), Some(count), _, _) => {
            format!("{space}{number}[{first}..{}]", u64::from(first) + u64::from(count)).into()
        }
        (_, _, _, Some(name), _) => SmolStr::new(name),
        (_, _, _, _, Some(code)) => format!("#{code}").into(),
        _ => SmolStr::default(),
    }
}

/// `2012-11-12T11:03:00.264365Z`, as the draft writes times.
fn time(text: &str) -> Result<Timestamp, BadTime> {
    parse_time(text).ok_or_else(|| format!("`{}` is no time", text.escape_debug()))
}

fn parse_time(text: &str) -> Option<Timestamp> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers::<3>(date, '-')?;
    let (clock, micros) = clock.split_once('.')?;
    let [hour, minute, second] = numbers::<3>(clock, ':')?;
    let micros = Some(micros).filter(|text| text.len() == 6)?.parse::<u64>().ok()?;
    let fits = (1970..=9_999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let seconds = days(year, month, day).checked_mul(86_400)? + hour * 3_600 + minute * 60 + second;
    let nanos = seconds.checked_mul(1_000_000_000)?.checked_add(micros * 1_000)?;
    fits.then_some(Timestamp::from_nanos(nanos))
}

fn numbers<const N: usize>(text: &str, between: char) -> Option<[u64; N]> {
    let parts: Option<Vec<u64>> = text.split(between).map(|part| part.parse().ok()).collect();
    parts?.try_into().ok()
}

/// Days from 1970 (Howard Hinnant, "chrono-compatible low-level date algorithms", 2013).
const fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year.saturating_sub(1) } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.saturating_sub(1);
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era).saturating_sub(719_468)
}

#[cfg(test)]
mod time_tests {
    use super::*;

    #[test]
    fn a_time_reads_back_as_it_prints() {
        for nanos in [0, 1_352_718_180_264_365_000, 1_709_164_800_000_000_000, 4_102_444_799_999_999_000] {
            let at = Timestamp::from_nanos(nanos);
            assert_eq!(time(&at.to_string()), Ok(at));
        }
        for bad in ["", "2012-11-12", "2012-13-12T11:03:00.264365Z", "99999999999999-01-01T00:00:00.000000Z"]
        {
            assert!(time(bad).is_err(), "{bad}");
        }
    }
}
