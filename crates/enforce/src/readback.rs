//! What the kernel has, held against what it should have.

use crate::elements::rule;
use crate::error::Error;
use crate::kernel::Kernel;
use crate::plan::{Installed as Memory, Placed};
use crate::plane::Plane;
use crate::reader::{Listed, ListedTable, elements, ending, marker};
use crate::set::Set;
use nullius_model::{Marker, Rule, RuleSet, Terms, Uptime};
use std::collections::BTreeSet;
use std::time::Duration;

/// An element may be read this much later than it was written, and end this much later than its comment says: the
/// kernel rounds to its ticks.
const TICK: Duration = Duration::from_millis(1_500);

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Installed {
    /// Which policy the rules were made from; none where the marker is gone or differs between the tables.
    pub marker: Option<Marker>,
    /// The rules that are there. What has ended by now is not among them.
    pub rules: RuleSet,
    /// Chains, sets and whatever follows from the rules are as they were installed. Where they are not, only
    /// [`Kernel::replace`] mends it.
    pub skeleton_intact: bool,
    /// Ways round the rules, as sentences for people.
    pub bypasses: Vec<String>,
}

impl Kernel {
    /// Reads the tables, and looks for ways round them.
    ///
    /// Later [`Kernel::change`]s build on what was read, if the skeleton is intact.
    ///
    /// # Errors
    /// [`Error`] where the kernel does not answer, or the tables do not hold still.
    pub fn read_back(&mut self, now: Uptime) -> Result<Installed, Error> {
        let planes = self.planes();
        let mut found = Found::default();
        let mut skeleton_intact = true;
        for &plane in &planes {
            skeleton_intact &= self.is_built(plane)?;
            for &set in Set::ALL.iter().filter(|set| !set.is_learned()) {
                let listed = elements(&mut self.netlink, plane, &self.layout.table, set)?;
                found.take(plane, listed, now);
            }
        }
        let (expected, _) = Memory::with(planes, &found.rules, Uptime::default());
        let lingering = self.installed.as_ref().map(|installed| installed.ended(now)).unwrap_or_default();
        skeleton_intact &= !found.is_odd && found.follows_from(&expected, &lingering);
        let marker = found.marker();
        let rules = found.rules;
        self.installed = skeleton_intact.then_some(expected);
        let bypasses = self.bypasses()?;
        Ok(Installed { marker, rules, skeleton_intact, bypasses })
    }

    /// Chains and sets of a table are those that would be installed.
    pub(crate) fn is_built(&mut self, plane: Plane) -> Result<bool, Error> {
        let expected = ListedTable::expected(&plane.chains(&self.site()));
        Ok(ListedTable::read(&mut self.netlink, plane, &self.layout.table)? == expected)
    }
}

#[derive(Debug, Default)]
struct Found {
    rules: RuleSet,
    elements: BTreeSet<Placed>,
    markers: Vec<Option<Marker>>,
    /// Something is there that no rule would have put there as it is.
    is_odd: bool,
}

impl Found {
    fn take(&mut self, plane: Plane, listed: Vec<Listed>, now: Uptime) {
        for Listed { element, left, comment } in listed {
            if element.set == Set::Marker {
                self.markers.push(comment.as_deref().and_then(marker));
                continue;
            }
            let ends = comment.as_deref().and_then(ending);
            self.is_odd |= !is_credible(ends, left, now);
            if let Some((rule, verdict)) = rule(&element, plane.path()) {
                self.rules.insert(rule, Terms { verdict, ends });
            }
            self.elements.insert((plane, element));
        }
    }

    fn marker(&self) -> Option<Marker> {
        let first = self.markers.first().copied().flatten();
        first.filter(|_| self.markers.iter().all(|&marker| marker == first))
    }

    /// All that follows from the rules is there, and nothing else but what is left of rules that ended.
    fn follows_from(&self, expected: &Memory, lingering: &[(Rule, Terms)]) -> bool {
        let wanted = expected.all_elements(&[]);
        let allowed = expected.all_elements(lingering);
        wanted.is_subset(&self.elements) && self.elements.is_subset(&allowed)
    }
}

/// The element ends when its comment says.
fn is_credible(ends: Option<Uptime>, left: Option<Duration>, now: Uptime) -> bool {
    match (ends, left) {
        (None, None) => true,
        (Some(end), Some(left)) => left <= end.since(now).saturating_add(TICK),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

impl Memory {
    /// Every element of every rule, and of the rules given besides.
    fn all_elements(&self, besides: &[(Rule, Terms)]) -> BTreeSet<Placed> {
        let mut all: BTreeSet<Placed> = self
            .rules
            .iter()
            .chain(besides.iter().map(|(rule, terms)| (rule, terms)))
            .flat_map(|(rule, terms)| self.placed(rule, terms))
            .map(|(plane, element, _)| (plane, element))
            .collect();
        all.extend(self.dhcp_elements());
        all
    }
}
