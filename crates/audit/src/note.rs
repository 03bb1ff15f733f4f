//! Text with signatures under it (c2sp.org/signed-note).
//!
//! INVARIANT: [`Note::open`] gives text away only where the key that was asked for signed it.

use crate::key::is_name;
use crate::{SigningKey, VerifierKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Bytes of a note at most: sixteen signatures of the longest kind fit, which readers must take.
pub const MAX_NOTE: usize = 256 << 10;

/// Signatures under a note at most.
const MAX_SIGNATURES: usize = 64;

/// Between the text and the signatures.
const BLANK: &str = "\n\n";

/// Before each signature: an em dash and a space.
const DASH: &str = "\u{2014} ";

/// Why a note is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not text, an empty line, and signatures.
    #[error("it is no signed note")]
    Form,
    /// Longer than [`MAX_NOTE`], or with too many signatures.
    #[error("it is longer than a signed note may be")]
    Long,
    /// The key has signed another text.
    #[error("its signature is wrong: it was altered, or another key of the same name made it")]
    Signature,
    /// Not by this key.
    #[error("it is not signed by this key")]
    Stranger,
}

/// A note, not yet believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    text: &'a str,
    signatures: Vec<Signature<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Signature<'a> {
    name: &'a str,
    id: [u8; 4],
    bytes: Vec<u8>,
}

impl<'a> Note<'a> {
    /// Reads a note; what it says is not known before [`Note::open`].
    ///
    /// # Errors
    /// Where it is none.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE {
            return Err(NoteError::Long);
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::Form)?;
        if note.chars().any(|character| character < ' ' && character != '\n') {
            return Err(NoteError::Form);
        }
        let end = note.rfind(BLANK).ok_or(NoteError::Form)?;
        let (text, signatures) = note.split_at_checked(end + 1).ok_or(NoteError::Form)?;
        let signatures = signatures.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n'));
        let lines: Vec<_> = signatures.ok_or(NoteError::Form)?.split('\n').collect();
        if lines.len() > MAX_SIGNATURES {
            return Err(NoteError::Long);
        }
        let signatures = lines.into_iter().map(Signature::parse).collect::<Option<_>>();
        Ok(Self { text, signatures: signatures.ok_or(NoteError::Form)? })
    }

    /// The text, if this key signed it. Signatures of others are passed over.
    ///
    /// # Errors
    /// [`NoteError::Stranger`] without a signature of the key, [`NoteError::Signature`] where one of them is wrong.
    pub fn open(&self, key: &VerifierKey) -> Result<&'a str, NoteError> {
        let id = key.id();
        let mut ours =
            self.signatures.iter().filter(|made| made.name == key.name() && made.id == id).peekable();
        if ours.peek().is_none() {
            return Err(NoteError::Stranger);
        }
        let is_signed = ours.all(|made| key.verifies(self.text.as_bytes(), &made.bytes));
        if is_signed { Ok(self.text) } else { Err(NoteError::Signature) }
    }
}

/// Signs a text, which ends with a newline.
#[must_use]
pub fn sign(text: &str, key: &SigningKey) -> String {
    let made = [key.verifier().id().as_slice(), &key.sign(text.as_bytes())].concat();
    format!("{text}\n{DASH}{} {}\n", key.verifier().name(), STANDARD.encode(made))
}

/// The notes of a file that has several of them, one behind the other, with or without empty lines between them.
pub fn split(file: &str) -> impl Iterator<Item = &str> {
    let mut left = file.trim_start_matches('\n');
    std::iter::from_fn(move || {
        let text = left.find("\n\n\u{2014} ").filter(|_| !left.is_empty());
        let signed = text.map_or(left.len(), |text| signatures_end(left, text + BLANK.len()));
        let (note, behind) = left.split_at_checked(signed).filter(|(note, _)| !note.is_empty())?;
        left = behind.trim_start_matches('\n');
        Some(note)
    })
}

