//! What things are called in every report.
//!
//! INVARIANT: nothing a device chose leaves here with a control character in it; each report then escapes for its own
//! language.

use nullius_device::{ConversationView, Party, Picture};
use nullius_model::{Protocol, Timestamp, Unit, inert};
use std::time::Duration;

/// What a party is called.
pub fn party(picture: &Picture, party: Party) -> String {
    match party {
        Party::Device(index) => {
            picture.devices.get(index).map_or_else(String::new, |device| inert(&device.name))
        }
        Party::Internet(ip) => {
            let name = picture.internet.get(&ip).and_then(|host| host.names.first());
            name.map_or_else(|| ip.to_string(), |name| format!("{} ({ip})", inert(name)))
        }
        Party::Group(key) | Party::Silent(key) => {
            key.ip().map_or_else(|| key.mac().to_string(), |ip| ip.to_string())
        }
    }
}

/// What a conversation is held in: `modbus unit 255`, `tcp/8080`, `mqtt`.
pub fn service(protocol: Protocol, unit: Unit) -> String {
    match (protocol, unit.0) {
        (Protocol::Tcp | Protocol::Udp, Some(port)) => format!("{protocol}/{port}"),
        (_, Some(unit)) => format!("{protocol} unit {unit}"),
        (_, None) => protocol.to_string(),
    }
}

/// A conversation in one line: `141.81.0.10 -> 141.81.0.24 modbus unit 255`.
pub fn conversation(picture: &Picture, view: &ConversationView) -> String {
    let (client, server) = (party(picture, view.client), party(picture, view.server));
    format!("{client} -> {server} {}", service(view.protocol, view.unit))
}

/// A duration as a person says it: `340 ms`, `2.5 s`, `3 min 20 s`, `4 h 5 min`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 if duration.is_zero() => "0 s".to_owned(),
        0 if duration.as_millis() == 0 => format!("{} µs", duration.as_micros()),
        0 => format!("{} ms", duration.as_millis()),
        1..60 => format!("{:.1} s", duration.as_secs_f64()),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// A number with its thousands apart: `7 990`. A narrow no-break space would be finer; terminals disagree on it.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut spaced = String::with_capacity(digits.len() * 4 / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            spaced.push(' ');
        }
        spaced.push(digit);
    }
    spaced
}

/// `1 device`, `13 devices`.
pub fn count(number_of: u64, noun: &str) -> String {
    let plural = match noun.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{noun}s"),
    };
    format!("{} {}", number(number_of), if number_of == 1 { noun } else { &plural })
}

/// Bytes as a person says them: `127 kB`; powers of ten, as `capinfos` counts.
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// Day and second, UTC: `2012-11-12 11:03:00 UTC`.
pub fn instant(at: Timestamp) -> String {
    let text = at.to_string();
    let (day, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("{day} {} UTC", time.split('.').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_as_a_person_says_them() {
        assert_eq!(
            [number(0), number(999), number(7_990), number(1_234_567)],
            ["0", "999", "7 990", "1 234 567"]
        );
        assert_eq!(
            [count(1, "device"), count(2, "entry"), count(0, "alarm")],
            ["1 device", "2 entries", "0 alarms"]
        );
        assert_eq!(duration(Duration::from_millis(340)), "340 ms");
        assert_eq!(duration(Duration::from_secs(85)), "1 min 25 s");
        assert_eq!(bytes(127_400), "127 kB");
        assert_eq!(instant(Timestamp::from_secs(1_352_718_180)), "2012-11-12 11:03:00 UTC");
    }
}
