//! Reading a TOML file field by field, with everything that is wrong told at its place.
//!
//! A reader asks a [`Fields`] for what it knows; what it never asked for is unknown and refused. A wrong field is
//! reported and read as absent, so that one pass finds all that is wrong.

use crate::Problem;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// A value and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) offset: usize,
}

/// Most problems told of one file: a file of nothing but mistakes must not cost more than its reader can use.
const MAX_PROBLEMS: usize = 200;

/// One file being read, and what is wrong with it so far.
#[derive(Debug)]
pub(crate) struct Sink<'a> {
    file: &'a str,
    text: &'a str,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Sink<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, problems: RefCell::default() }
    }

    pub(crate) const fn file(&self) -> &'a str {
        self.file
    }

    pub(crate) fn error(&self, offset: usize, message: impl Into<String>, help: impl Into<String>) {
        let mut problems = self.problems.borrow_mut();
        if problems.len() < MAX_PROBLEMS {
            problems.push(Problem::error(self.file, self.text, offset, message).with_help(help));
        }
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }
}

/// The text of `sink` as a table; what TOML itself forbids is told to it, and the rest is read all the same.
pub(crate) fn parse<'t>(sink: &Sink<'t>) -> DeTable<'t> {
    let (table, errors) = DeTable::parse_recoverable(sink.text);
    for error in errors {
        let offset = error.span().map_or(0, |span| span.start);
        sink.error(
            offset,
            format!("not TOML: {}", error.message()),
            "see https://toml.io for how a value is written",
        );
    }
    table.into_inner()
}

/// A table, asked for one field after the other.
#[derive(Debug)]
pub(crate) struct Fields<'s, 't> {
    sink: &'s Sink<'s>,
    table: &'s DeTable<'t>,
    /// What the table is, as messages call it: `device`.
    what: &'static str,
    offset: usize,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'s, 't> Fields<'s, 't> {
    pub(crate) fn new(sink: &'s Sink<'s>, table: &'s DeTable<'t>, what: &'static str, offset: usize) -> Self {
        Self { sink, table, what, offset, asked: RefCell::default() }
    }

    /// Where the table begins.
    pub(crate) const fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) fn text(&self, key: &'static str) -> Option<At<&'s str>> {
        self.field(key, "text", DeValue::as_str)
    }

    pub(crate) fn boolean(&self, key: &'static str) -> Option<At<bool>> {
        self.field(key, "true or false", DeValue::as_bool)
    }

    /// A whole number from `range`.
    pub(crate) fn integer(&self, key: &'static str, range: Range<i64>) -> Option<At<i64>> {
        let found = self.field(key, "a whole number", whole_number)?;
        if !range.contains(&found.value) {
            let limits =
                format!("`{key}` is {}, and may be {} to {}", found.value, range.start, range.end - 1);
            self.sink.error(found.offset, limits, "write a number inside these limits");
            return None;
        }
        Some(found)
    }

    /// The texts of an array; an absent field is an empty one.
    pub(crate) fn texts(&self, key: &'static str) -> Vec<At<&'s str>> {
        let Some(array) = self.field(key, "an array of texts", DeValue::as_array) else { return Vec::new() };
        let text = |item: &'s Spanned<DeValue<'t>>| {
            let offset = item.span().start;
            let found = item.get_ref().as_str().map(|value| At { value, offset });
            if found.is_none() {
                self.wrong_type(key, "an array of texts", offset);
            }
            found
        };
        array.value.iter().filter_map(text).collect()
    }

    /// One inner table.
    pub(crate) fn table(&self, key: &'static str) -> Option<Fields<'s, 't>> {
        let found = self.field(key, "a table", DeValue::as_table)?;
        Some(Fields::new(self.sink, found.value, key, found.offset))
    }

    /// Every `[[key]]`; an absent field is none.
    pub(crate) fn tables(&self, key: &'static str) -> Vec<Fields<'s, 't>> {
        let array = self.field(key, "tables, each under its own [[…]]", DeValue::as_array);
        array.map_or_else(Vec::new, |array| self.each_table(key, array.value))
    }

    /// What the field must have. Its absence is told at the table's own place.
    pub(crate) fn required<T>(&self, key: &'static str, found: Option<T>) -> Option<T> {
        if found.is_none() && !self.table.contains_key(key) {
            let message = format!("{} has no `{key}`", with_article(self.what));
            self.sink.error(self.offset, message, format!("add a line `{key} = …`"));
        }
        found
    }

    /// Refuses what nobody asked for: a misspelt condition must not be read as none.
    pub(crate) fn finish(self) {
        let asked = self.asked.into_inner();
        for key in self.table.keys().filter(|key| !asked.contains(key.get_ref().as_ref())) {
            let known: Vec<&str> = asked.iter().copied().collect();
            let message =
                format!("{} has no field `{}`", with_article(self.what), key.get_ref().escape_debug());
            self.sink.error(key.span().start, message, format!("the fields are: {}", known.join(", ")));
        }
    }

    fn field<T>(
        &self,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&'s DeValue<'t>) -> Option<T>,
    ) -> Option<At<T>> {
        self.asked.borrow_mut().insert(key);
        let value = self.table.get(key)?;
        let offset = value.span().start;
        let found = read(value.get_ref());
        if found.is_none() {
            self.wrong_type(key, expected, offset);
        }
        found.map(|value| At { value, offset })
    }

    fn each_table(&self, key: &'static str, array: &'s DeArray<'t>) -> Vec<Fields<'s, 't>> {
        let table = |item: &'s Spanned<DeValue<'t>>| {
            let offset = item.span().start;
            let found = item.get_ref().as_table();
            if found.is_none() {
                self.wrong_type(key, "tables, each under its own [[…]]", offset);
            }
            found.map(|table| Fields::new(self.sink, table, key, offset))
        };
        array.iter().filter_map(table).collect()
    }

    fn wrong_type(&self, key: &str, expected: &str, offset: usize) {
        let message = format!("`{key}` of {} is not {expected}", with_article(self.what));
        self.sink.error(offset, message, format!("write {expected}"));
    }
}

/// A whole number as TOML writes it, underscores and radix taken care of.
pub(crate) fn whole_number(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn with_article(what: &str) -> String {
    let article = if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {what}")
}
