//! What services are asked about: their parameters as far as they name an object (ASHRAE 135 clauses 13 to 17, 21).

use super::tag::{self, ObjectId, Tag};
use crate::reader::{Parse, ParseError, Reader};
use std::borrow::Cow;

/// Most objects and properties read out of one list: two thirds of what the longest APDU on IP can hold.
const MAX_ITEMS: usize = 256;

/// A property of an object, and what it holds where the message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Item<'a> {
    pub(in super::super) object: ObjectId,
    pub(in super::super) property: Option<u32>,
    pub(in super::super) index: Option<u32>,
    pub(in super::super) value: Option<Tag<'a>>,
}

impl Item<'_> {
    const fn of(object: ObjectId) -> Self {
        Self { object, property: None, index: None, value: None }
    }
}

/// What an I-Am tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct IAm {
    pub(in super::super) device: ObjectId,
    pub(in super::super) vendor: u32,
}

/// I-Am (16.10.1).
pub(in super::super) fn i_am(data: &[u8]) -> Parse<IAm> {
    let mut reader = Reader::new(data);
    let device = application_object(&mut reader)?;
    Tag::read(&mut reader)?;
    Tag::read(&mut reader)?;
    let vendor = Tag::read(&mut reader)?.unsigned().ok_or(ParseError::Invalid("I-Am without a vendor"))?;
    Ok(IAm { device, vendor })
}

/// I-Have (16.9.2): the device, the object it has.
pub(in super::super) fn i_have(data: &[u8]) -> Parse<(ObjectId, ObjectId)> {
    let mut reader = Reader::new(data);
    Ok((application_object(&mut reader)?, application_object(&mut reader)?))
}

/// Who-Am-I (16.11.1): vendor, model, serial number of a device that has no number yet.
pub(in super::super) fn who_am_i(data: &[u8]) -> Parse<(u32, Cow<'_, str>, Cow<'_, str>)> {
    let mut reader = Reader::new(data);
    let vendor = Tag::read(&mut reader)?.unsigned();
    let model = Tag::read(&mut reader)?.text();
    let serial = Tag::read(&mut reader)?.text();
    vendor
        .zip(model)
        .zip(serial)
        .map(|((vendor, model), serial)| (vendor, model, serial))
        .ok_or(ParseError::Invalid("Who-Am-I without vendor, model or serial number"))
}

/// An object identifier under an application tag, as file services and Delete-Object begin.
pub(in super::super) fn application_object(reader: &mut Reader<'_>) -> Parse<ObjectId> {
    Tag::read(reader)?.object_id().ok_or(ParseError::Invalid("an object identifier is missing"))
}

/// The limits of a Who-Is or Who-Has: device instances from, to.
pub(in super::super) fn device_limits(reader: &mut Reader<'_>) -> Parse<Option<(u32, u32)>> {
    let low = tag::optional_number(reader, 0)?;
    let high = tag::optional_number(reader, 1)?;
    Ok(low.zip(high))
}

/// Object and property under context tags 0 and 1, index under 2: Read-Property, Write-Property, Read-Range, list
/// services and, with the value under 3, the answers to reads.
pub(in super::super) fn property(data: &[u8]) -> Parse<Item<'_>> {
    let mut reader = Reader::new(data);
    let object = tag::object(&mut reader, 0)?;
    let property = Some(tag::number(&mut reader, 1)?);
    let index = tag::optional_number(&mut reader, 2)?;
    let value = if tag::opens(&mut reader, 3)? { tag::enclosed(&mut reader, 3)? } else { None };
    Ok(Item { object, property, index, value })
}

/// The object under context tag `number`, behind whatever stands before it.
pub(in super::super) fn object_under(number: u8, data: &[u8]) -> Parse<Item<'_>> {
    let mut reader = Reader::new(data);
    for before in 0..number {
        tag::optional(&mut reader, before)?;
    }
    tag::object(&mut reader, number).map(Item::of)
}

