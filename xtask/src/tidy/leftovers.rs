//! What was left for later: marks in the text, tests that do not run, code that is not written.
//!
//! Marks are looked for as words in every text that people write; attributes and macros as tokens, so that neither
//! a comment nor a string about them is a finding.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::TextFile;
use super::finding::Finding;

/// Written in two pieces, so that this file passes its own check.
const MARKS: [&str; 3] = [concat!("FIX", "ME"), concat!("TO", "DO"), concat!("XX", "X")];

const ATTRIBUTES: [(&str, &str); 2] = [
    ("ignore", "a test that does not run proves nothing: make it fast enough to run, or remove it"),
    ("should_panic", "a panic says nothing of the cause: return an error and compare it"),
];

const MACROS: [(&str, &str); 2] =
    [("todo", "write it, or leave it out"), ("unimplemented", "write it, or leave it out")];

/// Marks for unfinished work, as whole words.
pub(super) fn words(file: &TextFile) -> Vec<Finding> {
    if !file.is_written() {
        return Vec::new();
    }
    let marked = |line: &str| MARKS.into_iter().find(|mark| has_word(line, mark));
    let found = file.text.lines().enumerate().filter_map(|(index, line)| Some((index + 1, marked(line)?)));
    let remedy = "finish it in this change, or write an issue and remove the mark";
    found.map(|(line, mark)| Finding::new(&file.path, line, format!("`{mark}`"), remedy)).collect()
}

/// Attributes and macros that stand for work not done.
pub(super) fn tokens(path: &str, tokens: TokenStream) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut before = [None, None];
    for token in tokens {
        match &token {
            TokenTree::Group(group) => {
                if is_attribute(&before, group) {
                    findings.extend(judge_attribute(path, group));
                }
                findings.extend(self::tokens(path, group.stream()));
            }
            TokenTree::Punct(punct) if punct.as_char() == '!' => findings.extend(judge_macro(path, &before)),
            TokenTree::Punct(_) | TokenTree::Ident(_) | TokenTree::Literal(_) => {}
        }
        let [_, last] = before;
        before = [last, Some(token)];
    }
    findings
}

fn has_word(line: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(start, _)| {
        let before = line.get(..start).and_then(|text| text.chars().next_back());
        let after = line.get(start + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(joins) && !after.is_some_and(joins)
    })
}

/// `#[…]` and `#![…]`.
fn is_attribute(before: &[Option<TokenTree>; 2], group: &Group) -> bool {
    let is = |token: &Option<TokenTree>, wanted: char| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted);
    let [earlier, last] = before;
    group.delimiter() == Delimiter::Bracket && (is(last, '#') || (is(last, '!') && is(earlier, '#')))
}

fn judge_attribute(path: &str, group: &Group) -> Vec<Finding> {
    let mut names = Vec::new();
    identifiers(group.stream(), &mut names);
    let conditional = names.first().is_some_and(|name| name == "cfg_attr");
    names.truncate(if conditional { names.len() } else { 1 });
    let banned = ATTRIBUTES.iter().filter(|(name, _)| names.iter().any(|found| found == name));
    let line = group.span_open().start().line;
    banned.map(|(name, remedy)| Finding::new(path, line, format!("`#[{name}]`"), *remedy)).collect()
}

fn identifiers(tokens: TokenStream, names: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(name) => names.push(name.to_string()),
            TokenTree::Group(group) => identifiers(group.stream(), names),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

fn judge_macro(path: &str, before: &[Option<TokenTree>; 2]) -> Option<Finding> {
    let [_, Some(TokenTree::Ident(name))] = before else { return None };
    let (banned, remedy) = MACROS.iter().find(|(banned, _)| name == banned)?;
    Some(Finding::new(path, name.span().start().line, format!("`{banned}!`"), *remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_as_a_whole_word() {
        let [fix, todo, unsure] = MARKS;
        let cases = [
            (format!("// {fix}: later"), true),
            (format!("// ({todo})"), true),
            (unsure.to_owned(), true),
            (format!("// a{unsure}X"), false),
            (format!("const {todo}_LIST"), false),
        ];
        for (line, expected) in cases {
            let file = TextFile { path: "a.rs".into(), text: format!("\n{line}\n") };
            let found = words(&file);
            assert_eq!(!found.is_empty(), expected, "{line}");
            assert!(found.iter().all(|finding| finding.line == 2));
        }
    }

    #[test]
    fn what_devices_say_is_not_read_as_a_mark() {
        let [_, todo, _] = MARKS;
        for (path, expected) in
            [("a/golden.txt", 0), ("b.json", 0), (".ci/run", 1), (".env", 1), ("docs/a.md", 1)]
        {
            let file = TextFile { path: path.into(), text: todo.to_owned() };
            assert_eq!(words(&file).len(), expected, "{path}");
        }
    }

    #[test]
    fn tests_that_do_not_run_and_code_that_is_not_written_are_found() {
        let cases = [
            ("#[test]\n#[ignore]\nfn a() {}", vec![(2, "`#[ignore]`")]),
            ("#[ignore = \"slow\"] fn a() {}", vec![(1, "`#[ignore]`")]),
            ("#[cfg_attr(miri, ignore)] fn a() {}", vec![(1, "`#[ignore]`")]),
            ("#[should_panic(expected = \"x\")] fn a() {}", vec![(1, "`#[should_panic]`")]),
            ("mod a {\n fn b() { todo!() }\n}", vec![(2, "`todo!`")]),
            ("fn ignore() { let _ = [ignore]; \"#[ignore] todo!\"; } // todo!()", vec![]),
        ];
        for (text, expected) in cases {
            let found = tokens("a.rs", text.parse().unwrap());
            let found: Vec<_> =
                found.iter().map(|finding| (finding.line, finding.problem.as_str())).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
