//! Long lists, a page at a time.
//!
//! A cursor is the key of the last item shown, so that a page costs the same wherever it is and nothing is shown twice
//! when something is added before it. To callers it is opaque.

use super::Problem;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Items a page where the caller does not say.
const USUAL: u32 = 100;

/// Most items a page: what one answer may cost in memory.
const MOST: u32 = 1_000;

/// Longest cursor and search text, in bytes: keys are names of less than 200.
const LONGEST: usize = 512;

/// Which part of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Items a page, 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    pub(crate) limit: Option<u32>,
    /// `next` of the page before.
    #[param(max_length = 512)]
    pub(crate) cursor: Option<String>,
    /// Only what contains this text.
    #[param(max_length = 512)]
    pub(crate) q: Option<String>,
}

/// A part of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// In the order of their keys.
    pub(crate) items: Vec<T>,
    /// Asks for what follows; none at the end.
    pub(crate) next: Option<String>,
}

impl PageQuery {
    /// Items a page.
    ///
    /// # Errors
    /// 400 for none and for more than a thousand.
    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        match self.limit.unwrap_or(USUAL) {
            limit @ 1..=MOST => Ok(limit as usize),
            _ => Err(Problem::not_understood(format!("`limit` is 1 to {MOST}"))),
        }
    }

    /// The key after which the page begins: empty at the start.
    ///
    /// # Errors
    /// 400 for what no page gave out.
    pub(crate) fn after(&self) -> Result<String, Problem> {
        let cursor = self.cursor.as_deref().unwrap_or_default();
        let key = (cursor.len() <= LONGEST).then(|| URL_SAFE_NO_PAD.decode(cursor).ok()).flatten();
        let key = key.and_then(|key| String::from_utf8(key).ok()).filter(|key| !key.contains('\0'));
        key.ok_or_else(|| Problem::not_understood("`cursor` is none that we gave out"))
    }

    /// The text searched for: empty finds all.
    ///
    /// # Errors
    /// 400 for a text nobody types.
    pub(crate) fn search(&self) -> Result<&str, Problem> {
        let text = self.q.as_deref().unwrap_or_default();
        if text.len() <= LONGEST && !text.contains('\0') {
            Ok(text)
        } else {
            Err(Problem::not_understood(format!("`q` has at most {LONGEST} bytes")))
        }
    }
}

impl<T> Page<T> {
    /// A page of at most `limit` items out of `found`, which holds one more where there is more.
    pub(crate) fn new(mut found: Vec<T>, limit: usize, key: impl Fn(&T) -> &str) -> Self {
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|last| URL_SAFE_NO_PAD.encode(key(last)));
        Self { items: found, next }
    }

    /// The same page of something else.
    pub(crate) fn map<U>(self, into: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(into).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_to_what_follows_and_the_last_page_has_none() {
        let page = Page::new(vec!["a".to_owned(), "b".to_owned(), "c".to_owned()], 2, |item| item);
        assert_eq!(page.items, ["a", "b"]);
        let query = PageQuery { cursor: page.next, ..PageQuery::default() };
        assert_eq!(query.after().unwrap(), "b");
        assert_eq!(Page::new(vec!["c".to_owned()], 2, |item| item).next, None);
    }

    #[test]
    fn what_we_never_gave_out_is_refused() {
        for cursor in ["%", "AA", "_w", &"YQ".repeat(300)] {
            let query = PageQuery { cursor: Some(cursor.to_owned()), ..PageQuery::default() };
            assert!(query.after().is_err(), "{cursor}");
        }
        for limit in [0, 1_001, u32::MAX] {
            assert!(PageQuery { limit: Some(limit), ..PageQuery::default() }.limit().is_err());
        }
    }
}
