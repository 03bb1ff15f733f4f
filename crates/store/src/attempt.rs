//! One transaction from its beginning to its end, and again where writers met.

use crate::backend::{Backend, Head, Mode, Session};
use crate::keys::Ring;
use crate::migrations::newest;
use crate::tx::State;
use crate::{StoreError, Tx};
use std::sync::Arc;
use std::time::Duration;

/// Times a write is tried when writers meet.
const TRIES: u32 = 20;

/// Wait before the second try; each later one waits that much longer.
const BACK_OFF: Duration = Duration::from_millis(5);

/// How a transaction ended that did not fail.
pub(crate) enum End<T> {
    /// It is kept; with the number it has, where it wrote.
    Done(T, Option<i64>),
    /// Another writer was in the way.
    Met,
}

/// Tries until it is done, fails, or has met too many others.
pub(crate) fn retried<T, E: From<StoreError>>(
    backend: &Backend,
    mode: Mode,
    mut attempt: impl FnMut(&mut dyn Session) -> Result<End<T>, E>,
) -> Result<(T, Option<i64>), E> {
    for tries in 1..=TRIES {
        match backend.with(mode, &mut attempt)? {
            End::Done(result, generation) => return Ok((result, generation)),
            End::Met => std::thread::sleep(BACK_OFF * tries),
        }
    }
    Err(StoreError::Conflict.into())
}

/// Begins where the schema exists and is one we know.
pub(crate) fn begin(session: &mut dyn Session, mode: Mode) -> Result<Head, StoreError> {
    let head = session.begin(mode)?.ok_or_else(|| StoreError::Damaged("it has no head".to_owned()));
    let head = head.and_then(|head| match newest() {
        known if head.schema > known => Err(StoreError::Newer { found: head.schema, known }),
        _ => Ok(head),
    });
    head.inspect_err(|_| session.roll_back())
}

/// Does the work of a transaction that has begun, and ends it.
pub(crate) fn finish<T, E: From<StoreError>>(
    session: &mut dyn Session,
    ring: Arc<Ring>,
    work: &mut impl FnMut(&mut Tx<'_>) -> Result<T, E>,
) -> Result<End<T>, E> {
    let mut tx = Tx::new(session, ring);
    let result = work(&mut tx);
    let (state, touched) = (tx.state(), tx.touched());
    let end = match (state, result) {
        (State::Fine, Ok(result)) => match session.commit(touched) {
            Ok(generation) => return Ok(End::Done(result, generation)),
            Err(StoreError::Conflict) => Ok(End::Met),
            Err(error) => Err(error.into()),
        },
        (State::Met, _) => Ok(End::Met),
        (State::Failed, Ok(_)) => Err(StoreError::PassedOver.into()),
        (State::Fine | State::Failed, Err(error)) => Err(error),
    };
    session.roll_back();
    end
}
