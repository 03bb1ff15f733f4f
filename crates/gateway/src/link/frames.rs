//! Between what the gateway's socket says and what frames hold.

use nullius_protocol::from_hex;
use nullius_protocol::link::{Ack, Hash, Hello, Outcome, Record, Revoked, Spool, ToController, VERSION};
use nullius_protocol::local::{Delivered, Delivery, LinkState, SpoolRecord};

/// What [`hello`] says of revocations, for those that came later.
pub(super) fn revoked(state: &LinkState) -> impl Iterator<Item = Revoked> {
    state.revoked.iter().map(|revoked| Revoked {
        device: revoked.device.clone(),
        at: revoked.at,
        by: revoked.by.clone(),
        reason: revoked.reason.clone(),
    })
}

pub(super) fn hello(state: &LinkState) -> Hello {
    Hello {
        version: VERSION,
        software: env!("CARGO_PKG_VERSION").to_owned(),
        boot: state.boot.clone(),
        taken: state.taken,
        policy: state.policy,
        kernel_digest: hash(&state.kernel_digest),
        spool: Spool { id: state.spool.clone(), first: state.first, next: state.next },
        revoked: revoked(state).collect(),
    }
}

fn hash(digits: &str) -> Hash {
    Hash(from_hex(digits).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default())
}

pub(super) fn ack(Delivered { epoch, outcome }: Delivered) -> ToController {
    let result = match outcome {
        Delivery::Applied { kernel_digest } => Outcome::Applied { kernel_digest: hash(&kernel_digest) },
        Delivery::Held { reason } => Outcome::Held { reason },
        Delivery::Refused { reason } => Outcome::Refused { reason },
    };
    ToController::Ack(Ack { epoch, result })
}

pub(super) fn record(SpoolRecord { seq, line, chain }: SpoolRecord) -> Record {
    Record { seq, line, chain: hash(&chain) }
}
