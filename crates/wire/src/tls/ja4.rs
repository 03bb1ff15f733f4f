//! JA4, a fingerprint of a TLS client (FoxIO, "JA4: TLS Client Fingerprinting", the part under BSD-3-Clause).
//!
//! `t13d1516h2_8daaf6152771_e5627efa2ab1`: transport, version, server name or address, how many suites and extensions,
//! first protocol; then a hash of the sorted suites; then one of the sorted extensions with the signature algorithms.
//! A hello in the form of SSL 2, for which the specification says nothing, counts as one without extensions.

use super::hello::{ClientHello, Transported, extension};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The specification writes counts with two digits.
const MAX_COUNT: usize = 99;
/// Bytes of a hash that are printed.
const HASH_BYTES: usize = 6;
/// Stands for the hash of nothing.
const NO_HASH: &str = "000000000000";

/// The fingerprint of `hello`.
pub(crate) fn ja4(hello: &ClientHello<'_>, transported: Transported) -> String {
    let transport = match transported {
        Transported::Stream => 't',
        Transported::Datagram => 'd',
    };
    let version = version_code(highest_version(hello));
    let named = if hello.extensions.contains(&extension::SERVER_NAME) { 'd' } else { 'i' };
    let suites = hello.suites.len().min(MAX_COUNT);
    let extensions = hello.extensions.len().min(MAX_COUNT);
    let [first, last] = alpn_code(hello.alpn.unwrap_or_default());
    let suite_hash = hash(&sorted_hex(hello.suites.iter().copied()));
    let extension_hash = hash(&extensions_text(hello));
    format!(
        "{transport}{version}{named}{suites:02}{extensions:02}{first}{last}_{suite_hash}_{extension_hash}"
    )
}

/// The newest version the client offers. Those of DTLS count downwards.
pub(crate) fn highest_version(hello: &ClientHello<'_>) -> u16 {
    hello.versions.iter().copied().max_by_key(|version| age_rank(*version)).unwrap_or(hello.legacy_version)
}

/// The oldest version the client says it accepts.
pub(crate) fn lowest_version(hello: &ClientHello<'_>) -> u16 {
    hello.versions.iter().copied().min_by_key(|version| age_rank(*version)).unwrap_or(hello.legacy_version)
}

const fn age_rank(version: u16) -> u16 {
    if version >> 8 == 0xfe { u16::MAX - version } else { version }
}

const fn version_code(version: u16) -> &'static str {
    match version {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        0xfeff => "d1",
        0xfefd => "d2",
        0xfefc => "d3",
        _ => "00",
    }
}

/// First and last character of a protocol's name; where either is no letter or digit, of its hexadecimal form.
fn alpn_code(name: &[u8]) -> [char; 2] {
    let (Some(first), Some(last)) = (name.first(), name.last()) else { return ['0', '0'] };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [char::from(*first), char::from(*last)];
    }
    [hex_digit(first >> 4), hex_digit(last & 0x0f)]
}

fn hex_digit(nibble: u8) -> char {
    char::from_digit(nibble.into(), 16).unwrap_or('0')
}

/// Server name and protocol are left out: they change with whom a client speaks to, not with what it is.
fn extensions_text(hello: &ClientHello<'_>) -> String {
    let kept = hello.extensions.iter().copied();
    let mut text =
        sorted_hex(kept.filter(|number| !matches!(*number, extension::SERVER_NAME | extension::ALPN)));
    if !hello.signature_algorithms.is_empty() && !text.is_empty() {
        text.push('_');
        push_hex(&mut text, &hello.signature_algorithms);
    }
    text
}

fn sorted_hex(numbers: impl Iterator<Item = u16>) -> String {
    let mut numbers: Vec<u16> = numbers.collect();
    numbers.sort_unstable();
    let mut text = String::with_capacity(numbers.len() * 5);
    push_hex(&mut text, &numbers);
    text
}

fn push_hex(text: &mut String, numbers: &[u16]) {
    for (position, number) in numbers.iter().enumerate() {
        let comma = if position == 0 { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(text, "{comma}{number:04x}");
    }
}

fn hash(text: &str) -> String {
    if text.is_empty() {
        return NO_HASH.to_owned();
    }
    let digest = Sha256::digest(text.as_bytes());
    crate::text::hex(digest.get(..HASH_BYTES).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification: Chrome on Windows, with its suites and extensions given there in full.
    fn chrome() -> ClientHello<'static> {
        ClientHello {
            legacy_version: 0x0303,
            suites: vec![
                0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014,
                0x009c, 0x009d, 0x002f, 0x0035,
            ],
            extensions: vec![
                0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012,
                0x002b, 0xff01, 0x000b, 0x000a, 0x0015,
            ],
            alpn: Some(b"h2"),
            versions: vec![0x0304, 0x0303],
            signature_algorithms: vec![0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601],
            ..ClientHello::default()
        }
    }

    #[test]
    fn the_specification_s_own_example_comes_out() {
        assert_eq!(ja4(&chrome(), Transported::Stream), "t13d1516h2_8daaf6152771_e5627efa2ab1");
    }

    #[test]
    fn the_order_of_suites_and_extensions_does_not_matter() {
        let mut shuffled = chrome();
        shuffled.suites.reverse();
        shuffled.extensions.reverse();
        assert_eq!(ja4(&shuffled, Transported::Stream), ja4(&chrome(), Transported::Stream));
        shuffled.signature_algorithms.reverse();
        assert_ne!(ja4(&shuffled, Transported::Stream), ja4(&chrome(), Transported::Stream));
    }

    #[test]
    fn a_hello_of_nothing_has_a_fingerprint_of_noughts() {
        let hello = ClientHello { legacy_version: 0x0002, ..ClientHello::default() };
        assert_eq!(ja4(&hello, Transported::Stream), "ts2i000000_000000000000_000000000000");
    }

    #[test]
    fn counts_stop_at_99() {
        let hello =
            ClientHello { legacy_version: 0xfefd, suites: vec![0x1301; 300], ..ClientHello::default() };
        assert_eq!(&ja4(&hello, Transported::Datagram), "dd2i990000_9477d19e28fe_000000000000");
    }

    #[test]
    fn a_protocol_that_is_no_text_is_given_in_hexadecimal() {
        for (name, code) in [
            (b"".as_slice(), ['0', '0']),
            (b"h2", ['h', '2']),
            (b"http/1.1", ['h', '1']),
            (b"x", ['x', 'x']),
            (&[0xab], ['a', 'b']),
            (&[0x30, 0xab], ['3', 'b']),
            (&[0x30, 0x31, 0xab, 0xcd], ['3', 'd']),
        ] {
            assert_eq!(alpn_code(name), code, "{name:?}");
        }
    }

    #[test]
    fn the_newest_version_of_dtls_has_the_smallest_number() {
        let hello = ClientHello { versions: vec![0xfefd, 0xfefc, 0xfeff], ..ClientHello::default() };
        assert_eq!((highest_version(&hello), lowest_version(&hello)), (0xfefc, 0xfeff));
    }
}
