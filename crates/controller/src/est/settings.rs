//! What enrolment is told at its start: `[est]` of `controller.toml`.
//!
//! ```toml
//! [est]
//! listen = "[::]:8446"        # devices
//! recoveries = 2              # after their certificate ran out, between two renewals in good time
//!
//! [[est.profile]]             # what a class of devices gets
//! class = "sensor"
//! days = 90                   # 30 where no profile says otherwise
//! server = true               # its declared addresses stand in the certificate, and it may be a TLS server
//! ```

use serde::Deserialize;
use std::net::{Ipv6Addr, SocketAddr};

/// Longest life of a device's certificate, in days: what is longer is never renewed, and a stolen key is good as long.
const MAX_DAYS: u64 = 825;

/// Most profiles.
const MAX_PROFILES: usize = 64;

/// Most recoveries without a person's word.
const MAX_RECOVERIES: u64 = 16;

/// What enrolment is told at its start.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EstSettings {
    /// Where devices are served.
    pub listen: SocketAddr,
    /// How often a device may recover between two renewals in good time.
    pub recoveries: u64,
    /// What classes of devices get.
    #[serde(rename = "profile")]
    pub profiles: Vec<ClassProfile>,
}

/// What a class of devices gets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassProfile {
    /// As the device's declaration says.
    pub class: String,
    /// How long its certificates live, in days, 1 to 825.
    #[serde(default = "usual_days")]
    pub days: u64,
    /// Its declared addresses stand in its certificates, with which it may serve too.
    #[serde(default)]
    pub server: bool,
}

impl Default for EstSettings {
    fn default() -> Self {
        Self { listen: (Ipv6Addr::UNSPECIFIED, 8446).into(), recoveries: 2, profiles: Vec::new() }
    }
}

impl EstSettings {
    /// What devices of a class get.
    pub(crate) fn profile(&self, class: &str) -> ClassProfile {
        let of_class = self.profiles.iter().find(|profile| profile.class == class).cloned();
        of_class.unwrap_or_else(|| ClassProfile {
            class: class.to_owned(),
            days: usual_days(),
            server: false,
        })
    }

    /// What is wrong, if anything.
    ///
    /// # Errors
    /// Says what.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.profiles.len() > MAX_PROFILES {
            return Err(format!("`est` has at most {MAX_PROFILES} profiles"));
        }
        if self.recoveries > MAX_RECOVERIES {
            return Err(format!("`est.recoveries` is 0 to {MAX_RECOVERIES}"));
        }
        match self.profiles.iter().find(|profile| profile.days == 0 || profile.days > MAX_DAYS) {
            Some(profile) => {
                Err(format!("the profile of class `{}`: `days` is 1 to {MAX_DAYS}", profile.class))
            }
            None => Ok(()),
        }
    }
}

const fn usual_days() -> u64 {
    30
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_without_a_profile_gets_thirty_days_and_serves_nobody() {
        let text = "recoveries = 1\n[[profile]]\nclass = \"plc\"\ndays = 90\nserver = true\n";
        let settings: EstSettings = toml::from_str(text).unwrap();
        assert_eq!(settings.check(), Ok(()));
        assert_eq!((settings.profile("plc").days, settings.profile("plc").server), (90, true));
        assert_eq!((settings.profile("cam").days, settings.profile("cam").server), (30, false));
        assert_eq!(settings.listen.port(), 8446);
    }

    #[test]
    fn what_is_beyond_the_limits_is_refused() {
        let long = |days| ClassProfile { class: "x".into(), days, server: false };
        for (settings, word) in [
            (EstSettings { profiles: vec![long(0)], ..EstSettings::default() }, "days"),
            (EstSettings { profiles: vec![long(826)], ..EstSettings::default() }, "days"),
            (EstSettings { profiles: vec![long(1); 65], ..EstSettings::default() }, "profiles"),
            (EstSettings { recoveries: 17, ..EstSettings::default() }, "recoveries"),
        ] {
            assert!(settings.check().unwrap_err().contains(word));
        }
    }
}
