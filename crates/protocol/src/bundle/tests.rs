//! What a bundle must be, by one that is wrong in one way each.

use super::*;
use coset::{CoseSign1, TaggedCborSerializable as _};

fn key(fill: &str) -> SigningKey {
    SigningKey::from_seed(&fill.repeat(32)).unwrap()
}

fn bundle() -> Bundle {
    let files = [("inventory.toml", "format = 1\n"), ("policies/a.cedar", "// nothing\n")];
    Bundle {
        epoch: Epoch { term: 1, counter: 42 },
        made: 1_700_000_000,
        by: "root".into(),
        body: Body::Policy(files.map(|(path, text)| (path.to_owned(), text.to_owned())).into()),
    }
}

fn delta() -> Bundle {
    let Body::Policy(from) = bundle().body else { panic!("no policy") };
    let to = BTreeMap::from([("inventory.toml".to_owned(), "format = 1\n# changed\n".to_owned())]);
    let delta = PolicyDelta::between(Epoch { term: 1, counter: 41 }, &from, &to).unwrap();
    Bundle { body: Body::PolicyDelta(delta), ..bundle() }
}

fn order() -> Bundle {
    let order = Order::Revoke { device: "cam1".to_owned(), reason: "scans".to_owned() };
    Bundle { body: Body::Order { key: order.key(), order }, ..bundle() }
}

/// Signs a payload whatever it says.
fn forced(payload: &[u8]) -> Vec<u8> {
    encode::signed(payload.to_vec(), &key("07")).unwrap()
}

fn open(bytes: &[u8]) -> Result<Bundle, BundleError> {
    Bundle::open(bytes, &key("07").public())
}

/// CBOR text of less than 24 bytes.
fn text(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x60 | u8::try_from(text.len()).unwrap()];
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// A map of less than 24 entries whose values are encoded already.
fn map(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![0xa0 | u8::try_from(entries.len()).unwrap()];
    for (key, value) in entries {
        bytes.extend(text(key));
        bytes.extend_from_slice(value);
    }
    bytes
}

fn policy(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    map(&[("policy", map(&[("files", map(files))]))])
}

fn ordered(fields: &[(&str, Vec<u8>)]) -> Vec<u8> {
    map(&[("order", map(fields))])
}

/// A delta that changes no file and drops some.
fn dropped(paths: &[&str]) -> Vec<u8> {
    let digest = [vec![0x58, 32], vec![7; 32]].concat();
    let paths: Vec<_> = paths.iter().map(|path| text(path)).collect();
    let list = [vec![0x80 | u8::try_from(paths.len()).unwrap()], paths.concat()].concat();
    let fields = [
        ("put", vec![0xa0]),
        ("base", vec![0x82, 1, 1]),
        ("drop", list),
        ("result", digest.clone()),
        ("base_digest", digest),
    ];
    map(&[("policy_delta", map(&fields))])
}

/// A good payload with some fields replaced.
fn payload(changes: &[(&'static str, Vec<u8>)]) -> Vec<u8> {
    let mut fields = vec![
        ("by", text("root")),
        ("body", policy(&[("a", text("b"))])),
        ("made", vec![0]),
        ("epoch", vec![0x82, 1, 2]),
        ("format", vec![1]),
    ];
    for (name, value) in changes {
        match fields.iter_mut().find(|(field, _)| field == name) {
            Some((_, old)) => old.clone_from(value),
            None => fields.push((name, value.clone())),
        }
    }
    map(&fields)
}

#[test]
fn a_bundle_opens_to_what_was_signed() {
    let handover = Bundle { body: Body::Handover(key("09").public()), ..bundle() };
    for bundle in [bundle(), handover, delta(), order()] {
        let bytes = bundle.sign(&key("07")).unwrap();
        assert_eq!(open(&bytes), Ok(bundle));
    }
    assert!(open(&forced(&payload(&[]))).is_ok());
}

#[test]
fn a_bundle_is_what_other_cose_programs_read() {
    let bytes = bundle().sign(&key("07")).unwrap();
    let message = CoseSign1::from_tagged_slice(&bytes).unwrap();
    let public = key("07").public();
    message
        .verify_signature(
            b"",
            |signature, signed| if public.verifies(signed, signature) { Ok(()) } else { Err(()) },
        )
        .unwrap();
    let payload: ciborium::Value = ciborium::from_reader(message.payload.unwrap().as_slice()).unwrap();
    assert_eq!(payload.as_map().unwrap().len(), 5);
}

#[test]
fn another_key_or_a_changed_bit_is_a_wrong_signature() {
    let bytes = bundle().sign(&key("08")).unwrap();
    assert_eq!(open(&bytes), Err(BundleError::Signature));
    let good = bundle().sign(&key("07")).unwrap();
    for position in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[position] ^= 1 << bit;
            assert!(open(&bad).is_err(), "byte {position} bit {bit}");
        }
    }
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
    assert_eq!(open(&vec![0xff; 50 << 20]), Err(BundleError::TooLarge));
    let files = BTreeMap::from([("a".to_owned(), "x".repeat(MAX_BUNDLE))]);
    let large = Bundle { body: Body::Policy(files), ..bundle() };
    assert_eq!(large.sign(&key("07")), Err(BundleError::TooLarge));
}

