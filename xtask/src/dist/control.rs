//! The texts of the package that depend on what is packed.

use super::Placed;

/// What a package says of itself.
pub(super) struct Facts<'a> {
    pub(super) version: &'a str,
    /// In Debian's words: `amd64`, `arm64`.
    pub(super) architecture: &'a str,
    /// The bytes of the program, which say which C library it needs.
    pub(super) program: &'a [u8],
}

/// `DEBIAN/control` from its template.
pub(super) fn control(template: &str, facts: &Facts<'_>) -> String {
    let needed = libc_version(facts.program);
    let libc = needed.map(|(major, minor)| format!("libc6 (>= {major}.{minor}), libgcc-s1, "));
    template
        .replace("@VERSION@", facts.version)
        .replace("@ARCHITECTURE@", facts.architecture)
        .replace("@LIBC@", &libc.unwrap_or_default())
}

/// Every file under `/etc`: dpkg asks before it overwrites what a person changed.
pub(super) fn conffiles(files: &[Placed]) -> String {
    let configuration = files.iter().filter(|placed| placed.target.starts_with("etc/"));
    configuration.map(|placed| format!("/{}\n", placed.target)).collect()
}

/// A unit with the lines that all our units share.
pub(super) fn with_hardening(text: &str, hardening: &str) -> String {
    text.replace("@HARDENING@\n", hardening)
}

/// The newest version of the C library whose symbols a program asks for: the linker writes each as `GLIBC_2.34`.
fn libc_version(program: &[u8]) -> Option<(u32, u32)> {
    const MARK: &[u8] = b"GLIBC_";
    let starts = program.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
    starts.filter_map(|(at, _)| version(program.get(at + MARK.len()..)?)).max()
}

fn version(bytes: &[u8]) -> Option<(u32, u32)> {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.')?;
    let (major, rest) = std::str::from_utf8(bytes.get(..end)?).ok()?.split_once('.')?;
    let minor = rest.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_library_that_is_asked_for_is_needed() {
        let program = b"\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.9\0GLIBC_PRIVATE\0";
        assert_eq!(libc_version(program), Some((2, 34)));
        assert_eq!(libc_version(b"#!/bin/sh\n"), None);
        assert_eq!(libc_version(b"GLIBC_"), None);
    }

    #[test]
    fn the_control_file_is_filled_in() {
        let template = "Version: @VERSION@\nArchitecture: @ARCHITECTURE@\nDepends: @LIBC@systemd\n";
        let facts = Facts { version: "0.1.0", architecture: "arm64", program: b"GLIBC_2.34\0" };
        let expected = "Version: 0.1.0\nArchitecture: arm64\nDepends: libc6 (>= 2.34), libgcc-s1, systemd\n";
        assert_eq!(control(template, &facts), expected);
    }
}
