//! Announcements that say the same again, as link discovery repeats them for as long as a cable is plugged in.

/// Longest announcement remembered: the payload of an Ethernet frame. A longer one is news each time.
const MAX_KEPT: usize = 1500;

/// The last announcement.
#[derive(Debug, Default)]
pub(crate) struct Last(Vec<u8>);

impl Last {
    /// Whether `bytes` differ from the announcement before; remembers them.
    pub(crate) fn is_news(&mut self, bytes: &[u8]) -> bool {
        let is_news = self.0 != bytes;
        if is_news {
            self.0.clear();
            self.0.extend(bytes.iter().take(MAX_KEPT));
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_news_and_little_is_kept() {
        let mut last = Last::default();
        let long = vec![1; 9000];
        for (bytes, is_news) in
            [(&b"a"[..], true), (b"a", false), (b"b", true), (b"a", true), (&long, true), (&long, true)]
        {
            assert_eq!(last.is_news(bytes), is_news);
        }
        assert_eq!(last.0.len(), MAX_KEPT);
    }
}
