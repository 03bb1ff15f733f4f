//! What a request asks: its service, and the object its parameters name.
//!
//! The object of a symbol is `analog-input[3]` for the present value, which is what is read and written all day, and
//! `analog-input,3 high-limit` for any other property. The index into an array is told of writes, where it is a priority;
//! reads walk over lists of thousands by index, one and the same act.

use super::names::{PropertyName, TypeName};
use super::table::{READ_PROPERTY, Service, Subject, confirmed, unconfirmed};
use crate::bacnet::parser::service::{self as parameters, Item};
use crate::bacnet::parser::tag::{self, ObjectId, Tag};
use crate::reader::{Parse, Reader};
use nullius_model::{Object, Symbol, Values, VerbClass};
use smol_str::SmolStrBuilder;
use std::fmt::Write;

const PRESENT_VALUE: u32 = 85;

/// One thing asked.
pub(super) struct Part {
    pub(super) symbol: Symbol,
    pub(super) values: Values<'static>,
    /// A password stands in it.
    pub(super) password: bool,
}

/// All that a request asks.
pub(super) struct Asked {
    pub(super) first: Part,
    /// Further items of a list.
    pub(super) rest: Vec<Part>,
}

/// What a confirmed request asks; where its parameters cannot be read, at least its service, and what is wrong.
pub(super) fn confirmed_request(number: u8, data: &[u8]) -> (Asked, Parse<()>) {
    let service = confirmed(number);
    let mut parts = Vec::new();
    let read = if matches!(service.subject, Subject::ReadList) {
        parameters::read_list(data, |item| parts.push(item_part(&service, &unindexed(item))))
    } else if matches!(service.subject, Subject::WriteList) {
        parameters::write_list(data, |item| parts.push(written_part(&service, &item)))
    } else {
        let (first, read) = or_plain(&service, part(&service, data));
        return (Asked { first, rest: parts }, read);
    };
    if parts.is_empty() {
        return (Asked { first: plain(service.symbol()), rest: parts }, read);
    }
    let first = parts.remove(0);
    (Asked { first, rest: parts }, read)
}

/// The same of an unconfirmed one, which never asks for several things.
pub(super) fn unconfirmed_request(number: u8, data: &[u8]) -> (Part, Parse<()>) {
    let service = unconfirmed(number);
    or_plain(&service, part(&service, data))
}

fn or_plain(service: &Service, part: Parse<Part>) -> (Part, Parse<()>) {
    match part {
        Ok(part) => (part, Ok(())),
        Err(error) => (plain(service.symbol()), Err(error)),
    }
}

const fn plain(symbol: Symbol) -> Part {
    Part { symbol, values: Values::None, password: false }
}

/// A service about one thing at most.
fn part(service: &Service, data: &[u8]) -> Parse<Part> {
    let mut reader = Reader::new(data);
    let about = |object| plain(service.symbol().about(object));
    Ok(match service.subject {
        Subject::Property => item_part(service, &unindexed(parameters::property(data)?)),
        Subject::Written => written_part(service, &parameters::property(data)?),
        Subject::Changed => item_part(service, &parameters::changed(data)?),
        Subject::Subscribed => item_part(service, &parameters::subscribed(data)?),
        Subject::Object(number) => item_part(service, &parameters::object_under(number, data)?),
        Subject::ApplicationObject => about(object(parameters::application_object(&mut reader)?)),
        Subject::Created => match parameters::created(data)? {
            (kind, Some(instance)) => about(object(ObjectId { kind, instance })),
            (kind, None) => about(Object::name(&TypeName(kind).to_string())),
        },
        Subject::Private => {
            let (vendor, number) = parameters::private_transfer(data)?;
            about(Object::name(&format!("vendor {vendor} service {number}")))
        }
        Subject::Devices => about(devices(parameters::device_limits(&mut reader)?)),
        Subject::Had => about(object(parameters::i_have(data)?.1)),
        Subject::Wanted => about(wanted(&mut reader)?),
        Subject::Group => about(Object::range("group", tag::number(&mut reader, 0)?, 1)),
        Subject::Reinitialize => reinitialize(service, parameters::device_state(0, data)?),
        Subject::Communication => communication(service, parameters::device_state(1, data)?),
        Subject::Nothing | Subject::ReadList | Subject::WriteList => plain(service.symbol()),
    })
}

