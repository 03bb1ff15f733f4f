//! What is believed of an attribute when several say something about it.
//!
//! Every word stays visible with its source, its time and how sure it was; one of them wins, and a contradiction is told.
//! A word that nobody repeats is worth less with time, and one that is worth nothing loses to any that is.
//!
//! INVARIANT: the winner depends on the observations and on `now` alone.

use super::{Actor, tell};
use crate::http::Problem;
use nullius_store::Tx;
use nullius_store::attributes::{self, Observation};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Below this a word counts as stale: it wins only where there is no other.
const STALE: u8 = 20;

/// What changes on a device by itself: what it says now counts before what a list says of it.
const VOLATILE: [&str; 4] = ["firmware", "software", "hostname", "configuration"];

const DAY: u64 = 86_400;

/// How something is known, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    /// Proved by a key.
    Cryptographic,
    /// From a list somebody keeps: a spreadsheet, a maintenance system.
    Import,
    /// The device was asked.
    Active,
    /// It was overheard.
    Passive,
    /// It was inferred.
    Guessed,
}

/// An attribute as it is believed, with all that is said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Attribute {
    /// What wins.
    pub(crate) value: String,
    /// Its source.
    pub(crate) source: Source,
    /// How much it is worth now, 0 to 100.
    pub(crate) confidence: u8,
    /// Nobody said it lately.
    pub(crate) stale: bool,
    /// Something that is not stale says otherwise.
    pub(crate) conflict: bool,
    /// Every word, the winner first.
    pub(crate) said: Vec<Said>,
}

/// One origin's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Said {
    /// What.
    pub(crate) value: String,
    /// How it is known.
    pub(crate) source: Source,
    /// Who says so.
    pub(crate) origin: String,
    /// When it was observed, in seconds since 1970.
    pub(crate) at: u64,
    /// How much it is worth now, 0 to 100.
    pub(crate) confidence: u8,
}

impl Source {
    /// Every source, the surest first.
    pub(crate) const ALL: [Self; 5] =
        [Self::Cryptographic, Self::Import, Self::Active, Self::Passive, Self::Guessed];

    /// As the store has it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Cryptographic => "cryptographic",
            Self::Import => "import",
            Self::Active => "active",
            Self::Passive => "passive",
            Self::Guessed => "guessed",
        }
    }

    /// After so many seconds its word is worth half.
    const fn half_life(self) -> u64 {
        match self {
            Self::Cryptographic | Self::Import => 365 * DAY,
            Self::Active => 90 * DAY,
            Self::Passive => 30 * DAY,
            Self::Guessed => 7 * DAY,
        }
    }

    /// Its place among the sources for an attribute; the lowest wins.
    fn rank(self, attribute: &str) -> u8 {
        match self {
            Self::Cryptographic => 0,
            Self::Import if VOLATILE.contains(&attribute) => 3,
            Self::Import => 1,
            Self::Active => 2,
            Self::Passive => 4,
            Self::Guessed => 5,
        }
    }
}

/// What is believed at `now`, in seconds since 1970, attribute by attribute.
pub(crate) fn believed(observations: Vec<Observation>, now: u64) -> BTreeMap<String, Attribute> {
    let mut by_attribute: BTreeMap<String, Vec<Said>> = BTreeMap::new();
    for observation in observations {
        let source = Source::ALL.into_iter().find(|source| source.name() == observation.source);
        let source = source.unwrap_or(Source::Guessed);
        let said = Said {
            value: observation.value,
            source,
            origin: observation.origin,
            at: observation.at,
            confidence: decayed(
                observation.confidence,
                now.saturating_sub(observation.at),
                source.half_life(),
            ),
        };
        by_attribute.entry(observation.attribute).or_default().push(said);
    }
    by_attribute.into_iter().filter_map(|(name, said)| Some((name.clone(), believe(&name, said)?))).collect()
}

