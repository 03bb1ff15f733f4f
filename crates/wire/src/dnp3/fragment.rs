//! The application header (IEEE 1815-2012 §4.2.2) in front of the objects.

use super::function;
use crate::reader::{Parse, Reader};

/// One application fragment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment<'a> {
    /// The first one of its message; a long answer has several.
    pub(super) is_first: bool,
    /// Pairs an answer with its request.
    pub(super) sequence: u8,
    pub(super) function: u8,
    /// Internal indications; answers have them.
    pub(super) indications: Option<Indications>,
    /// Object headers and data.
    pub(super) objects: Reader<'a>,
}

/// The two octets in which an outstation tells of itself, IIN1 in the low byte as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Indications(u16);

impl Indications {
    /// The bits that say that the request was not carried out (§4.2.2.6.2): function code not supported (IIN2.0), object
    /// unknown (IIN2.1), parameter error (IIN2.2), already executing (IIN2.4).
    const REFUSALS: u16 = 0x1700;

    /// The refusing bits that are set. They lie above the low byte, where codes of single points do.
    pub(super) const fn refusal(self) -> Option<u32> {
        match self.0 & Self::REFUSALS {
            0 => None,
            bits => Some(bits as u32),
        }
    }
}

/// Reads a whole fragment.
pub(super) fn read_fragment(bytes: &[u8]) -> Parse<Fragment<'_>> {
    let mut objects = Reader::new(bytes);
    let (control, function) = (objects.u8()?, objects.u8()?);
    let indications = if is_answer(function) { Some(Indications(objects.le16()?)) } else { None };
    Ok(Fragment { is_first: control & 0x80 != 0, sequence: control & 0x0f, function, indications, objects })
}

const fn is_answer(code: u8) -> bool {
    matches!(code, function::RESPONSE | function::UNSOLICITED_RESPONSE | function::AUTHENTICATE_RESPONSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::ParseError;

    #[test]
    fn an_answer_has_indications_and_a_request_has_none() {
        let request = read_fragment(&[0xc3, 1, 60, 1, 6]).unwrap();
        assert_eq!((request.sequence, request.indications, request.objects.left()), (3, None, 3));
        let answer = read_fragment(&[0x43, 129, 0x90, 0x0c]).unwrap();
        assert!(!answer.is_first);
        assert_eq!(answer.indications.unwrap().refusal(), Some(0x0400));
        assert_eq!(read_fragment(&[0xc3, 129, 0]).err(), Some(ParseError::Short));
    }
}
