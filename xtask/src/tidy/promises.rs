//! Every sentence of `docs/security-properties.md` names the tests that hold it, and they exist.
//!
//! A sentence is an item of a list; a test is an identifier in backticks that is the name of a function under
//! `#[test]`. What it does not know is whether the test proves the sentence: that is read by people.

use std::collections::BTreeSet;

use super::TextFile;
use super::finding::Finding;

const PROMISES: &str = "docs/security-properties.md";

/// What is wrong with the promises in `files`.
pub(super) fn check(files: &[TextFile]) -> Vec<Finding> {
    let Some(promises) = files.iter().find(|file| file.path == PROMISES) else {
        return Vec::new();
    };
    let tests: BTreeSet<_> =
        files.iter().filter(|file| file.path.ends_with(".rs")).flat_map(|file| tests(&file.text)).collect();
    items(&promises.text).iter().flat_map(|(line, item)| judge(*line, item, &tests)).collect()
}

/// Names of the functions that follow a `#[test]`, or a `#[tokio::test]`.
fn tests(source: &str) -> impl Iterator<Item = &str> {
    let attributes = ["#[test]", "#[tokio::test"];
    attributes.into_iter().flat_map(|attribute| source.split(attribute).skip(1)).filter_map(|rest| {
        let (_, name) = rest.split_once("fn ")?;
        name.split_once('(').map(|(name, _)| name)
    })
}

/// The items of every list, with the line they begin on; an item goes on over indented lines.
fn items(text: &str) -> Vec<(usize, String)> {
    let mut items: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (index, line) in text.lines().enumerate() {
        if let Some(item) = line.strip_prefix("- ") {
            items.push((index + 1, item.to_owned()));
            open = true;
        } else if open && line.starts_with("  ") {
            let last = items.pop();
            items.extend(last.map(|(at, item)| (at, format!("{item} {}", line.trim()))));
        } else {
            open = false;
        }
    }
    items
}

fn judge(line: usize, item: &str, tests: &BTreeSet<&str>) -> Vec<Finding> {
    let names: Vec<_> = item.split('`').skip(1).step_by(2).filter(|name| is_name(name)).collect();
    if names.is_empty() {
        let remedy = "write the test's name in backticks behind it, or take the sentence out";
        return vec![Finding::new(PROMISES, line, "a promise without a test", remedy)];
    }
    let unknown = names.into_iter().filter(|name| !tests.contains(name));
    unknown
        .map(|name| {
            Finding::new(PROMISES, line, format!("there is no test `{name}`"), "name one that exists")
        })
        .collect()
}

/// The names of our tests are sentences: three words at least.
fn is_name(text: &str) -> bool {
    text.matches('_').count() >= 2
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(promises: &str) -> Vec<String> {
        let source = "#[test]\nfn a_double_reaches_nothing() {}\nfn no_test_at_all() {}";
        let files = [("docs/security-properties.md", promises), ("a.rs", source)]
            .map(|(path, text)| TextFile { path: path.to_owned(), text: text.to_owned() });
        check(&files).into_iter().map(|finding| format!("{}: {}", finding.line, finding.problem)).collect()
    }

    #[test]
    fn a_promise_names_a_test_that_exists() {
        let cases: [(&str, &[&str]); 5] = [
            ("Words.\n\n- A double reaches nothing. `a_double_reaches_nothing`\n", &[]),
            ("- It goes on\n  here: `a_double_reaches_nothing`\n", &[]),
            ("\n- Nobody proves this.\n", &["2: a promise without a test"]),
            ("- See `nft list`.\n", &["1: a promise without a test"]),
            ("- So it is: `no_test_at_all`\n", &["1: there is no test `no_test_at_all`"]),
        ];
        for (promises, expected) in cases {
            assert_eq!(findings(promises), expected, "{promises}");
        }
    }
}
