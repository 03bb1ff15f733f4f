//! What identification lines and offers of algorithms mean.

use super::parser::Identification;
use crate::context::Context;
use crate::text;
use nullius_model::{
    Attribute, Direction, Object, Observation, Protocol, SshServer, Symbol, Unit, Values, VerbClass,
};

/// Algorithms that are broken, the worst first (RFC 8758, RFC 9142, RFC 4253 §6.3).
const WEAK: &[&str] = &[
    "none",
    "des-cbc",
    "arcfour",
    "arcfour128",
    "arcfour256",
    "diffie-hellman-group1-sha1",
    "ssh-dss",
    "hmac-md5",
    "hmac-md5-96",
    "hmac-md5-etm@openssh.com",
    "blowfish-cbc",
    "cast128-cbc",
    "3des-cbc",
    "diffie-hellman-group-exchange-sha1",
];

/// Tells who speaks, and in which version.
pub(super) fn tell_identification(identification: Identification<'_>, context: &mut Context<'_>) {
    let attribute = match context.direction {
        Direction::FromClient => Attribute::UserAgent,
        Direction::FromServer => Attribute::ServerSoftware,
    };
    context.fact(Protocol::Ssh, attribute, &text::utf8(identification.software));
    let version = Object::name(&text::utf8(identification.version));
    tell(Symbol::new(VerbClass::Connect, "banner").about(version), context);
}

/// Tells that a side offers algorithms, and of a server how bad they are.
pub(super) fn tell_offer(lists: &[&[u8]], protocol_1: bool, context: &mut Context<'_>) {
    tell(Symbol::new(VerbClass::Connect, "kexinit"), context);
    if context.direction == Direction::FromServer {
        context.observe(Observation::SshServer(SshServer { protocol_1, weak: weakest(lists) }));
    }
}

/// Tells of a server that speaks protocol 1 only, whose offer we do not read.
pub(super) fn tell_protocol_1(context: &mut Context<'_>) {
    context.observe(Observation::SshServer(SshServer { protocol_1: true, weak: None }));
}

fn tell(symbol: Symbol, context: &mut Context<'_>) {
    context.request(Protocol::Ssh, Unit::NONE, symbol, Values::None);
}

fn weakest(lists: &[&[u8]]) -> Option<&'static str> {
    let names = lists.iter().flat_map(|list| list.split(|byte| *byte == b','));
    names
        .filter_map(|name| WEAK.iter().position(|weak| weak.as_bytes() == name))
        .min()
        .and_then(|at| WEAK.get(at).copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_algorithm_offered_is_named() {
        for (lists, worst) in [
            (&["curve25519-sha256", "ssh-ed25519", "aes256-ctr,3des-cbc"][..], Some("3des-cbc")),
            (&["diffie-hellman-group1-sha1", "ssh-dss,ssh-rsa", "arcfour"], Some("arcfour")),
            (&["curve25519-sha256", "ssh-ed25519", "xarcfour,"], None),
            (&[], None),
        ] {
            let lists: Vec<&[u8]> = lists.iter().map(|list| list.as_bytes()).collect();
            assert_eq!(weakest(&lists), worst);
        }
    }
}
