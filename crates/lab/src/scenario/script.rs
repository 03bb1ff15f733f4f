//! The text of a scenario: one event a line.

use super::ScriptError;
use std::time::Duration;

/// Longest scenario, in lines.
const MAX_LINES: usize = 10_000;

/// A scenario as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Script {
    pub(super) steps: Vec<Step>,
}

/// One line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Which, from 1.
    pub(super) line: usize,
    /// When, since the beginning.
    pub(super) at: Duration,
    /// What happens: a verb and its arguments.
    pub(super) words: Vec<String>,
}

impl Script {
    /// Empty lines and what follows a `#` say nothing. Time never runs backwards.
    pub(super) fn parse(text: &str) -> Result<Self, ScriptError> {
        let mut steps: Vec<Step> = Vec::new();
        for (number, line) in text.lines().enumerate().take(MAX_LINES) {
            let line = line.split('#').next().unwrap_or_default();
            let Some(step) = step(number + 1, line)? else { continue };
            if steps.last().is_some_and(|last| last.at > step.at) {
                return Err(ScriptError { line: step.line, what: "time runs backwards".to_owned() });
            }
            steps.push(step);
        }
        Ok(Self { steps })
    }
}

fn step(line: usize, text: &str) -> Result<Option<Step>, ScriptError> {
    let mut words = text.split_whitespace().map(str::to_owned);
    let Some(time) = words.next() else { return Ok(None) };
    let seconds: Option<f64> = time.parse().ok().filter(|seconds| (0.0..1e9).contains(seconds));
    let at = seconds.map(Duration::from_secs_f64);
    let at = at.ok_or_else(|| ScriptError { line, what: format!("`{time}` is no time in seconds") })?;
    Ok(Some(Step { line, at, words: words.collect() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_time_and_words() {
        let script = Script::parse("# nothing\n\n0 policy 1 # first\n1.5 link p-hmi down\n").unwrap();
        let [first, second] = &script.steps[..] else { panic!("two steps") };
        assert_eq!((first.line, first.words.join(" ").as_str()), (3, "policy 1"));
        assert_eq!(second.at, Duration::from_millis(1500));
    }

    #[test]
    fn time_is_a_number_and_goes_on() {
        let error = |text| Script::parse(text).unwrap_err().to_string();
        assert_eq!(error("soon policy 1"), "line 1: `soon` is no time in seconds");
        assert_eq!(error("-1 policy 1"), "line 1: `-1` is no time in seconds");
        assert_eq!(error("2 a\n1 b"), "line 2: time runs backwards");
    }
}
