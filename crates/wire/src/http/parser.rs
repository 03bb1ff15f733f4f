//! The head of an HTTP/1 message, and the frames of a chunked body (RFC 9112).
//!
//! INVARIANT: a head longer than [`MAX_HEAD`] is refused, so that no client keeps us waiting for its end.

use crate::reader::{Parse, ParseError, ensure};

/// Longest head, bytes: what common servers accept.
const MAX_HEAD: usize = 8 * 1024;
/// Longest line that announces a chunk or trails the last, bytes.
const MAX_CHUNK_LINE: usize = 1024;

/// The head of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head<'a> {
    pub(super) start: StartLine<'a>,
    pub(super) fields: Fields<'a>,
    /// Bytes up to and with the empty line.
    pub(super) length: usize,
}

/// The first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StartLine<'a> {
    Request { method: &'a [u8], target: &'a [u8] },
    Response { status: u16 },
}

/// What is read of the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields<'a> {
    pub(super) content_length: Option<u64>,
    /// A transfer coding is named; whether the last one is `chunked`.
    pub(super) transfer: Option<bool>,
    pub(super) user_agent: Option<&'a [u8]>,
    pub(super) server: Option<&'a [u8]>,
    /// A password travels in the clear, to the server or to a proxy.
    pub(super) basic_login: bool,
    /// Two readers of this head could disagree about where the message ends (RFC 9112 §11.2).
    pub(super) ambiguity: Option<&'static str>,
}

impl<'a> Head<'a> {
    /// Reads a head that begins at the first byte; short as long as its empty line has not come.
    pub(super) fn read(bytes: &'a [u8]) -> Parse<Self> {
        let mut lines = Lines::new(bytes);
        let start = StartLine::read(lines.next_line()?)?;
        let mut fields = Fields::default();
        loop {
            let line = lines.next_line()?;
            if line.is_empty() {
                return Ok(Self { start, fields, length: lines.read });
            }
            fields.take(line)?;
        }
    }
}

impl<'a> StartLine<'a> {
    fn read(line: &'a [u8]) -> Parse<Self> {
        let mut words = line.splitn(3, |byte| *byte == b' ');
        let (Some(first), Some(second)) = (words.next(), words.next()) else {
            return Err(ParseError::Invalid("start line has no second word"));
        };
        if is_version(first) {
            return Ok(Self::Response { status: status(second)? });
        }
        ensure(!first.is_empty() && first.iter().all(|byte| is_token(*byte)), "method is no token")?;
        ensure(words.next().is_some_and(is_version), "request line does not end in HTTP/1")?;
        Ok(Self::Request { method: first, target: second })
    }
}

impl<'a> Fields<'a> {
    fn take(&mut self, line: &'a [u8]) -> Parse<()> {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return Ok(()); // The rest of a folded line: RFC 9112 §5.2 has it replaced by blanks.
        }
        let colon =
            line.iter().position(|byte| *byte == b':').ok_or(ParseError::Invalid("field without a colon"))?;
        let (name, value) = line.split_at_checked(colon).unwrap_or_default();
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        let named = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if name.trim_ascii_end().len() != name.len() {
            self.ambiguity = Some("blank between field name and colon");
        }
        if named("content-length") {
            self.take_content_length(value)?;
        } else if named("transfer-encoding") {
            let last = value.rsplit(|byte| *byte == b',').next().unwrap_or_default();
            self.transfer = Some(last.trim_ascii().eq_ignore_ascii_case(b"chunked"));
        } else if named("user-agent") {
            self.user_agent = Some(value);
        } else if named("server") {
            self.server = Some(value);
        } else if named("authorization") || named("proxy-authorization") {
            self.basic_login |= value.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic "));
        }
        if self.transfer.is_some() && self.content_length.is_some() {
            self.ambiguity = Some("both a length and a transfer coding");
        }
        Ok(())
    }

    fn take_content_length(&mut self, value: &[u8]) -> Parse<()> {
        let length = number(value, 10)?;
        if self.content_length.replace(length).is_some_and(|before| before != length) {
            self.ambiguity = Some("two lengths that differ");
        }
        Ok(())
    }
}

/// The line that announces a chunk: bytes of the line, and of the chunk with the line end behind it; 0 for the last.
pub(super) fn chunk(bytes: &[u8]) -> Parse<(usize, u64)> {
    let mut lines = Lines::new(bytes);
    let line = lines.next_line().and_then(|line| bounded(line, lines.read))?;
    let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
    let size = number(size.trim_ascii(), 16)?;
    Ok((lines.read, if size == 0 { 0 } else { size.saturating_add(2) }))
}

/// A line behind the last chunk: bytes of the line, and whether it is the empty one that ends the message.
pub(super) fn trailer(bytes: &[u8]) -> Parse<(usize, bool)> {
    let mut lines = Lines::new(bytes);
    let line = lines.next_line().and_then(|line| bounded(line, lines.read))?;
    Ok((lines.read, line.is_empty()))
}

fn bounded(line: &[u8], read: usize) -> Parse<&[u8]> {
    ensure(read <= MAX_CHUNK_LINE, "line of a chunked body is too long")?;
    Ok(line)
}

