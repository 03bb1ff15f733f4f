//! The text of a manifest: JSON that says what we know and nothing else.

use super::{BadManifest, Entry, MAX_DEVICES};
use crate::Protection;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Longest name, serial number, class or reference, in bytes.
const MAX_TEXT: usize = 256;

/// Longest MUD URL, in bytes.
const MAX_URL: usize = 2048;

/// Most references of a device.
const MAX_REFERENCES: usize = 32;

pub(super) struct Body {
    pub(super) manufacturer: String,
    pub(super) revision: u64,
    pub(super) devices: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    manufacturer: String,
    revision: u64,
    devices: Devices,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Device {
    serial: String,
    key: String,
    protection: String,
    #[serde(default)]
    mud_url: Option<String>,
    #[serde(default)]
    class: Option<String>,
    #[serde(default)]
    references: References,
}

/// No more than there may be, whatever follows.
struct Devices {
    list: Vec<Device>,
    more: bool,
}

/// Each name once.
#[derive(Default)]
struct References(BTreeMap<String, String>);

pub(super) fn read(text: &[u8]) -> Result<Body, BadManifest> {
    let text: Text = serde_json::from_slice(text).map_err(|error| BadManifest::Form(error.to_string()))?;
    if text.devices.more {
        return Err(BadManifest::TooMany);
    }
    let manufacturer = name("manufacturer", text.manufacturer)?;
    let (mut devices, mut keys) = (BTreeMap::new(), BTreeSet::new());
    for device in text.devices.list {
        let serial = name("serial", device.serial.clone())?;
        let entry = entry(device)?;
        if !keys.insert(entry.key) {
            return Err(BadManifest::SharedKey(serial));
        }
        if devices.contains_key(&serial) {
            return Err(BadManifest::Twice(serial));
        }
        devices.insert(serial, entry);
    }
    Ok(Body { manufacturer, revision: text.revision, devices })
}

fn entry(device: Device) -> Result<Entry, BadManifest> {
    let refused = |what: &str| BadManifest::Form(format!("{what} of `{}`", device.serial.escape_debug()));
    let key = hash(&device.key).ok_or_else(|| refused("the key"))?;
    let protection = Protection::parse(&device.protection).ok_or_else(|| refused("the protection"))?;
    let secure = |url: &String| {
        url.starts_with("https://") && url.len() <= MAX_URL && url.chars().all(|c| c.is_ascii_graphic())
    };
    if !device.mud_url.as_ref().is_none_or(secure) {
        return Err(refused("the MUD URL"));
    }
    let class = device.class.map(|class| name("class", class)).transpose()?;
    Ok(Entry { key, protection, mud_url: device.mud_url, class, references: device.references.0 })
}

fn name(what: &str, text: String) -> Result<String, BadManifest> {
    if is_name(&text) {
        Ok(text)
    } else {
        Err(BadManifest::Form(format!("the {what} is empty, too long or not text")))
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_TEXT && !text.chars().any(char::is_control)
}

/// 64 hexadecimal digits, lower-case: one spelling.
fn hash(text: &str) -> Option<[u8; 32]> {
    let digit = |digit: &u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes: Vec<u8> =
        pairs.iter().map(|[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect::<Option<_>>()?;
    if rest.is_empty() { bytes.try_into().ok() } else { None }
}

impl<'de> Deserialize<'de> for Devices {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Devices;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of devices")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut from: S) -> Result<Devices, S::Error> {
                let mut devices = Devices { list: Vec::new(), more: false };
                while let Some(device) = from.next_element()? {
                    if devices.list.len() < MAX_DEVICES {
                        devices.list.push(device);
                    } else {
                        devices.more = true;
                    }
                }
                Ok(devices)
            }
        }
        from.deserialize_seq(List)
    }
}

impl<'de> Deserialize<'de> for References {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = References;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("reference values by name")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut from: M) -> Result<References, M::Error> {
                let mut references = BTreeMap::new();
                while let Some((name, value)) = from.next_entry::<String, String>()? {
                    let fits = is_name(&name) && is_name(&value) && references.len() < MAX_REFERENCES;
                    if !fits || references.insert(name, value).is_some() {
                        return Err(M::Error::custom("a reference that is too long, one too many, or twice"));
                    }
                }
                Ok(References(references))
            }
        }
        from.deserialize_map(Map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    fn with(device: &str) -> Result<Body, BadManifest> {
        read(format!(r#"{{"manufacturer":"M","revision":3,"devices":[{device}]}}"#).as_bytes())
    }

    #[test]
    fn an_entry_says_what_is_known() {
        let text = format!(
            r#"{{"serial":"S1","key":"{KEY}","protection":"hardware","mud_url":"https://m.example/s.json",
            "class":"sensor","references":{{"firmware":"sha256:1"}}}}"#
        );
        let body = with(&text).unwrap();
        let entry = &body.devices["S1"];
        assert_eq!((body.manufacturer.as_str(), body.revision), ("M", 3));
        assert_eq!((entry.protection, entry.class.as_deref()), (Protection::Hardware, Some("sensor")));
        assert_eq!((entry.key[1], entry.key[31]), (0x11, 0xff));
        assert_eq!(entry.references["firmware"], "sha256:1");
        assert!(with(&format!(r#"{{"serial":"S1","key":"{KEY}","protection":"software"}}"#)).is_ok());
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let upper = KEY.to_uppercase();
        let many = (0..=MAX_REFERENCES).map(|n| format!(r#""{n}":"x""#)).collect::<Vec<_>>().join(",");
        for bad in [
            format!(r#"{{"serial":"","key":"{KEY}","protection":"software"}}"#),
            format!(r#"{{"serial":"a\u0000","key":"{KEY}","protection":"software"}}"#),
            format!(r#"{{"serial":"S","key":"{upper}","protection":"software"}}"#),
            format!(r#"{{"serial":"S","key":"{KEY}0","protection":"software"}}"#),
            format!(r#"{{"serial":"S","key":"{KEY}","protection":"Hardware"}}"#),
            format!(r#"{{"serial":"S","key":"{KEY}","protection":"software","mud_url":"http://m.example"}}"#),
            format!(r#"{{"serial":"S","key":"{KEY}","protection":"software","more":1}}"#),
            format!(
                r#"{{"serial":"S","key":"{KEY}","protection":"software","references":{{"a":"1","a":"2"}}}}"#
            ),
            format!(r#"{{"serial":"S","key":"{KEY}","protection":"software","references":{{{many}}}}}"#),
            format!(r#"{{"serial":"S","key":"{KEY}","protection":"software","references":{{"a":1}}}}"#),
        ] {
            assert!(matches!(with(&bad), Err(BadManifest::Form(_))), "{bad}");
        }
        for bad in ["", "{}", "[]", r#"{"manufacturer":"M","revision":-1,"devices":[]}"#] {
            assert!(matches!(read(bad.as_bytes()), Err(BadManifest::Form(_))), "{bad}");
        }
    }

    #[test]
    fn a_serial_and_a_key_stand_there_once() {
        let device = |serial: &str, key: &str| {
            format!(r#"{{"serial":"{serial}","key":"{key}","protection":"software"}}"#)
        };
        let other = KEY.replace("00", "01");
        let twice = [device("S", KEY), device("S", &other)].join(",");
        assert!(matches!(with(&twice), Err(BadManifest::Twice(serial)) if serial == "S"));
        let shared = [device("S", KEY), device("T", KEY)].join(",");
        assert!(matches!(with(&shared), Err(BadManifest::SharedKey(serial)) if serial == "T"));
    }

    #[test]
    fn ten_thousand_devices_are_a_manifest_and_one_more_is_none() {
        let device = |n: usize| format!(r#"{{"serial":"S{n}","key":"{n:064x}","protection":"software"}}"#);
        let most: Vec<_> = (0..MAX_DEVICES).map(device).collect();
        assert_eq!(with(&most.join(",")).unwrap().devices.len(), MAX_DEVICES);
        let more: Vec<_> = (0..=MAX_DEVICES).map(device).collect();
        assert!(matches!(with(&more.join(",")), Err(BadManifest::TooMany)));
    }
}
