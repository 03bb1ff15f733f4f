//! A zstd stream of any number of frames (RFC 8878), unpacked one block at a time.
//!
//! INVARIANT: holds one window and one block (128 KiB) at most, however much comes out at the end, and the checksum of a
//! frame is compared before the next one begins.

use crate::source::Raw;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, BufRead as _, Read};

/// The largest window a frame may ask for, in bytes: what the `zstd` program unpacks unless told otherwise. Without it
/// sixteen bytes of header could claim gigabytes.
pub const MAX_ZSTD_WINDOW: u64 = 128 * 1024 * 1024;

pub(crate) struct Zstd {
    raw: Raw,
    decoder: FrameDecoder,
    in_frame: bool,
}

impl Zstd {
    pub(crate) fn new(raw: Raw) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_ZSTD_WINDOW);
        Self { raw, decoder, in_frame: false }
    }

    pub(crate) fn raw(&self) -> &Raw {
        &self.raw
    }

    /// Enters the next frame; `false` where the stream ends before one.
    fn enter_frame(&mut self) -> io::Result<bool> {
        if self.raw.fill_buf()?.is_empty() {
            return Ok(false);
        }
        match self.decoder.init(&mut self.raw) {
            Ok(()) => {
                self.in_frame = true;
                Ok(true)
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length, ..
            })) => skip(&mut self.raw, u64::from(length)).map(|()| true),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    fn leave_frame(&mut self) -> io::Result<()> {
        self.in_frame = false;
        match self.decoder.get_checksum_from_data() {
            Some(sum) if self.decoder.get_calculated_checksum() != Some(sum) => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "the checksum of the zstd frame is wrong"))
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl Read for Zstd {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.decoder.can_collect() > 0 {
                return self.decoder.read(buffer);
            }
            if !self.in_frame {
                if !self.enter_frame()? {
                    return Ok(0);
                }
            } else if self.decoder.is_finished() {
                self.leave_frame()?;
            } else {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.raw, one).map_err(io::Error::other)?;
            }
        }
    }
}

/// Whether `error` is a frame header that asks for more than [`MAX_ZSTD_WINDOW`].
pub(crate) fn wants_too_much(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<FrameDecoderError>());
    matches!(inner, Some(FrameDecoderError::WindowSizeTooBig { .. }))
}

fn skip(raw: &mut Raw, length: u64) -> io::Result<()> {
    let skipped = io::copy(&mut raw.take(length), &mut io::sink())?;
    if skipped == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