/// `HTTP/1.0` and `HTTP/1.1`, and what else may begin with `HTTP/1.`.
fn is_version(word: &[u8]) -> bool {
    word.starts_with(b"HTTP/1.") && word.len() == 8
}

fn status(word: &[u8]) -> Parse<u16> {
    let status = number(word, 10)?;
    ensure((100..=999).contains(&status), "status has not three digits")?;
    u16::try_from(status).map_err(|_| ParseError::Invalid("status has not three digits"))
}

/// Digits only: a sign or a blank would be read in different ways by different readers.
fn number(digits: &[u8], radix: u32) -> Parse<u64> {
    let wrong = ParseError::Invalid("number is none, or too large");
    ensure(!digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit), "number is none, or too large")?;
    let text = std::str::from_utf8(digits).map_err(|_| wrong)?;
    u64::from_str_radix(text, radix).map_err(|_| wrong)
}

/// RFC 9110 §5.6.2.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

/// Lines, without what ends them.
struct Lines<'a> {
    bytes: &'a [u8],
    read: usize,
}

impl<'a> Lines<'a> {
    const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, read: 0 }
    }

    fn next_line(&mut self) -> Parse<&'a [u8]> {
        let rest = self.bytes.get(self.read..).unwrap_or_default();
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            ensure(self.bytes.len() <= MAX_HEAD, "head is too long")?;
            return Err(ParseError::Short);
        };
        self.read += end + 1;
        ensure(self.read <= MAX_HEAD, "head is too long")?;
        let line = rest.get(..end).unwrap_or_default();
        Ok(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let bytes =
            b"GET /a?b HTTP/1.1\r\nHost: x\r\nuser-agent:  curl/8 \r\nAuthorization: BASIC eA==\r\n\r\nrest";
        let head = Head::read(bytes).unwrap();
        assert_eq!(head.start, StartLine::Request { method: b"GET", target: b"/a?b" });
        assert_eq!(head.fields.user_agent, Some(&b"curl/8"[..]));
        assert!(head.fields.basic_login);
        assert_eq!(&bytes[head.length..], b"rest");
        for length in 0..head.length {
            assert_eq!(Head::read(&bytes[..length]), Err(ParseError::Short), "{length}");
        }
    }

    #[test]
    fn a_start_line_that_is_none_is_refused() {
        for (line, why) in [
            ("GET\r\n\r\n", "start line has no second word"),
            ("GET /\r\n\r\n", "request line does not end in HTTP/1"),
            ("GET / RTSP/1.0\r\n\r\n", "request line does not end in HTTP/1"),
            ("G\x7fT / HTTP/1.1\r\n\r\n", "method is no token"),
            ("HTTP/1.1 20 OK\r\n\r\n", "status has not three digits"),
            ("HTTP/1.1 +200 OK\r\n\r\n", "number is none, or too large"),
        ] {
            assert_eq!(Head::read(line.as_bytes()), Err(ParseError::Invalid(why)), "{line:?}");
        }
    }

    #[test]
    fn a_head_without_end_is_refused_at_its_bound() {
        let line = [b"GET / HTTP/1.1\r\n".as_slice(), &[b'a'; MAX_HEAD]].concat();
        assert_eq!(Head::read(&line), Err(ParseError::Invalid("head is too long")));
        let fields = [b"GET / HTTP/1.1\r\n".as_slice(), &b"a: b\r\n".repeat(2000)].concat();
        assert_eq!(Head::read(&fields), Err(ParseError::Invalid("head is too long")));
    }

    #[test]
    fn what_two_readers_would_read_differently_is_told() {
        for (fields, ambiguity) in [
            ("Content-Length: 5\r\nContent-Length: 5\r\n", None),
            ("Content-Length: 5\r\nContent-Length: 6\r\n", Some("two lengths that differ")),
            (
                "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                Some("both a length and a transfer coding"),
            ),
            ("Content-Length : 5\r\n", Some("blank between field name and colon")),
            ("A: b\r\n Content-Length: 5\r\n", None),
        ] {
            let text = format!("POST / HTTP/1.1\r\n{fields}\r\n");
            assert_eq!(Head::read(text.as_bytes()).unwrap().fields.ambiguity, ambiguity, "{fields:?}");
        }
        for value in ["-1", "+1", "1, 2", "", "0x10", "99999999999999999999", "a"] {
            let text = format!("POST / HTTP/1.1\r\nContent-Length: {value}\r\n\r\n");
            assert!(Head::read(text.as_bytes()).is_err(), "{value:?}");
        }
    }

    #[test]
    fn a_chunk_names_its_size_in_hexadecimal() {
        assert_eq!(chunk(b"1a;x=y\r\n"), Ok((8, 0x1c)));
        assert_eq!(chunk(b"0\r\n"), Ok((3, 0)));
        assert_eq!(chunk(b"1a"), Err(ParseError::Short));
        assert_eq!(chunk(b"ffffffffffffffff\r\n"), Ok((18, u64::MAX)));
        assert!(matches!(chunk(b"g\r\n"), Err(ParseError::Invalid(_))));
        assert!(matches!(chunk(b"10000000000000000\r\n"), Err(ParseError::Invalid(_))));
        let long = [&[b'0'; 2000][..], b"\r\n"].concat();
        assert_eq!(chunk(&long), Err(ParseError::Invalid("line of a chunked body is too long")));
    }
}
