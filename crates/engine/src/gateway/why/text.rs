//! The answer as a person reads it.

use super::Why;
use nullius_model::{Stage, Verdict};
use std::collections::BTreeMap;
use std::fmt;

/// The answer first, then what it rests on.
impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", if self.passes() { "allowed" } else { "denied" })?;
        self.because().iter().try_for_each(|reason| writeln!(f, "  because {reason}"))?;
        self.notes.iter().try_for_each(|note| writeln!(f, "  note {note}"))?;
        self.inputs.iter().try_for_each(|(name, value)| writeln!(f, "  input {name}: {value}"))?;
        for ground in &self.grounds {
            write!(f, "  evidence {}: {ground}", ground.kind())?;
            ground.ends().iter().try_for_each(|end| write!(f, ", until {end} after the start"))?;
            writeln!(f)?;
        }
        if self.stage != Stage::Enforce {
            writeln!(f, "  stage {}: what is denied passes all the same", self.stage)?;
        }
        self.fmt_packet_path(f)?;
        self.remedy.iter().try_for_each(|remedy| writeln!(f, "  to get access: {remedy}"))
    }
}

impl Why {
    /// Rules that say the same are told once, however many pairs of addresses they are for.
    fn fmt_packet_path(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rules.is_empty() {
            return writeln!(f, "  the packet path has no rule for it");
        }
        let mut alike = BTreeMap::<_, usize>::new();
        for (_, terms) in &self.rules {
            *alike.entry((terms.verdict, terms.ends)).or_default() += 1;
        }
        for ((verdict, ends), pairs) in alike {
            f.write_str(match verdict {
                Verdict::Accept => "  the packet path accepts",
                Verdict::Divert | Verdict::Deny => "  the packet path drops",
            })?;
            ends.iter().try_for_each(|end| write!(f, " until {end} after the start"))?;
            match pairs {
                1 => writeln!(f)?,
                pairs => writeln!(f, ", between {pairs} pairs of addresses")?,
            }
        }
        Ok(())
    }
}
