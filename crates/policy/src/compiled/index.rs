//! Which policies speak of a subject and an object.
//!
//! A policy whose scope does not fit is not satisfied and cannot fail, so leaving it out changes nothing (a property test
//! compares with Cedar over all policies).
//!
//! INVARIANT: what a question costs depends on what its two ends are in and on how many policies fit, not on how many there
//! are: every step is a look-up by hash.

use super::rule::Rule;
use crate::directory::Entity;
use crate::entity::Uid;
use nullius_model::{KeyedMap, Seed};

/// The names in these tables are those the policies use. Devices choose none of them, so the seed need not be secret.
const SEED: Seed = Seed::new(0);

/// Places of rules, by what their scopes name.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    subjects: Numbers,
    objects: Numbers,
    by_subject: KeyedMap<usize, Vec<usize>>,
    by_both: KeyedMap<(usize, usize), Vec<usize>>,
}

/// Entities as numbers, so that pairs of them are short keys.
#[derive(Clone, Debug)]
struct Numbers(KeyedMap<Uid, usize>);

impl Index {
    pub(crate) fn of(rules: &[Rule]) -> Self {
        let mut index = Self {
            subjects: Numbers(SEED.map()),
            objects: Numbers(SEED.map()),
            by_subject: SEED.map(),
            by_both: SEED.map(),
        };
        for (place, rule) in rules.iter().enumerate() {
            let subject = index.subjects.number(rule.subject.of.as_ref());
            let object = index.objects.number(rule.object.of.as_ref());
            index.by_subject.entry(subject).or_default().push(place);
            index.by_both.entry((subject, object)).or_default().push(place);
        }
        index
    }

    /// Places of the rules that may speak of both, in order.
    pub(crate) fn find(&self, subject: &Entity, object: &Entity) -> Vec<usize> {
        let objects: Vec<usize> = self.objects.around(object).collect();
        let mut places = Vec::new();
        for subject in self.subjects.around(subject) {
            for object in &objects {
                places.extend(self.by_both.get(&(subject, *object)).into_iter().flatten());
            }
        }
        places.sort_unstable();
        places
    }

    /// Places of the rules that may speak of the subject, found as they are asked for.
    pub(crate) fn of_subject(&self, subject: &Entity) -> impl Iterator<Item = usize> {
        let found = self.subjects.around(subject).filter_map(|number| self.by_subject.get(&number));
        found.flatten().copied()
    }
}

impl Default for Index {
    fn default() -> Self {
        Self::of(&[])
    }
}

impl Numbers {
    /// What stands for a scope that names nobody, and so holds anybody.
    const ANY: usize = 0;

    fn number(&mut self, uid: Option<&Uid>) -> usize {
        let next = self.0.len() + 1;
        uid.map_or(Self::ANY, |uid| *self.0.entry(uid.clone()).or_insert(next))
    }

    /// For any, for the entity itself, and for all it is in.
    fn around(&self, entity: &Entity) -> impl Iterator<Item = usize> {
        let uids = std::iter::once(&entity.uid).chain(&entity.ancestors);
        std::iter::once(Self::ANY).chain(uids.filter_map(|uid| self.0.get(uid).copied()))
    }
}
