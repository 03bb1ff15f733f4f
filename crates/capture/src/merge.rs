//! Several captures as one, in the order of their timestamps.
//!
//! As with `mergecap`, each file is taken to be in order by itself, frames are numbered through the merged order (the
//! unreadable ones included), and of frames stamped alike the one from the later file comes first. With one file this is
//! that file: same frames, same numbers.

use crate::error::ReadError;
use crate::file::CaptureFile;
use crate::notes::Notes;
use crate::record::Record;
use nullius_model::{Frame, FrameNumber};

/// Captures that are read as one.
#[derive(Debug)]
pub struct MergedFiles {
    inputs: Vec<Input>,
    frames: u64,
}

#[derive(Debug)]
struct Input {
    file: CaptureFile,
    head: Option<Record>,
    /// Whether `head` was handed out, or never read, and the file must be asked for the next.
    used: bool,
}

impl MergedFiles {
    /// Puts `files` together. Each keeps its own buffer ([`crate::BUFFER_BYTES`]).
    pub fn new(files: Vec<CaptureFile>) -> Self {
        let inputs = files.into_iter().map(|file| Input { file, head: None, used: true }).collect();
        Self { inputs, frames: 0 }
    }

    /// The next frame on a link we can read, from whichever file has the earliest; `None` at the end of all. A medium
    /// that fails ends its own file only.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, ReadError> {
        let next = self.advance()?;
        let Some((index, record)) = next else { return Ok(None) };
        let (Some(input), Ok(link)) = (self.inputs.get(index), record.link) else { return Ok(None) };
        Ok(Some(input.file.lend(&record, link, FrameNumber(self.frames))))
    }

    /// What was wrong with each file, in the order they were given.
    pub fn notes(&self) -> impl Iterator<Item = &Notes> {
        self.inputs.iter().map(|input| input.file.notes())
    }

    /// How many bytes of all files were read; see [`CaptureFile::bytes_read`].
    pub fn bytes_read(&self) -> u64 {
        self.inputs.iter().map(|input| input.file.bytes_read()).sum()
    }

    /// Size of all files in bytes; `None` where one is a stream.
    pub fn total_bytes(&self) -> Option<u64> {
        self.inputs.iter().map(|input| input.file.total_bytes()).sum()
    }

    /// Takes the earliest packet until it is a readable one.
    fn advance(&mut self) -> Result<Option<(usize, Record)>, ReadError> {
        loop {
            self.inputs.iter_mut().try_for_each(Input::replenish)?;
            let mut earliest: Option<(usize, Record)> = None;
            for (index, input) in self.inputs.iter().enumerate() {
                if let Some(head) = input.head
                    && earliest.is_none_or(|(_, found)| head.at <= found.at)
                {
                    earliest = Some((index, head));
                }
            }
            let Some((index, record)) = earliest else { return Ok(None) };
            self.frames += 1;
            self.inputs.get_mut(index).into_iter().for_each(|input| input.used = true);
            if record.link.is_ok() {
                return Ok(earliest);
            }
        }
    }
}

impl Input {
    #[inline]
    fn replenish(&mut self) -> Result<(), ReadError> {
        if self.used {
            self.used = false;
            self.head = None;
            self.head = self.file.advance()?;
        }
        Ok(())
    }
}
