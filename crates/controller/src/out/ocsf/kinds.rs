//! Which class and activity of the framework an act of ours is.
//!
//! A table, read from its top: the first row whose pattern fits. A pattern is an act (`device.revoke`), all acts on a
//! noun (`device.*`), or an act on any noun (`*.import`).

/// A class of the framework.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    ComplianceFinding,
    DetectionFinding,
    IncidentFinding,
    Authentication,
    AuthorizeSession,
    EntityManagement,
    NetworkActivity,
    InventoryInfo,
    ApiActivity,
    NetworkRemediation,
}

/// How bad, in the framework's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    Informational = 1,
    Low = 2,
    Medium = 3,
    High = 4,
}

/// What an act is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pattern: &'static str,
    pub(super) class: Class,
    pub(super) activity: u8,
    /// The caption of the activity, ours where it is 99.
    pub(super) caption: &'static str,
    pub(super) severity: Severity,
}

use Class::{
    ApiActivity, AuthorizeSession, ComplianceFinding, DetectionFinding, EntityManagement, IncidentFinding,
    InventoryInfo, NetworkActivity, NetworkRemediation,
};
use Severity::{High, Informational, Low, Medium};

#[rustfmt::skip]
const KINDS: &[Kind] = &[
    // what gateways see and do
    kind("denied", NetworkActivity, 5, "Refuse", Low),
    kind("alarm", DetectionFinding, 1, "Create", High),
    kind("alarm.*", DetectionFinding, 1, "Create", High),
    kind("conflict", DetectionFinding, 1, "Create", High),
    kind("settled", DetectionFinding, 3, "Close", Informational),
    kind("clock", DetectionFinding, 1, "Create", Medium),
    kind("repaired", ComplianceFinding, 1, "Create", High),
    kind("not-applied", ComplianceFinding, 1, "Create", High),
    kind("assessed", ComplianceFinding, 2, "Update", Informational),
    kind("bound", InventoryInfo, 2, "Collect", Informational),
    kind("forgotten", InventoryInfo, 2, "Collect", Informational),
    kind("link", InventoryInfo, 2, "Collect", Informational),
    kind("sighting", InventoryInfo, 2, "Collect", Informational),
    kind("granted", AuthorizeSession, 1, "Assign Privileges", Low),
    kind("grant-ended", AuthorizeSession, 99, "Revoke Privileges", Informational),
    kind("revoked", NetworkRemediation, 1, "Isolate", Medium),
    kind("restored", NetworkRemediation, 3, "Restore", Medium),
    kind("stage", NetworkRemediation, 4, "Harden", Medium),
    kind("mode", NetworkRemediation, 99, "Mode", Medium),
    kind("window", NetworkRemediation, 99, "Window", Low),
    kind("emergency", IncidentFinding, 1, "Create", High),
    kind("hold", NetworkRemediation, 99, "Hold", Medium),
    kind("release", NetworkRemediation, 99, "Release", Medium),
    kind("policy", EntityManagement, 10, "Activate", Informational),
    kind("applied", EntityManagement, 10, "Activate", Informational),
    // findings of the controller
    kind("witness.*", DetectionFinding, 1, "Create", High),
    kind("gateway.records-missing", DetectionFinding, 1, "Create", High),
    kind("gateway.records-changed", DetectionFinding, 1, "Create", High),
    kind("gateway.record", DetectionFinding, 1, "Create", Medium),
    kind("store.gap", DetectionFinding, 1, "Create", High),
    kind("device.assess", ComplianceFinding, 2, "Update", Informational),
    kind("emergency.end", IncidentFinding, 3, "Close", High),
    kind("emergency.*", IncidentFinding, 1, "Create", High),
    kind("break-glass.prepare", EntityManagement, 1, "Create", Medium),
    kind("break-glass.*", IncidentFinding, 1, "Create", High),
    // people who come and go
    kind("session.begin", Class::Authentication, 1, "Logon", Informational),
    kind("session.refuse", Class::Authentication, 1, "Logon", Medium),
    kind("session.end", Class::Authentication, 2, "Logoff", Informational),
    kind("session.*", Class::Authentication, 99, "Session", Informational),
    // access that was given and taken
    kind("grant.open", AuthorizeSession, 1, "Assign Privileges", Low),
    kind("grant.approve", AuthorizeSession, 1, "Assign Privileges", Low),
    kind("grant.end", AuthorizeSession, 99, "Revoke Privileges", Low),
    kind("grant.*", AuthorizeSession, 99, "Grant", Low),
    kind("device.revoke", NetworkRemediation, 1, "Isolate", Medium),
    kind("device.block", NetworkRemediation, 1, "Isolate", Medium),
    kind("device.suspend", NetworkRemediation, 1, "Isolate", Medium),
    kind("device.contain", NetworkRemediation, 1, "Isolate", Medium),
    kind("device.lose", NetworkRemediation, 1, "Isolate", Medium),
    kind("device.retire", NetworkRemediation, 2, "Evict", Informational),
    kind("device.destroy", NetworkRemediation, 2, "Evict", Informational),
    kind("device.restore", NetworkRemediation, 3, "Restore", Medium),
    kind("stage.*", NetworkRemediation, 4, "Harden", Medium),
    kind("mode.*", NetworkRemediation, 99, "Mode", Medium),
    // the controller itself
    kind("controller.claim", EntityManagement, 6, "Enroll", High),
    kind("controller.backup", EntityManagement, 2, "Read", Medium),
    kind("controller.restore", EntityManagement, 1, "Create", High),
    kind("controller.*", EntityManagement, 3, "Update", Medium),
    kind("ca.*", EntityManagement, 1, "Create", Medium),
    kind("claim.*", EntityManagement, 3, "Update", High),
    // what gateways answer
    kind("bundle.*", EntityManagement, 10, "Activate", Informational),
    // the record
    kind("device.observe", InventoryInfo, 2, "Collect", Informational),
    kind("*.declare", EntityManagement, 1, "Create", Informational),
    kind("*.invite", EntityManagement, 1, "Create", Low),
    kind("*.open", EntityManagement, 1, "Create", Low),
    kind("*.offer", EntityManagement, 1, "Create", Low),
    kind("*.write", EntityManagement, 1, "Create", Informational),
    kind("*.add", EntityManagement, 1, "Create", Low),
    kind("*.remove", EntityManagement, 4, "Delete", Low),
    kind("*.create", EntityManagement, 1, "Create", Informational),
    kind("*.import", EntityManagement, 1, "Create", Informational),
    kind("*.export", EntityManagement, 2, "Read", Low),
    kind("*.update", EntityManagement, 3, "Update", Informational),
    kind("*.delete", EntityManagement, 4, "Delete", Low),
    kind("*.join", EntityManagement, 6, "Enroll", Low),
    kind("*.approve", EntityManagement, 8, "Enable", Low),
    kind("*.enable", EntityManagement, 8, "Enable", Informational),
    kind("*.disable", EntityManagement, 9, "Disable", Low),
    kind("*.revoke", EntityManagement, 9, "Disable", Low),
    kind("*.lock", EntityManagement, 9, "Disable", Medium),
    kind("*.apply", EntityManagement, 10, "Activate", Low),
    kind("*.rollback", EntityManagement, 10, "Activate", Medium),
    kind("device.*", EntityManagement, 3, "Update", Informational),
    kind("gateway.*", EntityManagement, 3, "Update", Informational),
    kind("policy.*", EntityManagement, 3, "Update", Informational),
    kind("user.*", EntityManagement, 3, "Update", Low),
    kind("token.*", EntityManagement, 3, "Update", Low),
    kind("role.*", EntityManagement, 3, "Update", Low),
    kind("passkey.*", EntityManagement, 3, "Update", Low),
    kind("proposal.*", EntityManagement, 3, "Update", Low),
    kind("revision.*", EntityManagement, 3, "Update", Informational),
    kind("site.*", EntityManagement, 3, "Update", Informational),
];

