//! What resources a server lists are for (RFC 6690).
//!
//! Quoted commas and semicolons are not understood: no resource type has them.

/// Resource types told of one list: the first few characterise a device, and a hostile list could hold hundreds.
const MAX_TYPES: usize = 16;

/// The values of the `rt` attributes, in their order, without repetition.
pub(super) fn resource_types(payload: &[u8]) -> Vec<&str> {
    let text = std::str::from_utf8(payload).unwrap_or_else(|error| valid(payload, error));
    let mut types = Vec::new();
    for attribute in text.split([';', ',']) {
        let Some(value) = attribute.trim_start().strip_prefix("rt=") else { continue };
        for kind in value.trim_matches('"').split_ascii_whitespace() {
            if types.len() < MAX_TYPES && !types.contains(&kind) {
                types.push(kind);
            }
        }
    }
    types
}

/// The first block of a list may end inside a character.
fn valid(payload: &[u8], error: std::str::Utf8Error) -> &str {
    payload.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_types_are_few_and_told_once() {
        let list = br#"</>;title="General";ct=0,</t>;rt="temperature core.s";if="s",</u>;rt=temperature,</v>;rt="lamp"#;
        assert_eq!(resource_types(list), ["temperature", "core.s", "lamp"]);
        let many: String = (0..1000).map(|number| format!("</{number}>;rt=\"t{number}\",")).collect();
        assert_eq!(resource_types(many.as_bytes()).len(), MAX_TYPES);
        assert_eq!(resource_types(b"</a>;rt=\"a\",</b>;rt=\"\xff\""), ["a"]);
    }
}
