//! How sure we are of a device, how far roll-out has come, and what the plant is doing.

use std::fmt;
use std::str::FromStr;

/// A text that names none of the values there are; holds what would have been right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord(pub &'static str);

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected one of: {}", self.0.trim_end())
    }
}

impl std::error::Error for UnknownWord {}

/// Declares an enum of plain words with its names, in one place.
macro_rules! words {
    ($(#[$of_type:meta])* $type:ident { $($(#[$of_word:meta])* $word:ident = $name:literal),+ $(,)? }) => {
        $(#[$of_type])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type { $($(#[$of_word])* $word),+ }

        impl $type {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$word),+];

            /// Lower-case name, as policy, commands and reports write it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$word => $name),+ }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $type {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($name => Ok(Self::$word),)+
                    _ => Err(UnknownWord(concat!($($name, " "),+))),
                }
            }
        }
    };
}

words! {
    /// Identity assurance of a session: how strong the tie is between what is on the wire and who it says it is
    /// . A legacy device known by port and addresses never rises above [`Assurance::Ia2`].
    Assurance {
        /// Unknown.
        #[default]
        Ia0 = "IA0",
        /// Observed: hardware address, network address, port.
        Ia1 = "IA1",
        /// Bound on the link, and behaves as it always did.
        Ia2 = "IA2",
        /// 802.1X, a pre-shared key, or vouched for by a gateway.
        Ia3 = "IA3",
        /// A certificate, its key in software.
        Ia4 = "IA4",
        /// A certificate, its key in hardware.
        Ia5 = "IA5",
        /// A key in hardware and a fresh attestation.
        Ia6 = "IA6",
    }
}

words! {
    /// How far roll-out has come for a device or a conduit.
    Stage {
        /// What policy denies passes and is not counted.
        Observe = "observe",
        /// What policy denies passes, and the kernel counts it as `would deny`.
        Shadow = "shadow",
        /// What policy denies is dropped.
        #[default]
        Enforce = "enforce",
    }
}

words! {
    /// What the plant is doing; policy may allow a thing in one mode and not in another.
    Mode {
        /// Production as usual.
        #[default]
        Normal = "normal",
        /// Work on the plant, planned.
        Maintenance = "maintenance",
        /// The process is being brought up.
        StartUp = "start-up",
        /// The line is changed to another product.
        Changeover = "changeover",
        /// Something is wrong, and the process comes first.
        Emergency = "emergency",
        /// Cut off from everything outside the site.
        Island = "island",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_reads_back_as_itself_and_an_unknown_one_says_what_there_is() {
        for &stage in Stage::ALL {
            assert_eq!(stage.name().parse(), Ok(stage));
        }
        let error = "enforced".parse::<Stage>().unwrap_err();
        assert_eq!(error.to_string(), "expected one of: observe shadow enforce");
    }

    #[test]
    fn the_default_is_what_protects() {
        assert_eq!(Stage::default(), Stage::Enforce);
        assert_eq!(Assurance::default(), Assurance::Ia0);
    }
}
