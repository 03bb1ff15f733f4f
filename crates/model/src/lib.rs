//! The nouns every other crate speaks in.
//!
//! Nothing here does anything: no clock, no socket, no parser, no serialisation. A frame goes in at `wire` as a
//! [`Frame`] and comes out as [`Observation`]s about [`Endpoint`]s that hold a conversation of [`Symbol`]s.
//!
//! INVARIANT: a type that means a decision has *deny*, or *nothing known*, as its default.

mod address;
mod cipher_suite;
mod crypto;
mod denial;
mod fact;
mod frame;
mod keyed;
pub mod lifecycle;
mod name;
mod observation;
mod protocol;
mod ruleset;
mod standing;
mod symbol;
mod text;
mod time;
mod uptime;

pub use address::{Endpoint, Mac, is_on_site};
pub use cipher_suite::{cipher_suite, lacks_forward_secrecy, suite_weakness};
pub use crypto::{CertificateSeen, KeyKind, SshServer, TlsClientHello, TlsServerHello, tls_version};
pub use denial::{Denial, DenialReason};
pub use fact::{Attribute, BindingSource, Fact};
pub use frame::{Frame, FrameNumber, LinkType};
pub use keyed::{KeyedMap, KeyedSet, Seed};
pub use name::{BadName, DeviceName, PortName};
pub use observation::{
    Binding, Damage, Direction, FlowId, FlowInfo, FlowUsage, LoginScheme, Message, MessageKind, Observation,
    Outcome, Seen, Sink, Transport, Usage, Values,
};
pub use protocol::Protocol;
pub use ruleset::{Channel, Epoch, Marker, Path, Rule, RuleChange, RuleSet, Terms, Verdict};
pub use smol_str::SmolStr;
pub use standing::{Assurance, Mode, Stage, UnknownWord};
pub use symbol::{Object, SizeClass, Space, Symbol, Unit, VerbClass};
pub use text::{inert, is_inert};
pub use time::Timestamp;
pub use uptime::Uptime;
