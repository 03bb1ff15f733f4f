//! Names that people and policy use: of devices, of services, of the ports of a gateway.

use smol_str::SmolStr;
use std::fmt;

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadName {
    /// Nothing at all.
    Empty,
    /// More bytes than the limit given.
    TooLong(usize),
    /// A character that has no business in a name of this kind.
    Character(char),
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a name has at least one character"),
            Self::TooLong(limit) => write!(f, "a name has at most {limit} bytes"),
            Self::Character(character) => {
                write!(f, "a name has no {}", character.escape_debug())
            }
        }
    }
}

impl std::error::Error for BadName {}

/// Letters, digits, `-`, `_` and `.`; what is safe in a path, a log line, a Cedar string and a shell.
const fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.')
}

fn checked(text: &str, limit: usize, fits: impl Fn(char) -> bool) -> Result<SmolStr, BadName> {
    match text.chars().find(|&character| !fits(character)) {
        _ if text.is_empty() => Err(BadName::Empty),
        _ if text.len() > limit => Err(BadName::TooLong(limit)),
        Some(character) => Err(BadName::Character(character)),
        None => Ok(SmolStr::new(text)),
    }
}

/// What people call a device, unique on a site: `plc1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceName(SmolStr);

impl DeviceName {
    /// Longest name, in bytes.
    pub const MAX: usize = 63;

    /// Letters, digits, `-`, `_` and `.` only.
    ///
    /// # Errors
    /// [`BadName`] for anything else, for nothing, and for more than [`DeviceName::MAX`] bytes.
    pub fn new(text: &str) -> Result<Self, BadName> {
        checked(text, Self::MAX, is_plain).map(Self)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A port of the gateway: the network interface a cable ends in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortName(SmolStr);

impl PortName {
    /// Longest name, in bytes: the kernel's `IFNAMSIZ` less its closing zero.
    pub const MAX: usize = 15;

    /// What Linux accepts as an interface name: no white space, no `/`, no `:`, not `.` or `..`.
    ///
    /// # Errors
    /// [`BadName`] for anything else, for nothing, and for more than [`PortName::MAX`] bytes.
    pub fn new(text: &str) -> Result<Self, BadName> {
        if matches!(text, "." | "..") {
            return Err(BadName::Character('.'));
        }
        checked(text, Self::MAX, |character| character.is_ascii_graphic() && !matches!(character, '/' | ':'))
            .map(Self)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_name_holds_nothing_that_means_something_elsewhere() {
        for good in ["plc1", "cell-a.plc_01", "7"] {
            assert_eq!(DeviceName::new(good).unwrap().as_str(), good);
        }
        assert_eq!(DeviceName::new(""), Err(BadName::Empty));
        assert_eq!(DeviceName::new(&"a".repeat(64)), Err(BadName::TooLong(63)));
        for bad in ["a b", "a\"b", "a/b", "ä", "a\nb"] {
            assert!(matches!(DeviceName::new(bad), Err(BadName::Character(_))), "{bad}");
        }
    }

    #[test]
    fn a_port_name_is_what_the_kernel_takes() {
        for good in ["eth0", "p-plc1", "enp3s0.100", "veth@x"] {
            assert_eq!(PortName::new(good).unwrap().as_str(), good);
        }
        for bad in ["", ".", "..", "a/b", "a:b", "a b", "sixteen-letters0"] {
            assert!(PortName::new(bad).is_err(), "{bad}");
        }
    }
}
