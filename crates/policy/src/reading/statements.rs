//! Where each policy of a `.cedar` file begins and ends, told without understanding any of them.
//!
//! Cedar's own parser takes a whole file and stops making sense of it at the first mistake. Taken one by one, a mistake
//! in one policy leaves the others readable, and each has its line. Cedar has `;` nowhere but at the end of a policy,
//! outside texts and comments.

/// One policy as written, from its first annotation to its `;`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Statement<'a> {
    pub(crate) text: &'a str,
    pub(crate) offset: usize,
    /// How deep brackets are nested at most.
    pub(crate) depth: usize,
}

/// The policies of a file, in order. What stands behind the last `;` is the last one, unless it is only white space and
/// comments.
pub(crate) fn statements(text: &str) -> Vec<Statement<'_>> {
    let mut scan = Scan { text, found: Vec::new(), begin: None, depth: 0, deepest: 0 };
    let mut rest = text.char_indices().peekable();
    while let Some((offset, character)) = rest.next() {
        match character {
            '/' if rest.next_if(|&(_, next)| next == '/').is_some() => {
                while rest.next_if(|&(_, next)| next != '\n').is_some() {}
            }
            '"' => {
                scan.starts(offset);
                skip_text(&mut rest);
            }
            _ => scan.take(offset, character),
        }
    }
    scan.end(text.len());
    scan.found
}

struct Scan<'a> {
    text: &'a str,
    found: Vec<Statement<'a>>,
    begin: Option<usize>,
    depth: usize,
    deepest: usize,
}

impl Scan<'_> {
    fn starts(&mut self, offset: usize) {
        self.begin.get_or_insert(offset);
    }

    fn take(&mut self, offset: usize, character: char) {
        if !character.is_whitespace() {
            self.starts(offset);
        }
        match character {
            '(' | '[' | '{' => {
                self.depth += 1;
                self.deepest = self.deepest.max(self.depth);
            }
            ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
            ';' => self.end(offset + 1),
            _ => {}
        }
    }

    fn end(&mut self, end: usize) {
        let depth = std::mem::take(&mut self.deepest);
        self.depth = 0;
        let Some(begin) = self.begin.take() else { return };
        if let Some(text) = self.text.get(begin..end) {
            self.found.push(Statement { text, offset: begin, depth });
        }
    }
}

fn skip_text(rest: &mut impl Iterator<Item = (usize, char)>) {
    while let Some((_, character)) = rest.next() {
        match character {
            '\\' => {
                rest.next();
            }
            '"' => return,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_ends_at_its_semicolon_and_nowhere_else() {
        let text = "// a; b\n@id(\"x;\\\"y\")\npermit (principal, action, resource); // c;\n\nforbid ([(1)]) ;x // y";
        let told: Vec<_> =
            statements(text).iter().map(|found| (found.text, found.offset, found.depth)).collect();
        assert_eq!(
            told,
            [
                ("@id(\"x;\\\"y\")\npermit (principal, action, resource);", 8, 1),
                ("forbid ([(1)]) ;", 66, 3),
                ("x // y", 82, 0),
            ]
        );
        for empty in ["", " \n", "// permit (principal, action, resource);"] {
            assert_eq!(statements(empty), [], "{empty}");
        }
    }

    #[test]
    fn a_text_that_never_ends_ends_the_file() {
        assert_eq!(statements("permit \"; // \\").len(), 1);
    }
}
