//! What PROFINET frames mean: who looks for whom, who is told to be what, who somebody is.

use super::Session;
use super::parser::{Block, Dcp, Kind, Property, Role, Service};
use crate::context::Context;
use crate::reader::Parse;
use crate::text;
use nullius_model::{
    Attribute, BindingSource, Direction, Object, Outcome, Protocol, Symbol, Unit, Values, VerbClass,
};
use smol_str::SmolStrBuilder;
use std::net::IpAddr;

const PROTOCOL: Protocol = Protocol::ProfinetDcp;

/// The code of an answer that the service is not supported: the service type, above the errors of single blocks.
const UNSUPPORTED: u32 = 0x500;

/// What answers are recognised by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    xid: u32,
    asker: Direction,
}

/// A frame of which only the kind is told. The frame id is that of the connection's configuration, so it lasts.
pub(super) fn unread(kind: Kind, frame_id: u16, context: &mut Context<'_>) {
    let (class, verb) = match kind {
        Kind::RealTime => (VerbClass::Publish, "rt_data"),
        Kind::Alarm => (VerbClass::Publish, "alarm"),
        Kind::Clock => (VerbClass::Publish, "ptcp"),
        Kind::Fragment => (VerbClass::Publish, "fragment"),
        Kind::Dcp | Kind::Reserved => (VerbClass::Admin, "unknown_function"),
    };
    let symbol = Symbol::new(class, verb).about(Object::Code(u64::from(frame_id)));
    context.request(PROTOCOL, Unit::NONE, symbol, Values::None);
}

impl Session {
    pub(super) fn handle_dcp(&mut self, dcp: &Dcp<'_>, context: &mut Context<'_>) -> Parse<()> {
        match (dcp.role, dcp.service) {
            (Role::Request, Service::Hello) => {
                let hello = Symbol::new(VerbClass::Discover, "hello");
                context.request(PROTOCOL, Unit::NONE, hello, Values::None);
                tell(dcp, context)
            }
            (Role::Request, _) => {
                let (symbol, read) = request_symbol(dcp);
                context.request(PROTOCOL, Unit::NONE, symbol.clone(), Values::None);
                let key = Key { xid: dcp.xid, asker: context.direction };
                self.open.renew(key, symbol, context.seen.at);
                read
            }
            (Role::Unsupported, _) => {
                self.answer(dcp, Outcome::Refused(UNSUPPORTED), context);
                Ok(())
            }
            (Role::Success, _) => {
                let outcome =
                    first_error(dcp).map_or(Outcome::Done, |error| Outcome::Refused(u32::from(error)));
                self.answer(dcp, outcome, context);
                tell(dcp, context)
            }
        }
    }

    fn answer(&mut self, dcp: &Dcp<'_>, outcome: Outcome, context: &mut Context<'_>) {
        let key = Key { xid: dcp.xid, asker: context.direction.reversed() };
        let orphan = service_symbol(dcp.service);
        context.answer(PROTOCOL, Unit::NONE, self.open.answer(&key), orphan, outcome);
    }
}

/// The first option that could not be set.
fn first_error(dcp: &Dcp<'_>) -> Option<u8> {
    dcp.blocks().find_map(|block| match block.and_then(|block| block.property()) {
        Ok(Property::Error(error @ 1..)) => Some(error),
        Ok(_) | Err(_) => None,
    })
}

fn service_symbol(service: Service) -> Symbol {
    match service {
        Service::Get => Symbol::new(VerbClass::Discover, "get"),
        Service::Set => Symbol::new(VerbClass::Configure, "set"),
        Service::Identify => Symbol::new(VerbClass::Discover, "identify"),
        Service::Hello => Symbol::new(VerbClass::Discover, "hello"),
        Service::Unknown(number) => {
            Symbol::new(VerbClass::Admin, "unknown_function").about(Object::Code(u64::from(number)))
        }
    }
}

/// What a request asks, as far as its blocks can be read, and what is wrong with the first that cannot.
fn request_symbol(dcp: &Dcp<'_>) -> (Symbol, Parse<()>) {
    let symbol = service_symbol(dcp.service);
    match dcp.service {
        Service::Identify => match sought(dcp) {
            Ok(object) => (symbol.about(object), Ok(())),
            Err(error) => (symbol, Err(error)),
        },
        Service::Get => {
            let (Options { names, .. }, read) = options(dcp);
            (symbol.about(Object::Name(names.finish())), read)
        }
        Service::Set => {
            let (Options { names, class }, read) = options(dcp);
            let class = class.unwrap_or(symbol.class);
            (Symbol { class, ..symbol }.about(Object::Name(names.finish())), read)
        }
        Service::Hello | Service::Unknown(_) => (symbol, Ok(())),
    }
}

