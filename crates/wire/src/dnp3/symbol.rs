//! Symbols of a request: one a point operated or listed, one a header otherwise.
//!
//! A poll of several classes in one request is as many symbols (`read g60v1`, `read g60v2`): a master that asks for
//! them now together, now apart, then says nothing new.

use super::fragment::Fragment;
use super::function::{self, Function};
use super::object::{Block, Item, Range, read_block};
use crate::number::milli_values;
use crate::reader::{Parse, Reader};
use crate::text;
use nullius_model::{Object, SmolStr, Space, Symbol, Values, VerbClass};
use smol_str::format_smolstr;

/// Most symbols taken from one fragment: 2048 bytes may name a thousand points. A last symbol then says that there were
/// more, so that nothing hides behind a crowd.
pub(super) const MAX_SYMBOLS: usize = 32;

const FILE: u8 = 70;

/// Gives every symbol of a request to `say`.
pub(super) fn for_each_symbol(
    known: Function,
    fragment: Fragment<'_>,
    say: &mut dyn FnMut(Symbol, Values<'_>),
) -> Parse<()> {
    let mut objects = fragment.objects;
    let mut room = MAX_SYMBOLS;
    if objects.is_empty() {
        say(Symbol::new(known.class, known.verb), Values::None);
    }
    while !objects.is_empty() {
        let block = read_block(&mut objects, known.data).inspect_err(|_| say(unread(known), Values::None))?;
        let symbol = Symbol::new(class_of(known, fragment.function, &block), known.verb);
        if !say_block(&block, &symbol, known, &mut room, say) {
            say(unread(known), Values::None);
            return Ok(());
        }
    }
    Ok(())
}

/// `g60v2`.
pub(super) fn type_name(block: &Block<'_>) -> SmolStr {
    format_smolstr!("g{}v{}", block.group, block.variation)
}

/// False where there was no room for all of it.
fn say_block(
    block: &Block<'_>,
    symbol: &Symbol,
    known: Function,
    room: &mut usize,
    say: &mut dyn FnMut(Symbol, Values<'_>),
) -> bool {
    let mut items = block.items().peekable();
    let is_control = known.class == VerbClass::Command;
    if items.peek().is_none() || !(is_control || block.is_indexed() || block.group == FILE) {
        if *room > 0 {
            say(symbol.clone().about(whole(block)), Values::None);
        }
        return take_one(room);
    }
    items.all(|item| {
        if *room > 0 {
            say(symbol.clone().about(point(block, item)), set_point(block, item));
        }
        take_one(room)
    })
}

const fn take_one(room: &mut usize) -> bool {
    let had_room = *room > 0;
    *room = room.saturating_sub(1);
    had_room
}

/// The rest of a request: too much, or not to be read. What a write of it changes is not known.
fn unread(known: Function) -> Symbol {
    let class = if known.class == VerbClass::Write { VerbClass::Admin } else { known.class };
    Symbol::new(class, known.verb).about(Object::name("unread objects"))
}

fn class_of(known: Function, code: u8, block: &Block<'_>) -> VerbClass {
    match code {
        function::WRITE => function::class_of_write(block.group),
        function::OPEN_FILE if opens_for_reading(block) => VerbClass::Read,
        _ => known.class,
    }
}

fn whole(block: &Block<'_>) -> Object {
    let Range::Span { first, count } = block.range else { return Object::Name(type_name(block)) };
    numbered(block, first, u32::try_from(count).unwrap_or(u32::MAX))
}

fn point(block: &Block<'_>, item: Item<'_>) -> Object {
    if let Some(name) = file_name(block, item) {
        return Object::name(&text::utf8(name));
    }
    item.index.map_or_else(|| Object::Name(type_name(block)), |index| numbered(block, index, 1))
}

/// `g12v1[8]`, without text of its own where the group is one of those with numbered points.
fn numbered(block: &Block<'_>, first: u32, count: u32) -> Object {
    match space(block.group) {
        Some(name) => {
            Object::Range { space: Space { name, number: Some(u32::from(block.variation)) }, first, count }
        }
        None => Object::Name(format_smolstr!("{}[{first}]", type_name(block))),
    }
}

const fn space(group: u8) -> Option<&'static str> {
    Some(match group {
        0 => "g0v",
        1 => "g1v",
        2 => "g2v",
        3 => "g3v",
        4 => "g4v",
        10 => "g10v",
        11 => "g11v",
        12 => "g12v",
        13 => "g13v",
        20 => "g20v",
        21 => "g21v",
        22 => "g22v",
        23 => "g23v",
        30 => "g30v",
        31 => "g31v",
        32 => "g32v",
        33 => "g33v",
        34 => "g34v",
        40 => "g40v",
        41 => "g41v",
        42 => "g42v",
        43 => "g43v",
        50 => "g50v",
        80 => "g80v",
        101 => "g101v",
        102 => "g102v",
        110 => "g110v",
        111 => "g111v",
        112 => "g112v",
        113 => "g113v",
        121 => "g121v",
        122 => "g122v",
        _ => return None,
    })
}

/// Variations of group 70 that name a file: authentication has none, of commands and descriptors it is at an offset.
fn file_name<'a>(block: &Block<'_>, item: Item<'a>) -> Option<&'a [u8]> {
    if !matches!((block.group, block.variation), (FILE, 3 | 7)) {
        return None;
    }
    let mut reader = Reader::new(item.data);
    let (offset, length) = (usize::from(reader.le16().ok()?), usize::from(reader.le16().ok()?));
    item.data.get(offset..offset.checked_add(length)?).filter(|name| !name.is_empty())
}

/// Operational mode of a file command (Annex A, g70v3): 1 reads, 2 writes, 3 appends.
fn opens_for_reading(block: &Block<'_>) -> bool {
    const MODE: std::ops::Range<usize> = 20..22;
    block.variation == 3 && block.items().all(|item| item.data.get(MODE) == Some(&[1, 0]))
}

/// The value of an analogue output command, in thousandths.
fn set_point(block: &Block<'_>, item: Item<'_>) -> Values<'static> {
    let float = |number: Parse<f64>| number.map_or(Values::None, milli_values);
    let mut reader = Reader::new(item.data);
    let whole = match (block.group, block.variation) {
        (41, 1) => reader.le32().map(|raw| i64::from(raw.cast_signed()) * 1000),
        (41, 2) => reader.le16().map(|raw| i64::from(raw.cast_signed()) * 1000),
        (41, 3) => return float(reader.le32().map(|raw| f64::from(f32::from_bits(raw)))),
        (41, 4) => return float(reader.le64().map(f64::from_bits)),
        _ => return Values::None,
    };
    whole.map_or(Values::None, Values::Milli)
}
