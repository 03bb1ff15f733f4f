//! What SNMP messages mean: symbols by object, outcomes, and what an agent says of itself.

use super::parser::{Content, Message, Pdu, Type, Variable};
use crate::ber::{OBJECT_IDENTIFIER, OCTET_STRING, Oid};
use crate::context::Context;
use crate::pairing::OpenRequests;
use crate::reader::Parse;
use crate::text;
use nullius_model::{
    Attribute, Direction, LoginScheme, Object, Outcome, Protocol, SmolStr, Symbol, Unit, Values, VerbClass,
};

/// Arcs of an object's name that a symbol keeps: a column of most tables of the Internet's MIBs, a group of a vendor's.
/// A walk names thousands of instances; each as a symbol of its own would say nothing but how large the table is.
const MAX_ARCS: usize = 10;
/// A set names the instance: what may be written is worth telling apart.
const MAX_ARCS_WRITTEN: usize = 128;
/// Most symbols taken from one message: a datagram has room for thousands of variables.
const MAX_SYMBOLS: usize = 32;
/// Errors that a report tells of have numbers of their own, from here on.
const REPORT: u32 = 0x100;

/// What is remembered of a flow.
#[derive(Debug, Default)]
pub(super) struct Observer {
    open: OpenRequests<i64>,
    /// Who has shown a community.
    shown: Vec<Direction>,
    /// Facts told: agents are polled.
    told: Vec<Attribute>,
}

impl Observer {
    /// Speaks of one message.
    pub(super) fn observe(&mut self, message: Message<'_>, context: &mut Context<'_>) {
        if message.has_community && !self.shown.contains(&context.direction) {
            self.shown.push(context.direction);
            context.cleartext_login(LoginScheme::SnmpCommunity);
        }
        let read = match message.content {
            Content::Pdu(pdu) => self.observe_pdu(message.id, pdu, context),
            Content::Encrypted(length) => {
                self.observe_encrypted(message.id, length, context);
                Ok(())
            }
        };
        if let Err(error) = read {
            context.malformed(Protocol::Snmp, error);
        }
    }

    fn observe_pdu(&mut self, id: i64, pdu: Pdu<'_>, context: &mut Context<'_>) -> Parse<()> {
        let symbol = match pdu.r#type {
            Type::Get => Symbol::new(VerbClass::Read, "get_request"),
            Type::GetNext => Symbol::new(VerbClass::Read, "get_next_request"),
            Type::GetBulk => Symbol::new(VerbClass::Read, "get_bulk_request"),
            Type::Set => Symbol::new(VerbClass::Write, "set_request"),
            Type::Inform => Symbol::new(VerbClass::Publish, "inform_request"),
            Type::Trap | Type::TrapV1 => return tell_trap(pdu, context),
            Type::Response => {
                let outcome = if pdu.error == 0 { Outcome::Done } else { Outcome::Refused(pdu.error) };
                self.answer(id, outcome, Symbol::new(VerbClass::Read, "response"), context);
                return self.tell_facts(pdu, context);
            }
            Type::Report => {
                let orphan = Symbol::new(VerbClass::Diagnose, "report");
                self.answer(id, Outcome::Refused(REPORT + reported(pdu)), orphan, context);
                return Ok(());
            }
        };
        // A request sent again under the same identifier gets one answer, not two.
        self.open.forget(&id);
        for_each_object(pdu, &mut |object| {
            let symbol = symbol.clone().about(object);
            self.open.push(id, symbol.clone(), context.seen.at);
            context.request(Protocol::Snmp, Unit::NONE, symbol, Values::None);
        })
    }

    fn answer(&mut self, id: i64, outcome: Outcome, orphan: Symbol, context: &mut Context<'_>) {
        let mut is_orphan = true;
        while let Some(open) = self.open.answer(&id) {
            context.response(Protocol::Snmp, Unit::NONE, open.symbol, outcome, open.asked, Values::None);
            is_orphan = false;
        }
        if is_orphan {
            context.orphan(Protocol::Snmp, Unit::NONE, orphan, outcome);
        }
    }

    /// Whether it asks or answers can be told from its direction alone, and what it asks not at all: the agent judges.
    fn observe_encrypted(&mut self, id: i64, length: usize, context: &mut Context<'_>) {
        let symbol = Symbol::new(VerbClass::Connect, "encrypted_pdu").sized(length);
        if context.direction == Direction::FromServer {
            return self.answer(id, Outcome::Done, symbol, context);
        }
        self.open.renew(id, symbol.clone(), context.seen.at);
        context.request(Protocol::Snmp, Unit::NONE, symbol, Values::None);
    }

    fn tell_facts(&mut self, pdu: Pdu<'_>, context: &mut Context<'_>) -> Parse<()> {
        for variable in pdu.variables {
            let variable = variable?;
            let Some(attribute) = attribute_of(variable.name) else { continue };
            if !self.told.contains(&attribute) && tell(attribute, variable, context) {
                self.told.push(attribute);
            }
        }
        Ok(())
    }
}

