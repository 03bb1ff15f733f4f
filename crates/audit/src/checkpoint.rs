//! What a log is at a moment: its name, how many entries, and their root, signed (c2sp.org/tlog-checkpoint).

use crate::note::{self, Note, NoteError};
use crate::{Hash, MAX_SIZE, SigningKey, VerifierKey};

/// A size and its root, which the log has signed or shall sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// Of all of them.
    pub root: Hash,
}

/// Why a checkpoint is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Origin, size and root are not where they should be.
    #[error("the signed text is no checkpoint")]
    Form,
    /// Not a signed note, or not of this key.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Of another log than the key is named after.
    #[error("it is of another log")]
    Origin,
}

impl Checkpoint {
    /// The note to be published.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> String {
        note::sign(&self.text(), key)
    }

    /// Reads a note that the log must have signed.
    ///
    /// # Errors
    /// Where the key has not signed it, or not a checkpoint of its log.
    pub fn open(note: &[u8], key: &VerifierKey) -> Result<Self, CheckpointError> {
        let opened = Self::parse(Note::parse(note)?.open(key)?).ok_or(CheckpointError::Form)?;
        if opened.origin == key.name() { Ok(opened) } else { Err(CheckpointError::Origin) }
    }

    /// Reads a file of notes that somebody kept, one behind the other.
    ///
    /// # Errors
    /// For the first of them that is not to be believed, with its place, counted from 1.
    pub fn open_all(file: &str, key: &VerifierKey) -> Result<Vec<Self>, (usize, CheckpointError)> {
        let opened = note::split(file).zip(1..);
        opened.map(|(note, place)| Self::open(note.as_bytes(), key).map_err(|error| (place, error))).collect()
    }

    fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root.to_base64())
    }

    /// Lines behind the third are somebody's extension and say nothing to us.
    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<_> = text.strip_suffix('\n')?.split('\n').collect();
        let [origin, size, root, ..] = lines.as_slice() else { return None };
        if lines.iter().any(|line| line.is_empty()) {
            return None;
        }
        let size: u64 = size.parse().ok().filter(|parsed: &u64| parsed.to_string() == **size)?;
        let root = Hash::from_base64(root)?;
        (size <= MAX_SIZE).then(|| Self { origin: (*origin).to_owned(), size, root })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_seed("example.com/log", &[7; 32]).unwrap()
    }

    #[test]
    fn a_checkpoint_is_read_as_it_was_signed() {
        let checkpoint =
            Checkpoint { origin: "example.com/log".to_owned(), size: 42, root: Hash::of(b"abc") };
        let note = checkpoint.sign(&key());
        assert!(note.starts_with(
            "example.com/log\n42\nungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=\n\n\u{2014} example.com/log "
        ));
        assert_eq!(Checkpoint::open(note.as_bytes(), key().verifier()), Ok(checkpoint));
    }

    #[test]
    fn a_signed_text_that_is_none_is_refused() {
        let root = Hash::of(b"abc").to_base64();
        for (text, expected) in [
            (format!("example.com/log\n0\n{root}\n"), None),
            (format!("example.com/log\n0\n{root}\nan extension\n"), None),
            (format!("example.com/log\n00\n{root}\n"), Some(CheckpointError::Form)),
            (format!("example.com/log\n+1\n{root}\n"), Some(CheckpointError::Form)),
            (format!("example.com/log\n-1\n{root}\n"), Some(CheckpointError::Form)),
            (format!("example.com/log\n18446744073709551615\n{root}\n"), Some(CheckpointError::Form)),
            (format!("example.com/log\n1\n{root}A\n"), Some(CheckpointError::Form)),
            (format!("example.com/log\n1\n\n{root}\n"), Some(CheckpointError::Form)),
            ("example.com/log\n1\nungW\n".to_owned(), Some(CheckpointError::Form)),
            ("example.com/log\n1\n".to_owned(), Some(CheckpointError::Form)),
            ("\n".to_owned(), Some(CheckpointError::Form)),
            (format!("example.com/other\n1\n{root}\n"), Some(CheckpointError::Origin)),
        ] {
            let note = note::sign(&text, &key());
            assert_eq!(Checkpoint::open(note.as_bytes(), key().verifier()).err(), expected, "{text}");
        }
    }
}