const fn kind(
    pattern: &'static str,
    class: Class,
    activity: u8,
    caption: &'static str,
    severity: Severity,
) -> Kind {
    Kind { pattern, class, activity, caption, severity }
}

/// What has no row: somebody did something to the controller.
const OTHER: Kind = kind("", ApiActivity, 99, "Other", Informational);

/// What an act is.
pub(super) fn of(act: &str) -> Kind {
    KINDS.iter().copied().find(|kind| fits(kind.pattern, act)).unwrap_or(OTHER)
}

fn fits(pattern: &str, act: &str) -> bool {
    if pattern == act {
        return true;
    }
    let (noun, verb) = act.rsplit_once('.').unwrap_or((act, ""));
    match (pattern.strip_suffix(".*"), pattern.strip_prefix("*.")) {
        (Some(wanted), _) => !verb.is_empty() && (noun == wanted || act.starts_with(&format!("{wanted}."))),
        (None, Some(wanted)) => verb == wanted,
        (None, None) => false,
    }
}

impl Class {
    /// The framework's number.
    pub(super) const fn uid(self) -> u32 {
        match self {
            Self::ComplianceFinding => 2003,
            Self::DetectionFinding => 2004,
            Self::IncidentFinding => 2005,
            Self::Authentication => 3002,
            Self::AuthorizeSession => 3003,
            Self::EntityManagement => 3004,
            Self::NetworkActivity => 4001,
            Self::InventoryInfo => 5001,
            Self::ApiActivity => 6003,
            Self::NetworkRemediation => 7004,
        }
    }

