//! A row of a list: what it declares of a device, and what else it says of it.

use super::super::Declaration;
use super::super::declaration::Service;
use nullius_model::inert;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Longest field of a row, in bytes.
pub(super) const MAX_FIELD: usize = 4_096;

/// Longest value of an attribute, in bytes.
const MAX_VALUE: usize = 256;

/// What a list may say of a device beside what is declared.
pub(super) const ATTRIBUTES: [&str; 6] = ["serial", "model", "firmware", "software", "location", "asset"];

/// A device of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// Its name.
    pub(crate) name: String,
    /// What is declared of it.
    pub(crate) declaration: Declaration,
    /// What else is said.
    #[serde(default)]
    pub(crate) attributes: BTreeMap<String, String>,
}

impl Row {
    /// From the fields of one line, by the names of their columns. An empty field says nothing.
    pub(super) fn of_fields<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, String> {
        let mut row = Self::default();
        for (column, text) in fields {
            let text = text.trim();
            if text.len() > MAX_FIELD {
                return Err(format!("`{column}` is longer than {MAX_FIELD} bytes"));
            }
            if !text.is_empty() {
                row.set(column, text)?;
            }
        }
        row.plain()
    }

    fn set(&mut self, column: &str, text: &str) -> Result<(), String> {
        let one = || Some(text.to_owned());
        let many = || text.split([';', ' ']).filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let declared = &mut self.declaration;
        match column {
            "name" => text.clone_into(&mut self.name),
            "zone" => text.clone_into(&mut declared.zone),
            "class" => text.clone_into(&mut declared.class),
            "vendor" => declared.vendor = one(),
            "groups" => declared.groups = many(),
            "tags" => declared.tags = many(),
            "gateway" => declared.gateway = one(),
            "port" => declared.port = one(),
            "mac" => declared.mac = one(),
            "addresses" => declared.addresses = many(),
            "cycle" => declared.cycle = one(),
            "services" => declared.services = services(text)?,
            other if ATTRIBUTES.contains(&other) => {
                self.attributes.insert(other.to_owned(), text.to_owned());
            }
            _ => return Err(format!("no column is called `{}`", column.escape_debug())),
        }
        Ok(())
    }

    /// In the spelling of the record, with nothing in it that acts on whoever reads it.
    pub(super) fn plain(mut self) -> Result<Self, String> {
        if self.name.is_empty() {
            return Err("it has no name".to_owned());
        }
        for (attribute, value) in &mut self.attributes {
            if !ATTRIBUTES.contains(&attribute.as_str()) {
                return Err(format!("no attribute is called `{}`", attribute.escape_debug()));
            }
            *value = inert(value);
            if value.len() > MAX_VALUE {
                return Err(format!("`{attribute}` is longer than {MAX_VALUE} bytes"));
            }
        }
        self.declaration = self.declaration.canonical();
        Ok(self)
    }
}

/// The columns a list may have.
pub(super) fn is_column(name: &str) -> bool {
    const DECLARED: [&str; 12] = [
        "name",
        "zone",
        "class",
        "vendor",
        "groups",
        "tags",
        "gateway",
        "port",
        "mac",
        "addresses",
        "cycle",
        "services",
    ];
    DECLARED.contains(&name) || ATTRIBUTES.contains(&name)
}

/// `modbus=modbus@tcp/502; web=http@tcp/80`.
fn services(text: &str) -> Result<Vec<Service>, String> {
    let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let split = part.split_once('=').and_then(|(name, rest)| Some((name, rest.split_once('@')?)));
            let (name, (protocol, channel)) = split.ok_or_else(|| {
                format!("`{}` is no service: write NAME=PROTOCOL@tcp/PORT", part.escape_debug())
            })?;
            let [name, protocol, channel] = [name, protocol, channel].map(|part| part.trim().to_owned());
            Ok(Service { name, protocol, channel })
        })
        .collect()
}
