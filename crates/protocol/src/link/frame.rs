//! Frames on a stream: a length, and that many bytes of CBOR.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;

/// Bytes of a length.
const HEAD: usize = 4;

/// Deepest nesting; the deepest frame is an answer with a status in it, and needs eight.
const MAX_DEPTH: usize = 16;

/// Why a stream is given up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A length beyond what the direction allows.
    #[error("a frame of {length} bytes; {limit} are allowed")]
    TooLong {
        /// What the sender announced.
        length: usize,
        /// What is allowed.
        limit: usize,
    },
    /// Not the CBOR of a frame this program knows.
    #[error("not understood: {}", .0.escape_debug())]
    Form(String),
    /// Bytes of the frame follow the end of what it says.
    #[error("bytes follow the end of what a frame says")]
    TrailingBytes,
}

/// A frame as it goes onto the stream, its length in front.
///
/// # Errors
/// [`FrameError::TooLong`] where it has more than `limit` bytes.
pub fn frame<T: Serialize>(value: &T, limit: usize) -> Result<Vec<u8>, FrameError> {
    let mut bytes = vec![0; HEAD];
    ciborium::into_writer(value, &mut bytes).map_err(|error| FrameError::Form(error.to_string()))?;
    let length = bytes.len() - HEAD;
    let too_long = FrameError::TooLong { length, limit };
    let head = u32::try_from(length).ok().filter(|_| length <= limit).ok_or(too_long)?;
    if let Some(room) = bytes.first_chunk_mut() {
        *room = head.to_be_bytes();
    }
    Ok(bytes)
}

/// Takes a stream apart into frames, however it was cut on its way.
#[derive(Debug)]
pub struct Frames<T> {
    held: Vec<u8>,
    limit: usize,
    kind: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Frames<T> {
    /// For frames of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { held: Vec::new(), limit, kind: PhantomData }
    }

    /// Takes what came. Call [`Frames::next`] until it has nothing before more is taken: what is held is then one frame
    /// at most.
    pub fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// The next whole frame, if one is there.
    ///
    /// # Errors
    /// [`FrameError`]; the stream is of no use then.
    #[expect(
        clippy::should_implement_trait,
        reason = "it goes on after it had nothing, which an iterator does not"
    )]
    pub fn next(&mut self) -> Result<Option<T>, FrameError> {
        let Some((head, rest)) = self.held.split_first_chunk::<HEAD>() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*head)).unwrap_or(usize::MAX);
        if length > self.limit {
            return Err(FrameError::TooLong { length, limit: self.limit });
        }
        let Some(bytes) = rest.get(..length) else { return Ok(None) };
        let value = decode(bytes)?;
        self.held.drain(..HEAD + length);
        Ok(Some(value))
    }
}

fn decode<T: DeserializeOwned>(mut bytes: &[u8]) -> Result<T, FrameError> {
    let value = ciborium::de::from_reader_with_recursion_limit(&mut bytes, MAX_DEPTH)
        .map_err(|error| FrameError::Form(error.to_string()))?;
    if bytes.is_empty() { Ok(value) } else { Err(FrameError::TrailingBytes) }
}
