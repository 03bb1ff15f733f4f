//! Values of the language.

use super::Fault;
use crate::entity::Uid;
use nullius_model::SmolStr;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A value. Equality is by structure, and values of different types are never equal, as in Cedar.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Bool(bool),
    Long(i64),
    Text(SmolStr),
    Entity(Uid),
    Set(Arc<BTreeSet<Self>>),
    Record(Arc<BTreeMap<SmolStr, Self>>),
}

impl Value {
    /// # Errors
    /// It is of another type.
    pub(crate) const fn bool(&self) -> Result<bool, Fault> {
        if let Self::Bool(value) = self { Ok(*value) } else { Err(Fault::Type("boolean")) }
    }

    /// # Errors
    /// It is of another type.
    pub(crate) const fn long(&self) -> Result<i64, Fault> {
        if let Self::Long(value) = self { Ok(*value) } else { Err(Fault::Type("long")) }
    }

    /// # Errors
    /// It is of another type.
    pub(crate) const fn string(&self) -> Result<&SmolStr, Fault> {
        if let Self::Text(text) = self { Ok(text) } else { Err(Fault::Type("string")) }
    }

    /// # Errors
    /// It is of another type.
    pub(crate) const fn entity(&self) -> Result<&Uid, Fault> {
        if let Self::Entity(uid) = self { Ok(uid) } else { Err(Fault::Type("entity")) }
    }

    /// # Errors
    /// It is of another type.
    pub(crate) fn members(&self) -> Result<&BTreeSet<Self>, Fault> {
        if let Self::Set(members) = self { Ok(members) } else { Err(Fault::Type("set")) }
    }

    pub(crate) const fn text(text: &'static str) -> Self {
        Self::Text(SmolStr::new_static(text))
    }

    pub(crate) fn set(members: impl IntoIterator<Item = Self>) -> Self {
        Self::Set(Arc::new(members.into_iter().collect()))
    }

    pub(crate) fn record<'a>(fields: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        Self::Record(Arc::new(fields.into_iter().map(|(name, value)| (SmolStr::new(name), value)).collect()))
    }
}
