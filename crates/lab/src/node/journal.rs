//! What a simulator tells the person who reads its log.

use std::fmt::Display;
use std::io::Write as _;

/// One line. A full disk must not stop a device.
pub(super) fn note(line: impl Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
