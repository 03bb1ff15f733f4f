//! What comes with the items of a job: values written, and how each fared. Their order is all that ties them.

use super::observe;
use super::parser::{content, function};
use crate::reader::Reader;
use nullius_model::{Outcome, Values};

/// Return code of an item: done.
const ITEM_DONE: u8 = 0xff;

/// The values of the items of one write, in their order; of a read, none.
#[derive(Debug)]
pub(super) struct Contents<'a> {
    data: Reader<'a>,
    expected: bool,
    lacking: bool,
}

impl<'a> Contents<'a> {
    /// Of a job of `function` with that data.
    pub(super) fn of(function: u8, data: &'a [u8]) -> Self {
        Self { data: Reader::new(data), expected: function == function::WRITE_VAR, lacking: false }
    }

    /// The next item's.
    pub(super) fn next(&mut self) -> Values<'a> {
        if !self.expected {
            return Values::None;
        }
        let content = content(&mut self.data);
        self.lacking |= content.is_err();
        content.map_or(Values::None, observe::values)
    }

    /// An item was written without a value.
    pub(super) const fn lacking(&self) -> bool {
        self.lacking
    }
}

/// The outcomes of the items of one job, in their order.
#[derive(Debug)]
pub(super) enum Outcomes<'a> {
    /// One for all, for as many as there are.
    Alike(Outcome),
    /// A return code and content each.
    Reads(Reader<'a>),
    /// A return code each.
    Writes(Reader<'a>),
}

impl<'a> Outcomes<'a> {
    /// Of an answer to `function` with that error and data.
    pub(super) fn of(error: u16, function: Option<u8>, data: &'a [u8]) -> Self {
        match function {
            Some(function::READ_VAR) if error == 0 => Self::Reads(Reader::new(data)),
            Some(function::WRITE_VAR) if error == 0 => Self::Writes(Reader::new(data)),
            _ => Self::Alike(refused_unless(error == 0, error)),
        }
    }

    /// The next item's; none where the answer has no more.
    pub(super) fn next(&mut self) -> Option<(Outcome, Values<'a>)> {
        match self {
            Self::Alike(outcome) => Some((*outcome, Values::None)),
            Self::Reads(data) => {
                let content = content(data).ok()?;
                Some((of_item(content.code), observe::values(content)))
            }
            Self::Writes(codes) => codes.u8().ok().map(|code| (of_item(code), Values::None)),
        }
    }
}

/// Done, or refused with `code`.
pub(super) fn refused_unless(done: bool, code: u16) -> Outcome {
    if done { Outcome::Done } else { Outcome::Refused(u32::from(code)) }
}

fn of_item(code: u8) -> Outcome {
    refused_unless(code == ITEM_DONE, u16::from(code))
}