/// Somebody says something of a device: (attribute, value, confidence).
///
/// # Errors
/// 409 where more is said of it than is kept.
pub(crate) fn say(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    device: &str,
    (attribute, value, confidence): (&str, &str, u8),
) -> Result<(), Problem> {
    let said = Observation {
        attribute: attribute.to_owned(),
        origin: actor.who.clone(),
        source: Source::Import.name().to_owned(),
        value: value.to_owned(),
        at: actor.seconds(),
        confidence,
    };
    if !attributes::put(tx, site, device, &said)? {
        return Err(Problem::conflict("too-much", "more is said of the device than is kept"));
    }
    let entry = tell::decided(site, actor, "device.observe", &format!("device/{device}"));
    tell::log(tx, &entry.detail("attribute", attribute).detail("value", value)).map(drop)
}

fn believe(attribute: &str, mut said: Vec<Said>) -> Option<Attribute> {
    said.sort_by_key(|said| {
        let stale = said.confidence < STALE;
        (stale, said.source.rank(attribute), Reverse((said.confidence, said.at)), said.origin.clone())
    });
    let first = said.first()?;
    let conflict = said.iter().any(|other| other.confidence >= STALE && other.value != first.value);
    Some(Attribute {
        value: first.value.clone(),
        source: first.source,
        confidence: first.confidence,
        stale: first.confidence < STALE,
        conflict,
        said,
    })
}

/// `confidence × 2^(-age / half_life)`, the curve between two halvings taken as a line.
fn decayed(confidence: u8, age: u64, half_life: u64) -> u8 {
    let halvings = u32::try_from(age / half_life).unwrap_or(u32::MAX);
    let start = u64::from(confidence.min(100)).checked_shr(halvings).unwrap_or(0);
    let lost = start * (age % half_life) / (2 * half_life);
    u8::try_from(start - lost).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 2_000_000_000;

    fn said(attribute: &str, source: Source, value: &str, age: u64) -> Observation {
        Observation {
            attribute: attribute.to_owned(),
            origin: format!("{} {age}", source.name()),
            source: source.name().to_owned(),
            value: value.to_owned(),
            at: NOW - age,
            confidence: 90,
        }
    }

    #[test]
    fn the_surer_source_wins_and_the_contradiction_is_told() {
        let found = believed(
            vec![
                said("serial", Source::Passive, "B", 0),
                said("serial", Source::Import, "A", DAY),
                said("model", Source::Guessed, "x", 0),
                said("model", Source::Passive, "x", DAY),
            ],
            NOW,
        );
        let serial = &found["serial"];
        assert_eq!((serial.value.as_str(), serial.conflict, serial.stale), ("A", true, false));
        assert_eq!(serial.said.len(), 2);
        assert!(!found["model"].conflict);
    }

    #[test]
    fn of_firmware_the_device_knows_better_than_the_list_and_both_stay_visible() {
        let found = believed(
            vec![said("firmware", Source::Import, "2.1", 0), said("firmware", Source::Active, "2.3", DAY)],
            NOW,
        );
        let firmware = &found["firmware"];
        assert_eq!((firmware.value.as_str(), firmware.conflict), ("2.3", true));
        assert_eq!(firmware.said.iter().map(|said| said.value.as_str()).collect::<Vec<_>>(), ["2.3", "2.1"]);
    }

    #[test]
    fn what_nobody_says_any_more_loses_to_what_somebody_says() {
        let found = believed(
            vec![said("model", Source::Active, "old", 400 * DAY), said("model", Source::Passive, "new", DAY)],
            NOW,
        );
        assert_eq!((found["model"].value.as_str(), found["model"].conflict), ("new", false));
        let alone = believed(vec![said("model", Source::Active, "old", 4_000 * DAY)], NOW);
        assert!(alone["model"].stale && alone["model"].value == "old");
    }

    #[test]
    fn confidence_halves_with_each_half_life_and_never_grows() {
        assert_eq!([0, 10, 15, 20, 30, 1_000_000].map(|age| decayed(80, age, 10)), [80, 40, 30, 20, 10, 0]);
        assert!((1..100).all(|age| decayed(100, age, 10) <= decayed(100, age - 1, 10)));
        assert_eq!(decayed(u8::MAX, u64::MAX, 10), 0);
    }
}
