//! Chunks put together to messages (OPC 10000-6 §6.7.1).
//!
//! INVARIANT: at most [`MAX_PARTIAL`] messages of at most [`MAX_MESSAGE`] bytes are held.

use std::borrow::Cow;

/// Most of a message that is read. What it asks stands at its beginning; a sender of endless chunks must not fill
/// memory.
pub(super) const MAX_MESSAGE: usize = 64 << 10;
/// Messages begun at once in one direction: senders seldom interleave them, an attacker may.
const MAX_PARTIAL: usize = 4;

/// Messages begun in one direction.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    partials: Vec<(u32, Vec<u8>)>,
}

impl Assembler {
    /// Bytes kept.
    pub(super) fn held_bytes(&self) -> usize {
        self.partials.iter().map(|(_, bytes)| bytes.capacity()).sum()
    }

    /// Keeps an intermediate chunk of `request`.
    pub(super) fn push(&mut self, request: u32, chunk: &[u8]) {
        let position = self.position(request).unwrap_or_else(|| {
            if self.partials.len() == MAX_PARTIAL {
                self.partials.remove(0);
            }
            self.partials.push((request, Vec::new()));
            self.partials.len() - 1
        });
        if let Some((_, bytes)) = self.partials.get_mut(position) {
            let room = MAX_MESSAGE.saturating_sub(bytes.len());
            bytes.extend_from_slice(chunk.get(..room).unwrap_or(chunk));
        }
    }

    /// The whole message that `chunk` ends, as far as it was kept.
    pub(super) fn finish<'a>(&mut self, request: u32, chunk: &'a [u8]) -> Cow<'a, [u8]> {
        if !self.has(request) {
            return Cow::Borrowed(chunk);
        }
        self.push(request, chunk);
        Cow::Owned(self.forget(request))
    }

    /// A message of `request` was begun.
    pub(super) fn has(&self, request: u32) -> bool {
        self.position(request).is_some()
    }

    /// Drops what was begun of `request`.
    pub(super) fn forget(&mut self, request: u32) -> Vec<u8> {
        self.position(request).map(|position| self.partials.remove(position).1).unwrap_or_default()
    }

    fn position(&self, request: u32) -> Option<usize> {
        self.partials.iter().position(|(begun, _)| *begun == request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interleaved_messages_are_kept_apart_and_bounded() {
        let mut assembler = Assembler::default();
        assembler.push(1, b"ab");
        assembler.push(2, b"xy");
        assert_eq!(&*assembler.finish(1, b"c"), b"abc");
        assert_eq!(&*assembler.finish(3, b"alone"), b"alone");
        for _ in 0..100 {
            assembler.push(2, &[0; 4096]);
        }
        assert_eq!(assembler.finish(2, b"end").len(), MAX_MESSAGE);
        (0..1000).for_each(|request| assembler.push(request, b"x"));
        assert_eq!(assembler.partials.len(), MAX_PARTIAL);
    }
}
