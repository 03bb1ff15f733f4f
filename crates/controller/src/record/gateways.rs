//! Turning gateways away.

use super::{Actor, line, tell};
use crate::http::Problem;
use nullius_store::Tx;
use nullius_store::certificates::{self, Holder};
use nullius_store::gateways::{self as rows, Gateway};

/// CRLReason (RFC 5280 §5.3.1): the log says why, third parties need not know.
const UNSPECIFIED: u64 = 0;

/// Turns a gateway away.
///
/// # Errors
/// 404; 409 where it was turned away before.
pub(crate) fn revoke(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    (name, reason): (&str, &str),
) -> Result<Gateway, Problem> {
    let reason = line("reason", reason)?;
    let absent = || Problem::no_such("gateway");
    if name.contains('\0') {
        return Err(absent());
    }
    rows::find(tx, site, name)?.ok_or_else(absent)?;
    if !rows::revoke(tx, site, name)? {
        return Err(Problem::conflict("turned-away", "it was turned away before"));
    }
    let whose = (site, name);
    certificates::revoke_all_of(tx, Holder::Gateway, whose, actor.seconds(), UNSPECIFIED)?;
    let entry = tell::decided(site, actor, "gateway.revoke", &format!("gateway/{name}")).why(reason);
    tell::log(tx, &entry)?;
    rows::find(tx, site, name)?.ok_or_else(absent)
}
