//! What accounts and tokens are called.

use crate::http::Problem;

/// Longest name, in bytes.
const LONGEST: usize = 63;

/// Lower case letters, digits, `-`, `_`, `.` and `@`: nobody is taken for another because of a letter's case, and a name
/// is safe in a path, a log line and a shell.
///
/// # Errors
/// 422 for anything else.
pub(crate) fn check(name: &str) -> Result<(), Problem> {
    let plain = !name.is_empty() && name.len() <= LONGEST && name.chars().all(is_plain);
    if plain && name.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(Problem::wrong(
        "bad-name",
        format!(
            "a name has 1 to {LONGEST} lower case letters, digits, `-`, `_`, `.` and `@`, a letter or digit first"
        ),
    ))
}

/// A name made of what somebody is called elsewhere; empty where nothing of it is left.
pub(crate) fn plain(name: &str) -> String {
    let lower = name.to_lowercase();
    let kept =
        lower.chars().skip_while(|first| !first.is_ascii_alphanumeric()).filter(|char| is_plain(*char));
    kept.take(LONGEST - 8).collect()
}

const fn is_plain(character: char) -> bool {
    character.is_ascii_lowercase() || character.is_ascii_digit() || matches!(character, '-' | '_' | '.' | '@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_safe_wherever_it_is_written() {
        for good in ["anna", "anna.b@example.org", "7", "ci-runner_1"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["", "Anna", "-x", "a b", "a/b", "a+b", "a:b", "ä", "a\n", &"a".repeat(64)] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert_eq!(plain("Änna B\u{202e}+x@Example.org"), "nnabx@example.org");
        assert_eq!(plain("../*"), "");
    }
}
