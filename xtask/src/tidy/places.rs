//! Paths of somebody's machine: they say nothing to a reader and break elsewhere.

use super::TextFile;
use super::finding::Finding;

/// Written in two pieces, so that this file passes its own check.
const PLACES: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("/fa", "rm/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];

/// Every line that names one of the places.
pub(super) fn check(file: &TextFile) -> Vec<Finding> {
    let named = |line: &str| PLACES.into_iter().find(|place| line.contains(place));
    let found = file.text.lines().enumerate().filter_map(|(index, line)| Some((index + 1, named(line)?)));
    let problem = |place| format!("`{place}` is a place on somebody's machine");
    let remedy = "write it relative to the repository, or take it as an argument";
    found.map(|(line, place)| Finding::new(&file.path, line, problem(place), remedy)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_at_its_line_and_a_relative_path_is_not() {
        for place in PLACES {
            let file = TextFile { path: "a.md".into(), text: format!("first\nsee {place}me/x\n") };
            assert_eq!(check(&file).iter().map(|finding| finding.line).collect::<Vec<_>>(), [2], "{place}");
        }
        let file = TextFile { path: "a.md".into(), text: "see homework/x and target/root\n".into() };
        assert_eq!(check(&file), []);
    }
}
