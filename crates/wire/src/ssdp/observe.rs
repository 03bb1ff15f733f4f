//! What SSDP messages mean.
//!
//! A search asks who is there, a notification announces; what a device announces of itself are claims about it. A search
//! goes to a group and is answered from elsewhere, so that most answers belong to no request of their flow.

use super::parser::{Kind, Message};
use crate::context::Context;
use crate::pairing::OpenRequests;
use nullius_model::{Attribute, Object, Outcome, Protocol, Symbol, Unit, Values, VerbClass};
use smol_str::SmolStr;

/// Claims of one flow remembered so that a device's announcements, hundreds of them alike, are not told each time. A
/// device that makes more is told again.
const MAX_CLAIMS: usize = 64;

const SSDP: Protocol = Protocol::Ssdp;

/// What one flow has asked and claimed.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    /// Searches by target.
    open: OpenRequests<Object>,
    claims: Vec<(Attribute, SmolStr)>,
}

impl Conversation {
    /// Bytes kept, a value of some length with each claim.
    pub(super) fn held_bytes(&self) -> usize {
        const CLAIM: usize = size_of::<(Attribute, SmolStr)>() + 96;
        self.open.held_bytes() + self.claims.len() * CLAIM
    }

    /// Tells what a message means.
    pub(super) fn handle(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        match message.kind {
            Kind::Search => {
                let symbol = search(message);
                self.open.push(Object::name(message.target), symbol.clone(), context.seen.at);
                context.request(SSDP, Unit::NONE, symbol, Values::None);
                self.claim(Attribute::UserAgent, message.user_agent, context);
            }
            Kind::Notify => {
                let symbol = Symbol::new(VerbClass::Publish, verb(message.subtype));
                context.request(SSDP, Unit::NONE, symbol.about(Object::name(message.target)), Values::None);
                if message.subtype != "ssdp:byebye" {
                    self.claims_of(message, context);
                }
            }
            Kind::Answer(status) => self.answer(status, message, context),
        }
    }

    fn answer(&mut self, status: u32, message: &Message<'_>, context: &mut Context<'_>) {
        let outcome = if status == 200 { Outcome::Done } else { Outcome::Refused(status) };
        let open = self.open.answer(&Object::name(message.target));
        context.answer(SSDP, Unit::NONE, open, search(message), outcome);
        self.claims_of(message, context);
    }

    fn claims_of(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        self.claim(Attribute::ServerSoftware, message.server, context);
        if message.target.starts_with("urn:") {
            self.claim(Attribute::Service, message.target, context);
        }
        let device = message.unique_name.split_once("::").map_or(message.unique_name, |(device, _)| device);
        self.claim(Attribute::Application, device, context);
        self.claim(Attribute::ManagementAddress, authority(message.location), context);
    }

    fn claim(&mut self, attribute: Attribute, value: &str, context: &mut Context<'_>) {
        if self.claims.iter().any(|(known, said)| *known == attribute && said == value) {
            return;
        }
        if self.claims.len() < MAX_CLAIMS {
            self.claims.push((attribute, SmolStr::new(value)));
        }
        context.fact(SSDP, attribute, value);
    }
}

fn search(message: &Message<'_>) -> Symbol {
    Symbol::new(VerbClass::Discover, "M-SEARCH").about(Object::name(message.target))
}

fn verb(subtype: &str) -> &'static str {
    match subtype {
        "ssdp:alive" => "NOTIFY ssdp:alive",
        "ssdp:byebye" => "NOTIFY ssdp:byebye",
        "ssdp:update" => "NOTIFY ssdp:update",
        _ => "NOTIFY",
    }
}

/// Host and port of `http://host:port/path`.
fn authority(location: &str) -> &str {
    let rest = location.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}
