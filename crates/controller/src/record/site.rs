//! What holds for a site as a whole.

use super::policy;
use super::zones::Zones;
use crate::http::Problem;
use nullius_store::{Tx, standing};

/// Under which key it stands that acts of consequence take two people. No order: gateways do not know of it.
pub(super) const TWO_PERSON: &str = "rule/two-person";

/// What a site's policy says of zones; nothing before the first one is in force.
pub(crate) fn zones(tx: &mut Tx<'_>, site: &str) -> Result<Option<Zones>, Problem> {
    Ok(policy::in_force(tx, site)?.map(|files| Zones::of(&files)))
}

/// Acts of consequence take two people: unless somebody, with a second person's consent, said otherwise.
pub(crate) fn takes_two(tx: &mut Tx<'_>, site: &str) -> Result<bool, Problem> {
    Ok(standing::find(tx, site, TWO_PERSON)?.is_none_or(|rule| rule.value != "off"))
}