fn signatures_end(text: &str, from: usize) -> usize {
    let lines = text.get(from..).unwrap_or_default().split_inclusive('\n');
    from + lines.take_while(|line| line.starts_with(DASH)).map(str::len).sum::<usize>()
}

impl<'a> Signature<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (name, made) = line.strip_prefix(DASH)?.split_once(' ')?;
        let made = STANDARD.decode(made).ok()?;
        let (id, bytes) = made.split_first_chunk()?;
        (is_name(name) && !bytes.is_empty()).then(|| Self { name, id: *id, bytes: bytes.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Key and note that Go's implementation tests with (golang.org/x/mod, `sumdb/note/note_test.go`; BSD-3-Clause).
    const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    fn open(note: &str) -> Result<usize, NoteError> {
        let key = VerifierKey::parse(KEY).unwrap();
        Note::parse(note.as_bytes())?.open(&key).map(str::len)
    }

    #[test]
    fn a_note_that_others_signed_is_opened() {
        assert_eq!(open(NOTE), Ok(99));
        let stranger = SigningKey::from_seed("witness.example", &[3; 32]).unwrap();
        let cosigned = sign("other\n", &stranger).replace("other\n\n", "");
        assert_eq!(open(&format!("{NOTE}{cosigned}")), Ok(99));
    }

    #[test]
    fn what_was_signed_here_is_signed_the_way_others_do() {
        let key = SigningKey::from_seed("example.com/log", &[7; 32]).unwrap();
        let note = sign("text\n\nmore\n", &key);
        assert_eq!(Note::parse(note.as_bytes()).unwrap().open(key.verifier()), Ok("text\n\nmore\n"));
        assert!(!format!("{key:?}").contains('7'.to_string().repeat(8).as_str()));
    }

    #[test]
    fn a_note_that_was_altered_is_not_opened() {
        for (from, to, expected) in [
            ("think", "thunk", NoteError::Signature),
            ("/ZJk", "/ZJl", NoteError::Signature),
            ("x08go", "x18go", NoteError::Stranger),
            ("\u{2014} PeterNeumann", "\u{2014} PeterNewmann", NoteError::Stranger),
            ("is.\n\n", "is.\n", NoteError::Form),
            ("=\n", "=", NoteError::Form),
            ("nAM=", "nAN=", NoteError::Form),
            ("\u{2014} ", "- ", NoteError::Form),
            ("think", "th\tnk", NoteError::Form),
            ("think", "th\rnk", NoteError::Form),
            (" x08go", "  x08go", NoteError::Form),
            (
                "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=",
                "x08gow==",
                NoteError::Form,
            ),
        ] {
            let note = NOTE.replacen(from, to, 1);
            assert_ne!(note, NOTE, "{from}");
            assert_eq!(open(&note), Err(expected), "{note}");
        }
        let signature = NOTE.get(NOTE.find('\u{2014}').unwrap()..).unwrap();
        assert_eq!(open(&format!("{NOTE}{}", signature.repeat(64))), Err(NoteError::Long));
        assert_eq!(open(&"x".repeat(MAX_NOTE + 1)), Err(NoteError::Long));
        let wrong = signature.replace("/ZJk", "/ZJl");
        assert_eq!(open(&format!("{NOTE}{wrong}")), Err(NoteError::Signature));
    }

    #[test]
    fn a_file_of_several_notes_is_taken_apart() {
        let key = SigningKey::from_seed("example.com/log", &[7; 32]).unwrap();
        let (one, two) = (sign("one\n\n1\n", &key), sign("two\n", &key));
        for between in ["", "\n", "\n\n\n"] {
            let file = format!("{between}{one}{between}{two}{between}");
            assert_eq!(split(&file).collect::<Vec<_>>(), [&one, &two]);
        }
        assert_eq!(split("").count(), 0);
        assert_eq!(split("no note at all").collect::<Vec<_>>(), ["no note at all"]);
        assert_eq!(split(&format!("{one}cut")).collect::<Vec<_>>(), [&one, "cut"]);
    }
}