const fn unindexed(item: Item<'_>) -> Item<'_> {
    Item { index: None, ..item }
}

fn item_part(service: &Service, item: &Item<'_>) -> Part {
    Part { symbol: service.symbol().about(item_object(item)), values: values(item), password: false }
}

/// Writing a value is one thing, writing a setting or a program another.
fn written_part(service: &Service, item: &Item<'_>) -> Part {
    let class = match (item.object.kind, item.property) {
        // Program-change: load, run, halt, restart.
        (_, Some(90)) => VerbClass::Command,
        // Files and programs.
        (10 | 16, _) => VerbClass::Program,
        // Out-of-service, present-value, priority-array.
        (_, Some(81 | PRESENT_VALUE | 87)) => VerbClass::Write,
        _ => VerbClass::Configure,
    };
    let part = item_part(service, item);
    Part { symbol: Symbol { class, ..part.symbol }, ..part }
}

fn values(item: &Item<'_>) -> Values<'static> {
    item.value.and_then(Tag::milli).map_or(Values::None, Values::Milli)
}

/// The value in the answer to a single read.
pub(super) fn answered_values(service: u8, data: &[u8]) -> Values<'static> {
    match service {
        READ_PROPERTY => parameters::property(data).map_or(Values::None, |item| values(&item)),
        _ => Values::None,
    }
}

fn item_object(item: &Item<'_>) -> Object {
    match (item.property, item.index) {
        (None | Some(PRESENT_VALUE), None) => object(item.object),
        (property, index) => {
            let mut name = SmolStrBuilder::new();
            let ObjectId { kind, instance } = item.object;
            // Writing to the builder cannot fail.
            let property = PropertyName(property.unwrap_or(PRESENT_VALUE));
            let _ = write!(name, "{},{instance} {property}", TypeName(kind));
            if let Some(index) = index {
                let _ = write!(name, "[{index}]");
            }
            Object::Name(name.finish())
        }
    }
}

fn object(id: ObjectId) -> Object {
    match TypeName(id.kind).known() {
        Some(name) => Object::range(name, id.instance, 1),
        None => Object::name(&format!("{},{}", TypeName(id.kind), id.instance)),
    }
}

fn devices(limits: Option<(u32, u32)>) -> Object {
    match limits {
        Some((low, high)) if low <= high => {
            Object::range("device", low, high.saturating_sub(low).saturating_add(1))
        }
        _ => Object::Peer,
    }
}

/// Who-Has asks for an object by its identifier or by its name.
fn wanted(reader: &mut Reader<'_>) -> Parse<Object> {
    parameters::device_limits(reader)?;
    if let Some(id) = tag::optional(reader, 2)?.and_then(Tag::object_id) {
        return Ok(object(id));
    }
    let name = tag::context(reader, 3)?.text();
    Ok(name.map_or(Object::Peer, |name| Object::name(&name)))
}

fn reinitialize(service: &Service, (state, password): (u32, bool)) -> Part {
    let (name, class) = match state {
        0 => ("coldstart", VerbClass::Command),
        1 => ("warmstart", VerbClass::Command),
        2 => ("start-backup", VerbClass::Program),
        3 => ("end-backup", VerbClass::Program),
        4 => ("start-restore", VerbClass::Program),
        5 => ("end-restore", VerbClass::Program),
        6 => ("abort-restore", VerbClass::Program),
        7 => ("activate-changes", VerbClass::Configure),
        _ => ("unknown-state", VerbClass::Admin),
    };
    let symbol = Symbol { class, ..service.symbol() }.about(Object::name(name));
    Part { password, ..plain(symbol) }
}

fn communication(service: &Service, (state, password): (u32, bool)) -> Part {
    let name = match state {
        0 => "enable",
        1 => "disable",
        2 => "disable-initiation",
        _ => "unknown-state",
    };
    Part { password, ..plain(service.symbol().about(Object::name(name))) }
}
