//! What cannot be done is said in one line, with an exit code that tells why.

use crate::program::{Folder, PLANT, RADIOTAP, Ran, eval};
use std::fs;

#[test]
fn without_a_capture_there_is_one_clear_line_and_code_2() {
    let folder = Folder::new("errors");
    let hostile = folder.path("no\u{1b}[2Jcapture");
    fs::write(folder.path("empty"), "").unwrap();
    fs::write(&hostile, "text").unwrap();
    for (arguments, expected) in [
        (vec!["Cargo.toml"], "nullius: `Cargo.toml`: no capture: the file is something that starts with"),
        (vec![RADIOTAP], "link type 127 (IEEE 802.11 radiotap) is not supported; supported: Ethernet"),
        (vec![PLANT, RADIOTAP], "link type 127"),
        (vec!["no/such.pcap"], "nullius: `no/such.pcap`: the capture cannot be opened: No such file"),
        (vec![folder.path("empty").as_str()], "no capture: the file is empty"),
        (vec![hostile.as_str()], "no\\u{1b}[2Jcapture`: no capture"),
        (
            vec![PLANT, "--device", "141.81.0.42"],
            "no device is called `141.81.0.42`; the closest are 141.81.0.44",
        ),
        (vec!["--iface", "no-such-0", "--for", "1s"], "there is no interface `no-such-0`; there are: "),
        (vec!["/dev/null"], "`/dev/null` is no file and can be read only once"),
        (vec![PLANT, "--report", "html", "--output", "-", "--json"], "two reports cannot go to one place"),
    ] {
        let ran = eval(&arguments);
        assert!(ran.err.contains(expected), "{arguments:?}: {}", ran.err);
        assert_eq!((ran.code, ran.err.lines().count(), ran.out.as_str()), (Some(2), 1, ""), "{arguments:?}");
        assert!(!ran.err.contains('\u{1b}'));
    }
}

#[test]
fn arguments_that_cannot_be_followed_are_explained_with_code_2() {
    for (arguments, expected) in [
        (vec![], "<FILE>..."),
        (vec![PLANT, "--filter", "port 80"], "`port` is no condition; write for example"),
        (
            vec![PLANT, "--learn", "half"],
            "as `200ms`, `64s`, `5m`, `8h` or `2d`, or a share as `50%`, or `all`",
        ),
        (vec![PLANT, "--learn", "120%"], "a share lies between 0% and 100%"),
        (vec![PLANT, "--since", "yesterday"], "write `2012-11-12T11:03:00Z`"),
        (vec![PLANT, "--cycle", "8"], "write a number with its unit"),
        (vec![PLANT, "--for", "5m"], "'[FILE]...' cannot be used with '--for <TIME>'"),
        (vec![PLANT, "--iface", "lo"], "cannot be used with"),
        (vec!["--iface", "lo", "--since", "+1s"], "cannot be used with"),
        (vec![PLANT, "--json", "out.json"], "out.json"),
    ] {
        let Ran { code, out, err } = eval(&arguments);
        assert!(err.contains(expected), "{arguments:?}: {err}");
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}");
    }
}

#[test]
fn a_report_that_cannot_be_written_is_code_1() {
    let ran = eval(&[PLANT, "--learn", "all", "--output", "/no/such/folder/report.txt"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.starts_with("nullius: `/no/such/folder/report.txt` cannot be written: No such file"));
    let full = eval(&[PLANT, "--learn", "all", "--output", "/dev/full"]);
    assert_eq!((full.code, full.err.lines().count()), (Some(1), 1), "{}", full.err);
}
