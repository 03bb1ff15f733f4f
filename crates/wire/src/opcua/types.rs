//! Built-in types in UA binary (OPC 10000-6 §5.2.2).
//!
//! INVARIANT: types that contain themselves are followed no deeper than [`MAX_DEPTH`]; an array costs no more than the
//! bytes that are there.

use crate::number::milli;
use crate::reader::{Parse, ParseError, Reader, ensure};
use crate::text;
use nullius_model::SmolStr;
use smol_str::format_smolstr;

/// A variant may hold variants: deeper than any sender goes, shallower than the stack.
const MAX_DEPTH: u8 = 16;

/// A string, byte string or XML element; empty where null.
pub(super) fn read_bytes<'a>(reader: &mut Reader<'a>) -> Parse<&'a [u8]> {
    match reader.le32()?.cast_signed() {
        -1 => Ok(&[]),
        length => reader.take(usize::try_from(length).map_err(|_| INVALID_LENGTH)?),
    }
}

/// How many elements an array has; none where null.
pub(super) fn read_count(reader: &mut Reader<'_>) -> Parse<u32> {
    match reader.le32()?.cast_signed() {
        -1 => Ok(0),
        count => u32::try_from(count).map_err(|_| INVALID_LENGTH),
    }
}

const INVALID_LENGTH: ParseError = ParseError::Invalid("negative OPC UA length");

/// Passes over an array, one element at a time. Each takes at least a byte, so this ends with the bytes.
pub(super) fn skip_array(
    reader: &mut Reader<'_>,
    mut skip: impl FnMut(&mut Reader<'_>) -> Parse<()>,
) -> Parse<()> {
    let count = read_count(reader)?;
    for _ in 0..count {
        skip(reader)?;
    }
    Ok(())
}

/// A string passed over.
pub(super) fn skip_bytes(reader: &mut Reader<'_>) -> Parse<()> {
    read_bytes(reader).map(|_| ())
}

/// The name of a node, within the address space of its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId<'a> {
    namespace: u16,
    identifier: Identifier<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Identifier<'a> {
    Number(u32),
    Text(&'a [u8]),
    Guid([u8; 16]),
    Opaque(&'a [u8]),
}

impl NodeId<'_> {
    /// The number of a node of the standard's own namespace.
    pub(super) const fn standard(&self) -> Option<u32> {
        match (self.namespace, self.identifier) {
            (0, Identifier::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// As people write it (OPC 10000-6 §5.3.1.10): `i=2258`, `ns=2;s=Boiler.Temperature`.
    pub(super) fn name(&self) -> SmolStr {
        let identifier = match self.identifier {
            Identifier::Number(number) => format_smolstr!("i={number}"),
            Identifier::Text(bytes) => format_smolstr!("s={}", text::utf8(bytes)),
            Identifier::Guid(bytes) => format_smolstr!("g={}", text::hex(&bytes)),
            Identifier::Opaque(bytes) => format_smolstr!("b={}", text::hex(bytes)),
        };
        match self.namespace {
            0 => identifier,
            namespace => format_smolstr!("ns={namespace};{identifier}"),
        }
    }
}

/// A node id, or an expanded one, whose server and namespace URI are passed over.
pub(super) fn read_node_id<'a>(reader: &mut Reader<'a>) -> Parse<NodeId<'a>> {
    const HAS_SERVER: u8 = 0x40;
    const HAS_NAMESPACE: u8 = 0x80;
    let encoding = reader.u8()?;
    let node = match encoding & !(HAS_SERVER | HAS_NAMESPACE) {
        0 => NodeId { namespace: 0, identifier: Identifier::Number(u32::from(reader.u8()?)) },
        1 => NodeId {
            namespace: u16::from(reader.u8()?),
            identifier: Identifier::Number(u32::from(reader.le16()?)),
        },
        2 => NodeId { namespace: reader.le16()?, identifier: Identifier::Number(reader.le32()?) },
        3 => NodeId { namespace: reader.le16()?, identifier: Identifier::Text(read_bytes(reader)?) },
        4 => NodeId { namespace: reader.le16()?, identifier: Identifier::Guid(reader.array()?) },
        5 => NodeId { namespace: reader.le16()?, identifier: Identifier::Opaque(read_bytes(reader)?) },
        _ => return Err(ParseError::Invalid("unknown OPC UA node id encoding")),
    };
    if encoding & HAS_NAMESPACE != 0 {
        skip_bytes(reader)?;
    }
    if encoding & HAS_SERVER != 0 {
        reader.skip(4)?;
    }
    Ok(node)
}

/// A node id passed over.
pub(super) fn skip_node_id(reader: &mut Reader<'_>) -> Parse<()> {
    read_node_id(reader).map(|_| ())
}

/// A name with its namespace, passed over.
pub(super) fn skip_qualified_name(reader: &mut Reader<'_>) -> Parse<()> {
    reader.skip(2)?;
    skip_bytes(reader)
}

/// The text of a localised text; empty where it has none.
pub(super) fn read_localized_text<'a>(reader: &mut Reader<'a>) -> Parse<&'a [u8]> {
    let mask = reader.u8()?;
    if mask & 1 != 0 {
        skip_bytes(reader)?;
    }
    if mask & 2 != 0 { read_bytes(reader) } else { Ok(&[]) }
}

