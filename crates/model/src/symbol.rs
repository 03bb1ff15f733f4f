//! Symbols: the kinds of message a conversation is made of.

use smol_str::SmolStr;
use std::fmt;

/// What a message does, across protocols. Policy grants these classes; a protocol's own verbs lie beneath them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VerbClass {
    /// Ask or tell who is there.
    Discover,
    /// Open, keep or close a session.
    Connect,
    /// Read values.
    Read,
    /// Ask to be told of values.
    Subscribe,
    /// Tell values to whoever asked.
    Publish,
    /// Change values.
    Write,
    /// Operate the process: switch, start, stop, trip.
    Command,
    /// Read or reset diagnostic state.
    Diagnose,
    /// Change settings: addresses, names, clocks, passwords.
    Configure,
    /// Read or change the control program.
    Program,
    /// Read or change firmware.
    Firmware,
    /// Anything that governs the device itself beyond these.
    Admin,
}

impl VerbClass {
    /// Lower-case name, as policy and reports write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Discover => "discover",
            Self::Connect => "connect",
            Self::Read => "read",
            Self::Subscribe => "subscribe",
            Self::Publish => "publish",
            Self::Write => "write",
            Self::Command => "command",
            Self::Diagnose => "diagnose",
            Self::Configure => "configure",
            Self::Program => "program",
            Self::Firmware => "firmware",
            Self::Admin => "admin",
        }
    }

    /// Changes the process or the device, so that a person must seal it into a baseline (dynamics §5.2).
    pub const fn needs_seal(self) -> bool {
        match self {
            Self::Write | Self::Command | Self::Configure | Self::Program | Self::Firmware | Self::Admin => {
                true
            }
            Self::Discover
            | Self::Connect
            | Self::Read
            | Self::Subscribe
            | Self::Publish
            | Self::Diagnose => false,
        }
    }
}

impl fmt::Display for VerbClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The address space a numbered object lies in: `coil`, `holding register`, `DB` 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Space {
    /// The protocol's name of the space.
    pub name: &'static str,
    /// Its number where the protocol has many of that name.
    pub number: Option<u32>,
}

/// What a message is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Object {
    /// The peer itself.
    #[default]
    Peer,
    /// `count` numbered items from `first` on.
    Range {
        /// Where the numbers count.
        space: Space,
        /// The first item, as the protocol transmits it (Modbus: from 0).
        first: u32,
        /// How many; 1 for a single item.
        count: u32,
    },
    /// A thing with a name: a topic, a path, a node. Device-chosen text, bounded to [`Object::MAX_NAME`] bytes.
    Name(SmolStr),
    /// A number without a known name: an unknown function code, an object identifier.
    Code(u64),
}

impl Object {
    /// Longest name kept, in bytes: a device could otherwise fill memory with 64 KiB topics.
    pub const MAX_NAME: usize = 256;

    /// A single numbered item or a run of them in an unnumbered space.
    pub const fn range(space: &'static str, first: u32, count: u32) -> Self {
        Self::Range { space: Space { name: space, number: None }, first, count }
    }

    /// A name a device chose, cut to [`Object::MAX_NAME`] bytes at a character boundary.
    pub fn name(text: &str) -> Self {
        Self::Name(SmolStr::new(cut(text, Self::MAX_NAME)))
    }
}

/// The longest prefix of `text` of at most `max` bytes that ends at a character boundary.
fn cut(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or_default()
}

/// `coil[16..24]`, `DB5[0]`, `plant/a/temp`, `#90`; nothing for the peer itself.
impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer => Ok(()),
            Self::Range { space: Space { name, number }, first, count } => {
                f.write_str(name)?;
                if let Some(number) = number {
                    write!(f, "{number}")?;
                }
                match count {
                    1 => write!(f, "[{first}]"),
                    _ => write!(f, "[{first}..{}]", u64::from(*first) + u64::from(*count)),
                }
            }
            Self::Name(name) => write!(f, "{}", name.escape_debug()),
            Self::Code(code) => write!(f, "#{code}"),
        }
    }
}