/// COV notifications: the object under context tag 2 and the first of its new values, which is its present value.
pub(in super::super) fn changed(data: &[u8]) -> Parse<Item<'_>> {
    let mut item = object_under(2, data)?;
    let mut reader = Reader::new(data);
    for before in 0..=3 {
        tag::optional(&mut reader, before)?;
    }
    if tag::opens(&mut reader, 4)? && !tag::closes(&mut reader, 4)? {
        item.property = Some(tag::number(&mut reader, 0)?);
        item.index = tag::optional_number(&mut reader, 1)?;
        if tag::opens(&mut reader, 2)? {
            item.value = tag::enclosed(&mut reader, 2)?;
        }
    }
    Ok(item)
}

/// Subscribe-COV and Subscribe-COV-Property: the object under context tag 1, the property inside tag 4.
pub(in super::super) fn subscribed(data: &[u8]) -> Parse<Item<'_>> {
    let mut item = object_under(1, data)?;
    let mut reader = Reader::new(data);
    for before in 0..=3 {
        tag::optional(&mut reader, before)?;
    }
    if tag::opens(&mut reader, 4)? {
        item.property = Some(tag::number(&mut reader, 0)?);
        item.index = tag::optional_number(&mut reader, 1)?;
    }
    Ok(item)
}

/// Create-Object: a type, of which the device picks the instance, or the object itself.
pub(in super::super) fn created(data: &[u8]) -> Parse<(u16, Option<u32>)> {
    let mut reader = Reader::new(data);
    if !tag::opens(&mut reader, 0)? {
        return Err(ParseError::Invalid("Create-Object without an object"));
    }
    if let Some(kind) = tag::optional_number(&mut reader, 0)? {
        return Ok((u16::try_from(kind).unwrap_or(u16::MAX), None));
    }
    let object = tag::object(&mut reader, 1)?;
    Ok((object.kind, Some(object.instance)))
}

/// Read-Property-Multiple: objects, each with a list of properties. Calls `each` for every one.
pub(in super::super) fn read_list<'a>(data: &'a [u8], mut each: impl FnMut(Item<'a>)) -> Parse<()> {
    let mut items = Counter::default();
    objects(data, &mut |object, reader| {
        while !tag::closes(reader, 1)? {
            let property = Some(tag::number(reader, 0)?);
            let index = tag::optional_number(reader, 1)?;
            items.count()?;
            each(Item { object, property, index, value: None });
        }
        Ok(())
    })
}

/// The answer to it: every property with its value, or an error.
pub(in super::super) fn answer_list<'a>(data: &'a [u8], mut each: impl FnMut(Item<'a>)) -> Parse<()> {
    let mut items = Counter::default();
    objects(data, &mut |object, reader| {
        while !tag::closes(reader, 1)? {
            let property = Some(tag::number(reader, 2)?);
            let index = tag::optional_number(reader, 3)?;
            items.count()?;
            if tag::opens(reader, 4)? {
                let value = tag::enclosed(reader, 4)?;
                each(Item { object, property, index, value });
            } else if tag::opens(reader, 5)? {
                tag::enclosed(reader, 5)?;
            } else {
                return Err(ParseError::Invalid("a property without value or error"));
            }
        }
        Ok(())
    })
}

/// Write-Property-Multiple: objects, each with a list of properties and values.
pub(in super::super) fn write_list<'a>(data: &'a [u8], mut each: impl FnMut(Item<'a>)) -> Parse<()> {
    let mut items = Counter::default();
    objects(data, &mut |object, reader| {
        while !tag::closes(reader, 1)? {
            let property = Some(tag::number(reader, 0)?);
            let index = tag::optional_number(reader, 1)?;
            if !tag::opens(reader, 2)? {
                return Err(ParseError::Invalid("a property without a value"));
            }
            let value = tag::enclosed(reader, 2)?;
            tag::optional(reader, 3)?;
            items.count()?;
            each(Item { object, property, index, value });
        }
        Ok(())
    })
}

/// Walks over objects under context tag 0, each followed by a list that opens with tag 1.
fn objects<'a>(data: &'a [u8], list: &mut impl FnMut(ObjectId, &mut Reader<'a>) -> Parse<()>) -> Parse<()> {
    let mut reader = Reader::new(data);
    while !reader.is_empty() {
        let object = tag::object(&mut reader, 0)?;
        if !tag::opens(&mut reader, 1)? {
            return Err(ParseError::Invalid("an object without a list of properties"));
        }
        list(object, &mut reader)?;
    }
    Ok(())
}

