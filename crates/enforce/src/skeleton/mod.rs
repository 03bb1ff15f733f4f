//! The part of a kernel table that does not depend on policy: chains, rules, counters.
//!
//! `bridge` is the whole judgement of a frame between two ports, top down. What policy decides stands in the sets that
//! the rules ask (`set`). INVARIANT: every chain ends in a verdict of its own, so that the chain policy `drop` only
//! speaks where somebody took rules away by hand.

mod bridge;
mod deny;
mod door;
mod forward;
mod network;
mod resolution;
mod routed;
mod source;
mod strangers;

pub(crate) use bridge::bridge;
pub(crate) use deny::{ALLOWED, WOULD, counter_names, denied_counter, would_counter};
pub use door::AGENT_GROUP;
use network::{FOUR, SIX};
pub(crate) use routed::routed;

use crate::line::Line;
use nullius_model::PortName;

/// Where a chain is entered from (`enum nf_bridge_hooks`, `enum nf_inet_hooks`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hook {
    pub(crate) number: u32,
    pub(crate) priority: i32,
}

impl Hook {
    /// What no rule of the chain decided is dropped (`NF_DROP`).
    pub(crate) const POLICY: u32 = 0;
}

/// What comes in, before anything is learned of it.
pub(crate) const PREROUTING: u32 = 0;
/// What is for the gateway itself.
pub(crate) const INPUT: u32 = 1;
/// What passes through.
pub(crate) const FORWARD: u32 = 2;

/// A chain and its rules, in order.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) name: String,
    pub(crate) hook: Option<Hook>,
    pub(crate) lines: Vec<Line>,
}

impl Chain {
    pub(crate) fn new(name: impl Into<String>, lines: impl IntoIterator<Item = Line>) -> Self {
        Self { name: name.into(), hook: None, lines: lines.into_iter().collect() }
    }

    fn hooked(name: &str, number: u32, priority: i32, lines: impl IntoIterator<Item = Line>) -> Self {
        Self { hook: Some(Hook { number, priority }), ..Self::new(name, lines) }
    }
}

/// What the chains need to know of the gateway.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// NFLOG group of the denials.
    pub(crate) log_group: u16,
    /// The ports the gateway routes; where there are any, what is for another network is judged there.
    pub(crate) routed: Vec<PortName>,
    /// Interfaces of the gateway whose senders are bound elsewhere: its bridges.
    pub(crate) bridges: Vec<PortName>,
    /// The kernel tells bridges apart: others than these are left alone.
    pub(crate) confined: bool,
}

/// Ethertypes.
pub(crate) const ETHER_IP4: &[u8] = &[0x08, 0x00];
pub(crate) const ETHER_ARP: &[u8] = &[0x08, 0x06];
pub(crate) const ETHER_IP6: &[u8] = &[0x86, 0xdd];

/// Marks that a frame carries from one chain to the next, within the gateway only.
pub(crate) mod mark {
    /// Its sender is a stranger on an onboarding port.
    pub(crate) const STRANGER: u32 = 0x100;
    /// It came in by a port that is only watched.
    pub(crate) const WATCHED: u32 = 0x101;
    /// It is for the router, not for another port.
    pub(crate) const ROUTED: u32 = 0x102;
    /// Its sender is bound, and it is an IPv6 packet.
    pub(crate) const SIX: u32 = 0x103;
    /// Its sender is bound, and it is no packet: ARP, or a protocol of its own, or hidden behind a tag.
    pub(crate) const OTHER: u32 = 0x104;
    /// None of these: its sender is bound, and it is an IPv4 packet. What most frames are costs nothing to say.
    pub(crate) const NONE: u32 = 0;
}