/// An extension object: the node id of its type and its body.
pub(super) fn read_extension<'a>(reader: &mut Reader<'a>) -> Parse<(NodeId<'a>, &'a [u8])> {
    let r#type = read_node_id(reader)?;
    let body = match reader.u8()? {
        0 => &[],
        1 | 2 => read_bytes(reader)?,
        _ => return Err(ParseError::Invalid("unknown OPC UA extension encoding")),
    };
    Ok((r#type, body))
}

/// An extension object passed over.
pub(super) fn skip_extension(reader: &mut Reader<'_>) -> Parse<()> {
    read_extension(reader).map(|_| ())
}

/// Diagnostic information, passed over. The inner one comes last, so that nesting is a loop.
pub(super) fn skip_diagnostic(reader: &mut Reader<'_>) -> Parse<()> {
    loop {
        let mask = reader.u8()?;
        reader.skip(4 * (mask & 0x0f).count_ones() as usize)?;
        if mask & 0x10 != 0 {
            skip_bytes(reader)?;
        }
        if mask & 0x20 != 0 {
            reader.skip(4)?;
        }
        if mask & 0x40 == 0 {
            return Ok(());
        }
    }
}

/// A value, with its quality.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DataValue<'a> {
    pub(super) scalar: Scalar<'a>,
    /// 0 is good; the top bit says bad.
    pub(super) status: u32,
}

/// What is read of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Scalar<'a> {
    /// An array, or of a type that is passed over.
    #[default]
    Other,
    /// A number, in thousandths.
    Milli(i64),
    /// Text.
    Text(&'a [u8]),
    /// A structure.
    Extension(NodeId<'a>, &'a [u8]),
}

/// Reads a data value.
pub(super) fn read_data_value<'a>(reader: &mut Reader<'a>) -> Parse<DataValue<'a>> {
    data_value(reader, 0)
}

/// A variant passed over.
pub(super) fn skip_variant(reader: &mut Reader<'_>) -> Parse<()> {
    variant(reader, 0).map(|_| ())
}

fn data_value<'a>(reader: &mut Reader<'a>, depth: u8) -> Parse<DataValue<'a>> {
    let mask = reader.u8()?;
    let scalar = if mask & 0x01 != 0 { variant(reader, depth)? } else { Scalar::Other };
    let status = if mask & 0x02 != 0 { reader.le32()? } else { 0 };
    for (bit, length) in [(0x04, 8), (0x10, 2), (0x08, 8), (0x20, 2)] {
        if mask & bit != 0 {
            reader.skip(length)?;
        }
    }
    Ok(DataValue { scalar, status })
}

