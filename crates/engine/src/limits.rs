//! How much of anything a gateway keeps, and which attack each bound stops (threats §4.3).

use std::time::Duration;

/// Bounds of the engine's tables and of what a person may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Strangers kept per port. A flood of invented hardware addresses lets go of strangers of its own port only;
    /// bound devices stand in no such table (attack 13).
    pub strangers_per_port: usize,
    /// Network addresses kept per stranger, and learned per device: one station that claims a whole network is not
    /// believed further (attack 13).
    pub addresses_per_station: usize,
    /// A stranger that was silent this long is forgotten, so that a flood leaves nothing behind (attack 13).
    pub stranger_idle: Duration,
    /// Kinds of denial kept per port of entry; a scan of a million addresses counts into one rest (attack 13).
    pub denials_per_port: usize,
    /// A kind of denial that did not happen for this long is forgotten.
    pub denial_idle: Duration,
    /// Alarms that a port may raise at once; one more comes back each [`Limits::alarm_interval`]. What was held back
    /// is counted in the next one, so that noise cannot hide a second violation.
    pub alarm_burst: u32,
    /// How long until a port may raise one alarm more.
    pub alarm_interval: Duration,
    /// How long until a forger that goes on is told of again, with a count: one that repeats itself must not fill the
    /// screen that another should be seen on (attack 1).
    pub alarm_again: Duration,
    /// Grants in force at once (attack 19).
    pub grants: usize,
    /// Grants under which messages are written down at once; more are in force without a receipt (attack 13).
    pub transcripts: usize,
    /// The longest that one grant may last (attack 19).
    pub longest_grant: Duration,
    /// The longest that grants which overlap one another may last together, from the start of the first (attack 19).
    pub longest_chain: Duration,
    /// The longest that a proof holds: a key that is gone must not be believed for hours (attack 16).
    pub longest_lease: Duration,
    /// The longest that one may vouch for what is plugged in: a shift (attack 19).
    pub longest_vouch: Duration,
    /// Revoked keys that are remembered. More are refused, and whoever sent them is told: to let one go would be to
    /// believe it again (attack 13).
    pub revoked_keys: usize,
    /// How long a mode stays before another one may be set in its place: a person who flips it back and forth, or a
    /// script that does, hides behind the noise and wears out the rules (attack 19).
    pub mode_stays: Duration,
    /// How long the first of two people waits for the second (attack 19).
    pub confirm_within: Duration,
    /// How long until refused attempts to set an emergency off are told of again, with a count: a button that is held
    /// down must not fill the records (attack 19).
    pub refused_again: Duration,
    /// Longest reason, work order or name of a person, in bytes.
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            strangers_per_port: 256,
            addresses_per_station: 8,
            stranger_idle: Duration::from_secs(600),
            denials_per_port: 512,
            denial_idle: Duration::from_secs(600),
            alarm_burst: 8,
            alarm_interval: Duration::from_secs(10),
            alarm_again: Duration::from_secs(600),
            grants: 4096,
            transcripts: 256,
            longest_grant: Duration::from_secs(8 * 3600),
            longest_chain: Duration::from_secs(24 * 3600),
            longest_lease: Duration::from_secs(900),
            longest_vouch: Duration::from_secs(8 * 3600),
            revoked_keys: 16_384,
            mode_stays: Duration::from_secs(10),
            confirm_within: Duration::from_secs(60),
            refused_again: Duration::from_secs(10),
            text: 256,
        }
    }
}
