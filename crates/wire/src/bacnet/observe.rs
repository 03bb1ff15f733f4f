//! What BACnet messages mean: who asks which station for what, who answers, who somebody is.
//!
//! Unit: a station on another network is reached through a router, whose endpoint we see. It is told as
//! `network * 1000 + address`, so that 5012 reads as station 12 on network 5; 999 stands for every address that is not
//! one byte long, broadcasts among them. Facts of such stations are passed over: no endpoint of ours is theirs.

mod fact;
mod names;
mod service;
mod table;

use super::Session;
use super::parser::service as parameters;
use super::parser::{self, Apdu, Body, Link, Npdu, Remote, Segment, function};
use crate::context::Context;
use crate::reader::Parse;
use fact::Who;
use nullius_model::{Direction, LoginScheme, Outcome, Protocol, Symbol, Unit, Values, VerbClass};
use service::{Asked, Part};

const PROTOCOL: Protocol = Protocol::Bacnet;

/// What answers are recognised by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    invoke: u8,
    asker: Direction,
    unit: Unit,
}

/// Where a message comes from.
#[derive(Clone, Copy, Debug)]
struct Origin {
    /// The station behind a router that it is for, or else that it is from.
    unit: Unit,
    /// Of whom its facts are.
    who: Who,
}

impl Session {
    pub(super) fn handle_link(&mut self, link: Link<'_>, context: &mut Context<'_>) -> Parse<()> {
        match link {
            Link::Npdu { bytes, forwarded_for } => {
                let npdu = parser::npdu(bytes)?;
                let who = match (npdu.source, forwarded_for) {
                    (Some(_), _) => Who::Unknown,
                    (None, Some(ip)) => Who::Station(ip),
                    (None, None) => Who::Sender,
                };
                self.handle_npdu(&npdu, who, context)
            }
            Link::Result(code) => {
                let outcome = if code == 0 { Outcome::Done } else { Outcome::Refused(u32::from(code)) };
                self.answer_link("bvlc_result", outcome, context);
                Ok(())
            }
            Link::Command(function::READ_BDT_ACK) => {
                self.answer_link("read_broadcast_distribution_table", Outcome::Done, context);
                Ok(())
            }
            Link::Command(function::READ_FDT_ACK) => {
                self.answer_link("read_foreign_device_table", Outcome::Done, context);
                Ok(())
            }
            Link::Command(command) => {
                let symbol = table::link_command(command);
                context.request(PROTOCOL, Unit::NONE, symbol.clone(), Values::None);
                self.link.push(context.direction, symbol, context.seen.at);
                Ok(())
            }
        }
    }

    fn answer_link(&mut self, verb: &'static str, outcome: Outcome, context: &mut Context<'_>) {
        let open = self.link.answer(&context.direction.reversed());
        context.answer(PROTOCOL, Unit::NONE, open, Symbol::new(VerbClass::Connect, verb), outcome);
    }

    fn handle_npdu(&mut self, npdu: &Npdu<'_>, who: Who, context: &mut Context<'_>) -> Parse<()> {
        match npdu.body {
            Body::Network(kind, network) => {
                let symbol = table::network_message(kind, network);
                context.request(PROTOCOL, Unit::NONE, symbol, Values::None);
                Ok(())
            }
            Body::Application(bytes) => {
                let apdu = parser::apdu(bytes)?;
                let asks = matches!(apdu, Apdu::Confirmed { .. } | Apdu::Unconfirmed { .. });
                let remote =
                    if asks { npdu.destination.or(npdu.source) } else { npdu.source.or(npdu.destination) };
                let unit = remote.map_or(Unit::NONE, unit);
                self.handle_apdu(&apdu, Origin { unit, who }, context)
            }
        }
    }

