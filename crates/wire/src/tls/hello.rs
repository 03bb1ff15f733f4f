//! Hello messages of SSL 2 to TLS 1.3 and DTLS, and the list of certificates (RFC 8446 §4, RFC 5246 §7.4, RFC 9147
//! §5.3, draft-hickman-netscape-ssl).
//!
//! Bodies of extensions nobody asks about are not looked into: a client may put there what it likes. Numbers without
//! meaning (GREASE, RFC 8701) are left out of every list at once.
//!
//! INVARIANT: lists are no longer than the message they came in, which is bounded by [`super::record::MAX_MESSAGE`].

use crate::reader::{Parse, ParseError, Reader, ensure};

/// Most certificates of one chain that are read; real chains have two to four.
const MAX_CHAIN: usize = 10;
/// Longest certificate read, bytes. Those with post-quantum keys and signatures take some 8 KiB.
const MAX_CERTIFICATE: usize = 16 * 1024;
/// Longest session id (RFC 5246 §7.4.1.2).
const MAX_SESSION_ID: usize = 32;

/// The random value that makes a server hello a hello retry request (RFC 8446 §4.1.3).
const RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Extension numbers that are looked into (IANA "TLS ExtensionType Values").
pub(crate) mod extension {
    pub(crate) const SERVER_NAME: u16 = 0;
    pub(crate) const SUPPORTED_GROUPS: u16 = 10;
    pub(crate) const SIGNATURE_ALGORITHMS: u16 = 13;
    pub(crate) const ALPN: u16 = 16;
    pub(crate) const SESSION_TICKET: u16 = 35;
    /// Key share of the drafts before 23.
    pub(crate) const OLD_KEY_SHARE: u16 = 40;
    pub(crate) const PRE_SHARED_KEY: u16 = 41;
    pub(crate) const SUPPORTED_VERSIONS: u16 = 43;
    pub(crate) const KEY_SHARE: u16 = 51;
}

/// Which of the two the message is in: DTLS hellos carry a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transported {
    /// Over a stream: TLS.
    Stream,
    /// Over datagrams: DTLS.
    Datagram,
}

/// What a client offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientHello<'a> {
    /// The version field; since TLS 1.3 it says nothing.
    pub(crate) legacy_version: u16,
    pub(crate) has_session_id: bool,
    pub(crate) suites: Vec<u16>,
    /// In the order sent.
    pub(crate) extensions: Vec<u16>,
    pub(crate) server_name: Option<&'a [u8]>,
    /// First application protocol.
    pub(crate) alpn: Option<&'a [u8]>,
    /// Empty where the client sends no list.
    pub(crate) versions: Vec<u16>,
    pub(crate) groups: Vec<u16>,
    pub(crate) signature_algorithms: Vec<u16>,
    pub(crate) has_ticket: bool,
    pub(crate) has_pre_shared_key: bool,
}

impl<'a> ClientHello<'a> {
    /// Reads the body of a client hello.
    pub(crate) fn read(body: &'a [u8], transported: Transported) -> Parse<Self> {
        let mut reader = Reader::new(body);
        let mut hello = Self { legacy_version: reader.be16()?, ..Self::default() };
        reader.skip(32)?;
        hello.has_session_id = !session_id(&mut reader)?.is_empty();
        if transported == Transported::Datagram {
            let cookie = reader.u8()?;
            reader.skip(cookie.into())?;
        }
        let suites = reader.be16()?;
        hello.suites = numbers(reader.take(suites.into())?)?;
        let compressions = reader.u8()?;
        reader.skip(compressions.into())?;
        for_each_extension(&mut reader, |number, body| hello.take_extension(number, body))?;
        Ok(hello)
    }

    /// Reads the body of a client hello in the form of SSL 2. Its three-byte suites that begin with 0 are those of
    /// SSL 3 and later; the others have no IANA number and are left out.
    pub(crate) fn read_ssl2(body: &[u8]) -> Parse<Self> {
        let mut reader = Reader::new(body);
        let legacy_version = reader.be16()?;
        let (suites, session_id, challenge) = (reader.be16()?, reader.be16()?, reader.be16()?);
        ensure(suites % 3 == 0 && suites > 0, "SSL 2 suites are not of three bytes")?;
        let mut specs = reader.sub(suites.into())?;
        reader.skip(session_id.into())?;
        reader.skip(challenge.into())?;
        let mut suites = Vec::new();
        while let Ok([kind, high, low]) = specs.array() {
            if kind == 0 {
                suites.push(u16::from_be_bytes([high, low]));
            }
        }
        Ok(Self { legacy_version, has_session_id: session_id > 0, suites, ..Self::default() })
    }

