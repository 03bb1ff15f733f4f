//! Something small in a file of its own, sealed under a passphrase: a key that is kept away from the store.
//!
//! The file is JSON in the clear about how the passphrase becomes a key, and hexadecimal digits of what is sealed. It
//! opens for one purpose only, so that no file can be put in the place of another.

use super::{Secret, Stretch};
use crate::StoreError;
use serde::{Deserialize, Serialize};

/// Longest text that is read, in bytes.
pub const MAX: usize = 1 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    purpose: String,
    stretch: Stretch,
    sealed: String,
}

/// Seals; the text of the file.
///
/// # Errors
/// An empty passphrase, or no random numbers.
pub fn seal(passphrase: &Secret, purpose: &str, plain: &[u8]) -> Result<String, StoreError> {
    let stretch = Stretch::new()?;
    let sealed = stretch.cipher(passphrase)?.seal(purpose.as_bytes(), plain)?;
    let sealed = Sealed { purpose: purpose.to_owned(), stretch, sealed: hex(&sealed) };
    serde_json::to_string(&sealed).map_err(|error| StoreError::Key(error.to_string()))
}

/// Opens what [`seal`] made for the same purpose.
///
/// # Errors
/// [`StoreError::Key`] says whether the text is none of ours or the passphrase another.
pub fn open(passphrase: &Secret, purpose: &str, text: &str) -> Result<Secret, StoreError> {
    let foreign = || StoreError::Key("the file is none of ours, or of a newer program".to_owned());
    if text.len() > MAX {
        return Err(foreign());
    }
    let sealed: Sealed = serde_json::from_str(text).map_err(|_| foreign())?;
    if sealed.purpose != purpose {
        let holds = sealed.purpose.escape_debug();
        return Err(StoreError::Key(format!("the file holds `{holds}`, not `{purpose}`")));
    }
    let bytes = unhex(&sealed.sealed).ok_or_else(foreign)?;
    let opened = sealed.stretch.cipher(passphrase)?.unseal(purpose.as_bytes(), &bytes);
    opened
        .ok_or_else(|| StoreError::Key("the passphrase does not open the file, or it was changed".to_owned()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_passphrase_and_the_purpose_open_it() {
        let (right, wrong) = (Secret::new(b"right words".to_vec()), Secret::new(b"wrong words".to_vec()));
        let text = seal(&right, "root key", b"private").unwrap();
        assert_eq!(open(&right, "root key", &text).unwrap().expose(), b"private");
        let renamed = text.replace("root key", "other");
        for (passphrase, purpose, text, why) in [
            (&wrong, "root key", text.as_str(), "does not open"),
            (&right, "other", &text, "holds `root key`"),
            (&right, "other", &renamed, "does not open"),
            (&right, "root key", "", "none of ours"),
            (&right, "root key", "{}", "none of ours"),
        ] {
            let error = open(passphrase, purpose, text).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