fn variant<'a>(reader: &mut Reader<'a>, depth: u8) -> Parse<Scalar<'a>> {
    ensure(depth < MAX_DEPTH, "OPC UA values nested too deeply")?;
    let encoding = reader.u8()?;
    let r#type = encoding & 0x3f;
    if encoding & 0x80 == 0 {
        return scalar(reader, r#type, depth);
    }
    let count = read_count(reader)?;
    if let Some(width) = width(r#type) {
        reader.skip(usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(width))?;
    } else {
        ensure(r#type != 0, "OPC UA array of nothing")?;
        for _ in 0..count {
            scalar(reader, r#type, depth)?;
        }
    }
    if encoding & 0x40 != 0 {
        let dimensions = read_count(reader)?;
        reader.skip(usize::try_from(dimensions).unwrap_or(usize::MAX).saturating_mul(4))?;
    }
    Ok(Scalar::Other)
}

/// Bytes of the types that have a fixed number.
const fn width(r#type: u8) -> Option<usize> {
    Some(match r#type {
        1..=3 => 1,
        4 | 5 => 2,
        6 | 7 | 10 | 19 => 4,
        8 | 9 | 11 | 13 => 8,
        14 => 16,
        _ => return None,
    })
}

fn scalar<'a>(reader: &mut Reader<'a>, r#type: u8, depth: u8) -> Parse<Scalar<'a>> {
    match r#type {
        0 => {}
        12 => return read_bytes(reader).map(Scalar::Text),
        17 | 18 => skip_node_id(reader)?,
        20 => skip_qualified_name(reader)?,
        21 => return read_localized_text(reader).map(Scalar::Text),
        22 => return read_extension(reader).map(|(r#type, body)| Scalar::Extension(r#type, body)),
        23 => drop(data_value(reader, depth + 1)?),
        24 => drop(variant(reader, depth + 1)?),
        25 => skip_diagnostic(reader)?,
        1..=11 => return Ok(number(reader, r#type)?.map_or(Scalar::Other, Scalar::Milli)),
        // 15 and 16 are byte strings; the reserved ones are to be read as such (§5.2.2.16).
        _ => match width(r#type) {
            Some(width) => reader.skip(width)?,
            None => skip_bytes(reader)?,
        },
    }
    Ok(Scalar::Other)
}

/// In thousandths; none where it is no number.
fn number(reader: &mut Reader<'_>, r#type: u8) -> Parse<Option<i64>> {
    let whole = match r#type {
        2 => i64::from(reader.u8()?.cast_signed()),
        1 | 3 => i64::from(reader.u8()?),
        4 => i64::from(reader.le16()?.cast_signed()),
        5 => i64::from(reader.le16()?),
        6 => i64::from(reader.le32()?.cast_signed()),
        7 => i64::from(reader.le32()?),
        8 => reader.le64()?.cast_signed(),
        9 => i64::try_from(reader.le64()?).unwrap_or(i64::MAX),
        10 => return reader.le32().map(|raw| milli(f64::from(f32::from_bits(raw)))),
        _ => return reader.le64().map(|raw| milli(f64::from_bits(raw))),
    };
    Ok(Some(whole.saturating_mul(1000)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::unhex;

    #[test]
    fn node_ids_are_written_as_people_write_them() {
        for (bytes, name) in [
            ("00 48", "i=72"),
            ("01 00 d208", "i=2258"),
            ("01 05 0104", "ns=5;i=1025"),
            ("02 0a00 01000100", "ns=10;i=65537"),
            ("03 0100 05000000 486f743f21", "ns=1;s=Hot?!"),
            ("83 0000 01000000 78 03000000 75726e", "s=x"),
            ("05 0200 02000000 00ff", "ns=2;b=00ff"),
        ] {
            let bytes = unhex(bytes);
            let mut reader = Reader::new(&bytes);
            assert_eq!(read_node_id(&mut reader).unwrap().name(), name);
            assert!(reader.is_empty(), "{name}");
            for cut in 0..bytes.len() {
                assert_eq!(
                    read_node_id(&mut Reader::new(&bytes[..cut])),
                    Err(ParseError::Short),
                    "{name} {cut}"
                );
            }
        }
        assert!(matches!(read_node_id(&mut Reader::new(&[6, 0])), Err(ParseError::Invalid(_))));
    }

    #[test]
    fn values_of_every_shape_end_where_they_should() {
        for (bytes, scalar) in [
            ("00", Scalar::Other),
            ("01 06 ffffffff", Scalar::Milli(-1000)),
            ("01 0a 0000c03f", Scalar::Milli(1500)),
            ("01 0b 000000000000f07f", Scalar::Milli(i64::MAX)),
            ("01 0b 000000000000f87f", Scalar::Other),
            ("01 0c 03000000 616263", Scalar::Text(b"abc")),
            ("0d 15 02 01000000 61 0000000000000000 0000000000000000", Scalar::Text(b"a")),
            ("01 85 02000000 0100 0200", Scalar::Other),
            ("01 c5 02000000 0100 0200 02000000 01000000 02000000", Scalar::Other),
            ("01 98 02000000 06 00000000 0c ffffffff", Scalar::Other),
            ("01 19 7f 00000000 00000000 00000000 00000000 01000000 61 00000000 00", Scalar::Other),
            ("01 1f 01000000 00", Scalar::Other),
        ] {
            let bytes = unhex(bytes);
            let mut reader = Reader::new(&bytes);
            assert_eq!(read_data_value(&mut reader).unwrap().scalar, scalar);
            assert!(reader.is_empty(), "{bytes:02x?}");
        }
    }

    #[test]
    fn nesting_and_giant_counts_are_refused() {
        let nested: Vec<u8> = [&[0x18; 100][..], &[0]].concat();
        assert_eq!(
            skip_variant(&mut Reader::new(&nested)),
            Err(ParseError::Invalid("OPC UA values nested too deeply"))
        );
        for (bytes, error) in [
            ("80 ffffff7f", ParseError::Invalid("OPC UA array of nothing")),
            ("85 ffffff7f", ParseError::Short),
            ("8c ffffff7f 00000000", ParseError::Short),
            ("8c feffffff", INVALID_LENGTH),
            ("0c feffffff", INVALID_LENGTH),
        ] {
            assert_eq!(skip_variant(&mut Reader::new(&unhex(bytes))), Err(error), "{bytes}");
        }
        let inner = [0x40; 100_000];
        assert_eq!(skip_diagnostic(&mut Reader::new(&inner)), Err(ParseError::Short));
    }
}
