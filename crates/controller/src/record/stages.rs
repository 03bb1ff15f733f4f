//! How far roll-out has come, where, and what would lower the guard.

use crate::http::Problem;
use nullius_model::Stage;
use nullius_protocol::local::StageTarget;
use nullius_store::standing::{self, Standing};
use nullius_store::{Tx, devices};

use super::zones::Zones;

/// The stage a target has; what has none of its own has the default, and that is to observe.
pub(crate) fn stage(standings: &[Standing], target: &StageTarget) -> Stage {
    let of = |key: &str| {
        let row = standings.iter().find(|standing| standing.key == key)?;
        row.value.parse::<Stage>().ok()
    };
    let key = key(target);
    of(&key).or_else(|| of("stage/default")).unwrap_or(Stage::Observe)
}

/// The key of the order that sets it.
pub(crate) fn key(target: &StageTarget) -> String {
    nullius_protocol::order::Order::Stage { target: target.clone(), stage: String::new(), despite: None }
        .key()
}

/// Something in an essential zone is enforced.
pub(crate) fn enforces_essential(tx: &mut Tx<'_>, site: &str, zones: &Zones) -> Result<bool, Problem> {
    let enforced: Vec<Standing> = standing::all(tx, site)?
        .into_iter()
        .filter(|standing| standing.key.starts_with("stage/") && standing.value == Stage::Enforce.name())
        .collect();
    for standing in enforced {
        if touches_essential(tx, site, zones, &parsed(&standing.key))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The target is essential, or holds what is.
pub(crate) fn touches_essential(
    tx: &mut Tx<'_>,
    site: &str,
    zones: &Zones,
    target: &StageTarget,
) -> Result<bool, Problem> {
    Ok(match target {
        StageTarget::Default => zones.any_essential(),
        StageTarget::Conduit { from, to } => zones.is_essential(from) || zones.is_essential(to),
        StageTarget::Device(name) => {
            devices::find(tx, site, name)?.is_none_or(|device| zones.is_essential(&device.zone))
        }
    })
}

/// The target that a key of ours names.
pub(crate) fn parsed(key: &str) -> StageTarget {
    let mut parts = key.split('/').skip(1);
    match (parts.next(), parts.next(), parts.next()) {
        (Some("device"), Some(device), None) => StageTarget::Device(device.to_owned()),
        (Some("conduit"), Some(from), Some(to)) => {
            StageTarget::Conduit { from: from.to_owned(), to: to.to_owned() }
        }
        _ => StageTarget::Default,
    }
}
