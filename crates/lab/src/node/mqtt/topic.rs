//! Topic filters (3.1.1, 4.7).

/// Whether a filter is one: `#` last and alone in its level, `+` alone in its.
pub(super) fn is_filter(filter: &str) -> bool {
    let mut levels = filter.split('/').peekable();
    while let Some(level) = levels.next() {
        let alone = level.len() == 1;
        if level.contains('#') && !(alone && levels.peek().is_none()) || level.contains('+') && !alone {
            return false;
        }
    }
    !filter.is_empty() && !filter.contains('\0')
}

/// Whether `filter` takes `topic`; a wildcard in front takes no topic that begins with `$`.
pub(super) fn takes(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut topic = topic.split('/');
    for level in filter.split('/') {
        match (level, topic.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (level, Some(name)) if level == name => {}
            _ => return false,
        }
    }
    topic.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_take_what_the_specification_says() {
        for (filter, topic) in [
            ("a/b", "a/b"),
            ("a/+", "a/b"),
            ("a/#", "a/b/c"),
            ("a/#", "a"),
            ("#", "a/b"),
            ("+/+", "/b"),
            ("$SYS/#", "$SYS/x"),
        ] {
            assert!(is_filter(filter) && takes(filter, topic), "{filter} {topic}");
        }
        for (filter, topic) in
            [("a/+", "a"), ("a/+", "a/b/c"), ("a", "a/b"), ("#", "$SYS/x"), ("+/x", "$SYS/x")]
        {
            assert!(!takes(filter, topic), "{filter} {topic}");
        }
        for bad in ["", "a#", "#/a", "a+/b", "a/\0"] {
            assert!(!is_filter(bad), "{bad}");
        }
    }
}
