//! Sets of numbered items, as runs.

use std::fmt;

/// Runs of items, each from its first to before its last; in order, apart from each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges(Vec<(u32, u32)>);

impl Ranges {
    /// The union of runs, each a first item and a count.
    pub fn of(runs: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut all: Vec<(u32, u32)> =
            runs.map(|(first, count)| (first, first.saturating_add(count))).collect();
        all.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::new();
        for (first, end) in all.into_iter().filter(|(first, end)| first < end) {
            match joined.last_mut() {
                Some(last) if first <= last.1 => last.1 = last.1.max(end),
                Some(_) | None => joined.push((first, end)),
            }
        }
        Self(joined)
    }

    /// How many items.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|(first, end)| u64::from(end - first)).sum()
    }

    /// No item.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of these that are not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut left = Vec::new();
        for &(first, end) in &self.0 {
            let mut at = first;
            for &(taken, until) in other.0.iter().filter(|(taken, until)| *until > first && *taken < end) {
                left.push((at, taken.max(at)));
                at = at.max(until);
            }
            left.push((at, end));
        }
        Self(left.into_iter().filter(|(first, end)| first < end).collect())
    }

    /// First item and count of each run.
    pub fn runs(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.0.iter().map(|(first, end)| (*first, end - first))
    }
}

/// `0..40, 100`.
impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, end)) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            match end - first {
                1 => write!(f, "{first}")?,
                _ => write!(f, "{first}..{end}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_join_and_part() {
        let all = Ranges::of([(40, 10), (0, 20), (20, 5), (60, 0), (45, 1)].into_iter());
        assert_eq!((all.to_string().as_str(), all.len()), ("0..25, 40..50", 35));
        let some = Ranges::of([(3, 1), (24, 20), (49, 9)].into_iter());
        assert_eq!(all.without(&some).to_string(), "0..3, 4..24, 44..49");
        assert_eq!(all.without(&Ranges::default()), all);
        assert!(all.without(&all).is_empty());
    }
}
