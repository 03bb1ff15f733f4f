//! What a person may say happens to a device, as the API has it.

use crate::access::Permission;
use crate::http::Problem;
use crate::record::{devices, line};
use nullius_model::SmolStr;
use nullius_model::lifecycle::{Event, Released, Rung};
use nullius_store::devices::Device;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that happens to a device (domain §3.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum DeviceEvent {
    /// Somebody says whose it is.
    Claim {
        /// Whose.
        owner: String,
    },
    /// The caller vouches that it is itself: it gets a credential of name, addresses and this claim.
    Enrol,
    /// It goes to work.
    Activate,
    /// Work on it begins.
    StartMaintenance,
    /// Work on it is over.
    EndMaintenance,
    /// Its access is taken away.
    Revoke,
    /// A suspended device goes back to work.
    Resume,
    /// It is narrowed, or narrowed further.
    Contain {
        /// 1 to 4.
        rung: u8,
    },
    /// It is contained less far.
    Ease {
        /// 1 to 4.
        rung: u8,
    },
    /// Somebody verified that it is well, or takes it out of use.
    Release {
        /// Out of use, and not back to work.
        #[serde(default)]
        retire: bool,
        /// What was verified.
        evidence: String,
    },
    /// It is given to another owner, who has to claim it.
    Transfer {
        /// Who alone may claim it.
        heir: String,
    },
    /// It is taken out of use.
    Retire,
    /// Its keys are erased.
    Destroy,
    /// Nobody knows where it is.
    Lose,
}

impl DeviceEvent {
    /// What it takes.
    pub(crate) const fn permission(&self) -> Permission {
        match self {
            Self::Claim { .. } | Self::Enrol | Self::Transfer { .. } => Permission::DeviceWrite,
            Self::Activate | Self::StartMaintenance | Self::EndMaintenance => Permission::DeviceApprove,
            Self::Resume | Self::Ease { .. } | Self::Release { .. } => Permission::DeviceRestore,
            Self::Revoke | Self::Contain { .. } | Self::Lose => Permission::DeviceRevoke,
            Self::Retire | Self::Destroy => Permission::DeviceWrite,
        }
    }

    /// It gives access back that was taken away.
    pub(super) const fn restores(&self) -> bool {
        matches!(self, Self::Resume | Self::Ease { .. } | Self::Release { retire: false, .. })
    }

    /// With texts that do nothing to whoever reads them, and rungs that exist.
    pub(super) fn plain(&mut self) -> Result<(), Problem> {
        match self {
            Self::Claim { owner: text }
            | Self::Transfer { heir: text }
            | Self::Release { evidence: text, .. } => {
                *text = line("text", text)?;
            }
            Self::Contain { rung: number } | Self::Ease { rung: number } => {
                rung(*number).ok_or_else(|| Problem::wrong("no-rung", "`rung` is 1 to 4"))?;
            }
            Self::Enrol
            | Self::Activate
            | Self::StartMaintenance
            | Self::EndMaintenance
            | Self::Revoke
            | Self::Resume
            | Self::Retire
            | Self::Destroy
            | Self::Lose => {}
        }
        Ok(())
    }

    /// As the machine of lives has it, of this device.
    pub(super) fn event(&self, site: &str, device: &Device) -> Event {
        let rung_of = |number: &u8| rung(*number).unwrap_or(Rung::Q4);
        match self {
            Self::Claim { owner } => Event::Claim { owner: SmolStr::new(owner) },
            Self::Enrol => Event::Enrol { credential: devices::vouched(site, device) },
            Self::Activate => Event::Activate,
            Self::StartMaintenance => Event::StartMaintenance,
            Self::EndMaintenance => Event::EndMaintenance,
            Self::Revoke => Event::Revoke,
            Self::Resume => Event::Resume,
            Self::Contain { rung } => Event::Contain { rung: rung_of(rung) },
            Self::Ease { rung } => Event::Ease { rung: rung_of(rung) },
            Self::Release { retire, evidence } => Event::Release {
                to: if *retire { Released::ToRetired } else { Released::ToActive },
                evidence: SmolStr::new(evidence),
            },
            Self::Transfer { heir } => Event::Transfer { heir: SmolStr::new(heir) },
            Self::Retire => Event::Retire,
            Self::Destroy => Event::Destroy,
            Self::Lose => Event::Lose,
        }
    }
}

fn rung(number: u8) -> Option<Rung> {
    Rung::ALL.get(usize::from(number).checked_sub(1)?).copied()
}