    fn handle_apdu(&mut self, apdu: &Apdu<'_>, origin: Origin, context: &mut Context<'_>) -> Parse<()> {
        let Origin { unit, who } = origin;
        match *apdu {
            Apdu::Confirmed { service, segment: Segment::Later, .. } => {
                let segment = Symbol::new(table::confirmed(service).class, "segment");
                context.request(PROTOCOL, unit, segment, Values::None);
                Ok(())
            }
            Apdu::Confirmed { invoke, service, segment, data } => {
                let (asked, read) = service::confirmed_request(service, data);
                self.ask(Key { invoke, asker: context.direction, unit }, asked, context);
                if segment == Segment::First { Ok(()) } else { read }
            }
            Apdu::Unconfirmed { service, data } => {
                let (Part { symbol, values, .. }, read) = service::unconfirmed_request(service, data);
                context.request(PROTOCOL, unit, symbol, values);
                read?;
                self.tell(service, data, who, context)
            }
            Apdu::SimpleAck { invoke, service } => {
                let orphan = table::confirmed(service).symbol();
                self.answer(invoke, unit, Outcome::Done, orphan, Values::None, context);
                Ok(())
            }
            Apdu::ComplexAck { segment: Segment::Later, .. } | Apdu::SegmentAck => {
                let verb = if *apdu == Apdu::SegmentAck { "segment_ack" } else { "segment" };
                context.request(PROTOCOL, unit, Symbol::new(VerbClass::Connect, verb), Values::None);
                Ok(())
            }
            Apdu::ComplexAck { invoke, service, segment, data } => {
                let orphan = table::confirmed(service).symbol();
                let values = service::answered_values(service, data);
                self.answer(invoke, unit, Outcome::Done, orphan, values, context);
                let read = fact::from_answer(service, data, who, context);
                if segment == Segment::First { Ok(()) } else { read }
            }
            Apdu::Error { invoke, service, code } => {
                let orphan = table::confirmed(service).symbol();
                self.answer(invoke, unit, Outcome::Refused(code), orphan, Values::None, context);
                Ok(())
            }
            Apdu::Reject { invoke, reason } => {
                let outcome = Outcome::Refused(table::reject_code(reason));
                let orphan = Symbol::new(VerbClass::Connect, "reject");
                self.answer(invoke, unit, outcome, orphan, Values::None, context);
                Ok(())
            }
            Apdu::Abort { invoke, by_server: true, reason } => {
                let outcome = Outcome::Refused(table::abort_code(reason));
                let orphan = Symbol::new(VerbClass::Connect, "abort");
                self.answer(invoke, unit, outcome, orphan, Values::None, context);
                Ok(())
            }
            Apdu::Abort { .. } => {
                context.request(PROTOCOL, unit, Symbol::new(VerbClass::Connect, "abort"), Values::None);
                Ok(())
            }
        }
    }

    fn ask(&mut self, key: Key, asked: Asked, context: &mut Context<'_>) {
        let Asked { first, rest } = asked;
        let Part { symbol, values, password } = first;
        if password {
            context.cleartext_login(LoginScheme::Bacnet);
        }
        context.request(PROTOCOL, key.unit, symbol.clone(), values);
        self.open.renew(key, symbol, context.seen.at);
        let mut parts = Vec::with_capacity(rest.len());
        for Part { symbol, values, .. } in rest {
            context.request(PROTOCOL, key.unit, symbol.clone(), values);
            parts.push(symbol);
        }
        self.open.add_parts(parts);
    }

    fn answer(
        &mut self,
        invoke: u8,
        unit: Unit,
        outcome: Outcome,
        orphan: Symbol,
        values: Values<'_>,
        context: &mut Context<'_>,
    ) {
        let key = Key { invoke, asker: context.direction.reversed(), unit };
        let Some(open) = self.open.answer(&key) else {
            context.orphan(PROTOCOL, unit, orphan, outcome);
            return;
        };
        context.response(PROTOCOL, unit, open.symbol, outcome, open.asked, values);
        for part in open.parts {
            context.response(PROTOCOL, unit, part, outcome, open.asked, Values::None);
        }
    }

    /// What an unconfirmed message tells of its sender.
    fn tell(&mut self, service: u8, data: &[u8], who: Who, context: &mut Context<'_>) -> Parse<()> {
        match service {
            table::I_AM => {
                let told = parameters::i_am(data)?;
                if self.told.replace(told) != Some(told) {
                    fact::i_am(&told, who, context);
                }
            }
            table::WHO_AM_I => fact::who_am_i(&parameters::who_am_i(data)?, who, context),
            _ => {}
        }
        Ok(())
    }
}

/// See the module's head.
fn unit(remote: Remote<'_>) -> Unit {
    let address = match *remote.address {
        _ if remote.network == u16::MAX => return Unit::NONE,
        [address] => u32::from(address),
        _ => 999,
    };
    Unit::number(u32::from(remote.network) * 1000 + address)
}
