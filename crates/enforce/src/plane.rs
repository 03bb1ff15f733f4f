//! The tables of a gateway: one for its bridges, one for what it routes.

use crate::netlink::Family;
use crate::skeleton::{Chain, Site, bridge, routed};
use nullius_model::{Path, Rule};

/// One table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Plane {
    Bridge,
    Routed,
}

impl Plane {
    pub(crate) const fn family(self) -> Family {
        match self {
            Self::Bridge => Family::Bridge,
            Self::Routed => Family::Inet,
        }
    }

    pub(crate) const fn path(self) -> Path {
        match self {
            Self::Bridge => Path::Bridged,
            Self::Routed => Path::Routed,
        }
    }

    /// As `nft` writes the family.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bridge => "bridge",
            Self::Routed => "inet",
        }
    }

    pub(crate) fn chains(self, site: &Site) -> Vec<Chain> {
        match self {
            Self::Bridge => bridge(site),
            Self::Routed => routed(site),
        }
    }

    /// The table has to know the rule. Services are judged where their packets cross; who is who and at what stage, both
    /// tables ask; resolution, frames and onboarding happen on a link.
    pub(crate) const fn holds(self, rule: &Rule) -> bool {
        match rule {
            Rule::Service { path, .. } => {
                matches!((self, path), (Self::Bridge, Path::Bridged) | (Self::Routed, Path::Routed))
            }
            Rule::Known(_)
            | Rule::Address { .. }
            | Rule::Shadow(_)
            | Rule::ShadowPair(..)
            | Rule::Observe(_)
            | Rule::ObservePair(..)
            | Rule::WatchedPort(_) => true,
            Rule::Neighbours(..) | Rule::Frame { .. } | Rule::OnboardingPort(_) | Rule::Onboarding { .. } => {
                matches!(self, Self::Bridge)
            }
        }
    }
}
