//! Entities as policies name them.

use crate::vocabulary::Language;
use nullius_model::SmolStr;
use std::fmt;

/// The entity types of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Device,
    Service,
    Group,
    Zone,
    User,
    ServiceAccount,
    Action(Language),
}

impl Kind {
    /// The type of this name in the schema.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "Device" => Self::Device,
            "Service" => Self::Service,
            "Group" => Self::Group,
            "Zone" => Self::Zone,
            "User" => Self::User,
            "ServiceAccount" => Self::ServiceAccount,
            "Action" => Self::Action(Language::Opaque),
            "Modbus::Action" => Self::Action(Language::Modbus),
            "Mqtt::Action" => Self::Action(Language::Mqtt),
            "Coap::Action" => Self::Action(Language::Coap),
            "Http::Action" => Self::Action(Language::Http),
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Device => "Device",
            Self::Service => "Service",
            Self::Group => "Group",
            Self::Zone => "Zone",
            Self::User => "User",
            Self::ServiceAccount => "ServiceAccount",
            Self::Action(Language::Opaque) => "Action",
            Self::Action(Language::Modbus) => "Modbus::Action",
            Self::Action(Language::Mqtt) => "Mqtt::Action",
            Self::Action(Language::Coap) => "Coap::Action",
            Self::Action(Language::Http) => "Http::Action",
        }
    }
}

/// An entity: `Device::"plc1"`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Uid {
    pub(crate) kind: Kind,
    pub(crate) name: SmolStr,
}

impl Uid {
    pub(crate) fn new(kind: Kind, name: impl Into<SmolStr>) -> Self {
        Self { kind, name: name.into() }
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::\"{}\"", self.kind.name(), self.name.escape_debug())
    }
}