/// The station an Identify looks for; the peer itself where it looks for all.
fn sought(dcp: &Dcp<'_>) -> Parse<Object> {
    for block in dcp.blocks() {
        if let Property::StationName(name) | Property::Alias(name) = block?.property()? {
            return Ok(Object::name(&text::latin1(name)));
        }
    }
    Ok(Object::Peer)
}

/// The options a message names, each once, and the class of the gravest.
struct Options {
    names: SmolStrBuilder,
    class: Option<VerbClass>,
}

fn options(dcp: &Dcp<'_>) -> (Options, Parse<()>) {
    let mut options = Options { names: SmolStrBuilder::new(), class: None };
    for block in dcp.blocks() {
        let (name, class) = match block {
            Ok(block) => option(&block),
            Err(error) => return (options, Err(error)),
        };
        options.class = options.class.max(Some(class));
        if options.names.as_str().split(',').any(|told| told == name) {
            continue;
        }
        if !options.names.is_empty() {
            options.names.push(',');
        }
        options.names.push_str(name);
    }
    (options, Ok(()))
}

/// An option by name, and what setting it amounts to.
const fn option(block: &Block<'_>) -> (&'static str, VerbClass) {
    match (block.option, block.suboption) {
        (1, 1) => ("mac", VerbClass::Configure),
        (1, 2 | 3) => ("ip", VerbClass::Configure),
        (2, 1) => ("type-of-station", VerbClass::Configure),
        (2, 2) => ("name-of-station", VerbClass::Configure),
        (2, 3) => ("device-id", VerbClass::Configure),
        (2, 4) => ("device-role", VerbClass::Configure),
        (2, 5) => ("device-options", VerbClass::Configure),
        (2, 6) => ("alias-name", VerbClass::Configure),
        (2, 7) => ("device-instance", VerbClass::Configure),
        (2, 8) => ("oem-device-id", VerbClass::Configure),
        (3, _) => ("dhcp", VerbClass::Configure),
        (5, 1) => ("start-transaction", VerbClass::Connect),
        (5, 2) => ("end-transaction", VerbClass::Connect),
        (5, 3) => ("signal", VerbClass::Diagnose),
        (5, 5 | 6) => ("factory-reset", VerbClass::Admin),
        (6, _) => ("device-initiative", VerbClass::Configure),
        (255, 255) => ("all", VerbClass::Configure),
        (128..=254, _) => ("vendor-option", VerbClass::Admin),
        _ => ("unknown-option", VerbClass::Admin),
    }
}

/// What a station says of itself.
fn tell(dcp: &Dcp<'_>, context: &mut Context<'_>) -> Parse<()> {
    for block in dcp.blocks() {
        match block?.property()? {
            Property::Ip(Some(ip)) => bind(IpAddr::V4(ip), context),
            Property::StationType(kind) => context.fact(PROTOCOL, Attribute::Model, &text::latin1(kind)),
            Property::StationName(name) => context.fact(PROTOCOL, Attribute::Hostname, &text::latin1(name)),
            Property::DeviceId { vendor, device } => {
                context.fact(PROTOCOL, Attribute::Vendor, &vendor_name(vendor));
                context.fact(PROTOCOL, Attribute::ProductCode, &format!("{vendor:#06x}/{device:#06x}"));
            }
            Property::Role(role) => context.fact(PROTOCOL, Attribute::DeviceRole, role_name(role)),
            Property::Ip(None) | Property::Alias(_) | Property::Error(_) | Property::Other => {}
        }
    }
    Ok(())
}

/// Only the station itself can say so: a request that sets an address says what shall be, not what is.
fn bind(ip: IpAddr, context: &mut Context<'_>) {
    let mac = context.sender().mac;
    if !mac.is_group() && !mac.is_none() {
        context.binding(mac, ip, BindingSource::ProfinetDcp);
    }
}

/// Bits of the role, the gravest first: a controller may be a device too.
const fn role_name(role: u8) -> &'static str {
    match role {
        _ if role & 0x08 != 0 => "PROFINET IO supervisor",
        _ if role & 0x02 != 0 => "PROFINET IO controller",
        _ if role & 0x04 != 0 => "PROFINET IO multidevice",
        _ if role & 0x01 != 0 => "PROFINET IO device",
        _ => "",
    }
}

/// Vendor ids are assigned by PROFIBUS & PROFINET International.
fn vendor_name(vendor: u16) -> String {
    match vendor {
        0x002a => "Siemens".to_owned(),
        other => format!("PROFINET vendor {other:#06x}"),
    }
}
