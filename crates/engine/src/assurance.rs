//! How sure we are of a device: one function of what speaks for it and against it (R-16, design §7).
//!
//! INVARIANT: what can be copied off the wire earns no more than IA2; what is doubted counts as seen and no more, whatever
//! it proves besides; more evidence never gives less, and doubt never gives more.

use nullius_model::Assurance;
use std::fmt;

/// What is known of a device being itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// What ties it to a place; without a place it is nobody.
    pub binding: Binding,
    /// A person who stands in front of it says so.
    pub is_vouched: bool,
    /// It proved its key at its place, lately.
    pub key: Option<Key>,
    /// A double of it, or its key in a second place, was seen.
    pub is_doubted: bool,
    /// It does not behave as it always did.
    pub is_odd: bool,
}

/// What ties a device to a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Binding {
    /// Nothing, or its access was taken away.
    #[default]
    None,
    /// It was seen there; something of its port and addresses was learned from the wire.
    Seen,
    /// The inventory declares its port, its hardware address and its network addresses.
    Declared,
}

/// A key that was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// It lies in a file: whoever reads the file has it.
    Software,
    /// It lies in hardware that does not give it away.
    Hardware,
    /// The same, and what runs on the device was attested. Nothing produces this evidence yet: no device is IA6.
    Attested,
}

/// How sure we are.
pub const fn assurance(evidence: &Evidence) -> Assurance {
    match *evidence {
        Evidence { binding: Binding::None, .. } => Assurance::Ia0,
        Evidence { is_doubted: true, .. } | Evidence { is_odd: true, .. } => Assurance::Ia1,
        Evidence { key: Some(Key::Attested), .. } => Assurance::Ia6,
        Evidence { key: Some(Key::Hardware), .. } => Assurance::Ia5,
        Evidence { key: Some(Key::Software), .. } => Assurance::Ia4,
        Evidence { is_vouched: true, .. } => Assurance::Ia3,
        Evidence { binding: Binding::Declared, .. } => Assurance::Ia2,
        Evidence { binding: Binding::Seen, .. } => Assurance::Ia1,
    }
}

/// How sure we are of a sender and by what, in the words of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identified {
    /// How sure.
    pub assurance: Assurance,
    /// What that rests on, or what lowers it.
    pub by: &'static str,
}

impl Identified {
    /// Somebody who is at the place of no device.
    pub const NOBODY: Self = Self { assurance: Assurance::Ia0, by: "unknown" };

    /// One whose access was taken away.
    pub const REVOKED: Self = Self { assurance: Assurance::Ia0, by: "revoked" };

    /// By what speaks for it and against it.
    pub const fn of(evidence: &Evidence) -> Self {
        let assurance = assurance(evidence);
        let by = match (assurance, evidence) {
            (Assurance::Ia0, _) => return Self::NOBODY,
            (_, Evidence { is_doubted: true, .. }) => "doubted: seen in two places",
            (_, Evidence { is_odd: true, .. }) => "doubted: unusual behaviour",
            (Assurance::Ia1, _) => "bound where it was seen",
            (Assurance::Ia2, _) => "bound by the inventory",
            (Assurance::Ia3, _) => "a person vouches for it",
            (Assurance::Ia4, _) => "certificate, software key",
            (Assurance::Ia5, _) => "certificate, hardware key",
            (Assurance::Ia6, _) => "certificate, hardware key, attested",
        };
        Self { assurance, by }
    }
}

/// `IA4 certificate, software key`.
impl fmt::Display for Identified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.assurance, self.by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BINDINGS: [Binding; 3] = [Binding::None, Binding::Seen, Binding::Declared];
    const KEYS: [Option<Key>; 4] = [None, Some(Key::Software), Some(Key::Hardware), Some(Key::Attested)];

    const ALL: [Assurance; 7] = [
        Assurance::Ia0,
        Assurance::Ia1,
        Assurance::Ia2,
        Assurance::Ia3,
        Assurance::Ia4,
        Assurance::Ia5,
        Assurance::Ia6,
    ];

    fn every() -> impl Iterator<Item = Evidence> {
        (0..96_usize).map(|number| Evidence {
            binding: BINDINGS[number % 3],
            key: KEYS[number / 3 % 4],
            is_vouched: number / 12 % 2 == 1,
            is_doubted: number / 24 % 2 == 1,
            is_odd: number / 48 % 2 == 1,
        })
    }

    #[test]
    fn each_combination_of_evidence_has_its_level() {
        // rows: no key, software, hardware, attested; columns: seen, seen and vouched for, declared, declared and vouched for
        const LEVELS: [[usize; 4]; 4] = [[1, 3, 2, 3], [4, 4, 4, 4], [5, 5, 5, 5], [6, 6, 6, 6]];
        for evidence in every() {
            let row = KEYS.iter().position(|key| *key == evidence.key).unwrap();
            let column =
                usize::from(evidence.binding == Binding::Declared) * 2 + usize::from(evidence.is_vouched);
            let expected = match evidence {
                Evidence { binding: Binding::None, .. } => 0,
                Evidence { is_doubted: true, .. } | Evidence { is_odd: true, .. } => 1,
                Evidence { .. } => LEVELS[row][column],
            };
            assert_eq!(assurance(&evidence), ALL[expected], "{evidence:?}");
        }
    }

    #[test]
    fn a_record_names_what_the_level_rests_on() {
        let declared = Evidence { binding: Binding::Declared, ..Evidence::default() };
        let key = |key| Evidence { key: Some(key), ..declared };
        let doubted = Evidence { is_doubted: true, ..key(Key::Hardware) };
        for (evidence, words) in [
            (Evidence::default(), "IA0 unknown"),
            (Evidence { binding: Binding::Seen, ..declared }, "IA1 bound where it was seen"),
            (doubted, "IA1 doubted: seen in two places"),
            (Evidence { is_odd: true, ..key(Key::Software) }, "IA1 doubted: unusual behaviour"),
            (Evidence { is_doubted: true, ..Evidence::default() }, "IA0 unknown"),
            (declared, "IA2 bound by the inventory"),
            (Evidence { is_vouched: true, ..declared }, "IA3 a person vouches for it"),
            (key(Key::Software), "IA4 certificate, software key"),
            (key(Key::Hardware), "IA5 certificate, hardware key"),
            (key(Key::Attested), "IA6 certificate, hardware key, attested"),
        ] {
            assert_eq!(Identified::of(&evidence).to_string(), words);
        }
        for evidence in every() {
            assert_eq!(Identified::of(&evidence).assurance, assurance(&evidence), "{evidence:?}");
        }
    }

    #[test]
    fn more_evidence_never_gives_less_and_doubt_never_more() {
        for evidence in every() {
            let level = assurance(&evidence);
            let stronger = [
                Evidence { is_vouched: true, ..evidence },
                Evidence { key: evidence.key.max(Some(Key::Hardware)), ..evidence },
                Evidence { binding: Binding::Declared, ..evidence },
            ];
            let weaker = [
                Evidence { is_doubted: true, ..evidence },
                Evidence { is_odd: true, ..evidence },
                Evidence { binding: Binding::None, ..evidence },
            ];
            assert!(stronger.iter().all(|more| assurance(more) >= level), "{evidence:?}");
            assert!(weaker.iter().all(|less| assurance(less) <= level), "{evidence:?}");
        }
    }
}
