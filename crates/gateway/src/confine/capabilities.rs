//! The two capabilities that a gateway works with, and the end of all others (`capabilities(7)`).
//!
//! It does not know the user it runs as: as root, the same two are left.

use caps::{CapSet, Capability, CapsHashSet};

use super::Error;

/// Rules and links are changed, and frames are captured; nothing else.
const NEEDED: [(Capability, &str); 2] =
    [(Capability::CAP_NET_ADMIN, "CAP_NET_ADMIN"), (Capability::CAP_NET_RAW, "CAP_NET_RAW")];

/// Leaves the calling thread with what is needed, and returns the names of what is left.
pub(super) fn give_up() -> Result<Vec<String>, Error> {
    refuse_too_few()?;
    empty_bounding()?;
    caps::clear(None, CapSet::Ambient)?;
    let needed: CapsHashSet = NEEDED.iter().map(|&(capability, _)| capability).collect();
    caps::set(None, CapSet::Effective, &needed)?;
    caps::set(None, CapSet::Permitted, &needed)?;
    caps::clear(None, CapSet::Inheritable)?;
    left()
}

/// Leaves the calling thread with none.
pub(super) fn give_up_all() -> Result<(), Error> {
    empty_bounding()?;
    for set in [CapSet::Ambient, CapSet::Effective, CapSet::Permitted, CapSet::Inheritable] {
        caps::clear(None, set)?;
    }
    Ok(())
}

fn refuse_too_few() -> Result<(), Error> {
    let held = caps::read(None, CapSet::Permitted)?;
    match NEEDED.iter().find(|(capability, _)| !held.contains(capability)) {
        Some(&(_, name)) => Err(Error::Missing(name)),
        None => Ok(()),
    }
}

/// Nothing started from here could get a capability back. Only `CAP_SETPCAP` may empty the set; without it the service
/// manager has cut the set already, and `no_new_privs` keeps it from mattering.
fn empty_bounding() -> Result<(), Error> {
    if caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP)? {
        caps::clear(None, CapSet::Bounding)?;
    }
    Ok(())
}

fn left() -> Result<Vec<String>, Error> {
    let mut names: Vec<_> =
        caps::read(None, CapSet::Permitted)?.into_iter().map(|capability| capability.to_string()).collect();
    names.sort_unstable();
    Ok(names)
}
