//! What a person is on a site.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person is on a site, or on all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Keeps the plant running: takes access away, asks for grants, declares emergencies.
    Operator,
    /// Changes what is allowed.
    Engineer,
    /// Manages people, gateways and sites.
    Admin,
    /// Reads everything, the log included, and changes nothing.
    Auditor,
}

impl Role {
    /// Every role.
    pub(crate) const ALL: [Self; 5] =
        [Self::Viewer, Self::Operator, Self::Engineer, Self::Admin, Self::Auditor];

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Engineer => "engineer",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
        }
    }

    /// The role of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}
