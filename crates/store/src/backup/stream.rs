//! A stream that is sealed piece by piece: AES-256-GCM, every piece bound to the head, to its place and to whether it is
//! the last one.

use super::broken;
use crate::StoreError;
use crate::keys::Secret;
use crate::keys::cipher::Cipher;
use aws_lc_rs::digest::{SHA256, digest};
use std::io::{Read, Write};
use zeroize::Zeroizing;

/// Bytes of a piece before it is sealed.
const PIECE: usize = 64 * 1024;

/// Longest sealed piece that is read: nonce and tag come to it. A made-up length must not take memory.
const SEALED_MAX: u32 = 64 * 1024 + 64;

/// Longest record that is read. The longest row is a bundle of policy, a few megabytes.
const RECORD_MAX: u32 = 256 * 1024 * 1024;

/// What pieces are bound to.
struct Binding {
    head: Vec<u8>,
    number: u64,
}

impl Binding {
    fn new(head: &[u8]) -> Self {
        Self { head: digest(&SHA256, head).as_ref().to_vec(), number: 0 }
    }

    fn next(&mut self, is_last: bool) -> Vec<u8> {
        let bound = [self.head.as_slice(), &self.number.to_be_bytes(), &[u8::from(is_last)]].concat();
        self.number += 1;
        bound
    }
}

pub(super) struct Sealer<'w, W> {
    to: &'w mut W,
    cipher: Cipher,
    binding: Binding,
    waiting: Zeroizing<Vec<u8>>,
}

impl<'w, W: Write> Sealer<'w, W> {
    pub(super) fn new(to: &'w mut W, key: &Secret, head: &[u8]) -> Result<Self, StoreError> {
        let waiting = Zeroizing::new(Vec::with_capacity(PIECE * 2));
        Ok(Self { to, cipher: Cipher::new(key)?, binding: Binding::new(head), waiting })
    }

    /// Takes one record.
    pub(super) fn put(&mut self, record: &[u8]) -> Result<(), StoreError> {
        let length = u32::try_from(record.len()).ok().filter(|length| *length <= RECORD_MAX);
        let length = length.ok_or_else(|| broken("has a row that is too long"))?;
        self.waiting.extend_from_slice(&length.to_be_bytes());
        self.waiting.extend_from_slice(record);
        while self.waiting.len() > PIECE {
            let rest = Zeroizing::new(self.waiting.split_off(PIECE));
            let piece = std::mem::replace(&mut self.waiting, rest);
            self.seal(&piece, false)?;
        }
        Ok(())
    }

    /// Seals what waits, as the end.
    pub(super) fn finish(mut self) -> Result<(), StoreError> {
        let piece = std::mem::take(&mut self.waiting);
        self.seal(&piece, true)
    }

    fn seal(&mut self, piece: &[u8], is_last: bool) -> Result<(), StoreError> {
        let sealed = self.cipher.seal(&self.binding.next(is_last), piece)?;
        let length = u32::try_from(sealed.len()).map_err(|error| broken(&error.to_string()))?;
        let head = [&length.to_be_bytes(), [u8::from(is_last)].as_slice()].concat();
        let written = self.to.write_all(&head).and_then(|()| self.to.write_all(&sealed));
        written.map_err(|error| broken(&format!("cannot be written: {error}")))
    }
}

pub(super) struct Opener<'r, R> {
    from: &'r mut R,
    cipher: Cipher,
    binding: Binding,
    /// Opened, and not taken yet from `taken` on.
    opened: Secret,
    taken: usize,
    is_over: bool,
}

impl<'r, R: Read> Opener<'r, R> {
    pub(super) fn new(from: &'r mut R, key: &Secret, head: &[u8]) -> Result<Self, StoreError> {
        let (cipher, binding) = (Cipher::new(key)?, Binding::new(head));
        Ok(Self { from, cipher, binding, opened: Secret::new(Vec::new()), taken: 0, is_over: false })
    }

    /// The next record; nothing after the last one, and after that nothing follows in the file.
    pub(super) fn next(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let Some(length) = self.take(4)? else {
            return Ok(None);
        };
        let length: [u8; 4] = length.as_slice().try_into().map_err(|_| broken("ends within a record"))?;
        let length = u32::from_be_bytes(length);
        if length > RECORD_MAX {
            return Err(broken("has a record that is too long"));
        }
        let length = usize::try_from(length).map_err(|_| broken("has a record that is too long"))?;
        self.take(length)?.map_or_else(|| Err(broken("ends within a record")), |record| Ok(Some(record)))
    }

    /// So many bytes; nothing where the stream is over before the first of them.
    fn take(&mut self, wanted: usize) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let mut got = Zeroizing::new(Vec::new());
        while got.len() < wanted {
            let rest = self.opened.expose().get(self.taken..).unwrap_or_default();
            if rest.is_empty() {
                match (self.is_over, got.is_empty()) {
                    (true, true) => return Ok(None),
                    (true, false) => return Err(broken("ends within a record")),
                    (false, _) => self.open_piece()?,
                }
                continue;
            }
            let part = rest.get(..wanted - got.len()).unwrap_or(rest);
            got.extend_from_slice(part);
            self.taken += part.len();
        }
        Ok(Some(got))
    }

    fn open_piece(&mut self) -> Result<(), StoreError> {
        let cut = |_| broken("ends too early: it was cut off");
        let (mut length, mut last) = ([0; 4], [0; 1]);
        self.from.read_exact(&mut length).map_err(cut)?;
        self.from.read_exact(&mut last).map_err(cut)?;
        let length = u32::from_be_bytes(length);
        if length > SEALED_MAX {
            return Err(broken("was changed"));
        }
        let mut sealed = vec![0; usize::try_from(length).map_err(|_| broken("was changed"))?];
        self.from.read_exact(&mut sealed).map_err(cut)?;
        self.is_over = match last {
            [0] => false,
            [1] => true,
            _ => return Err(broken("was changed")),
        };
        let bound = self.binding.next(self.is_over);
        self.opened = self.cipher.unseal(&bound, &sealed).ok_or_else(|| broken("was changed"))?;
        self.taken = 0;
        match self.is_over && self.from.read(&mut [0]).is_ok_and(|more| more > 0) {
            true => Err(broken("has something behind its end")),
            false => Ok(()),
        }
    }
}
