//! The only way text gets into the page.
//!
//! It knows tags and attributes, and nothing of what the page says.
//!
//! INVARIANT: tags, attribute names and verbatim text are `&'static str`, so written by us; everything else is bounded,
//! made inert and escaped on its way. Elements close themselves, so that the page is well-formed XML too.

use std::fmt::{self, Display, Write};

/// Longest piece of text, in bytes. A device may claim 64 KiB of text; a person reads a line.
const MAX_TEXT: usize = 1_024;

/// Names and values of an element's attributes.
pub(super) type Attributes<'a> = &'a [(&'static str, &'a dyn Display)];

/// No attributes.
pub(super) const PLAIN: Attributes<'static> = &[];

/// A page in the making.
#[derive(Debug, Default)]
pub(super) struct Html {
    text: String,
}

impl Html {
    /// The page so far.
    pub(super) fn finish(self) -> String {
        self.text
    }

    /// The line that makes browsers keep to the standard.
    pub(super) fn doctype(&mut self) {
        self.text.push_str("<!DOCTYPE html>\n");
    }

    /// An element and what is inside.
    pub(super) fn element(
        &mut self,
        tag: &'static str,
        attributes: Attributes<'_>,
        inside: impl FnOnce(&mut Self),
    ) {
        self.start(tag, attributes);
        self.text.push('>');
        inside(self);
        self.end(tag);
    }

    /// An element with text only.
    pub(super) fn leaf(&mut self, tag: &'static str, attributes: Attributes<'_>, text: impl Display) {
        self.element(tag, attributes, |html| html.text(text));
    }

    /// An element that has no inside.
    pub(super) fn void(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.start(tag, attributes);
        self.text.push_str(" />");
    }

    /// Text.
    pub(super) fn text(&mut self, text: impl Display) {
        Escaped::write(&mut self.text, &text);
    }

    /// A style sheet or script of ours, which follows rules of its own inside.
    pub(super) fn verbatim(&mut self, tag: &'static str, text: &'static str) {
        self.start(tag, PLAIN);
        self.text.push('>');
        self.text.push_str(text);
        self.end(tag);
    }

    fn start(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.text.push('<');
        self.text.push_str(tag);
        for (name, value) in attributes {
            self.text.push(' ');
            self.text.push_str(name);
            self.text.push_str("=\"");
            Escaped::write(&mut self.text, value);
            self.text.push('"');
        }
    }

    fn end(&mut self, tag: &'static str) {
        self.text.push_str("</");
        self.text.push_str(tag);
        self.text.push('>');
        if stands_alone(tag) {
            self.text.push('\n');
        }
    }
}

/// A line break after it changes nothing that is seen.
fn stands_alone(tag: &str) -> bool {
    matches!(
        tag,
        "div"
            | "dd"
            | "details"
            | "g"
            | "h1"
            | "h2"
            | "h3"
            | "head"
            | "header"
            | "li"
            | "main"
            | "nav"
            | "p"
            | "script"
            | "section"
            | "style"
            | "svg"
            | "table"
            | "tbody"
            | "title"
            | "tr"
            | "ul"
    )
}

/// Escapes what is written through it.
struct Escaped<'a> {
    out: &'a mut String,
    left: usize,
}

impl Escaped<'_> {
    fn write(out: &mut String, value: &dyn Display) {
        let mut escaped = Escaped { out, left: MAX_TEXT };
        // The sink takes everything until it is full, and then ends the writing on purpose.
        if write!(escaped, "{value}").is_err() {
            out.push('…');
        }
    }
}

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let kept = text.get(..text.floor_char_boundary(self.left)).unwrap_or_default();
        for character in nullius_model::inert(kept).chars() {
            match character {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\'' => self.out.push_str("&#39;"),
                // Neither XML nor a browser has a place for them.
                '\u{fffe}' | '\u{ffff}' => self.out.push('\u{fffd}'),
                other => self.out.push(other),
            }
        }
        self.left -= kept.len();
        if kept.len() < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(text: &str) -> String {
        let mut html = Html::default();
        html.leaf("b", &[("title", &text)], text);
        html.finish()
    }

    #[test]
    fn text_and_attributes_are_escaped_the_same() {
        let inert = "&lt;script&gt;alert(&quot;&#39;&amp;&#39;&quot;)&lt;/script&gt;";
        assert_eq!(leaf("<script>alert(\"'&'\")</script>"), format!("<b title=\"{inert}\">{inert}</b>"));
        assert_eq!(
            leaf("a\u{202e}b\0\u{ffff}"),
            "<b title=\"a\\u{202e}b\\u{0}\u{fffd}\">a\\u{202e}b\\u{0}\u{fffd}</b>"
        );
    }

    #[test]
    fn a_page_of_text_is_cut_at_a_character() {
        let page = leaf(&"ü".repeat(32_768));
        assert!(page.len() < 2 * MAX_TEXT + 32, "{}", page.len());
        assert!(page.ends_with("ü…</b>"));
        assert!(!leaf(&"x".repeat(MAX_TEXT)).contains('…'));
    }
}