/// Gives every object that a request names to `say`, instances of one only once.
fn for_each_object(pdu: Pdu<'_>, say: &mut dyn FnMut(Object)) -> Parse<()> {
    let arcs = if pdu.r#type == Type::Set { MAX_ARCS_WRITTEN } else { MAX_ARCS };
    let mut names: Vec<SmolStr> = Vec::new();
    let mut unnamed = 0;
    for variable in pdu.variables {
        let name = variable.inspect_err(|_| say(Object::name("unread variables")))?.name.prefix(arcs);
        if names.contains(&name) {
            continue;
        }
        if names.len() == MAX_SYMBOLS {
            unnamed += 1;
            continue;
        }
        say(Object::name(&name));
        names.push(name);
    }
    if unnamed > 0 {
        say(Object::name("further variables"));
    }
    if names.is_empty() {
        say(Object::Peer);
    }
    Ok(())
}

/// A trap is called by its enterprise, or by the trap's own identifier, which is the value of the second variable (RFC
/// 3416 §4.2.6).
fn tell_trap(mut pdu: Pdu<'_>, context: &mut Context<'_>) -> Parse<()> {
    let name = match pdu.enterprise {
        Some(enterprise) => Some(enterprise),
        None => match pdu.variables.nth(1).transpose()? {
            Some(Variable { tag: OBJECT_IDENTIFIER, value, .. }) => Some(Oid::new(value)?),
            Some(_) | None => None,
        },
    };
    let object = name.map_or(Object::Peer, |name| Object::Name(name.prefix(MAX_ARCS)));
    let symbol = Symbol::new(VerbClass::Publish, "trap").about(object);
    context.request(Protocol::Snmp, Unit::NONE, symbol, Values::None);
    Ok(())
}

/// Which counter a report names (RFC 3414 §5): the arc in front of the instance; 4 is an unknown engine.
fn reported(mut pdu: Pdu<'_>) -> u32 {
    let Some(Ok(variable)) = pdu.variables.next() else { return 0 };
    let arcs: Vec<u32> = variable.name.arcs().take(MAX_ARCS_WRITTEN).collect();
    arcs.iter().rev().nth(1).map_or(0, |arc| (*arc).min(0xff))
}

/// What the value of an object tells of its agent: the system group (RFC 3418), and of the physical entities (RFC 6933)
/// the first.
fn attribute_of(name: Oid<'_>) -> Option<Attribute> {
    /// 1.3.6.1.2.1.1, in its encoding.
    const SYSTEM: &[u8] = &[0x2b, 6, 1, 2, 1, 1];
    /// 1.3.6.1.2.1.47.1.1.1.1
    const ENTITY: &[u8] = &[0x2b, 6, 1, 2, 1, 47, 1, 1, 1, 1];
    let name = name.as_bytes();
    if let Some(object) = name.strip_prefix(SYSTEM) {
        return Some(match object {
            [1, 0] => Attribute::Description,
            [2, 0] => Attribute::ProductCode,
            [5, 0] => Attribute::Hostname,
            [6, 0] => Attribute::Location,
            _ => return None,
        });
    }
    Some(match name.strip_prefix(ENTITY)?.first()? {
        10 => Attribute::Firmware,
        11 => Attribute::Serial,
        12 => Attribute::Vendor,
        13 => Attribute::Model,
        _ => return None,
    })
}

/// False where the value is empty or of another type, and says nothing.
fn tell(attribute: Attribute, variable: Variable<'_>, context: &mut Context<'_>) -> bool {
    let text = match variable.tag {
        OCTET_STRING => text::utf8(variable.value),
        OBJECT_IDENTIFIER => match Oid::new(variable.value) {
            Ok(oid) => oid.prefix(MAX_ARCS_WRITTEN).to_string().into(),
            Err(_) => return false,
        },
        _ => return false,
    };
    context.fact(Protocol::Snmp, attribute, &text);
    !text.is_empty()
}
