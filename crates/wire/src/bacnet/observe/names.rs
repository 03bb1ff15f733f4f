//! Names of numbers: object types, properties and vendors (ASHRAE 135 clause 21; the vendor list is kept by ASHRAE).
//!
//! A number without a name here is told as `object-type-N`, `property-N` or `BACnet vendor N`.

use std::fmt;

/// An object type by name.
pub(super) struct TypeName(pub(super) u16);

impl TypeName {
    /// The name of a type the standard names.
    pub(super) fn known(&self) -> Option<&'static str> {
        OBJECT_TYPES.get(usize::from(self.0)).copied()
    }
}

impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.known() {
            Some(name) => f.write_str(name),
            None => write!(f, "object-type-{}", self.0),
        }
    }
}

/// A property by name.
pub(super) struct PropertyName(pub(super) u32);

impl fmt::Display for PropertyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = usize::try_from(self.0).ok().and_then(|number| PROPERTIES.get(number));
        match (name, self.0) {
            (Some(name), _) => f.write_str(name),
            (None, 371) => f.write_str("property-list"),
            (None, 372) => f.write_str("serial-number"),
            (None, number) => write!(f, "property-{number}"),
        }
    }
}

/// A vendor by name.
pub(super) fn vendor(number: u32) -> String {
    match VENDORS.iter().find(|(known, _)| *known == number) {
        Some((_, name)) => (*name).to_owned(),
        None => format!("BACnet vendor {number}"),
    }
}

/// Object types by number.
const OBJECT_TYPES: [&str; 65] = [
    "analog-input",
    "analog-output",
    "analog-value",
    "binary-input",
    "binary-output",
    "binary-value",
    "calendar",
    "command",
    "device",
    "event-enrollment",
    "file",
    "group",
    "loop",
    "multi-state-input",
    "multi-state-output",
    "notification-class",
    "program",
    "schedule",
    "averaging",
    "multi-state-value",
    "trend-log",
    "life-safety-point",
    "life-safety-zone",
    "accumulator",
    "pulse-converter",
    "event-log",
    "global-group",
    "trend-log-multiple",
    "load-control",
    "structured-view",
    "access-door",
    "timer",
    "access-credential",
    "access-point",
    "access-rights",
    "access-user",
    "access-zone",
    "credential-data-input",
    "network-security",
    "bitstring-value",
    "characterstring-value",
    "date-pattern-value",
    "date-value",
    "datetime-pattern-value",
    "datetime-value",
    "integer-value",
    "large-analog-value",
    "octetstring-value",
    "positive-integer-value",
    "time-pattern-value",
    "time-value",
    "notification-forwarder",
    "alert-enrollment",
    "channel",
    "lighting-output",
    "binary-lighting-output",
    "network-port",
    "elevator-group",
    "escalator",
    "lift",
    "staging",
    "audit-log",
    "audit-reporter",
    "color",
    "color-temperature",
];