#[derive(Default)]
struct Counter(usize);

impl Counter {
    const fn count(&mut self) -> Parse<()> {
        self.0 += 1;
        if self.0 <= MAX_ITEMS { Ok(()) } else { Err(ParseError::Invalid("more properties than are read")) }
    }
}

/// What Reinitialize-Device and Device-Communication-Control ask for, and whether a password stands there.
pub(in super::super) fn device_state(first: u8, data: &[u8]) -> Parse<(u32, bool)> {
    let mut reader = Reader::new(data);
    if first == 1 {
        tag::optional(&mut reader, 0)?;
    }
    let state = tag::number(&mut reader, first)?;
    Ok((state, tag::optional(&mut reader, first + 1)?.is_some()))
}

/// Private-Transfer: vendor, and the vendor's own service number.
pub(in super::super) fn private_transfer(data: &[u8]) -> Parse<(u32, u32)> {
    let mut reader = Reader::new(data);
    Ok((tag::number(&mut reader, 0)?, tag::number(&mut reader, 1)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::unhex;

    const OBJECT: ObjectId = ObjectId { kind: 1, instance: 3 };

    #[test]
    fn a_list_of_properties_is_walked_and_every_cut_is_refused() {
        let whole = unhex("0c 00400003 1e 09 55 09 57 19 08 1f 0c 02000064 1e 09 4d 1f");
        let mut found = Vec::new();
        read_list(&whole, |item| found.push((item.object.instance, item.property, item.index))).unwrap();
        assert_eq!(found, [(3, Some(85), None), (3, Some(87), Some(8)), (100, Some(77), None)]);
        for cut in (1..whole.len()).filter(|cut| *cut != 13) {
            assert!(read_list(&whole[..cut], |_| {}).is_err(), "{cut}");
        }
    }

    #[test]
    fn values_in_lists_are_told_and_errors_passed_over() {
        let mut found = Vec::new();
        let answer = unhex("0c 00400003 1e 29 55 4e 44 41a40000 4f 29 4d 5e 91 02 91 20 5f 1f");
        answer_list(&answer, |item| found.push((item.property, item.value.and_then(Tag::milli)))).unwrap();
        assert_eq!(found, [(Some(85), Some(20_500))]);
        let write = unhex("0c 00400003 1e 09 55 2e 44 41a40000 2f 39 08 1f");
        write_list(&write, |item| found.push((item.property, item.value.and_then(Tag::milli)))).unwrap();
        assert_eq!(found.len(), 2);
        assert!(write_list(&unhex("0c 00400003 1e 09 55 1f"), |_| {}).is_err(), "no value");
    }

    #[test]
    fn a_list_without_end_is_refused() {
        let mut endless = unhex("0c 00400003 1e");
        endless.extend([0x09, 0x55].repeat(1000));
        let mut count = 0;
        assert_eq!(
            read_list(&endless, |_| count += 1),
            Err(ParseError::Invalid("more properties than are read"))
        );
        assert_eq!(count, MAX_ITEMS);
    }

    #[test]
    fn parameters_are_found_where_the_standard_puts_them() {
        assert_eq!(property(&unhex("0c 00400003 19 55")).map(|item| item.object), Ok(OBJECT));
        assert_eq!(
            object_under(2, &unhex("09 01 1c 02000064 2c 00400003")).map(|item| item.object),
            Ok(OBJECT)
        );
        assert_eq!(created(&unhex("0e 09 01 0f")), Ok((1, None)));
        assert_eq!(created(&unhex("0e 1c 00400003 0f")), Ok((1, Some(3))));
        assert_eq!(device_state(0, &unhex("09 01 1d 05 00 41424344")), Ok((1, true)));
        assert_eq!(device_state(1, &unhex("19 00")), Ok((0, false)));
        assert_eq!(i_am(&unhex("c4 02000064 22 05c4 91 00 21 0f")).map(|told| told.vendor), Ok(15));
        assert!(i_am(&unhex("c4 02000064 22 05c4 91 00")).is_err());
    }
}
