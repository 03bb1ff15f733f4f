//! What NetBIOS name service packets mean.
//!
//! Queries discover; registrations, refreshes and releases announce. A name that one node alone bears is a claim about
//! that node; one that a group bears (a workgroup, the browsers) is not.

use super::parser::{Entry, Operation, Packet};
use crate::context::Context;
use crate::pairing::OpenRequests;
use nullius_model::{Attribute, Direction, Mac, Object, Outcome, Protocol, Symbol, Unit, Values, VerbClass};
use std::net::IpAddr;

const NBNS: Protocol = Protocol::Nbns;

/// What one flow has asked.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    open: OpenRequests<(Direction, u16)>,
}

impl Conversation {
    /// Tells what a packet means.
    pub(super) fn handle(&mut self, packet: &Packet, context: &mut Context<'_>) {
        let symbol = symbol(packet.operation).about(Object::name(&packet.name.to_string()));
        match packet.response {
            None => self.request(packet, symbol, context),
            // Only says that the answer will take its time.
            Some(_) if packet.operation == Operation::Wack => {}
            Some(code) => {
                self.response(packet, code, symbol, context);
                if code == 0 {
                    tell_names(packet, context);
                }
            }
        }
    }

    fn request(&mut self, packet: &Packet, symbol: Symbol, context: &mut Context<'_>) {
        self.open.push((context.direction, packet.id), symbol.clone(), context.seen.at);
        context.request(NBNS, Unit::NONE, symbol, Values::None);
        let claims = match packet.operation {
            Operation::Registration | Operation::MultihomedRegistration | Operation::Refresh => true,
            Operation::Query | Operation::StatusQuery | Operation::Release | Operation::Wack => false,
        };
        let borne_alone =
            packet.entries.iter().any(|entry| matches!(entry, Entry::Address { group: false, .. }));
        if claims && borne_alone {
            context.fact(NBNS, Attribute::Hostname, &packet.name.to_string());
        }
    }

    fn response(&mut self, packet: &Packet, code: u8, symbol: Symbol, context: &mut Context<'_>) {
        let outcome = if code == 0 { Outcome::Done } else { Outcome::Refused(u32::from(code)) };
        let open = self.open.answer(&(context.direction.reversed(), packet.id));
        context.answer(NBNS, Unit::NONE, open, symbol, outcome);
    }
}

/// Whose the name is, or what a node is called.
fn tell_names(packet: &Packet, context: &mut Context<'_>) {
    for entry in &packet.entries {
        match entry {
            Entry::Address { address, group: false } => {
                let (ip, name) = (IpAddr::V4(*address), packet.name.to_string());
                let mac = if context.sender().ip == Some(ip) { context.sender().mac } else { Mac::NONE };
                context.fact_about(mac, Some(ip), NBNS, Attribute::Hostname, &name);
            }
            Entry::Name { name, group: false } => {
                context.fact(NBNS, Attribute::Hostname, &name.to_string());
            }
            Entry::Address { group: true, .. } | Entry::Name { group: true, .. } => {}
        }
    }
}

const fn symbol(operation: Operation) -> Symbol {
    match operation {
        Operation::Query => Symbol::new(VerbClass::Discover, "name_query"),
        Operation::StatusQuery => Symbol::new(VerbClass::Discover, "status_query"),
        Operation::Registration => Symbol::new(VerbClass::Publish, "name_registration"),
        Operation::MultihomedRegistration => Symbol::new(VerbClass::Publish, "multihomed_registration"),
        Operation::Release => Symbol::new(VerbClass::Publish, "name_release"),
        Operation::Wack => Symbol::new(VerbClass::Publish, "wack"),
        Operation::Refresh => Symbol::new(VerbClass::Publish, "name_refresh"),
    }
}
