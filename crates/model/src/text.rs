//! Text that somebody else chose, and what may be done with it: shown, and nothing more.
//!
//! INVARIANT: nothing that [`inert`] returns moves a cursor, ends a line or turns one around.

/// Text a device chose, made inert: control and formatting characters are written as escapes.
pub fn inert(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut inert, character| {
        if is_inert(character) {
            inert.push(character);
        } else {
            inert.extend(character.escape_unicode());
        }
        inert
    })
}

/// The character prints as itself and changes nothing around it.
pub fn is_inert(character: char) -> bool {
    !character.is_control() && !is_formatting(character)
}

/// Characters that change how their neighbours are drawn: bidirectional controls, joiners, the byte order mark.
const fn is_formatting(character: char) -> bool {
    matches!(
        character,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_text_cannot_move_the_cursor_or_turn_the_line_around() {
        assert_eq!(inert("plc\u{1b}[31m\r\n\u{202e}x"), "plc\\u{1b}[31m\\u{d}\\u{a}\\u{202e}x");
        assert_eq!(inert("Küche 7"), "Küche 7");
    }
}