/// A length rounded up to a power of four, so that a symbol does not split on every byte more: 0, 1, 4, 16, 64 …
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SizeClass {
    /// The protocol fixes the size, or the object tells it: Modbus, most of S7.
    #[default]
    Fixed,
    /// At most 4ⁿ bytes.
    UpTo(u8),
}

impl SizeClass {
    /// The class of a payload of `bytes`.
    pub const fn of(bytes: usize) -> Self {
        let mut exponent = 0;
        while exponent < 16 && (1 << (2 * exponent)) < bytes {
            exponent += 1;
        }
        Self::UpTo(exponent)
    }
}

/// `≤64 B`; nothing where the size is fixed.
impl fmt::Display for SizeClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed => Ok(()),
            Self::UpTo(exponent) => write!(f, "≤{} B", 1_u64 << (2 * exponent)),
        }
    }
}

/// One kind of message in a conversation: verb, object, size class.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol {
    /// The class policy speaks of.
    pub class: VerbClass,
    /// The protocol's own verb, in its own words: `read_coils`, `PUBLISH`.
    pub verb: &'static str,
    /// What it is about.
    pub object: Object,
    /// How large, where neither verb nor object says.
    pub size: SizeClass,
}

impl Symbol {
    /// A message about the peer itself, of a size the protocol fixes.
    pub const fn new(class: VerbClass, verb: &'static str) -> Self {
        Self { class, verb, object: Object::Peer, size: SizeClass::Fixed }
    }

    /// The same, about `object`.
    #[must_use]
    pub fn about(self, object: Object) -> Self {
        Self { object, ..self }
    }

    /// The same, with the class of a payload of `bytes`.
    #[must_use]
    pub fn sized(self, bytes: usize) -> Self {
        Self { size: SizeClass::of(bytes), ..self }
    }
}

/// `read_coils coil[16..24]`.
impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.verb)?;
        if self.object != Object::Peer {
            write!(f, " {}", self.object)?;
        }
        if self.size != SizeClass::Fixed {
            write!(f, " {}", self.size)?;
        }
        Ok(())
    }
}

/// The part of a server a conversation is held with, where one endpoint serves several: Modbus unit, DNP3 link
/// address, IEC 104 common address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unit(pub Option<u32>);

impl Unit {
    /// The protocol knows no units, or the message names none.
    pub const NONE: Self = Self(None);

    /// The unit of this number.
    pub const fn number(number: u32) -> Self {
        Self(Some(number))
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(number) => write!(f, "{number}"),
            None => f.write_str("-"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_prints_its_verb_object_and_size() {
        let read = Symbol::new(VerbClass::Read, "read_coils");
        for (symbol, text) in [
            (read.clone(), "read_coils"),
            (read.clone().about(Object::range("coil", 16, 8)), "read_coils coil[16..24]"),
            (read.clone().about(Object::range("coil", u32::MAX, 1)), "read_coils coil[4294967295]"),
            (read.clone().about(Object::Code(90)).sized(65), "read_coils #90 ≤256 B"),
            (read.about(Object::name("a\u{1b}[31m")), "read_coils a\\u{1b}[31m"),
        ] {
            assert_eq!(symbol.to_string(), text);
        }
    }

    #[test]
    fn a_size_class_is_the_next_power_of_four() {
        for (bytes, class) in [(0, 0), (1, 0), (2, 1), (4, 1), (5, 2), (64, 3), (65, 4), (usize::MAX, 16)] {
            assert_eq!(SizeClass::of(bytes), SizeClass::UpTo(class), "{bytes}");
        }
    }

    #[test]
    fn a_long_name_is_cut_at_a_character() {
        let Object::Name(name) = Object::name(&"ü".repeat(200)) else { panic!("a name") };
        assert_eq!(name.len(), 256);
        let Object::Name(name) = Object::name(&format!("x{}", "ü".repeat(200))) else { panic!("a name") };
        assert_eq!(name.len(), 255);
    }
}
