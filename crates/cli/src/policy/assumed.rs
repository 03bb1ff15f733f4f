//! What is taken to be true where no gateway is asked: of the subject, and of the site.

use clap::Args;
use nullius_model::{Assurance, Mode, Timestamp};
use nullius_policy::{Inputs, Moment, Posture};

use crate::times;

/// What is taken to be true. What is not given is unknown, never good.
#[derive(Debug, Args)]
pub(super) struct Assumed {
    /// How sure we are of the subject: `IA0` to `IA6`.
    #[arg(long, value_name = "IA", default_value = "IA2")]
    assurance: Assurance,
    /// The subject's posture is good, and was found so just now.
    #[arg(long)]
    good_posture: bool,
    /// The subject's risk band, from 0 to 4.
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=4))]
    risk: Option<u8>,
    /// The subject behaves inside its baseline.
    #[arg(long)]
    conforms: bool,
    /// What the plant is doing.
    #[arg(long, default_value = "normal")]
    mode: Mode,
    /// When: `2026-11-22T16:02:00Z`; now where this is not given.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    at: Option<Timestamp>,
}

fn instant(text: &str) -> Result<Timestamp, String> {
    times::instant(text).ok_or_else(|| "write an instant as `2026-11-22T16:02:00Z`".to_owned())
}

impl Assumed {
    pub(super) fn inputs(&self) -> Inputs {
        Inputs {
            assurance: self.assurance,
            posture: self.good_posture.then_some(Posture { good: true, age: 0 }),
            risk: self.risk,
            conforms: self.conforms.then_some(true),
        }
    }

    pub(super) fn moment(&self, now: Timestamp) -> Moment {
        moment_of(self.mode, self.at.unwrap_or(now))
    }
}

/// What is true of a site in `mode` at `instant`, in UTC.
pub(super) fn moment_of(mode: Mode, instant: Timestamp) -> Moment {
    let seconds = instant.as_secs();
    // 1970 began on a Thursday
    let weekday = u8::try_from((seconds / 86_400 + 3) % 7 + 1).unwrap_or(1);
    let minute = u16::try_from(seconds / 60 % 1_440).unwrap_or(0);
    let second = u8::try_from(seconds % 60).unwrap_or(0);
    Moment { mode, minute, second, weekday, mode_change: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_week_begins_on_monday() {
        let at = |text| moment_of(Mode::Normal, times::instant(text).unwrap());
        let sunday =
            Moment { mode: Mode::Normal, minute: 16 * 60 + 2, second: 11, weekday: 7, mode_change: None };
        assert_eq!(at("2026-11-22T16:02:11Z"), sunday);
        assert_eq!(at("2026-11-23T00:00:00Z").weekday, 1);
    }
}