/// Properties by number, as far as building controllers use them.
#[rustfmt::skip]
const PROPERTIES: [&str; 212] = [
    "acked-transition", "ack-required", "action", "action-text", "active-text", "active-vt-session",
    "alarm-value", "alarm-values", "all", "all-writes-successful", "apdu-segment-timeout", "apdu-timeout",
    "application-software-version", "archive", "bias", "change-of-state-count", "change-of-state-time",
    "notification-class", "property-18", "controlled-variable-reference", "controlled-variable-units",
    "controlled-variable-value", "cov-increment", "datelist", "daylights-savings-status", "deadband",
    "derivative-constant", "derivative-constant-units", "description", "description-of-halt",
    "device-address-binding", "device-type", "effective-period", "elapsed-active-time", "error-limit",
    "event-enable", "event-state", "event-type", "exception-schedule", "fault-values", "feedback-value",
    "file-access-method", "file-size", "file-type", "firmware-revision", "high-limit", "inactive-text",
    "in-process", "instance-of", "integral-constant", "integral-constant-units",
    "issue-confirmed-notifications", "limit-enable", "list-of-group-members",
    "list-of-object-property-references", "list-of-session-keys", "local-date", "local-time", "location",
    "low-limit", "manipulated-variable-reference", "maximum-output", "max-apdu-length-accepted",
    "max-info-frames", "max-master", "max-pres-value", "minimum-off-time", "minimum-on-time",
    "minimum-output", "min-pres-value", "model-name", "modification-date", "notify-type",
    "number-of-apdu-retries", "number-of-states", "object-identifier", "object-list", "object-name",
    "object-property-reference", "object-type", "optional", "out-of-service", "output-units",
    "event-parameters", "polarity", "present-value", "priority", "priority-array", "priority-for-writing",
    "process-identifier", "program-change", "program-location", "program-state", "proportional-constant",
    "proportional-constant-units", "protocol-conformance-class", "protocol-object-types-supported",
    "protocol-services-supported", "protocol-version", "read-only", "reason-for-halt", "recipient",
    "recipient-list", "reliability", "relinquish-default", "required", "resolution",
    "segmentation-supported", "setpoint", "setpoint-reference", "state-text", "status-flags",
    "system-status", "time-delay", "time-of-active-time-reset", "time-of-state-count-reset",
    "time-synchronization-recipients", "units", "update-interval", "utc-offset", "vendor-identifier",
    "vendor-name", "vt-class-supported", "weekly-schedule", "attempted-samples", "average-value",
    "buffer-size", "client-cov-increment", "cov-resubscription-interval", "current-notify-time",
    "event-time-stamp", "log-buffer", "log-device-object-property", "enable", "log-interval",
    "maximum-value", "minimum-value", "notification-threshold", "previous-notify-time",
    "protocol-revision", "records-since-notification", "record-count", "start-time", "stop-time",
    "stop-when-full", "total-record-count", "valid-samples", "window-interval", "window-samples",
    "maximum-value-time-stamp", "minimum-value-time-stamp", "variance-value", "active-cov-subscriptions",
    "backup-failure-timeout", "configuration-files", "database-revision", "direct-reading",
    "last-restore-time", "maintenance-required", "member-of", "mode", "operation-expected", "setting",
    "silenced", "tracking-value", "zone-members", "life-safety-alarm-values", "max-segments-accepted",
    "profile-name", "auto-slave-discovery", "manual-slave-address-binding", "slave-address-binding",
    "slave-proxy-enable", "last-notify-record", "schedule-default", "accepted-modes", "adjust-value",
    "count", "count-before-change", "count-change-time", "cov-period", "input-reference",
    "limit-monitoring-interval", "logging-object", "logging-record", "prescale", "pulse-rate", "scale",
    "scale-factor", "update-time", "value-before-change", "value-set", "value-change-time",
    "align-intervals", "group-member-names", "interval-offset", "last-restart-reason", "logging-type",
    "member-status-flags", "notification-period", "previous-notify-record", "requested-update-interval",
    "restart-notification-recipients", "time-of-device-restart", "time-synchronization-interval",
    "trigger", "utc-time-synchronization-recipients", "node-subtype", "node-type",
    "structured-object-list", "subordinate-annotations", "subordinate-list",
];

/// Makers of building automation, by vendor id.
const VENDORS: &[(u32, &str)] = &[
    (0, "ASHRAE"),
    (2, "Trane"),
    (3, "Daikin Applied Americas"),
    (5, "Johnson Controls"),
    (6, "ABB"),
    (7, "Siemens Schweiz"),
    (8, "Delta Controls"),
    (9, "Siemens Schweiz"),
    (10, "Schneider Electric"),
    (11, "TAC"),
    (14, "Cimetrics"),
    (16, "United Technologies Carrier"),
    (17, "Honeywell"),
    (18, "Alerton"),
    (19, "TAC"),
    (22, "Siemens Schweiz"),
    (24, "Automated Logic"),
    (26, "Phoenix Controls"),
    (28, "KMC Controls"),
    (35, "Reliable Controls"),
    (36, "Tridium"),
    (39, "Kieback & Peter"),
    (51, "Samson"),
    (53, "Daikin"),
    (77, "Carel"),
    (80, "Sauter"),
    (82, "Mitsubishi Electric"),
    (91, "Trend Control Systems"),
    (105, "Priva"),
    (127, "ABB"),
    (133, "Veris Industries"),
    (140, "Viconics"),
    (178, "Loytec"),
    (188, "Lynxspring"),
    (190, "Danfoss Drives"),
    (197, "Bosch Building Automation"),
    (222, "WAGO"),
    (226, "Phoenix Contact"),
    (227, "Grundfos"),
    (245, "Contemporary Controls"),
    (246, "HMS Industrial Networks"),
    (251, "Wilo"),
    (260, "BACnet Stack at SourceForge"),
    (284, "Belimo"),
    (313, "Siemens Industry"),
    (332, "Distech Controls"),
    (335, "Schneider Electric"),
    (364, "Distech Controls"),
    (389, "Chipkin Automation Systems"),
    (415, "Beckhoff Automation"),
    (432, "LG Electronics"),
    (486, "HMS Industrial Networks"),
    (502, "EasyIO"),
    (527, "Dent Instruments"),
    (556, "Obvius"),
    (1096, "Moxa"),
];
