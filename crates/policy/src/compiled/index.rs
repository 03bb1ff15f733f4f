//! Which policies speak of a subject and an object.
//!
//! A policy whose scope does not fit is not satisfied and cannot fail, so leaving it out changes nothing (a property test
//! compares with Cedar over all policies).

use super::rule::Rule;
use crate::directory::Entity;
use crate::entity::Uid;
use std::collections::BTreeMap;

/// Places of rules, by what their scopes name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    subjects: By<By<Vec<usize>>>,
}

/// Values for an entity and all in it, and those for any.
#[derive(Clone, Debug, Default)]
struct By<T> {
    any: T,
    named: BTreeMap<Uid, T>,
}

impl Index {
    pub(crate) fn of(rules: &[Rule]) -> Self {
        let mut index = Self::default();
        for (place, rule) in rules.iter().enumerate() {
            index.subjects.slot(rule.subject.of.as_ref()).slot(rule.object.of.as_ref()).push(place);
        }
        index
    }

    /// Places of the rules that may speak of both, in order.
    pub(crate) fn find(&self, subject: &Entity, object: &Entity) -> Vec<usize> {
        let mut places = Vec::new();
        for objects in self.subjects.around(subject) {
            for found in objects.around(object) {
                places.extend_from_slice(found);
            }
        }
        places.sort_unstable();
        places
    }

    /// Places of the rules that may speak of the subject, in order.
    pub(crate) fn of_subject(&self, subject: &Entity) -> Vec<usize> {
        let found = self.subjects.around(subject).into_iter();
        let mut places: Vec<usize> = found.flat_map(By::every).flatten().copied().collect();
        places.sort_unstable();
        places
    }
}

impl<T: Default> By<T> {
    fn slot(&mut self, uid: Option<&Uid>) -> &mut T {
        match uid {
            Some(uid) => self.named.entry(uid.clone()).or_default(),
            None => &mut self.any,
        }
    }
}

impl<T> By<T> {
    /// For any, for the entity itself, and for all it is in.
    fn around(&self, entity: &Entity) -> Vec<&T> {
        let uids = std::iter::once(&entity.uid).chain(&entity.ancestors);
        std::iter::once(&self.any).chain(uids.filter_map(|uid| self.named.get(uid))).collect()
    }

    fn every(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.any).chain(self.named.values())
    }
}