    /// The framework's caption.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ComplianceFinding => "Compliance Finding",
            Self::DetectionFinding => "Detection Finding",
            Self::IncidentFinding => "Incident Finding",
            Self::Authentication => "Authentication",
            Self::AuthorizeSession => "Authorize Session",
            Self::EntityManagement => "Entity Management",
            Self::NetworkActivity => "Network Activity",
            Self::InventoryInfo => "Device Inventory Info",
            Self::ApiActivity => "API Activity",
            Self::NetworkRemediation => "Network Remediation Activity",
        }
    }

    /// The caption of the category; its number is that of the class without the last three digits.
    pub(super) const fn category(self) -> &'static str {
        match self {
            Self::ComplianceFinding | Self::DetectionFinding | Self::IncidentFinding => "Findings",
            Self::Authentication | Self::AuthorizeSession | Self::EntityManagement => {
                "Identity & Access Management"
            }
            Self::NetworkActivity => "Network Activity",
            Self::InventoryInfo => "Discovery",
            Self::ApiActivity => "Application Activity",
            Self::NetworkRemediation => "Remediation",
        }
    }

    /// Whether its status is that of a case (new, closed) instead of that of an attempt (success, failure).
    pub(super) const fn is_finding(self) -> bool {
        matches!(self, Self::ComplianceFinding | Self::DetectionFinding | Self::IncidentFinding)
    }
}

impl Severity {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Informational => "Informational",
            Self::Low => "Low",
            Self::Medium => "Medium",
            Self::High => "High",
        }
    }
}

/// One act for every row, so that tests see each of them.
#[cfg(test)]
pub(super) fn samples() -> impl Iterator<Item = String> {
    let acts = KINDS.iter().map(|kind| kind.pattern.replace('*', "thing"));
    acts.chain(["something.else".to_owned(), String::new()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_is_what_its_first_row_says() {
        for (act, class, activity) in [
            ("device.revoke", NetworkRemediation, 1),
            ("device.create", EntityManagement, 1),
            ("token.revoke", EntityManagement, 9),
            ("emergency.start", IncidentFinding, 1),
            ("emergency.end", IncidentFinding, 3),
            ("stage.device.set", NetworkRemediation, 4),
            ("denied", NetworkActivity, 5),
            ("denied.", ApiActivity, 99),
            ("", ApiActivity, 99),
        ] {
            let found = of(act);
            assert_eq!((found.class, found.activity), (class, activity), "{act}");
        }
    }
}