#[test]
fn a_message_that_is_cut_off_or_goes_on_is_refused() {
    let good = bundle().sign(&key("07")).unwrap();
    for length in 0..good.len() {
        assert_eq!(open(&good[..length]), Err(BundleError::Truncated), "{length}");
    }
    assert_eq!(open(&[good, vec![0]].concat()), Err(BundleError::TrailingBytes));
    assert_eq!(open(&forced(&[payload(&[]), vec![0]].concat())), Err(BundleError::TrailingBytes));
}

#[test]
fn what_is_no_cose_sign1_by_ed25519_is_refused() {
    let good = bundle().sign(&key("07")).unwrap();
    assert_eq!(good[..6], [0xd2, 0x84, 0x43, 0xa1, 0x01, 0x27]);
    for (position, byte) in [(0, 0xd1), (1, 0x83), (5, 0x26), (6, 0x80)] {
        let mut bad = good.clone();
        bad[position] = byte;
        assert_eq!(open(&bad), Err(BundleError::NotSigned), "{position}");
    }
}

#[test]
fn each_wrong_field_has_its_own_error() {
    let files = |path: &str| payload(&[("body", policy(&[(path, text("b"))]))]);
    for (payload, error) in [
        (payload(&[("format", vec![2]), ("surprise", vec![0])]), BundleError::Format(2)),
        (payload(&[("surprise", vec![0])]), BundleError::UnknownField("surprise".into())),
        (payload(&[("body", map(&[("script", vec![0])]))]), BundleError::UnknownField("script".into())),
        (map(&[("by", text("x")), ("format", vec![1])]), BundleError::MissingField("epoch")),
        (payload(&[("body", map(&[]))]), BundleError::MissingField("body")),
        (payload(&[("epoch", vec![0x81, 1])]), BundleError::WrongType("epoch")),
        (payload(&[("made", text("now"))]), BundleError::WrongType("made")),
        (payload(&[("by", text("a\x1b[2J"))]), BundleError::Name),
        (payload(&[("body", ordered(&[("key", text("k"))]))]), BundleError::MissingField("order")),
        (payload(&[("body", ordered(&[("key", text("k\0")), ("order", vec![0])]))]), BundleError::Name),
        (payload(&[("body", dropped(&["../a"]))]), BundleError::Path("../a".into())),
        (files("../a"), BundleError::Path("../a".into())),
        (files("/etc/a"), BundleError::Path("/etc/a".into())),
        (files("a//b"), BundleError::Path("a//b".into())),
        (files("a\0"), BundleError::Path("a\0".into())),
    ] {
        assert_eq!(open(&forced(&payload)), Err(error));
    }
}

#[test]
fn what_has_two_spellings_is_refused() {
    let two =
        |first: &str, second: &str| payload(&[("body", policy(&[(first, text("")), (second, text(""))]))]);
    let long_number = payload(&[("made", vec![0x18, 5])]);
    let endless = payload(&[("made", vec![0x9f, 0xff])]);
    let unsorted = payload(&[("body", dropped(&["b", "a"]))]);
    let twice = payload(&[("body", dropped(&["a", "a"]))]);
    for payload in [two("b", "a"), two("aa", "b"), long_number, endless, unsorted, twice] {
        assert!(matches!(open(&forced(&payload)), Err(BundleError::NotDeterministic(_))));
    }
    assert_eq!(open(&forced(&two("a", "a"))), Err(BundleError::DuplicateKey("a".into())));
}

#[test]
fn bombs_do_not_go_off() {
    let deep = [vec![0x81; 1 << 20], vec![0]].concat();
    assert_eq!(open(&forced(&payload(&[("made", deep)]))), Err(BundleError::TooDeep));
    let tags = [vec![0xc1; 1 << 20], vec![0]].concat();
    assert_eq!(open(&forced(&payload(&[("made", tags)]))), Err(BundleError::TooDeep));
    for huge in [vec![0x9b, 255, 255, 255, 255, 255, 255, 255, 255], vec![0xbb, 127, 0, 0, 0, 0, 0, 0, 0]] {
        assert_eq!(open(&forced(&map(&[("made", huge.clone())]))), Err(BundleError::Truncated));
        assert!(open(&huge).is_err());
    }
    let nested = ordered(&[("key", text("k")), ("order", vec![0x81; 1 << 16])]);
    assert!(open(&forced(&payload(&[("body", nested)]))).is_err());
    let many = (0..=MAX_FILES).map(|number| (format!("{number:04}"), String::new())).collect();
    let many = Bundle { body: Body::Policy(many), ..bundle() };
    assert_eq!(many.sign(&key("07")), Err(BundleError::TooManyFiles));
}

#[test]
fn the_marker_names_the_epoch_and_the_bytes() {
    let bytes = bundle().sign(&key("07")).unwrap();
    let marker = bundle().marker(&bytes);
    assert_eq!(marker.epoch, bundle().epoch);
    assert_ne!(marker.digest, bundle().marker(&bytes[1..]).digest);
}

#[test]
fn a_key_survives_its_file_and_never_prints_its_secret() {
    let key = SigningKey::generate().unwrap();
    let seed = key.seed().unwrap();
    assert_eq!(SigningKey::from_seed(&seed).unwrap().public(), key.public());
    assert_eq!(PublicKey::from_text(&key.public().to_string()), Ok(key.public()));
    assert!(!format!("{key:?}").contains(&seed));
    assert_eq!(PublicKey::from_text("07"), Err(BadKey::Form));
    assert!(SigningKey::from_seed("zz").is_err());
}
