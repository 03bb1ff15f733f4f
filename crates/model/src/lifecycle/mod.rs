//! How a device comes, works, is set aside and goes (domain §3.2, R-19): one pure machine for whoever keeps a record of
//! devices.
//!
//! It knows no clock, no disk and no role: who may do what is asked before, and what comes of it is written down after.
//! No state gives access; leases do, and only in states that [`State::admits_leases`].
//!
//! INVARIANTS: a device that was claimed has exactly one owner; what was retired, destroyed or lost works again only
//! after a new claim and with a credential it never had; containment ends by a person's verified release and by nothing
//! else, however often it is written down and read back; whatever takes access away wins over whatever gives it, in
//! whichever order the two arrive; nothing automatic gives anything back.

mod event;
mod record;
mod state;
#[cfg(test)]
mod tests;

pub use event::{Author, Event, Refusal, Released, Transition};
pub use record::{Damaged, Lifecycle, MAX_SPENT, MAX_TEXT, Parts};
pub use state::{Rung, State};

/// What proves a device to be itself, as a SHA-256: of its public key; of a device without one, of the port and address
/// it is bound to together with the claim that vouches for them, so that every claim makes another.
pub type Credential = [u8; 32];
