//! Whole texts, word for word.

use crate::program::{PLANT, eval};
use std::fs;
use std::path::Path;

#[test]
fn the_report_of_the_plant_reads_as_written_in_golden() {
    let ran = eval(&[PLANT, "--learn", "21s"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    compare("plant.txt", &ran.out);
}

#[test]
fn the_help_reads_as_written_in_golden() {
    let ran = eval(&["--help"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    compare("help.txt", &ran.out);
}

fn compare(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/eval/golden").join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        return fs::write(&path, text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let different = expected.lines().zip(text.lines()).find(|(expected, got)| expected != got);
    assert_eq!(different, None, "{}; UPDATE_EXPECT=1 writes it anew", path.display());
    assert_eq!(expected, text, "{}; UPDATE_EXPECT=1 writes it anew", path.display());
}
