//! What may be done, and which role may do it: the one table.
//!
//! INVARIANT: a permission that is not in the table does not exist, and a role that the table does not name may not.

use super::Role;
use super::Role::{Admin, Auditor, Engineer, Operator, Viewer};

/// Where a role must hold for a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// On the site of the object.
    Site,
    /// On all sites: the object belongs to none.
    Everywhere,
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $variant:ident $name:literal $scope:ident [$($role:ident)*];)*) => {
        /// What may be done. The text names it in the OpenAPI document, in tokens and in the log.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Permission { $($(#[$doc])* $variant,)* }

        impl Permission {
            /// Every permission.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Where the role must hold.
            pub(crate) const fn scope(self) -> Scope {
                match self { $(Self::$variant => Scope::$scope,)* }
            }

            /// Who has it.
            pub(crate) const fn roles(self) -> &'static [Role] {
                match self { $(Self::$variant => &[$($role),*],)* }
            }
        }
    };
}

permissions! {
    /// Reads records of the log.
    AuditRead "audit.read" Site [Admin Auditor];
    /// Makes and restores backups, turns keys.
    BackupManage "backup.manage" Everywhere [Admin];
    /// Reads denials and alarms of gateways.
    DenialRead "denial.read" Site [Viewer Operator Engineer Admin Auditor];
    /// Approves a device, or where it is plugged in.
    DeviceApprove "device.approve" Site [Engineer Admin];
    /// Makes tokens with which devices enrol.
    DeviceEnrol "device.enrol" Site [Engineer Admin];
    /// Reads devices and what is known of them.
    DeviceRead "device.read" Site [Viewer Operator Engineer Admin Auditor];
    /// Gives a device its access back.
    DeviceRestore "device.restore" Site [Engineer Admin];
    /// Takes a device's access away.
    DeviceRevoke "device.revoke" Site [Operator Engineer Admin];
    /// Declares, changes and imports devices.
    DeviceWrite "device.write" Site [Engineer Admin];
    /// Declares an emergency.
    EmergencyDeclare "emergency.declare" Site [Operator Engineer Admin];
    /// Ends an emergency.
    EmergencyEnd "emergency.end" Site [Operator Engineer Admin];
    /// Follows what happens on a site.
    EventRead "event.read" Site [Viewer Operator Engineer Admin Auditor];
    /// Makes tokens with which gateways join; turns gateways away.
    GatewayManage "gateway.manage" Site [Admin];
    /// Reads gateways and what they have applied.
    GatewayRead "gateway.read" Site [Viewer Operator Engineer Admin Auditor];
    /// Approves a temporary grant that somebody else asked for.
    GrantApprove "grant.approve" Site [Engineer Admin];
    /// Ends a temporary grant early.
    GrantEnd "grant.end" Site [Operator Engineer Admin];
    /// Reads temporary grants and their receipts.
    GrantRead "grant.read" Site [Viewer Operator Engineer Admin Auditor];
    /// Asks for a temporary grant.
    GrantRequest "grant.request" Site [Operator Engineer Admin];
    /// Reads tiles and checkpoints, in which the records of all sites stand.
    LogRead "log.read" Everywhere [Admin Auditor];
    /// Adds makers of devices, and the roots by which they are known.
    ManufacturerManage "manufacturer.manage" Everywhere [Admin];
    /// Reads makers of devices and their manifests.
    ManufacturerRead "manufacturer.read" Everywhere [Viewer Operator Engineer Admin Auditor];
    /// Reads the controller's metrics.
    MetricsRead "metrics.read" Everywhere [Viewer Operator Engineer Admin Auditor];
    /// Sets the mode of a site or zone.
    ModeSet "mode.set" Site [Operator Engineer Admin];
    /// Applies a revision of the policy.
    PolicyApply "policy.apply" Site [Engineer Admin];
    /// Reads policies.
    PolicyRead "policy.read" Site [Viewer Operator Engineer Admin Auditor];
    /// Uploads a revision of the policy.
    PolicyWrite "policy.write" Site [Engineer Admin];
    /// Approves or refuses what somebody else proposed.
    ProposalApprove "proposal.approve" Site [Engineer Admin];
    /// Reads proposals.
    ProposalRead "proposal.read" Site [Viewer Operator Engineer Admin Auditor];
    /// Gives and takes roles.
    RoleWrite "role.write" Site [Admin];
    /// Reads who gets events and checkpoints, and how far they are.
    SinkRead "sink.read" Everywhere [Admin Auditor];
    /// Reads all of a site as one document.
    SiteExport "site.export" Site [Engineer Admin Auditor];
    /// Takes all of a site from one document.
    SiteImport "site.import" Site [Admin];
    /// Makes and changes sites.
    SiteManage "site.manage" Everywhere [Admin];
    /// Reads a site's standing.
    SiteRead "site.read" Site [Viewer Operator Engineer Admin Auditor];
    /// Sets how strictly a device, conduit or site is enforced.
    StageSet "stage.set" Site [Engineer Admin];
    /// Reads and revokes tokens of others.
    TokenManage "token.manage" Everywhere [Admin];
    /// Reads accounts and their roles.
    UserRead "user.read" Everywhere [Admin Auditor];
    /// Makes, disables and recovers accounts.
    UserWrite "user.write" Everywhere [Admin];
}

impl Permission {
    /// The permission of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.name() == name)
    }

    /// The role has it.
    pub(crate) fn is_held_by(self, role: Role) -> bool {
        self.roles().contains(&role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_and_the_table_is_sorted() {
        for permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.name()), Some(*permission));
        }
        assert!(Permission::ALL.is_sorted_by_key(|permission| permission.name()));
        assert_eq!(Permission::parse("everything"), None);
    }

    #[test]
    fn viewers_and_auditors_change_nothing() {
        for permission in Permission::ALL.iter().filter(|permission| {
            !permission.name().ends_with(".read") && **permission != Permission::SiteExport
        }) {
            assert!(!permission.is_held_by(Viewer) && !permission.is_held_by(Auditor), "{permission:?}");
        }
    }

    #[test]
    fn what_an_operator_may_an_engineer_may_and_what_an_engineer_may_an_admin_may() {
        for permission in Permission::ALL {
            for (lesser, greater) in [(Viewer, Operator), (Operator, Engineer), (Engineer, Admin)] {
                assert!(!permission.is_held_by(lesser) || permission.is_held_by(greater), "{permission:?}");
            }
        }
    }
}
