//! What runs out when, and what would stand still: `nullius_identity::forecast` over what the store knows.

use super::distrust::is_essential;
use super::sha256;
use crate::http::Problem;
use nullius_identity::certificate_end;
use nullius_identity::forecast::{Item, Outlook, Standing, forecast};
use nullius_store::Tx;
use nullius_store::authorities::{self, Authority, State};
use nullius_store::certificates::{self, Certificate, Holder};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Something that runs out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Ending {
    /// What: `root`, `issuing`, `controller`, `gateway` or `device`, and its name.
    pub(crate) what: String,
    /// Its last second, since 1970.
    pub(crate) ends: u64,
    /// It ends because its issuer does.
    pub(crate) by_issuer: bool,
    /// `expired`, `late`, `due` or `fine`.
    pub(crate) standing: String,
    /// Devices of essential zones that lose their identity then, unless somebody acts.
    #[schema(minimum = 0)]
    pub(crate) essential: u32,
}

/// All that ends within `horizon` seconds or needs somebody already, the first to end first.
///
/// # Errors
/// What the store fails with.
pub(crate) fn outlook(tx: &mut Tx<'_>, now: u64, horizon: u64) -> Result<Vec<Ending>, Problem> {
    let all = authorities::all(tx)?;
    let mut items: Vec<_> = all.iter().filter(|row| row.state != State::Distrusted).map(authority).collect();
    let mut zones = BTreeMap::new();
    for held in certificates::in_force(tx, now)? {
        let is_essential =
            held.holder == Holder::Device && is_essential(tx, &mut zones, (&held.site, &held.name))?;
        items.push(certificate(held, u32::from(is_essential)));
    }
    let outlooks = forecast(&items, now, horizon);
    Ok(outlooks
        .iter()
        .filter_map(|outlook| items.get(outlook.item).map(|item| ending(item, outlook)))
        .collect())
}

fn authority(row: &Authority) -> Item {
    Item {
        name: format!("{} {}", row.kind.name(), row.id),
        key: of_id(&row.id),
        issuer: of_id(&row.parent),
        from: row.made,
        until: certificate_end(&row.certificate).unwrap_or_default(),
        renews: false,
        essential: 0,
    }
}

fn certificate(held: Certificate, essential: u32) -> Item {
    let name = match held.holder {
        Holder::Controller => "controller".to_owned(),
        Holder::Gateway | Holder::Device => format!("{} {}/{}", held.holder.name(), held.site, held.name),
    };
    let (key, issuer) = (sha256(&held.hash), of_id(&held.issuer));
    Item { name, key, issuer, from: held.made, until: held.expires, renews: true, essential }
}

/// What one is named by as an issuer here; that it is of the certificate and not of its key makes no difference.
fn of_id(id: &str) -> [u8; 32] {
    sha256(id.as_bytes())
}

fn ending(item: &Item, outlook: &Outlook) -> Ending {
    let standing = match outlook.standing {
        Standing::Expired => "expired",
        Standing::Late => "late",
        Standing::Due => "due",
        Standing::Fine => "fine",
    };
    Ending {
        what: item.name.clone(),
        ends: outlook.ends,
        by_issuer: outlook.by_issuer,
        standing: standing.to_owned(),
        essential: outlook.essential,
    }
}
