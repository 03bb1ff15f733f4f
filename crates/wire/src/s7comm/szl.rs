//! System status lists: what a controller says of itself.
//!
//! Layout: Siemens, "System Software for S7-300/400, System and Standard Functions", chapter on system status lists
//! (SSL-ID W#16#xy11 and W#16#xy1C). Only these two lists are read.
//!
//! INVARIANT: at most [`MAX_LIST`] bytes of one list are kept while its fragments arrive.

use crate::reader::{Parse, Reader};
use crate::text;
use nullius_model::Attribute;

/// Longest list put together: a controller could otherwise fill memory with fragments that never end.
const MAX_LIST: usize = 4096;

/// Low byte of the two identification lists.
const MODULE_IDENTIFICATION: u16 = 0x11;
const COMPONENT_IDENTIFICATION: u16 = 0x1c;

/// The list identifies the controller, rather than telling its state.
pub(super) const fn identifies(id: u16) -> bool {
    matches!(id & 0xff, MODULE_IDENTIFICATION | COMPONENT_IDENTIFICATION)
}

/// List identifier and index: the data of a request, and the beginning of an answer.
pub(super) fn selector(bytes: &[u8]) -> Parse<(u16, u16)> {
    let mut reader = Reader::new(bytes);
    Ok((reader.be16()?, reader.be16()?))
}

/// A list that comes in fragments.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    sequence: u8,
    bytes: Vec<u8>,
}

impl Fragments {
    /// Adds a fragment; returns the whole list with the last one.
    pub(super) fn add(&mut self, sequence: u8, more: bool, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.sequence != sequence {
            self.clear();
            self.sequence = sequence;
        }
        let room = MAX_LIST.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        (!more).then(|| std::mem::take(&mut self.bytes))
    }

    /// Forgets what has come.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }
}

/// Hands over what an identification list claims; of a list cut short, what is whole.
pub(super) fn each_fact(list: &[u8], mut told: impl FnMut(Attribute, &str)) {
    // A failed read says that the list has ended.
    let _ = read(list, &mut told);
}

fn read(list: &[u8], told: &mut impl FnMut(Attribute, &str)) -> Parse<()> {
    let mut reader = Reader::new(list);
    let (id, _index) = (reader.be16()?, reader.be16()?);
    let (length, count) = (usize::from(reader.be16()?), reader.be16()?);
    for _ in 0..count {
        let mut record = reader.sub(length)?;
        let index = record.be16()?;
        if id & 0xff == MODULE_IDENTIFICATION {
            module(index, &mut record, told)?;
        } else if id & 0xff == COMPONENT_IDENTIFICATION {
            component(index, record.take_rest(), told);
        }
    }
    Ok(())
}

/// Order number, type, two version words.
fn module(index: u16, record: &mut Reader<'_>, told: &mut impl FnMut(Attribute, &str)) -> Parse<()> {
    let order_number = record.take(20)?;
    let _kind = record.be16()?;
    let ([_letter, major], [minor, patch]) = (record.array()?, record.array()?);
    match index {
        1 => told(Attribute::ProductCode, &text::latin1(order_number)),
        7 => told(Attribute::Firmware, &format!("{major}.{minor}.{patch}")),
        _ => {}
    }
    Ok(())
}

fn component(index: u16, value: &[u8], told: &mut impl FnMut(Attribute, &str)) {
    let attribute = match index {
        1 => Attribute::Hostname,
        2 => Attribute::Description,
        3 | 0xb => Attribute::Location,
        4 => Attribute::Vendor,
        5 => Attribute::Serial,
        7 => Attribute::Model,
        _ => return,
    };
    told(attribute, &text::latin1(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(id: u16, length: u16, records: &[(u16, &[u8])]) -> Vec<u8> {
        let mut list = [id.to_be_bytes(), [0, 0], length.to_be_bytes()].concat();
        list.extend(u16::try_from(records.len()).unwrap().to_be_bytes());
        for (index, value) in records {
            list.extend(index.to_be_bytes());
            list.extend(*value);
            list.resize(list.len() + usize::from(length) - 2 - value.len(), 0);
        }
        list
    }

    fn facts(list: &[u8]) -> Vec<String> {
        let mut facts = Vec::new();
        each_fact(list, |attribute, value| facts.push(format!("{attribute} {value}")));
        facts
    }

    #[test]
    fn both_identification_lists_are_told_and_no_cut_is_believed() {
        let version = b"6ES7 315-2EH14-0AB0 \0\xc0V\x03\x02\x06";
        let module = list(0x11, 28, &[(1, version), (7, version)]);
        let component = list(0x1c, 34, &[(1, b"LINE-4"), (5, b"S C-C2UR2892"), (9, b"other")]);
        assert_eq!(facts(&module), ["product-code 6ES7 315-2EH14-0AB0", "firmware 3.2.6"]);
        assert_eq!(facts(&component), ["hostname LINE-4", "serial S C-C2UR2892"]);
        for cut in 0..36 {
            assert!(facts(&component[..cut]).is_empty(), "{cut}");
        }
        assert!(facts(&list(0x24, 20, &[(1, b"x")])).is_empty());
        assert!(facts(&[0, 0x1c, 0, 0, 0, 0, 0xff, 0xff]).is_empty(), "records of no length");
    }

    #[test]
    fn fragments_are_put_together_by_sequence_and_bounded() {
        let mut fragments = Fragments::default();
        assert_eq!(fragments.add(1, true, b"ab"), None);
        assert_eq!(fragments.add(1, false, b"cd"), Some(b"abcd".to_vec()));
        assert_eq!(fragments.add(2, true, b"lost"), None);
        assert_eq!(fragments.add(3, false, b"new"), Some(b"new".to_vec()));
        for _ in 0..100 {
            assert_eq!(fragments.add(4, true, &[0; 200]), None);
        }
        assert_eq!(fragments.add(4, false, b"").map(|list| list.len()), Some(MAX_LIST));
    }
}
