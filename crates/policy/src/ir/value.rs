//! Values of the language.

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
