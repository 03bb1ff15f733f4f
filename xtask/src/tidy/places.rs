//! Paths of somebody's machine: they say nothing to a reader and break elsewhere.

use super::TextFile;
use super::finding::Finding;

/// Written in two pieces, so that this file passes its own check.
const PLACES: [&str; 3] = [concat!("/wo", "rk/"), concat!("/fa", "rm/"), concat!("/ro", "ot/")];

/// Devices say it as well, in topics and addresses: it is looked for only where people write.
const HOME: &str = concat!("/ho", "me/");

/// Every line that names one of the places.
pub(super) fn check(file: &TextFile) -> Vec<Finding> {
    let places = || PLACES.into_iter().chain(file.is_written().then_some(HOME));
    let named = |line: &str| places().find(|place| line.contains(place));
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
        for place in PLACES.into_iter().chain([HOME]) {
            let file = TextFile { path: "a.md".into(), text: format!("first\nsee {place}me/x\n") };
            assert_eq!(check(&file).iter().map(|finding| finding.line).collect::<Vec<_>>(), [2], "{place}");
        }
        let file = TextFile { path: "a.md".into(), text: "see homework/x and target/root\n".into() };
        assert_eq!(check(&file), []);
    }

    #[test]
    fn a_topic_that_a_device_published_is_not_a_place() {
        let file = TextFile { path: "golden/mqtt.txt".into(), text: format!("publish {HOME}kitchen") };
        assert_eq!(check(&file), []);
    }
}
