//! What a record is, byte by byte, and what is none.

use super::*;
use serde_json::json;

fn revoked() -> Entry {
    Entry::new(
        Phase::Decided,
        Timestamp::from_nanos(1_795_378_920_123_000_000),
        "user:anna",
        "device.revoke",
        "device/cam1",
    )
    .site("lab")
    .why("it was stolen")
    .epoch(Epoch { term: 1, counter: 42 })
    .inputs(Hash::of(b"abc"))
    .detail("serial", "00\"17")
    .detail("ports", json!([502, 80]))
}

#[test]
fn a_record_is_one_object_with_its_fields_in_order() {
    let text = String::from_utf8(revoked().encode().unwrap()).unwrap();
    let expected = concat!(
        r#"{"v":1,"at":"2026-11-22T20:22:00.123Z","site":"lab","who":"user:anna","what":"device.revoke","#,
        r#""object":"device/cam1","why":"it was stolen","epoch":"1.42","#,
        r#""inputs":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","#,
        r#""phase":"decided","of":null,"data":{"ports":[502,80],"serial":"00\"17"}}"#
    );
    assert_eq!(text, expected);
    assert_eq!(Entry::parse(text.as_bytes()).unwrap(), revoked());
}

#[test]
fn text_of_others_is_inert_and_bounded() {
    let hostile = format!("a\u{1b}[2J\r\n\u{202e}{}", "\"\\".repeat(100_000));
    let mut entry =
        revoked().site(&hostile).why(&hostile).detail("deep", deep(200)).detail(&hostile, &*hostile);
    for field in [&mut entry.who, &mut entry.what, &mut entry.object] {
        field.clone_from(&hostile);
    }
    let bytes = entry.encode().unwrap();
    assert!(bytes.len() <= MAX_ENTRY, "{}", bytes.len());
    let read = Entry::parse(&bytes).unwrap();
    assert!(read.why.starts_with("a\\u{1b}[2J\\u{d}\\u{a}\\u{202e}\"\\"), "{}", read.why);
    assert_eq!((read.why.len(), read.who.len()), (4_096, 512));
    assert_eq!(read.data.keys().collect::<Vec<_>>(), ["cut_bytes", "cut_sha256"]);
}

#[test]
fn details_that_nest_too_deep_are_cut_and_the_record_stays_readable() {
    let entry = revoked().detail("deep", deep(200));
    let text = String::from_utf8(entry.encode().unwrap()).unwrap();
    assert!(text.contains("cut: too deep"), "{text}");
    Entry::parse(text.as_bytes()).unwrap();
}

#[test]
fn what_is_written_again_has_the_same_bytes() {
    let entry = revoked().why("\u{7}").detail("\u{7}", json!({"b": "\u{feff}", "a": null}));
    let once = entry.encode().unwrap();
    assert_eq!(Entry::parse(&once).unwrap().encode().unwrap(), once);
}

#[test]
fn nothing_else_is_a_record() {
    let good = String::from_utf8(revoked().encode().unwrap()).unwrap();
    for (from, to) in [
        ("\"v\":1", "\"v\":2"),
        ("\"v\":1,", ""),
        ("\"of\":null", "\"of\":-1"),
        ("\"of\":null,", ""),
        ("\"of\":null", "\"of\":null,\"of\":null"),
        ("\"of\":null", "\"of\":null,\"more\":1"),
        ("decided", "guessed"),
        ("1.42", "1.042"),
        ("1.42", "1"),
        ("ba78", "BA78"),
        (".123Z", ".123+00:00"),
        ("it was stolen", "\\u001b[2J"),
        ("00\\\"17", "\\u202e"),
        ("serial", "\\n"),
        ("{\"v\"", "[{\"v\""),
        ("user:anna", "\\ud800"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        assert!(Entry::parse(bad.as_bytes()).is_err(), "{bad}");
    }
    let long = [good.as_bytes(), &vec![b' '; MAX_ENTRY]].concat();
    assert_eq!(Entry::parse(&long), Err(EntryError::Long(long.len())));
}

#[test]
fn an_answer_comes_after_what_it_answers() {
    let decided = |_| Some(Phase::Decided);
    let answer = |phase, of| Entry { phase, ..revoked() }.of(of);
    assert_eq!(revoked().follows(0, |_| None), Ok(()));
    assert_eq!(answer(Phase::Applied, 4).follows(5, decided), Ok(()));
    assert_eq!(answer(Phase::Applied, 5).follows(5, decided), Err(EntryError::Later(5)));
    assert_eq!(answer(Phase::Failed, 4).follows(5, |_| Some(Phase::Observed)), Err(EntryError::Undecided(4)));
    assert_eq!(answer(Phase::Decided, 4).follows(5, |_| Some(Phase::Observed)), Ok(()));
}

fn deep(depth: usize) -> Value {
    (0..depth).fold(Value::Null, |inner, _| json!([inner]))
}
