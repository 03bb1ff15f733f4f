//! Whatever is in its files, a repository is read or refused, and nothing else happens.

#![expect(clippy::unwrap_used, reason = "a broken fixture must fail the test")]

use nullius_policy::{Files, Repository};
use proptest::prelude::*;
use std::fs;
use std::path::Path;

/// What the cookbook's own files are made of, and what breaks readers.
const PIECES: &[&str] = &[
    "",
    "\"",
    "\\",
    "\u{0}",
    "\u{202e}",
    "ä",
    "\n",
    ";",
    "//",
    "#",
    "(",
    ")))",
    "{",
    "}",
    "[",
    "]]",
    "[[device]]",
    "= ",
    "\"plc1\"",
    "when {",
    "unless {",
    "context.",
    " has ",
    " in ",
    " like \"*\"",
    "-9223372036854775808",
    "1e999",
    "0x",
    "@id(\"x\")",
    "permit",
    "forbid",
    "?principal",
    "principal",
    "Group::\"a\"",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "!!!!!!",
    "a.b.c.d.e.f = 1",
    "\"\"\"",
    "''",
    "2026-01-01T00:00:00Z",
    "[[test]]",
    "[zone]",
    "zone = 1",
];

fn cookbook() -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("cookbook");
    let mut files = Files::from([(
        "inventory.toml".to_owned(),
        fs::read_to_string(root.join("inventory.toml")).unwrap(),
    )]);
    for folder in ["policies", "tests"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().into_string().unwrap());
            files.insert(path, fs::read_to_string(entry.path()).unwrap());
        }
    }
    files
}

/// Some part of `text` replaced.
fn replaced(text: &str, at: usize, length: usize, piece: &str) -> String {
    let begin = text.floor_char_boundary(at % (text.len() + 1));
    let end = text.floor_char_boundary((begin + length).min(text.len()));
    format!("{}{piece}{}", text.get(..begin).unwrap(), text.get(end..).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_repository_is_read_or_refused_at_lines_that_exist(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<usize>(), 0_usize..40, 0..PIECES.len()), 1..4),
    ) {
        let mut files = cookbook();
        for (file, at, length, piece) in damage {
            let path = file.get(&files.keys().cloned().collect::<Vec<_>>()).clone();
            let text = replaced(&files[&path], at, length, PIECES[piece]);
            files.insert(path, text);
        }
        match Repository::parse(&files) {
            Ok(repository) => {
                // what compiles is linted and tested without a panic too
                let _ = repository.accept();
            }
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                for problem in problems {
                    let lines = files.get(&problem.file).map_or(0, |text| text.split('\n').count());
                    prop_assert!(usize::try_from(problem.line).unwrap() <= lines, "{problem}");
                }
            }
        }
    }

    #[test]
    fn any_bytes_at_all_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), which in 0_usize..3) {
        let mut files = cookbook();
        let path = ["inventory.toml", "policies/historian-reads.cedar", "tests/historian-reads.toml"][which];
        files.insert(path.to_owned(), String::from_utf8_lossy(&bytes).into_owned());
        let _ = Repository::parse(&files);
    }
}
