//! Bytes to observations: every parser of the product.
//!
//! A [`Dissector`] takes frames and speaks [`nullius_model::Observation`]s into a [`nullius_model::Sink`]. It peels the
//! link (`link`), the network (`ip`), finds or opens the flow (`flow`), puts TCP in order (`tcp`) and hands payload to
//! one parser a protocol, each in a folder of its own: `parser.rs` reads bytes into values, `observe.rs` says what they
//! mean, `mod.rs` holds the session. `registry` is the one table that names them.
//!
//! It knows no device, no policy and no clock: time is that of the frames.
//!
//! INVARIANT: no byte from the wire panics, and every table, queue, depth and length is bounded (see [`Limits`]).

mod bacnet;
mod ber;
mod cdp;
mod coap;
mod dhcp;
mod dhcpv6;
mod dissector;
mod dnp3;
mod dns;
mod dtls;
mod duplicates;
mod ethernet_ip;
mod flow;
mod ftp;
mod goose;
mod http;
mod icmp;
mod iec104;
mod imap;
mod ip;
mod limits;
mod link;
mod lldp;
mod login;
mod modbus;
mod mqtt;
mod nbns;
mod neighbours;
mod ntp;
mod number;
mod opcua;
mod pop3;
mod profinet_dcp;
mod s7comm;
mod sides;
mod smtp;
mod snmp;
mod ssdp;
mod ssh;
mod tcp;
mod telnet;
mod tls;
mod unchanged;
mod units;

pub mod context;
pub mod pairing;
pub mod parser;
pub mod reader;
pub mod registry;
pub mod text;

#[cfg(test)]
mod testing;

pub use dissector::{Dissector, addresses};
pub use limits::Limits;
