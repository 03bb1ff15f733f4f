//! How sure we are of a device: one function of what speaks for it and against it (R-16, design §7).
//!
//! INVARIANT: what can be copied off the wire earns no more than IA2; what is doubted counts as seen and no more, whatever
//! it proves besides; more evidence never gives less, and doubt never gives more.

use nullius_model::Assurance;

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
