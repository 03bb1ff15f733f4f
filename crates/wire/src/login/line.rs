//! A stream cut into lines of bounded length.

/// Longest line kept: SMTP allows 512 bytes, more with extensions. What is beyond is passed over, since mail and
/// listings hold lines of any length that nobody reads.
const MAX_LINE: usize = 1024;

/// One direction of a flow.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The rest of a line that was too long is passed over.
    passing: bool,
    /// What comes need not begin a line.
    pub(super) adrift: bool,
}

impl Lines {
    /// What comes need not begin a line.
    pub(super) const fn after_gap() -> Self {
        Self { passing: false, adrift: true }
    }

    /// The next line without its end, or nothing for the rest of one too long; and how many bytes that took.
    pub(super) fn next_line<'a>(&mut self, bytes: &'a [u8]) -> Option<(Option<&'a [u8]>, usize)> {
        let window = bytes.get(..MAX_LINE).unwrap_or(bytes);
        let end = window.iter().position(|byte| *byte == b'\n');
        if self.passing {
            self.passing = end.is_none();
            let length = end.map_or(window.len(), |end| end + 1);
            return (length > 0).then_some((None, length));
        }
        match end {
            Some(end) => {
                let line = window.get(..end)?;
                Some((Some(line.strip_suffix(b"\r").unwrap_or(line)), end + 1))
            }
            None if window.len() == MAX_LINE => {
                self.passing = true;
                Some((Some(window), MAX_LINE))
            }
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_at_its_bound_and_its_rest_passed_over() {
        let bytes = [&[b'a'; 3000][..], b"\r\nb\n\nc"].concat();
        let (mut lines, mut at, mut found) = (Lines::default(), 0, Vec::new());
        while let Some((line, length)) = lines.next_line(&bytes[at..]) {
            at += length;
            found.extend(line.map(<[u8]>::len));
        }
        assert_eq!(found, [MAX_LINE, 1, 0]);
        assert_eq!(&bytes[at..], b"c");
    }
}
