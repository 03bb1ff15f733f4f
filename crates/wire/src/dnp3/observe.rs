//! What a fragment means: requests and their outcomes, unsolicited reports, device attributes.

use super::fragment::{Fragment, Indications};
use super::function::{self, Data};
use super::object::{Block, Item, read_block};
use super::symbol::{self, for_each_symbol};
use crate::context::Context;
use crate::pairing::OpenRequests;
use crate::reader::Reader;
use crate::text;
use nullius_model::{Attribute, Object, Outcome, Protocol, Symbol, Unit, Values, VerbClass};

/// Names an open application request: outstation, master, sequence.
type Key = (u16, u16, u8);

/// What is observed of application fragments.
#[derive(Debug, Default)]
pub(super) struct Observer {
    open: OpenRequests<Key>,
}

impl Observer {
    /// Speaks of one fragment that `source` sent to `destination`.
    pub(super) fn observe(
        &mut self,
        source: u16,
        destination: u16,
        fragment: Fragment<'_>,
        context: &mut Context<'_>,
    ) {
        match (fragment.function, fragment.indications) {
            (function::UNSOLICITED_RESPONSE, Some(_)) => unsolicited(source, fragment.objects, context),
            (_, Some(indications)) => {
                self.answer((source, destination, fragment.sequence), fragment, indications, context);
            }
            (_, None) => self.request((destination, source, fragment.sequence), fragment, context),
        }
    }

    /// Forgets what waits for an answer.
    pub(super) fn clear(&mut self) {
        self.open.clear();
    }

    fn request(&mut self, key: Key, fragment: Fragment<'_>, context: &mut Context<'_>) {
        // A request sent again under the same sequence gets one answer, not two.
        self.open.forget(&key);
        let Some(known) = function::of_request(fragment.function) else {
            let code = Object::Code(u64::from(fragment.function));
            let symbol = Symbol::new(VerbClass::Admin, "unknown_function").about(code);
            return self.ask(key, true, symbol, Values::None, context);
        };
        let is_answered = known.is_answered && !is_broadcast(key.0);
        let read = for_each_symbol(known, fragment, &mut |symbol, values| {
            self.ask(key, is_answered, symbol, values, context);
        });
        if let Err(error) = read {
            context.malformed(Protocol::Dnp3, error);
        }
    }

    fn ask(
        &mut self,
        key: Key,
        is_answered: bool,
        symbol: Symbol,
        values: Values<'_>,
        context: &mut Context<'_>,
    ) {
        if is_answered {
            self.open.push(key, symbol.clone(), context.seen.at);
        }
        context.request(Protocol::Dnp3, unit(key.0), symbol, values);
    }

    /// Only the first fragment of a long answer has the request's sequence; the others count on.
    fn answer(
        &mut self,
        key: Key,
        fragment: Fragment<'_>,
        indications: Indications,
        context: &mut Context<'_>,
    ) {
        let mut statuses = statuses(fragment.objects).into_iter();
        let mut is_orphan = fragment.is_first;
        while let Some(asked) = fragment.is_first.then(|| self.open.answer(&key)).flatten() {
            let outcome = outcome(indications, statuses.next());
            context.response(Protocol::Dnp3, unit(key.0), asked.symbol, outcome, asked.asked, Values::None);
            is_orphan = false;
        }
        if is_orphan {
            let symbol = Symbol::new(VerbClass::Read, "response");
            context.orphan(Protocol::Dnp3, unit(key.0), symbol, outcome(indications, None));
        }
        device_attributes(fragment.objects, context);
    }
}

fn unit(outstation: u16) -> Unit {
    Unit::number(u32::from(outstation))
}

/// The three addresses that mean every outstation (§9.2.5.2): none answers.
const fn is_broadcast(address: u16) -> bool {
    address >= 0xfffd
}

fn outcome(indications: Indications, status: Option<u8>) -> Outcome {
    match status {
        None | Some(0) => indications.refusal().map_or(Outcome::Done, Outcome::Refused),
        Some(status) => Outcome::Refused(u32::from(status)),
    }
}

/// An outstation tells of events: one symbol an object type, as which points changed is up to the process.
fn unsolicited(outstation: u16, objects: Reader<'_>, context: &mut Context<'_>) {
    const VERB: &str = "unsolicited_response";
    let symbol = Symbol::new(VerbClass::Publish, VERB);
    if objects.is_empty() {
        return context.request(Protocol::Dnp3, unit(outstation), symbol, Values::None);
    }
    for block in blocks(objects).take(symbol::MAX_SYMBOLS) {
        let symbol = symbol.clone().about(Object::Name(symbol::type_name(&block)));
        context.request(Protocol::Dnp3, unit(outstation), symbol, Values::None);
    }
}

/// The blocks of an answer, up to the first that cannot be read: of answers we need little, and vendors' objects in
/// them are no offence.
fn blocks(mut objects: Reader<'_>) -> impl Iterator<Item = Block<'_>> {
    std::iter::from_fn(
        move || {
            if objects.is_empty() { None } else { read_block(&mut objects, Data::All).ok() }
        },
    )
}

/// What became of each point, in the order of the request.
fn statuses(objects: Reader<'_>) -> Vec<u8> {
    let mut statuses = Vec::new();
    for block in blocks(objects) {
        if statuses.len() >= symbol::MAX_SYMBOLS || !has_status(&block) {
            break;
        }
        let room = symbol::MAX_SYMBOLS - statuses.len();
        statuses.extend(block.items().map_while(|item| status(&block, item)).take(room));
    }
    statuses
}

/// Control blocks, analogue set points, and the outcome of file commands.
const fn has_status(block: &Block<'_>) -> bool {
    matches!((block.group, block.variation), (12, 1 | 2) | (41, _) | (70, 4..=6))
}

fn status(block: &Block<'_>, item: Item<'_>) -> Option<u8> {
    /// The top bit is reserved (Annex A, group 12).
    const CONTROL_STATUS: u8 = 0x7f;
    match (block.group, block.variation) {
        (12 | 41, _) => item.data.last().map(|status| status & CONTROL_STATUS),
        (70, 4) => item.data.get(12).copied(),
        (70, 6) => item.data.get(8).copied(),
        // A block of a file read: that it came is its success.
        (70, 5) => Some(0),
        _ => None,
    }
}

/// What an outstation says of itself (Annex A, group 0).
fn device_attributes(objects: Reader<'_>, context: &mut Context<'_>) {
    for block in blocks(objects).filter(|block| block.group == 0) {
        let attribute = match block.variation {
            242 => Attribute::Firmware,
            245 => Attribute::Location,
            247 => Attribute::Hostname,
            248 => Attribute::Serial,
            250 => Attribute::Model,
            252 => Attribute::Vendor,
            _ => continue,
        };
        for item in block.items().take(1) {
            if let Some((&[VISIBLE_STRING, _], value)) = item.data.split_first_chunk() {
                context.fact(Protocol::Dnp3, attribute, &text::utf8(value));
            }
        }
    }
}

/// Data type of an attribute in text.
const VISIBLE_STRING: u8 = 1;