    fn take_extension(&mut self, number: u16, body: &'a [u8]) -> Parse<()> {
        if is_grease(number) {
            return Ok(());
        }
        self.extensions.push(number);
        let mut reader = Reader::new(body);
        match number {
            extension::SERVER_NAME => self.server_name = first_server_name(&mut reader)?,
            extension::SUPPORTED_GROUPS => self.groups = list16(&mut reader)?,
            extension::SIGNATURE_ALGORITHMS => self.signature_algorithms = list16(&mut reader)?,
            extension::ALPN => self.alpn = Some(first_protocol(&mut reader)?),
            extension::SESSION_TICKET => self.has_ticket = !body.is_empty(),
            extension::PRE_SHARED_KEY => self.has_pre_shared_key = true,
            extension::SUPPORTED_VERSIONS => {
                let length = reader.u8()?;
                self.versions = numbers(reader.take(length.into())?)?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// What a server chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ServerHello {
    /// The version in force: that of the extension where there is one.
    pub(crate) version: u16,
    pub(crate) suite: u16,
    pub(crate) group: Option<u16>,
    /// It asks for another client hello and settles nothing.
    pub(crate) is_retry: bool,
}

impl ServerHello {
    /// Reads the body of a server hello.
    pub(crate) fn read(body: &[u8]) -> Parse<Self> {
        let mut reader = Reader::new(body);
        let version = reader.be16()?;
        ensure(is_version(version), "server hello of an impossible version")?;
        let is_retry = reader.array::<32>()? == RETRY_RANDOM;
        // Drafts of TLS 1.3 before 22 named themselves in the version field and had neither session nor compression.
        let is_early_draft = version >> 8 == 0x7f;
        if !is_early_draft {
            session_id(&mut reader)?;
        }
        let mut hello = Self { version, suite: reader.be16()?, group: None, is_retry };
        if !is_early_draft {
            reader.skip(1)?;
        }
        for_each_extension(&mut reader, |number, body| hello.take_extension(number, body))?;
        Ok(hello)
    }

    fn take_extension(&mut self, number: u16, body: &[u8]) -> Parse<()> {
        let mut reader = Reader::new(body);
        match number {
            extension::SUPPORTED_VERSIONS => self.version = reader.be16()?,
            extension::KEY_SHARE | extension::OLD_KEY_SHARE => self.group = Some(reader.be16()?),
            _ => {}
        }
        Ok(())
    }
}

/// What an SSL 2 server says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ssl2ServerHello<'a> {
    pub(crate) version: u16,
    /// DER; empty where a session is resumed.
    pub(crate) certificate: &'a [u8],
}

impl<'a> Ssl2ServerHello<'a> {
    /// Reads the body of an SSL 2 server hello, behind its type.
    pub(crate) fn read(body: &'a [u8]) -> Parse<Self> {
        let mut reader = Reader::new(body);
        reader.skip(2)?;
        let version = reader.be16()?;
        ensure(version == 0x0002, "SSL 2 server hello of another version")?;
        let certificate = reader.be16()?;
        reader.skip(4)?;
        Ok(Self { version, certificate: reader.take(certificate.into())? })
    }
}

/// The certificates of a certificate message up to TLS 1.2, the peer's own first, at most [`MAX_CHAIN`].
pub(crate) fn certificates(body: &[u8]) -> Parse<Vec<&[u8]>> {
    let mut reader = Reader::new(body);
    let length = reader.be24()?;
    let mut list = reader.sub(size(length))?;
    let mut chain = Vec::new();
    while !list.is_empty() && chain.len() < MAX_CHAIN {
        let length = size(list.be24()?);
        ensure(length <= MAX_CERTIFICATE, "certificate is too long")?;
        chain.push(list.take(length)?);
    }
    Ok(chain)
}

/// The version is TLS 1.3, DTLS 1.3 or one of their drafts and experiments: all behind the server hello is encrypted.
pub(crate) const fn is_1_3(version: u16) -> bool {
    matches!(version, 0x0304 | 0xfefc | 0x7e00..=0x7fff)
}

/// The number is one that RFC 8701 reserves for saying nothing.
pub(crate) const fn is_grease(number: u16) -> bool {
    number & 0x0f0f == 0x0a0a && number >> 8 == number & 0xff
}

/// The version is one that exists.
pub(crate) const fn is_version(version: u16) -> bool {
    matches!(version, 0x0300..=0x0304 | 0x7e00..=0x7fff | 0xfefc..=0xfeff | 0x0100)
}

fn session_id<'a>(reader: &mut Reader<'a>) -> Parse<&'a [u8]> {
    let length = usize::from(reader.u8()?);
    ensure(length <= MAX_SESSION_ID, "session id is too long")?;
    reader.take(length)
}

/// Hellos before TLS 1.2 may end without any extension.
fn for_each_extension<'a>(
    reader: &mut Reader<'a>,
    mut each: impl FnMut(u16, &'a [u8]) -> Parse<()>,
) -> Parse<()> {
    if reader.is_empty() {
        return Ok(());
    }
    let length = reader.be16()?;
    let mut list = reader.sub(length.into())?;
    while !list.is_empty() {
        let (number, length) = (list.be16()?, list.be16()?);
        each(number, list.take(length.into())?).map_err(inside_extension)?;
    }
    Ok(())
}

/// The extension is whole; if its inside is short, no more bytes would help.
const fn inside_extension(error: ParseError) -> ParseError {
    match error {
        ParseError::Short => ParseError::Invalid("extension ends before its own length says"),
        ParseError::Invalid(_) => error,
    }
}

fn first_server_name<'a>(reader: &mut Reader<'a>) -> Parse<Option<&'a [u8]>> {
    let length = reader.be16()?;
    let mut list = reader.sub(length.into())?;
    let kind = list.u8()?;
    let length = list.be16()?;
    let name = list.take(length.into())?;
    Ok((kind == 0).then_some(name))
}

fn first_protocol<'a>(reader: &mut Reader<'a>) -> Parse<&'a [u8]> {
    let length = reader.be16()?;
    let mut list = reader.sub(length.into())?;
    let length = list.u8()?;
    list.take(length.into())
}

fn list16(reader: &mut Reader<'_>) -> Parse<Vec<u16>> {
    let length = reader.be16()?;
    numbers(reader.take(length.into())?)
}

fn numbers(bytes: &[u8]) -> Parse<Vec<u16>> {
    ensure(bytes.len().is_multiple_of(2), "list of two-byte numbers has an odd length")?;
    let pairs = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok());
    Ok(pairs.map(u16::from_be_bytes).filter(|number| !is_grease(*number)).collect())
}

fn size(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

#[cfg(test)]
#[path = "hello_tests.rs"]
mod tests;
