//! How many others must agree to an act before it is carried out.

use super::{Act, Actor, DeviceEvent};
use crate::http::Problem;
use crate::record::zones::Zones;
use crate::record::{devices, grants, policy, site, stages};
use nullius_model::Stage;
use nullius_policy::inventory::ZoneClass;
use nullius_store::{Tx, standing};

impl Act {
    /// How many people beside who asks.
    ///
    /// # Errors
    /// 404 for what it is about, and is not there.
    pub(crate) fn needed(&self, tx: &mut Tx<'_>, site: &str, actor: &Actor) -> Result<u64, Problem> {
        if !site::takes_two(tx, site)? {
            return Ok(0);
        }
        let another = match self {
            Self::Device { device, event, .. } => {
                let device = devices::find(tx, site, device)?;
                let own = actor.people.iter().any(|person| device.vouched.contains(person));
                event.restores() || (*event == DeviceEvent::Activate && own)
            }
            Self::Stage { target, stage, .. } => {
                let standings = standing::all(tx, site)?;
                let lowers =
                    stages::stage(&standings, target) == Stage::Enforce && stage != Stage::Enforce.name();
                let zones = site::zones(tx, site)?.unwrap_or_default();
                lowers && stages::touches_essential(tx, site, &zones, target)?
            }
            Self::Policy { .. } => match policy::in_force(tx, site)? {
                Some(files) => stages::enforces_essential(tx, site, &Zones::of(&files))?,
                None => false,
            },
            Self::TwoPerson { on, .. } => !on,
            Self::Grant { grant } => {
                let grant = grants::find(tx, site, grant)?;
                return approvers(tx, site, &grant.object);
            }
            // who runs the plant is never kept waiting
            Self::Mode { .. } => false,
        };
        Ok(u64::from(another))
    }
}

/// How many must agree to a grant, by what the zone of its object is for.
fn approvers(tx: &mut Tx<'_>, site: &str, object: &str) -> Result<u64, Problem> {
    let zones = site::zones(tx, site)?.unwrap_or_default();
    let device = object.split('/').next().unwrap_or_default();
    let device = devices::find(tx, site, device)?;
    Ok(match zones.class(&device.zone) {
        ZoneClass::Safety => 2,
        ZoneClass::EssentialControl
        | ZoneClass::Operations
        | ZoneClass::RemoteAccess
        | ZoneClass::Quarantine => 1,
        ZoneClass::NonCritical => 0,
    })
}
