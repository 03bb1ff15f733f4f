//! Size limits, and the exceptions to them, which may only shrink.
//!
//! A file or function over the limit fails unless it has a line in the ratchet file. Such a line holds the exact
//! size: when the code shrinks, the line must be lowered; when the code grows, it must shrink again. No line is ever added or
//! raised, because the file is compared with what it was before.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::RATCHET;
use super::finding::Finding;
use super::source::{Function, Source};

/// From here on a file is worth a look, in lines of code: most files that read well have less than half of it.
const FILE_WORTH_A_LOOK: usize = 400;
/// A longer file is more than one thing, in lines of code.
const FILE_LIMIT: usize = 800;
/// A longer function does not fit on a screen, in lines of code. `clippy.toml` holds the same number.
const FUNCTION_LIMIT: usize = 70;

/// What may be larger than the limits, by `file <path>` or `function <path> <name>`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ratchet(BTreeMap<String, Exception>);

#[derive(Debug, PartialEq, Eq)]
struct Exception {
    /// How large, in lines of code.
    lines: usize,
    /// Where it stands in the ratchet file, from 1.
    at: usize,
}

impl Ratchet {
    /// One exception a line, `<lines> file <path>` or `<lines> function <path> <name>`; `#` begins a comment.
    pub(super) fn parse(text: &str) -> Result<Self, Finding> {
        let mut entries = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let at = index + 1;
            let entry = line.split_once(' ').and_then(|(lines, key)| Some((key, lines.parse().ok()?)));
            let remedy = "write `<lines> file <path>` or `<lines> function <path> <name>`";
            let (key, lines) = entry
                .ok_or_else(|| Finding::new(RATCHET, at, format!("`{line}` is not an exception"), remedy))?;
            entries.insert(key.to_owned(), Exception { lines, at });
        }
        Ok(Self(entries))
    }
}

/// Exceptions that were added or raised.
pub(super) fn grown(before: &Ratchet, now: &Ratchet) -> Vec<Finding> {
    let judge = |(key, Exception { lines, at }): (&String, &Exception)| {
        let problem = match before.0.get(key).map(|earlier| earlier.lines) {
            Some(earlier) if *lines > earlier => format!("`{key}` was raised from {earlier} to {lines}"),
            Some(_) => return None,
            None => format!("`{key}` was added"),
        };
        Some(Finding::new(
            RATCHET,
            *at,
            problem,
            "an exception may only shrink: make the code smaller instead",
        ))
    };
    now.0.iter().filter_map(judge).collect()
}

/// Everything over its limit or not as large as its exception says.
pub(super) fn judge(sources: &[Source], ratchet: &Ratchet) -> Vec<Finding> {
    let large = large(sources);
    let mut findings: Vec<_> =
        large.iter().filter_map(|(key, large)| large.judge(ratchet.0.get(key))).collect();
    for (key, exception) in ratchet.0.iter().filter(|(key, _)| !large.contains_key(*key)) {
        let problem = format!("`{key}` is within the limit, or gone");
        findings.push(Finding::new(RATCHET, exception.at, problem, "remove its line"));
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

/// A file or function, measured.
struct Measured<'a> {
    name: &'a str,
    path: &'a str,
    line: usize,
    lines: usize,
    limit: usize,
    remedy: &'static str,
}

impl Measured<'_> {
    fn judge(&self, exception: Option<&Exception>) -> Option<Finding> {
        let Self { name, path, line, lines, limit, remedy } = self;
        let allowed = exception.map_or(*limit, |exception| exception.lines);
        match (lines.cmp(&allowed), exception) {
            (Ordering::Greater, _) => {
                let problem = format!("`{name}` has {lines} lines of code; the limit is {allowed}");
                Some(Finding::new(path, *line, problem, *remedy))
            }
            (Ordering::Less, Some(exception)) => {
                let problem = format!("`{name}` shrank to {lines} lines of code in {path}");
                Some(Finding::new(RATCHET, exception.at, problem, format!("lower {allowed} to {lines}")))
            }
            (Ordering::Less | Ordering::Equal, _) => None,
        }
    }
}

/// What is over a limit, by its key in the ratchet. Two functions of one name in a file share a key: the larger counts.
fn large(sources: &[Source]) -> BTreeMap<String, Measured<'_>> {
    let mut large: BTreeMap<String, Measured<'_>> = BTreeMap::new();
    for (key, measured) in sources.iter().flat_map(measure) {
        let is_largest = large.get(&key).is_none_or(|other| other.lines < measured.lines);
        if measured.lines > measured.limit && is_largest {
            large.insert(key, measured);
        }
    }
    large
}

fn measure(source: &Source) -> impl Iterator<Item = (String, Measured<'_>)> {
    let Source { path, lines, functions, .. } = source;
    let remedy = "split it by idea";
    let file = Measured { name: path, path, line: 1, lines: *lines, limit: FILE_LIMIT, remedy };
    let functions = functions.iter().map(move |Function { name, line, lines }| {
        let remedy = "split it along pure leaves";
        let measured = Measured { name, path, line: *line, lines: *lines, limit: FUNCTION_LIMIT, remedy };
        (format!("function {path} {name}"), measured)
    });
    std::iter::once((format!("file {path}"), file)).chain(functions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_or_function_over_the_limit_is_found_where_it_stands() {
        let found = judge(&[source(801, 71)], &Ratchet::default());
        let found: Vec<_> = found.iter().map(|finding| (finding.line, finding.problem.as_str())).collect();
        let expected = [
            (1, "`src/a.rs` has 801 lines of code; the limit is 800"),
            (9, "`Type::name` has 71 lines of code; the limit is 70"),
        ];
        assert_eq!(found, expected);
        assert_eq!(judge(&[source(800, 70)], &Ratchet::default()), []);
    }

    #[test]
    fn an_exception_must_be_as_large_as_reality() {
        let cases = [
            ("900 file src/a.rs", 900, None),
            ("900 file src/a.rs", 901, Some("`src/a.rs` has 901 lines of code; the limit is 900")),
            ("900 file src/a.rs", 850, Some("`src/a.rs` shrank to 850 lines of code in src/a.rs")),
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
