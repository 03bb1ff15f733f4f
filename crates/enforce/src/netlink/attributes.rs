//! Type, length, value: what every netfilter message is made of.

use super::{ALIGNMENT, aligned};

/// Length and type, both 16 bits in the machine's order.
const HEADER: usize = 4;

/// `NLA_F_NESTED` and `NLA_F_NET_BYTEORDER` stand in the two upper bits of a type.
const TYPE_MASK: u16 = 0x3fff;

/// Attributes being written. Numbers of nftables are big-endian.
#[derive(Debug, Default)]
pub(crate) struct Attributes(Vec<u8>);

impl Attributes {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn put(&mut self, kind: u16, value: &[u8]) -> &mut Self {
        let start = self.0.len();
        self.open(kind);
        self.0.extend_from_slice(value);
        self.close(start)
    }

    pub(crate) fn put_u32(&mut self, kind: u16, value: u32) -> &mut Self {
        self.put(kind, &value.to_be_bytes())
    }

    pub(crate) fn put_u64(&mut self, kind: u16, value: u64) -> &mut Self {
        self.put(kind, &value.to_be_bytes())
    }

    /// With the closing zero that the kernel expects.
    pub(crate) fn put_text(&mut self, kind: u16, value: &str) -> &mut Self {
        let start = self.0.len();
        self.open(kind);
        self.0.extend_from_slice(value.as_bytes());
        self.0.push(0);
        self.close(start)
    }

    pub(crate) fn nest(&mut self, kind: u16, write: impl FnOnce(&mut Self)) -> &mut Self {
        let start = self.0.len();
        self.open(kind);
        write(self);
        self.close(start)
    }

    /// Attributes made elsewhere, as they are.
    pub(crate) fn append(&mut self, other: &Self) -> &mut Self {
        self.0.extend_from_slice(&other.0);
        self
    }

    fn open(&mut self, kind: u16) {
        self.0.extend_from_slice(&[0; 2]);
        self.0.extend_from_slice(&kind.to_ne_bytes());
    }

    /// A value too long for the 16 bits keeps the length 0, which the kernel refuses: callers split before.
    fn close(&mut self, start: usize) -> &mut Self {
        let length = u16::try_from(self.0.len().saturating_sub(start)).unwrap_or(0);
        if let Some(field) = self.0.get_mut(start..start.saturating_add(2)) {
            field.copy_from_slice(&length.to_ne_bytes());
        }
        self.0.resize(aligned(self.0.len()), 0);
        self
    }
}

/// One attribute that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attribute<'a> {
    pub(crate) kind: u16,
    pub(crate) value: &'a [u8],
}

/// The attributes in some bytes, until they end or stop making sense.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttributeReader<'a>(&'a [u8]);

impl<'a> AttributeReader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The value of the first attribute of a kind.
    pub(crate) fn find(mut self, kind: u16) -> Option<&'a [u8]> {
        Iterator::find(&mut self, |attribute| attribute.kind == kind).map(|attribute| attribute.value)
    }

    /// The attributes inside the first attribute of a kind; none where there is no such attribute.
    pub(crate) fn inside(self, kind: u16) -> Self {
        Self(self.find(kind).unwrap_or_default())
    }
}

impl<'a> Iterator for AttributeReader<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        let (header, _) = self.0.split_first_chunk::<HEADER>()?;
        let [length_0, length_1, kind_0, kind_1] = *header;
        let length = usize::from(u16::from_ne_bytes([length_0, length_1]));
        let value = self.0.get(HEADER..length)?;
        self.0 = self.0.get(length.next_multiple_of(ALIGNMENT)..).unwrap_or_default();
        Some(Attribute { kind: u16::from_ne_bytes([kind_0, kind_1]) & TYPE_MASK, value })
    }
}

/// A big-endian number that fills the whole value.
pub(crate) fn read_u16(value: &[u8]) -> Option<u16> {
    value.try_into().ok().map(u16::from_be_bytes)
}

/// A big-endian number that fills the whole value.
pub(crate) fn read_u32(value: &[u8]) -> Option<u32> {
    value.try_into().ok().map(u32::from_be_bytes)
}

/// A big-endian number that fills the whole value.
pub(crate) fn read_u64(value: &[u8]) -> Option<u64> {
    value.try_into().ok().map(u64::from_be_bytes)
}

/// Text up to its closing zero; none where it is no UTF-8.
pub(crate) fn text(value: &[u8]) -> Option<&str> {
    let end = value.iter().position(|&byte| byte == 0).unwrap_or(value.len());
    std::str::from_utf8(value.get(..end)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut written = Attributes::default();
        written.put_u32(1, 7).nest(2, |inner| {
            inner.put_text(3, "abc").put_u64(4, 9);
        });
        let reader = AttributeReader::new(written.bytes());
        assert_eq!(reader.find(1).and_then(read_u32), Some(7));
        assert_eq!(reader.inside(2).find(3).and_then(text), Some("abc"));
        assert_eq!(reader.inside(2).find(4).and_then(read_u64), Some(9));
        assert_eq!(reader.find(9), None);
    }

    #[test]
    fn a_length_that_the_bytes_do_not_back_ends_the_reading() {
        for bytes in [&[][..], &[0, 0, 1, 0], &[3, 0, 1, 0], &[200, 0, 1, 0, 5], &[8, 0, 1]] {
            assert_eq!(AttributeReader::new(bytes).count(), 0, "{bytes:?}");
        }
    }
}
