//! Topic names and topic filters (MQTT 5 §4.7, §4.8.2; the same in 3.1.1 but for shared subscriptions).

use super::Version;
use crate::reader::{Parse, ensure};

/// A topic to publish to: no wildcards. May be empty where an alias stands for it.
pub(super) fn name(topic: &str) -> Parse<&str> {
    ensure(!topic.contains(['+', '#']), "wildcard in a topic name")?;
    Ok(topic)
}

/// A filter to subscribe with.
pub(super) fn filter(filter: &str, version: Version) -> Parse<&str> {
    match filter.strip_prefix("$share/") {
        Some(shared) if version == Version::V5 => shared_filter(shared)?,
        _ => plain_filter(filter)?,
    }
    Ok(filter)
}

fn plain_filter(filter: &str) -> Parse<()> {
    ensure(!filter.is_empty(), "empty topic filter")?;
    let before_last = filter.rsplit_once('/').map_or("", |(before, _)| before);
    ensure(!before_last.contains('#'), "'#' is not the last level of a topic filter")?;
    let whole = |level: &str| level.len() == 1 || !level.contains(['+', '#']);
    ensure(filter.split('/').all(whole), "wildcard shares a level of a topic filter")
}

fn shared_filter(shared: &str) -> Parse<()> {
    let (group, filter) = shared.split_once('/').unwrap_or((shared, ""));
    ensure(!group.is_empty(), "shared subscription without a name")?;
    ensure(!group.contains(['+', '#']), "wildcard in the name of a shared subscription")?;
    ensure(!filter.is_empty(), "shared subscription without a filter")?;
    plain_filter(filter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::ParseError;

    #[test]
    fn a_filter_has_wildcards_only_as_whole_levels() {
        for good in ["a", "/", "#", "+", "a/+/b", "a/#", "+/+/#", "$SYS/#", "$share/g/a/#", "a b/ü", "//"] {
            assert_eq!(filter(good, Version::V5), Ok(good));
        }
        for (bad, why) in [
            ("", "empty topic filter"),
            ("a/#/b", "'#' is not the last level of a topic filter"),
            ("#/a", "'#' is not the last level of a topic filter"),
            ("a+", "wildcard shares a level of a topic filter"),
            ("a/b#", "wildcard shares a level of a topic filter"),
            ("a/++/b", "wildcard shares a level of a topic filter"),
            ("$share/g", "shared subscription without a filter"),
            ("$share/g/", "shared subscription without a filter"),
            ("$share//a", "shared subscription without a name"),
            ("$share/+/a", "wildcard in the name of a shared subscription"),
        ] {
            assert_eq!(filter(bad, Version::V5), Err(ParseError::Invalid(why)), "{bad}");
        }
        assert_eq!(filter("$share/g/", Version::V311), Ok("$share/g/"), "an ordinary level before version 5");
    }
}
