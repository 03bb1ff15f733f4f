//! What is read and what is written.

use crate::program::{Folder, PLANT, eval, root};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

/// Bytes of a pcap file's header.
const HEADER: usize = 24;

#[test]
fn a_cut_capture_gives_a_partial_report_that_says_where_it_ends() {
    let folder = Folder::new("cut");
    let whole = fs::read(root().join(PLANT)).unwrap();
    let path = folder.path("cut.pcap");
    fs::write(&path, &whole[..whole.len() / 2 + 7]).unwrap();
    let ran = eval(&[&path]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("PARTIAL: this report shows less"), "{}", ran.out);
    assert!(ran.out.contains("the file ends inside the record after frame"), "{}", ran.out);
    fs::write(&path, &whole[..HEADER]).unwrap();
    let empty = eval(&[&path]);
    assert_eq!(empty.code, Some(0), "{}", empty.err);
    assert!(empty.out.contains("No frame to look at."), "{}", empty.out);
}

#[test]
fn bounds_filter_and_device_leave_out_and_say_so() {
    for (arguments, scope, devices) in [
        (vec!["--since", "+10s", "--until", "+20s"], "frames before 2012-11-12T11:03:20.264365Z", 14),
        (vec!["--until", "2012-11-12T12:03:01+01:00"], "frames before 2012-11-12T11:03:01.000000Z", 14),
        (
            vec!["--filter", "host 141.81.0.44 or host 141.81.0.46"],
            "(host 141.81.0.44 or host 141.81.0.46)",
            3,
        ),
        (vec!["--device", "00-04-17-02-36-35"], "conversations of `00-04-17-02-36-35`", 2),
        (vec!["--device", "141.81.0.10"], "conversations of `141.81.0.10`", 14),
    ] {
        let ran = eval(&[&[PLANT], arguments.as_slice()].concat());
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.err);
        assert!(ran.out.contains(scope), "{arguments:?}: {}", ran.out);
        assert!(ran.out.contains(&format!("── {devices} devices ──")), "{arguments:?}: {}", ran.out);
    }
}

#[test]
fn each_report_goes_where_it_was_asked_for_and_belongs_to_its_owner() {
    let folder = Folder::new("outputs");
    let (html, json, draft) = (folder.path("plant.html"), folder.path("plant.json"), folder.path("draft"));
    let json_option = format!("--json={json}");
    let arguments = [PLANT, "--report", "html", "--output", &html, &json_option, "--draft", &draft];
    let ran = eval(&arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.starts_with("nullius eval  ModbusTCP.pcap"), "the text is shown beside the files");
    let written = [html.clone(), json, folder.path("draft/zones.json"), folder.path("draft/rules.json")];
    for path in &written {
        assert!(ran.err.contains(path.as_str()), "{}", ran.err);
        let metadata = fs::metadata(path).unwrap();
        assert!(metadata.len() > 1_000, "{path}");
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{path}");
    }
    let again = eval(&arguments);
    assert_eq!(again.code, Some(2));
    assert_eq!(again.err, format!("nullius: `{}` exists already; `--force` replaces it\n", written[2]));
    assert_eq!(eval(&[&arguments[..], &["--force"]].concat()).code, Some(0));
}

#[test]
fn standard_output_carries_one_report() {
    let json = eval(&[PLANT, "--json"]);
    assert_eq!((json.code, json.err.as_str()), (Some(0), ""));
    assert!(json.out.starts_with('{') && !json.out.contains("── 14 devices"));
    let html = eval(&[PLANT, "--report", "html", "--output", "-"]);
    assert!(html.out.trim_start().to_ascii_lowercase().starts_with("<!doctype html>"));
}

#[test]
fn a_capture_is_never_written_over() {
    let folder = Folder::new("over");
    let capture = folder.path("plant.pcap");
    fs::copy(root().join(PLANT), &capture).unwrap();
    let before = fs::read(&capture).unwrap();
    for arguments in [vec!["--output", &capture], vec![&format!("--json={capture}")]] {
        let ran = eval(&[&[capture.as_str()], arguments.as_slice()].concat());
        assert_eq!(ran.code, Some(2), "{arguments:?}");
        assert!(ran.err.contains("is a capture: the report needs another path"), "{}", ran.err);
        assert_eq!(fs::read(&capture).unwrap(), before);
    }
}

#[test]
fn a_draft_suggests_each_conversation_with_its_support_and_its_doubts() {
    let folder = Folder::new("draft");
    let draft = folder.path("draft");
    assert_eq!(eval(&[PLANT, "--learn", "64s", "--draft", &draft]).code, Some(0));
    let rules = fs::read_to_string(folder.path("draft/rules.json")).unwrap();
    let zones = fs::read_to_string(folder.path("draft/zones.json")).unwrap();
    assert!(
        rules.contains("\"format\": \"nullius-draft/1\"")
            && zones.contains("\"format\": \"nullius-draft/1\"")
    );
    assert_eq!(rules.matches("\"id\": \"rule-").count(), 13, "one rule a conversation");
    assert_eq!(rules.matches("symbols that change something need a person's seal").count(), 13);
    assert!(zones.contains("in 141.81.0.0/24, asked by 141.81.0.10"), "{zones}");
    assert_eq!(zones.matches("\"id\": ").count(), 2, "the master and its controllers");
}

#[test]
fn what_is_suspicious_is_listed_with_its_reason_and_not_suggested() {
    let folder = Folder::new("suspicious");
    for (capture, allowed, expected) in [
        ("login/telnet.pcap", 0, "cleartext-login: Telnet session"),
        ("mqtt/zeek-mqtt.pcap", 0, "crosses to the internet: say where to and what for"),
        ("s7comm/s7ident.pcap", 1, "governs the device: granted for a piece of work, not for good"),
    ] {
        let draft = folder.path("draft");
        let path = format!("crates/wire/tests/data/{capture}");
        assert_eq!(eval(&[&path, "--learn", "all", "--draft", &draft, "--force"]).code, Some(0));
        let rules = fs::read_to_string(folder.path("draft/rules.json")).unwrap();
        let (allow, refused) = rules.split_once("\"not_suggested\"").unwrap();
        assert_eq!(allow.matches("\"id\": \"rule-").count(), allowed, "{capture}: {rules}");
        assert!(refused.contains(expected), "{capture}: {refused}");
        assert!(!allow.contains("upload"), "{capture}: {allow}");
    }
}
