//! Size limits, and the exceptions to them, which may only shrink.
//!
//! A file or function over the limit fails unless it has a line in the ratchet file. Such a line holds the exact
//! size: larger than reality, it must be lowered; smaller, the code grew and must shrink. No line is ever added or
//! raised, because the file is compared with what it was before.

use std::collections::BTreeMap;

use super::RATCHET;
use super::finding::Finding;
use super::source::Source;

/// From here on a file is worth a look, in lines of code. Half of all files in codebases that read well are under 200.
const FILE_WORTH_A_LOOK: usize = 400;
/// A longer file is more than one thing, in lines of code.
const FILE_LIMIT: usize = 800;
/// A longer function does not fit on a screen, in lines of code. `clippy.toml` holds the same number.
const FUNCTION_LIMIT: usize = 70;

/// What may be larger than the limits: `file <path>` or `function <path> <name>`, and how large.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ratchet(BTreeMap<String, usize>);

impl Ratchet {
    /// One exception a line, `<lines> file <path>` or `<lines> function <path> <name>`; `#` begins a comment.
    pub(super) fn parse(text: &str) -> Result<Self, Finding> {
        let mut entries = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let entry =
                line.split_once(' ').and_then(|(lines, key)| Some((key.to_owned(), lines.parse().ok()?)));
            let remedy = "write `<lines> file <path>` or `<lines> function <path> <name>`";
            let (key, lines) = entry.ok_or_else(|| {
                Finding::new(RATCHET, index + 1, format!("`{line}` is not an exception"), remedy)
            })?;
            entries.insert(key, lines);
        }
        Ok(Self(entries))
    }
}

/// Exceptions that were added or raised.
pub(super) fn grown(before: &Ratchet, now: &Ratchet) -> Vec<Finding> {
    let remedy = "an exception may only shrink: make the code smaller instead";
    let judge = |(key, lines): (&String, &usize)| {
        let problem = match before.0.get(key) {
            Some(earlier) if lines > earlier => format!("`{key}` was raised from {earlier} to {lines}"),
            Some(_) => return None,
            None => format!("`{key}` was added"),
        };
        Some(Finding::new(RATCHET, 1, problem, remedy))
    };
    now.0.iter().filter_map(judge).collect()
}

/// Everything over its limit or not as large as its exception says.
pub(super) fn judge(sources: &[Source], ratchet: &Ratchet) -> Vec<Finding> {
    let large = large(sources);
    let mut findings: Vec<_> =
        large.iter().filter_map(|(key, size)| size.judge(ratchet.0.get(key))).collect();
    for key in ratchet.0.keys().filter(|key| !large.contains_key(*key)) {
        let problem = format!("`{key}` is within the limit, or gone");
        findings.push(Finding::new(RATCHET, 1, problem, "remove its line"));
    }
    findings
}

/// How large the code is, for information.
pub(super) fn summary(sources: &[Source]) -> String {
    let mut functions: Vec<usize> =
        sources.iter().flat_map(|source| source.functions.iter().map(|function| function.lines)).collect();
    functions.sort_unstable();
    let median = functions.get(functions.len() / 2).copied().unwrap_or_default();
    let lines: usize = sources.iter().map(|source| source.lines).sum();
    let mut text = format!(
        "{} files, {lines} lines of code, {} functions of {median} lines (median)",
        sources.len(),
        functions.len()
    );
    for source in sources.iter().filter(|source| source.lines > FILE_WORTH_A_LOOK) {
        text += &format!("\n{}: {} lines of code: is it one thing?", source.path, source.lines);
    }
    text
}

/// Something over its limit.
struct Large<'a> {
    path: &'a str,
    line: usize,
    lines: usize,
    limit: usize,
    remedy: &'static str,
}

impl Large<'_> {
    fn judge(&self, exception: Option<&usize>) -> Option<Finding> {
        let Self { lines, limit, .. } = self;
        match exception {
            None => {
                let problem = format!("{lines} lines of code; the limit is {limit}");
                Some(Finding::new(self.path, self.line, problem, self.remedy))
            }
            Some(allowed) if lines > allowed => {
                let problem = format!("{lines} lines of code; its exception is {allowed}");
                Some(Finding::new(self.path, self.line, problem, self.remedy))
            }
            Some(allowed) if lines < allowed => {
                let problem = format!("shrank to {lines} lines of code; its exception is {allowed}");
                Some(Finding::new(self.path, self.line, problem, format!("lower it to {lines} in {RATCHET}")))
            }
            Some(_) => None,
        }
    }
}

