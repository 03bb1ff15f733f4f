//! How a device's private key is kept, as the authority vouches for it: a policy in the certificate (RFC 5280 §4.2.1.4).
//!
//! The identifiers are 2.25.UUID.1 and .2 (ITU-T X.667), with a UUID drawn for this product:
//! ce45be76-0a92-4c0c-92fb-4af2388e68b2.

use crate::der;

/// 2.25.274183098624951155824807199557586675890.
const ARC: [u8; 20] = [
    0x69, 0x83, 0x9c, 0xc5, 0xdf, 0x9d, 0xc1, 0xa9, 0x92, 0xb0, 0x99, 0x92, 0xfd, 0xd2, 0xde, 0xa3, 0xc4,
    0xb9, 0xd1, 0x32,
];

/// Where the private key of a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protection {
    /// In a file or in memory: who reads the device's storage has it.
    Software,
    /// In a chip that signs but does not give it away.
    Hardware,
}

impl Protection {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Software, Self::Hardware];

    /// `software` or `hardware`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Software => "software",
            Self::Hardware => "hardware",
        }
    }

    /// From its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protection| protection.as_str() == text)
    }

    /// The contents of its object identifier.
    pub(crate) fn oid(self) -> Vec<u8> {
        let last = match self {
            Self::Software => 1,
            Self::Hardware => 2,
        };
        [&ARC[..], &[last]].concat()
    }

    /// The extension `certificatePolicies` that says it, without its frame.
    pub(crate) fn policies(self) -> Vec<u8> {
        let policy = der::value(der::SEQUENCE, &[&der::value(der::OID, &[&self.oid()])]);
        der::value(der::SEQUENCE, &[&policy])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arc_is_the_uuid() {
        let uuid = ARC.iter().skip(1).fold(0_u128, |sum, byte| sum << 7 | u128::from(byte & 0x7f));
        assert_eq!(uuid, 0xce45_be76_0a92_4c0c_92fb_4af2_388e_68b2);
        assert_eq!(ARC[0], 2 * 40 + 25);
    }

    #[test]
    fn a_protection_has_one_word() {
        for protection in Protection::ALL {
            assert_eq!(Protection::parse(protection.as_str()), Some(protection));
        }
        assert_eq!(Protection::parse("Hardware"), None);
    }
}
