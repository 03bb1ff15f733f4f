//! What NTP packets mean: who asks whom for the time, and who is asked for more than that.

use super::parser::{Control, Mode, Packet, Private, Time};
use crate::context::Context;
use crate::pairing::OpenRequests;
use crate::text;
use nullius_model::{Attribute, Object, Outcome, Protocol, Symbol, Unit, Values, VerbClass};

/// Names an open request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// By the time it was sent at, which the answer repeats: so nobody off the path can answer (RFC 5905 §9.2).
    Time(u64),
    Control(u16),
    /// Its answers count their parts, so that only the request's code is the same in all.
    Private(u8),
}

/// What is remembered of a flow.
#[derive(Debug, Default)]
pub(super) struct Observer {
    open: OpenRequests<Key>,
    /// The server's role was told.
    has_role: bool,
}

impl Observer {
    /// Speaks of one packet.
    pub(super) fn observe(&mut self, packet: Packet, context: &mut Context<'_>) {
        match packet {
            Packet::Time(time) => self.observe_time(time, context),
            Packet::Control(control) => self.observe_control(control, context),
            Packet::Private(private) => self.observe_private(private, context),
        }
    }

    fn observe_time(&mut self, time: Time, context: &mut Context<'_>) {
        match time.mode {
            Mode::Client => self.ask(Key::Time(time.transmit), symbol(time, "client"), context),
            Mode::SymmetricActive => {
                self.ask(Key::Time(time.transmit), symbol(time, "symmetric_active"), context);
            }
            Mode::Server => {
                self.answer(Key::Time(time.origin), outcome(time), symbol(time, "client"), context)
            }
            Mode::SymmetricPassive => {
                let orphan = symbol(time, "symmetric_active");
                self.answer(Key::Time(time.origin), outcome(time), orphan, context);
            }
            Mode::Broadcast => {
                let symbol = Symbol { class: VerbClass::Publish, ..symbol(time, "broadcast") };
                context.request(Protocol::Ntp, Unit::NONE, symbol, Values::None);
            }
        }
        if matches!(time.mode, Mode::Server | Mode::Broadcast) {
            self.tell_role(time, context);
        }
    }

    fn observe_control(&mut self, control: Control, context: &mut Context<'_>) {
        let symbol = control_symbol(control.operation);
        let key = Key::Control(control.sequence);
        match (control.is_response, control.error) {
            (false, _) => self.ask(key, symbol, context),
            (true, Some(code)) => self.answer(key, Outcome::Refused(u32::from(code)), symbol, context),
            // The parts of a long answer carry the same sequence; the first one answers.
            (true, None) if control.offset == 0 => self.answer(key, Outcome::Done, symbol, context),
            (true, None) => {}
        }
    }

    fn observe_private(&mut self, private: Private, context: &mut Context<'_>) {
        let symbol = Symbol::new(private_class(private.request), "private")
            .about(Object::Code(u64::from(private.request)));
        let key = Key::Private(private.request);
        if !private.is_response {
            return self.ask(key, symbol, context);
        }
        if private.sequence == 0 {
            let outcome = match private.error {
                0 => Outcome::Done,
                error => Outcome::Refused(u32::from(error)),
            };
            self.answer(key, outcome, symbol, context);
        }
    }

    fn ask(&mut self, key: Key, symbol: Symbol, context: &mut Context<'_>) {
        self.open.push(key, symbol.clone(), context.seen.at);
        context.request(Protocol::Ntp, Unit::NONE, symbol, Values::None);
    }

    fn answer(&mut self, key: Key, outcome: Outcome, orphan: Symbol, context: &mut Context<'_>) {
        context.answer(Protocol::Ntp, Unit::NONE, self.open.answer(&key), orphan, outcome);
    }

    fn tell_role(&mut self, time: Time, context: &mut Context<'_>) {
        let Time { stratum, reference, .. } = time;
        if self.has_role || !(1..=15).contains(&stratum) {
            return;
        }
        self.has_role = true;
        let clock = if stratum == 1 { text::utf8(&reference) } else { "".into() };
        let role = format!("NTP server, stratum {stratum} {clock}");
        context.fact(Protocol::Ntp, Attribute::DeviceRole, &role);
    }
}

/// An authenticated exchange is told apart, so that the loss of its authentication shows.
fn symbol(time: Time, verb: &'static str) -> Symbol {
    let symbol = Symbol::new(VerbClass::Read, verb);
    if time.is_authenticated { symbol.about(Object::name("authenticated")) } else { symbol }
}

/// A kiss of death has stratum 0 and says why in four letters (RFC 5905 §7.4).
const fn outcome(time: Time) -> Outcome {
    match time.stratum {
        0 => Outcome::Refused(u32::from_be_bytes(time.reference)),
        _ => Outcome::Done,
    }
}

/// Operations of control messages (RFC 9327 §2).
fn control_symbol(operation: u8) -> Symbol {
    use VerbClass::{Admin, Configure, Diagnose};
    let (class, verb) = match operation {
        1 => (Diagnose, "read_status"),
        2 => (Diagnose, "read_variables"),
        3 => (Configure, "write_variables"),
        4 => (Diagnose, "read_clock_variables"),
        5 => (Configure, "write_clock_variables"),
        6 => (Configure, "set_trap"),
        7 => (Diagnose, "trap"),
        8 => (Configure, "configure"),
        9 => (Configure, "save_configuration"),
        10 => (Diagnose, "read_mru_list"),
        11 => (Diagnose, "read_ordered_list"),
        12 => (Diagnose, "request_nonce"),
        31 => (Configure, "unset_trap"),
        code => {
            return Symbol::new(Admin, "unknown_operation").about(Object::Code(u64::from(code)));
        }
    };
    Symbol::new(class, verb)
}

/// Private requests of the reference implementation (`ntp_request.h`): peers, restrictions, keys, traps and statistics
/// may be changed; the rest reads.
const fn private_class(request: u8) -> VerbClass {
    match request {
        10..=15 | 17..=19 | 21..=27 | 30..=33 | 37 | 41 | 45 => VerbClass::Configure,
        0..=9 | 16 | 20 | 28 | 29 | 34..=36 | 38..=40 | 42..=44 => VerbClass::Diagnose,
        _ => VerbClass::Admin,
    }
}
