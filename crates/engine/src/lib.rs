//! The gateway's state machine: who is bound where, what may pass, and until when (design §4, §5, §6).
//!
//! A [`Gateway`] takes what happened (`handle_…`) and tells what to do about it (`poll_…`). It reads no clock, opens no
//! socket, and knows no kernel: [`Now`] is an argument, a [`RuleSet`](nullius_model::RuleSet) is what it wants, and what
//! the packet path really has comes back through [`Gateway::handle_applied`] and [`Gateway::handle_read_back`].
//!
//! INVARIANTS: what no policy allows has no rule; nothing automatic widens access, only a policy, a person or a binding
//! does; a revocation beats everything until a person ends it; the end of a grant never grows, and that of a lease only by a
//! proof; the same standing, policy and time give the same rules, however they came about.

mod assurance;
mod clock;
mod command;
mod denials;
mod expiry;
mod facts;
mod gateway;
mod identity;
mod leases;
mod limits;
mod modes;
mod orders;
mod output;
mod perimeter;
mod record;
mod schedule;
mod settings;
mod site;
mod standing;
mod station;
mod suspects;
mod transcript;

pub use assurance::{Binding, Evidence, Identified, Key, assurance};
pub use command::{Actor, Command, EmergencyScope, GrantRequest, Refusal, Reply, StageScope};
pub use denials::{Carrier, DenialKind, DenialSummary, Party};
pub use facts::{Ground, Lifecycle};
pub use gateway::{
    Applied, Conversation, DeviceView, EmergencyView, Gateway, Question, ReadBack, Status, Why, WindowView,
    ZoneView,
};
pub use identity::{
    Cloned, KeyHash, Lease, LeaseEnd, NoLease, Proof, Protection, RevokedKey, Trust, Vouched,
};
pub use leases::{Assessment, Grant, GrantId};
pub use limits::Limits;
pub use modes::{ModeCause, ZoneMode};
pub use orders::{Hold, Opened, Ordered, Orders};
pub use output::{Alarm, Drift, Order, Output};
pub use record::{Act, EmergencyAct, EmergencyEnd, GrantEnd, IdentityAct, Record, WindowAct, WindowEnd};
pub use settings::{BootId, Now, PortSettings, Settings, Strangers};
pub use site::{Place, PolicyVersion};
pub use standing::{
    ConduitName, EmergencyStanding, Learned, LiveEmergency, Opening, Revocation, Stages, Standing,
    WindowStanding,
};
pub use station::Stranger;
pub use transcript::{Effect, Heard, Item, MAX_VALUES, Said, Transcript};
