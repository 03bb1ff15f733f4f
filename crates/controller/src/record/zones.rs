//! What the policy in force says of zones and groups: how much a mistake there would cost.

use nullius_policy::Files;
use nullius_policy::inventory::ZoneClass;
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// Zones with what they are for, and the names of groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Zones {
    classes: BTreeMap<String, ZoneClass>,
    pub(crate) groups: BTreeSet<String>,
}

impl Zones {
    /// Of authored files; what cannot be read is not there.
    pub(crate) fn of(files: &Files) -> Self {
        let text = files.get("inventory.toml").map_or("", String::as_str);
        let table: Table = text.parse().unwrap_or_default();
        let tables = |key: &str| {
            let list = table.get(key).and_then(Value::as_array);
            list.into_iter().flatten().filter_map(Value::as_table).cloned().collect::<Vec<Table>>()
        };
        let text_of = |table: &Table, key: &str| table.get(key).and_then(Value::as_str).map(str::to_owned);
        let class = |name: &str| ZoneClass::ALL.iter().copied().find(|class| class.name() == name);
        let zone = |zone: &Table| Some((text_of(zone, "name")?, class(&text_of(zone, "class")?)?));
        Self {
            classes: tables("zone").iter().filter_map(zone).collect(),
            groups: tables("group").iter().filter_map(|group| text_of(group, "name")).collect(),
        }
    }

    /// What a zone is for. One that nobody declared could be for anything: the worst.
    pub(crate) fn class(&self, zone: &str) -> ZoneClass {
        self.classes.get(zone).copied().unwrap_or(ZoneClass::Safety)
    }

    /// A mistake there hurts people or stops the process.
    pub(crate) fn is_essential(&self, zone: &str) -> bool {
        is_essential(self.class(zone))
    }

    /// There is a zone where a mistake hurts people or stops the process.
    pub(crate) fn any_essential(&self) -> bool {
        self.classes.values().copied().any(is_essential)
    }

    /// By name, with what they are for.
    pub(crate) fn classes(&self) -> &BTreeMap<String, ZoneClass> {
        &self.classes
    }
}

const fn is_essential(class: ZoneClass) -> bool {
    matches!(class, ZoneClass::Safety | ZoneClass::EssentialControl)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_nobody_declared_is_taken_for_the_worst() {
        let inventory = "[[zone]]\nname = \"office\"\nclass = \"non-critical\"\n[[group]]\nname = \"plcs\"\n";
        let zones = Zones::of(&Files::from([("inventory.toml".to_owned(), inventory.to_owned())]));
        assert!(!zones.is_essential("office") && zones.is_essential("cell"));
        assert!(!zones.any_essential() && zones.groups.contains("plcs"));
        assert_eq!(Zones::of(&Files::new()), Zones::default());
    }
}