/// What is over a limit, by its key in the ratchet. Two functions of one name in a file share a key: the larger counts.
fn large(sources: &[Source]) -> BTreeMap<String, Large<'_>> {
    let mut found: BTreeMap<String, Large<'_>> = BTreeMap::new();
    for size in sources.iter().flat_map(sizes) {
        let (key, large) = size;
        if large.lines > large.limit && found.get(&key).is_none_or(|other| other.lines < large.lines) {
            found.insert(key, large);
        }
    }
    found
}

fn sizes(source: &Source) -> impl Iterator<Item = (String, Large<'_>)> {
    let path = source.path.as_str();
    let remedy = "split it by idea";
    let file = Large { path, line: 1, lines: source.lines, limit: FILE_LIMIT, remedy };
    let functions = source.functions.iter().map(move |function| {
        let remedy = "split it along pure leaves";
        let (line, lines) = (function.line, function.lines);
        (
            format!("function {path} {}", function.name),
            Large { path, line, lines, limit: FUNCTION_LIMIT, remedy },
        )
    });
    std::iter::once((format!("file {path}"), file)).chain(functions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::source::Function;

    #[test]
    fn a_file_or_function_over_the_limit_is_found_where_it_stands() {
        let found = judge(&[source(801, 71)], &Ratchet::default());
        let found: Vec<_> = found.iter().map(|finding| (finding.line, finding.problem.as_str())).collect();
        let expected = [(1, "801 lines of code; the limit is 800"), (9, "71 lines of code; the limit is 70")];
        assert_eq!(found, expected);
        assert_eq!(judge(&[source(800, 70)], &Ratchet::default()), []);
    }

    #[test]
    fn an_exception_must_be_as_large_as_reality() {
        let cases = [
            ("900 file src/a.rs", 900, None),
            ("900 file src/a.rs", 901, Some("901 lines of code; its exception is 900")),
            ("900 file src/a.rs", 850, Some("shrank to 850 lines of code; its exception is 900")),
            ("900 file src/a.rs", 700, Some("`file src/a.rs` is within the limit, or gone")),
            ("900 file src/gone.rs", 700, Some("`file src/gone.rs` is within the limit, or gone")),
        ];
        for (line, lines, expected) in cases {
            let found = judge(&[source(lines, 1)], &Ratchet::parse(line).unwrap());
            assert_eq!(found.first().map(|finding| finding.problem.as_str()), expected, "{line}, {lines}");
        }
    }

    #[test]
    fn an_exception_for_a_function_names_it() {
        let ratchet = Ratchet::parse("# long ago\n\n90 function src/a.rs Type::name\n").unwrap();
        assert_eq!(judge(&[source(100, 90)], &ratchet), []);
    }

    #[test]
    fn an_exception_is_never_added_or_raised() {
        let before = Ratchet::parse("900 file src/a.rs").unwrap();
        let cases = [
            ("900 file src/a.rs", None),
            ("899 file src/a.rs", None),
            ("", None),
            ("901 file src/a.rs", Some("`file src/a.rs` was raised from 900 to 901")),
            ("801 file src/b.rs", Some("`file src/b.rs` was added")),
        ];
        for (text, expected) in cases {
            let found = grown(&before, &Ratchet::parse(text).unwrap());
            assert_eq!(found.first().map(|finding| finding.problem.as_str()), expected, "{text}");
        }
    }

    #[test]
    fn a_line_that_is_not_an_exception_is_found() {
        assert_eq!(Ratchet::parse("# fine\nmany file src/a.rs").unwrap_err().line, 2);
    }

    #[test]
    fn the_summary_names_files_worth_a_look() {
        let text = summary(&[source(401, 5)]);
        assert!(text.starts_with("1 files, 401 lines of code, 1 functions of 5 lines (median)"), "{text}");
        assert!(text.contains("src/a.rs: 401 lines"), "{text}");
    }

    fn source(lines: usize, function: usize) -> Source {
        let functions = vec![Function { name: "Type::name".into(), line: 9, lines: function }];
        Source { path: "src/a.rs".into(), lines, functions, findings: Vec::new() }
    }
}
