//! Taking the devices out of an authored `inventory.toml`: they enter the device record, the rest stays as written.

use super::Declaration;
use serde::Deserialize as _;
use std::collections::BTreeMap;
use toml::{Table, Value};

/// An inventory in its two halves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Split {
    /// The file without its devices; to the last byte as it was, where it had none.
    pub(crate) authored: String,
    /// The devices, by name.
    pub(crate) devices: BTreeMap<String, Declaration>,
}

/// Splits an inventory that the policy's reader has accepted; what that would refuse is left in the text.
pub(crate) fn split(text: &str) -> Split {
    let whole = |text: &str| Split { authored: text.to_owned(), devices: BTreeMap::new() };
    let Ok(mut table) = text.parse::<Table>() else { return whole(text) };
    let Some(devices) = table.remove("device").as_ref().and_then(declared) else { return whole(text) };
    let without = without_devices(text);
    // the texts of a file may look like headers of tables: comments are not worth a device that is cut in half
    let same = without.parse::<Table>().is_ok_and(|left| left == table);
    Split { authored: if same { without } else { table.to_string() }, devices }
}

fn declared(devices: &Value) -> Option<BTreeMap<String, Declaration>> {
    devices.as_array()?.iter().map(named).collect()
}

fn named(device: &Value) -> Option<(String, Declaration)> {
    let mut table = device.as_table()?.clone();
    let name = table.remove("name")?.as_str()?.to_owned();
    Some((name, Declaration::deserialize(Value::Table(table)).ok()?.canonical()))
}

/// Every line but those of `[[device]]` and what is beneath it.
fn without_devices(text: &str) -> String {
    let mut inside = false;
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let header =
            line.trim_start().strip_prefix('[').map(|rest| rest.trim_start_matches('[').trim_start());
        if let Some(header) = header {
            let name = header.split([']', '.', ' ', '\t']).next().unwrap_or_default();
            inside = matches!(name, "device" | "\"device\"" | "'device'");
        }
        if !inside {
            kept.push_str(line);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "# the plant\nformat = 1\n[site]\nname = \"lab\" # ours\n";
    const DEVICE: &str = "[[device]]\nname = \"a\"\nzone = \"z\"\n[[device.service]]\nname = \"s\"\nprotocol = \"ssh\"\nchannel = \"tcp/22\"\n";

    #[test]
    fn devices_leave_and_everything_else_stays_as_it_was_written() {
        let rest = "[[zone]]\nname = \"z\" # here\nclass = \"safety\"\n";
        let split = split(&format!("{HEAD}{DEVICE}{rest}{}", DEVICE.replace("\"a\"", "\"b\"")));
        assert_eq!(split.authored, format!("{HEAD}{rest}"));
        assert_eq!(split.devices.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(split.devices["a"].services.len(), 1);
    }

    #[test]
    fn a_file_that_only_looks_as_if_it_had_devices_keeps_its_meaning() {
        for text in [
            format!("{HEAD}[x]\nt = '''\n[[device]]\nname = \"a\"\n'''\n"),
            format!("{HEAD}{DEVICE}[x]\nt = '''\n[[device]]\nname = \"a\"\n'''\n"),
            format!("device = [{{ name = \"a\", zone = \"z\" }}]\n{HEAD}"),
        ] {
            let before: Table = text.parse().unwrap();
            let split = split(&text);
            let mut after: Table = split.authored.parse().unwrap();
            assert!(!after.contains_key("device"));
            let devices = before.get("device").map_or(0, |devices| devices.as_array().unwrap().len());
            assert_eq!(split.devices.len(), devices);
            after.extend(before.get("device").map(|devices| ("device".to_owned(), devices.clone())));
            assert_eq!(after, before);
        }
    }

    #[test]
    fn what_is_no_inventory_is_left_alone() {
        for text in ["", "[[device]]\nname = 1\n", "device = 7\n", "[[device]\n"] {
            assert_eq!(split(text).authored, text);
        }
    }
}
