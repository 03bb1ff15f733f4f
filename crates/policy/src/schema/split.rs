//! A file of policies, cut into statements before Cedar reads them.
//!
//! Cedar reads, checks and prints expressions by recursion; what would take it too deep is refused here.

/// Brackets within brackets.
const MAX_NESTING: u32 = 24;
/// Operators and keywords of one policy: a chain of them nests in Cedar's trees as deeply as it is long.
const MAX_OPERATORS: u32 = 256;

/// One policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Statement<'s> {
    /// In bytes from the start of the file.
    pub(super) start: usize,
    /// With the closing semicolon.
    pub(super) text: &'s str,
}

/// Where in the file, and what.
type Refused = (usize, String);

/// The policies of a file, in order. What follows the last semicolon is a statement too, which Cedar will refuse.
pub(super) fn statements(text: &str) -> Result<Vec<Statement<'_>>, Refused> {
    let mut found = Vec::new();
    let mut scan = Scan::default();
    let mut start = None;
    for (at, character) in text.char_indices() {
        let state = scan.state;
        scan.step(character, text.get(at..).unwrap_or_default());
        if state == State::Between && !character.is_whitespace() && scan.state != State::Comment {
            start.get_or_insert(at);
        }
        if let Some(what) = scan.excess() {
            return Err((start.unwrap_or(at), what));
        }
        if state == State::Between && character == ';' {
            let end = at + character.len_utf8();
            let start = start.take().unwrap_or(at);
            found.push(Statement { start, text: text.get(start..end).unwrap_or_default() });
            scan = Scan::default();
        }
    }
    found.extend(start.map(|start| Statement { start, text: text.get(start..).unwrap_or_default() }));
    Ok(found)
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Between tokens or in one.
    #[default]
    Between,
    Text,
    /// After a backslash in text.
    Escape,
    Comment,
}

#[derive(Debug, Default)]
struct Scan {
    state: State,
    depth: u32,
    operators: u32,
    /// Of a run of the same operator sign, the sign.
    sign: Option<char>,
    /// The last character was of a word.
    in_word: bool,
}

impl Scan {
    fn step(&mut self, character: char, rest: &str) {
        self.state = match (self.state, character) {
            (State::Between, '"') => State::Text,
            (State::Between, '/') if rest.starts_with("//") => State::Comment,
            (State::Between, _) => {
                self.count(character, rest);
                State::Between
            }
            (State::Text, '"') | (State::Comment, '\n') => State::Between,
            (State::Text, '\\') => State::Escape,
            (State::Escape, _) => State::Text,
            (state, _) => state,
        };
    }

    fn count(&mut self, character: char, rest: &str) {
        let is_word = character.is_alphanumeric() || character == '_';
        match character {
            '(' | '[' | '{' => self.depth += 1,
            ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
            '&' | '|' | '<' | '>' | '=' if self.sign == Some(character) => {}
            '&' | '|' | '!' | '<' | '>' | '=' | '+' | '-' | '*' | '.' => self.operators += 1,
            _ if is_word && !self.in_word && is_keyword(rest) => self.operators += 1,
            _ => {}
        }
        self.sign = (!is_word).then_some(character);
        self.in_word = is_word;
    }

    fn excess(&self) -> Option<String> {
        if self.depth > MAX_NESTING {
            return Some(format!("brackets are nested more than {MAX_NESTING} deep"));
        }
        (self.operators > MAX_OPERATORS).then(|| format!("a policy has at most {MAX_OPERATORS} operators"))
    }
}

/// `rest` starts with a word that nests.
fn is_keyword(rest: &str) -> bool {
    let word = rest.split(|character: char| !character.is_alphanumeric() && character != '_').next();
    matches!(word, Some("if" | "has" | "like" | "in" | "is"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        statements(text).unwrap().into_iter().map(|statement| statement.text).collect()
    }

    #[test]
    fn a_file_is_cut_where_policies_end_and_nowhere_else() {
        for (text, cut) in [
            ("", vec![]),
            ("// only; words\n", vec![]),
            ("a;b;", vec!["a;", "b;"]),
            (" // x;\n a ; // y;\n b", vec!["a ;", "b"]),
            ("a \"x;\\\";\" ; b;", vec!["a \"x;\\\";\" ;", "b;"]),
        ] {
            assert_eq!(texts(text), cut, "{text}");
        }
        assert_eq!(statements("\n x;").unwrap(), [Statement { start: 2, text: "x;" }]);
    }

    #[test]
    fn what_would_nest_too_deeply_is_refused_where_its_policy_begins() {
        let brackets = format!("ok; x{}", "(".repeat(25));
        assert_eq!(statements(&brackets).unwrap_err().0, 4);
        for long in ["a && ".repeat(257), "if ".repeat(257), "a.".repeat(257)] {
            assert!(statements(&long).is_err());
        }
        assert!(statements(&"a && b;".repeat(1000)).is_ok());
    }
}
