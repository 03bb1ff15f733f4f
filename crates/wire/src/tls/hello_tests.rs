//! Hellos cut, lying and strange.

use super::*;
use crate::testing::noise;

/// Chrome 125's, with two GREASE suites, ECH and a Kyber share; behind the headers of record and message.
fn chrome() -> &'static [u8] {
    &include_bytes!("../../tests/data/tls/chrome-client-hello.bin")[9..]
}

/// A client hello of TLS 1.2 with these extensions.
fn client_hello(extensions: &[u8]) -> Vec<u8> {
    let mut bytes = vec![3, 3];
    bytes.extend([7; 32]);
    bytes.extend([0, 0, 2, 0xc0, 0x2f, 1, 0]);
    bytes.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    bytes.extend(extensions);
    bytes
}

#[test]
fn a_browser_s_hello_is_read_without_its_grease() {
    let hello = ClientHello::read(chrome(), Transported::Stream).unwrap();
    assert_eq!(hello.server_name, Some(&b"lh3.google.com"[..]));
    assert_eq!(hello.alpn, Some(&b"h2"[..]));
    assert_eq!((hello.suites.len(), hello.extensions.len()), (15, 16));
    assert_eq!(hello.versions, [0x0304, 0x0303]);
    assert_eq!(hello.groups, [0x6399, 29, 23, 24]);
    assert_eq!((hello.has_session_id, hello.has_ticket, hello.has_pre_shared_key), (true, false, false));
}

#[test]
fn a_hello_cut_anywhere_is_short_and_never_half_read() {
    for length in 0..chrome().len() {
        let read = ClientHello::read(&chrome()[..length], Transported::Stream);
        // Cut behind the compressions it is whole: hellos once had no extensions.
        assert!(read == Err(ParseError::Short) || length == 103, "{length}: {read:?}");
    }
}

#[test]
fn an_extension_that_lies_about_its_inside_is_called_invalid() {
    let short = ParseError::Invalid("extension ends before its own length says");
    for (extensions, error) in [
        (&[0, 0, 0, 3, 0, 9, 0][..], short),
        (&[0, 16, 0, 2, 0, 5], short),
        (&[0, 43, 0, 1, 9], short),
        (&[0, 10, 0, 5, 0, 3, 0, 29, 0], ParseError::Invalid("list of two-byte numbers has an odd length")),
    ] {
        let bytes = client_hello(extensions);
        assert_eq!(ClientHello::read(&bytes, Transported::Stream), Err(error), "{extensions:?}");
    }
}

#[test]
fn empty_extensions_mean_nothing_and_break_nothing() {
    let ticket = ClientHello::read(&client_hello(&[0, 35, 0, 0]), Transported::Stream).unwrap().has_ticket;
    assert!(!ticket, "an empty ticket only asks for one");
    let bytes = client_hello(&[0xfe, 0x0d, 0, 0]);
    let unknown = ClientHello::read(&bytes, Transported::Stream).unwrap();
    assert_eq!(unknown.extensions, [0xfe0d]);
}

#[test]
fn a_datagram_hello_has_a_cookie_between() {
    let stream = client_hello(&[]);
    let (head, tail) = stream.split_at(35);
    let datagram = [head, &[3, 1, 2, 3], tail].concat();
    let read = ClientHello::read(&datagram, Transported::Datagram).unwrap();
    assert_eq!(read.suites, [0xc02f]);
}

#[test]
fn a_retry_request_is_a_server_hello_with_a_known_random() {
    let mut bytes = vec![3, 3];
    bytes.extend(RETRY_RANDOM);
    bytes.extend([0, 0x13, 0x02, 0, 0, 12, 0, 43, 0, 2, 3, 4, 0, 51, 0, 2, 0, 23]);
    let hello = ServerHello::read(&bytes).unwrap();
    assert_eq!(hello, ServerHello { version: 0x0304, suite: 0x1302, group: Some(23), is_retry: true });
    bytes[2] ^= 1;
    assert!(!ServerHello::read(&bytes).unwrap().is_retry);
    for length in 0..bytes.len() {
        assert!(ServerHello::read(&bytes[..length]).is_err() || length == 38, "cut to {length}");
    }
}

#[test]
fn a_server_hello_of_an_early_draft_has_neither_session_nor_compression() {
    let mut bytes = vec![0x7f, 0x12];
    bytes.extend([7; 32]);
    bytes.extend([0x13, 0x01, 0, 6, 0, 40, 0, 2, 0, 29]);
    let expected = ServerHello { version: 0x7f12, suite: 0x1301, group: Some(29), is_retry: false };
    assert_eq!(ServerHello::read(&bytes), Ok(expected));
}

#[test]
fn a_chain_is_read_up_to_its_bound() {
    let one = [0, 0, 1, 9];
    let chain = |count: usize| {
        let length = u16::try_from(count * 4).unwrap().to_be_bytes();
        [&[0, length[0], length[1]][..], &one.repeat(count)].concat()
    };
    assert_eq!(certificates(&chain(0)), Ok(vec![]));
    assert_eq!(certificates(&chain(3)), Ok(vec![&[9][..]; 3]));
    assert_eq!(certificates(&chain(500)).map(|chain| chain.len()), Ok(MAX_CHAIN));
    assert_eq!(certificates(&[0, 0, 4, 0, 0, 2, 9]), Err(ParseError::Short));
    let long = [&[0, 0x40, 0x04, 0, 0x40, 0x01][..], &[0; 0x4001]].concat();
    assert_eq!(certificates(&long), Err(ParseError::Invalid("certificate is too long")));
}

#[test]
fn noise_is_read_without_harm() {
    for seed in 1..2000 {
        let bytes: Vec<u8> = noise(seed).take(80).collect();
        let _ = ClientHello::read(&bytes, Transported::Stream);
        let _ = ClientHello::read_ssl2(&bytes);
        let _ = ServerHello::read(&bytes);
        let _ = Ssl2ServerHello::read(&bytes);
        let _ = certificates(&bytes);
    }
}
