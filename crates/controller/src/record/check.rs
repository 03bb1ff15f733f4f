//! Whether declarations could stand in an inventory: the policy's own reader says so, many at once.

use super::zones::Zones;
use super::{Declaration, declaration::MAX_DECLARATION};
use nullius_model::DeviceName;
use nullius_policy::{Files, Problem, Repository};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Devices a file of a batch: the reader tells at most 200 problems of one file.
const A_FILE: usize = 32;

/// Devices a batch; with [`MAX_DECLARATION`] and the sum below, a batch stays under what the reader reads at once.
const A_BATCH: usize = 4_096;
const BATCH_BYTES: usize = 4 << 20;

/// Something wrong with the declaration at this index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) index: usize,
    pub(crate) what: String,
}

/// All that is wrong with the declarations each by itself and among each other, in their order. Where `zones` is none,
/// nothing was declared yet, and any zone and group may be named.
pub(crate) fn check(devices: &[(&str, &Declaration)], zones: Option<&Zones>) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let mut batch = Batch::default();
    for (index, (name, device)) in devices.iter().enumerate() {
        let text = device.toml(name);
        if text.len() > MAX_DECLARATION {
            wrong.push(Wrong { index, what: format!("longer than {MAX_DECLARATION} bytes") });
            continue;
        }
        if batch.is_full(text.len()) {
            wrong.extend(std::mem::take(&mut batch).problems(devices, zones));
        }
        batch.push(index, &text);
    }
    wrong.extend(batch.problems(devices, zones));
    wrong.extend(twice(devices));
    wrong.sort_by_key(|wrong| wrong.index);
    wrong
}

#[derive(Debug, Default)]
struct Batch {
    files: Files,
    /// By file, the first line of each device.
    lines: BTreeMap<String, Vec<(usize, usize)>>,
    count: usize,
    bytes: usize,
}

impl Batch {
    const fn is_full(&self, more: usize) -> bool {
        self.count >= A_BATCH || self.bytes + more > BATCH_BYTES
    }

    fn push(&mut self, index: usize, text: &str) {
        let path = format!("inventory/{:05}.toml", self.count / A_FILE);
        let file = self.files.entry(path.clone()).or_insert_with(|| "format = 1\n".to_owned());
        let line = file.lines().count() + 1;
        file.push_str(text);
        self.lines.entry(path).or_default().push((line, index));
        self.count += 1;
        self.bytes += text.len();
    }

    fn problems(mut self, devices: &[(&str, &Declaration)], zones: Option<&Zones>) -> Vec<Wrong> {
        if self.count == 0 {
            return Vec::new();
        }
        let of_batch = self.lines.values().flatten().filter_map(|(_, index)| devices.get(*index));
        let inventory = surroundings(of_batch.map(|(_, device)| *device), zones);
        self.files.insert("inventory.toml".to_owned(), inventory);
        let problems = Repository::parse(&self.files).err().unwrap_or_default();
        problems.iter().filter_map(|problem| self.of(problem)).collect()
    }

    fn of(&self, problem: &Problem) -> Option<Wrong> {
        let at = usize::try_from(problem.line).ok()?;
        let (_, index) = self.lines.get(&problem.file)?.iter().rev().find(|(line, _)| *line <= at)?;
        let help = problem.help.iter().map(|help| format!("; {help}")).collect::<String>();
        Some(Wrong { index: *index, what: format!("{}{help}", problem.message) })
    }
}

/// An inventory in which the devices can stand.
fn surroundings<'a>(devices: impl Iterator<Item = &'a Declaration>, zones: Option<&Zones>) -> String {
    let mut names: [BTreeSet<&str>; 2] = Default::default();
    let [zone_names, groups] = &mut names;
    match zones {
        Some(zones) => {
            zone_names.extend(zones.classes().keys().map(String::as_str));
            groups.extend(zones.groups.iter().map(String::as_str));
        }
        None => {
            for device in devices {
                zone_names.insert(&device.zone);
                groups.extend(device.groups.iter().map(String::as_str));
            }
        }
    }
    let mut text = "format = 1\n[site]\nname = \"site\"\n".to_owned();
    let good = |name: &&&str| DeviceName::new(name).is_ok();
    for zone in zone_names.iter().filter(good) {
        // writing to a text cannot fail
        let _ = writeln!(text, "[[zone]]\nname = \"{zone}\"\nclass = \"quarantine\"");
    }
    for group in groups.iter().filter(good) {
        let _ = writeln!(text, "[[group]]\nname = \"{group}\"");
    }
    text
}

/// What only one device can have, and two of different batches claim.
fn twice(devices: &[(&str, &Declaration)]) -> Vec<Wrong> {
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (index, (name, device)) in devices.iter().enumerate() {
        for mark in device.marks().into_iter().chain([format!("name:{name}")]) {
            if let Some(other) = first.insert(mark.clone(), index)
                && other / A_BATCH != index / A_BATCH
            {
                let other = devices.get(other).map_or("", |(name, _)| name);
                let what = format!("`{}` is already that of `{}`", mark.escape_debug(), other.escape_debug());
                wrong.push(Wrong { index, what });
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn device(zone: &str, mac: &str) -> Declaration {
        Declaration { zone: zone.to_owned(), mac: Some(mac.to_owned()), ..Declaration::default() }
    }

    #[test]
    fn each_mistake_is_told_of_the_device_that_has_it() {
        let good = device("cell", "02:00:00:00:00:01");
        let mut devices: Vec<(String, Declaration)> = (0..5_000)
            .map(|number| {
                (
                    format!("d{number}"),
                    device("cell", &format!("02:00:00:00:{:02x}:{:02x}", number / 256, number % 256)),
                )
            })
            .collect();
        devices[40].1.zone = "sell".to_owned();
        devices[41].1.mac = Some("nonsense".to_owned());
        devices[4_500].0 = "a b".to_owned();
        devices[4_999].1.mac = devices[1].1.mac.clone();
        devices[7].1.class = "x".repeat(MAX_DECLARATION);
        let pairs: Vec<(&str, &Declaration)> =
            devices.iter().map(|(name, device)| (name.as_str(), device)).collect();
        let inventory = "[[zone]]\nname = \"cell\"\nclass = \"safety\"\n";
        let zones = Zones::of(&Files::from([("inventory.toml".to_owned(), inventory.to_owned())]));
        let wrong = check(&pairs, Some(&zones));
        assert_eq!(
            wrong.iter().map(|wrong| wrong.index).collect::<Vec<_>>(),
            [7, 40, 41, 4_500, 4_999],
            "{wrong:?}"
        );
        assert_eq!(check(&[("a", &good)], None), []);
        assert_eq!(check(&[], None), []);
    }

    proptest! {
        #[test]
        fn nothing_a_field_holds_breaks_the_check(name in any::<String>(), zone in any::<String>(), mac in any::<String>()) {
            let device = device(&zone, &mac);
            let wrong = check(&[(&name, &device)], None);
            prop_assert_eq!(wrong.is_empty(), false, "an address like {:?}", mac);
        }
    }
}
