//! The page as a browser and a stranger would take it: well-formed, whole, bounded, inert.

mod contrast;
pub(super) mod site;

use self::site::{made_up, sample};
use super::page::{MAX_DEVICES, MAX_SYMBOLS};
use super::{SCRIPT, STYLE, render};
use crate::Evaluation;
use quick_xml::Reader;
use quick_xml::events::Event;
use std::collections::{BTreeMap, BTreeSet};

/// Elements of a page by name, and all their attributes.
#[derive(Default)]
struct Parsed {
    elements: BTreeMap<String, usize>,
    attributes: Vec<(String, String)>,
    text: String,
}

impl Parsed {
    fn values(&self, name: &str) -> Vec<&str> {
        self.attributes.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str()).collect()
    }
}

/// Reads a page as strict XML: every element closed in order, every attribute quoted and there once.
fn parse(page: &str) -> Parsed {
    let mut reader = Reader::from_str(page);
    let mut parsed = Parsed::default();
    let mut depth = 0_i32;
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            Event::Start(element) => {
                depth += 1;
                take(&mut parsed, &element);
            }
            Event::Empty(element) => take(&mut parsed, &element),
            Event::End(_) => depth -= 1,
            Event::Text(text) => parsed.text.push_str(&text),
            Event::DocType(_) | Event::GeneralRef(_) => {}
            other @ (Event::CData(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => {
                panic!("no place for {other:?} on the page")
            }
        }
    }
    assert_eq!(depth, 0, "every element is closed");
    parsed
}

fn take(parsed: &mut Parsed, element: &quick_xml::events::BytesStart<'_>) {
    let name = element.name().as_ref().to_owned();
    *parsed.elements.entry(name).or_insert(0) += 1;
    for attribute in element.attributes() {
        let attribute = attribute.unwrap();
        let name = attribute.key.as_ref().to_owned();
        let value = attribute.value.into_owned();
        parsed.attributes.push((name, value));
    }
}

/// What holds of any page, whatever it reports on.
fn check(evaluation: &Evaluation) -> (String, Parsed) {
    let page = render(evaluation);
    let parsed = parse(&page);
    let ids = parsed.values("id");
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "an id is there once");
    for link in parsed.values("href") {
        let target = link.strip_prefix('#').unwrap();
        assert!(unique.contains(target), "{link} leads somewhere");
    }
    for labelled in parsed.values("aria-labelledby").iter().flat_map(|ids| ids.split(' ')) {
        assert!(unique.contains(labelled), "{labelled} is there to be read out");
    }
    let devices = evaluation.picture.devices.len();
    for device in 1..=devices.min(MAX_DEVICES) {
        assert!(unique.contains(format!("d{device}").as_str()), "device {device} has a section");
    }
    assert!(!unique.contains(format!("d{}", devices.min(MAX_DEVICES) + 1).as_str()));
    for (name, _) in &parsed.attributes {
        let loads =
            ["src", "srcset", "data", "action", "style", "background", "poster"].contains(&name.as_str());
        assert!(!loads && !name.starts_with("on"), "{name} has no place on the page");
    }
    let elements = ["script", "style"].map(|name| parsed.elements.get(name));
    assert_eq!(elements, [Some(&1), Some(&1)]);
    assert_eq!(parsed.elements.get("table"), parsed.elements.get("caption"));
    (page, parsed)
}

#[test]
fn the_sample_is_reported_whole_and_the_same_each_time() {
    let evaluation = sample();
    let (page, parsed) = check(&evaluation);
    assert!(page == render(&evaluation) && page == render(&sample()), "two renderings agree");
    for expected in [
        "14 devices in 13 conversations",
        "43 of the 5 986 messages",
        "41 symbols nobody had shown before, 16 of",
    ] {
        assert!(parsed.text.contains(expected), "{expected}");
    }
    let count = |value: &str| parsed.values("class").iter().filter(|class| **class == value).count();
    assert_eq!(count("edge process") + count("edge alert"), 13, "each conversation is a line");
    assert_eq!(count("edge alert"), 2, "141.81.0.44 and .46 were sent something new");
    assert_eq!(count("node"), 14);
    assert_eq!(count("device"), 14);
    assert_eq!(count("chip bad"), 41, "each new symbol is marked in its alphabet");
}

#[test]
fn nothing_on_the_page_can_load_anything() {
    let (page, _) = check(&sample());
    for needle in ["http://", "https://", "//cdn", "@import", "url(", "src=", "javascript:"] {
        assert!(!page.contains(needle), "{needle}");
    }
    let policy = super::policy::of(STYLE, SCRIPT).replace('\'', "&#39;");
    assert!(
        page.contains(&policy) && policy.starts_with("default-src &#39;none&#39;; style-src &#39;sha256-")
    );
}

#[test]
fn style_and_script_keep_the_page_well_formed() {
    for (name, text) in [("style", STYLE), ("script", SCRIPT)] {
        assert!(!text.contains(['<', '&', '\r']), "{name}");
    }
}

#[test]
fn what_a_device_says_stays_text() {
    let whole = sample();
    let clean = parse(&render(&whole)).elements;
    for hostile in [
        "</style></script><script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "<!-- ",
        "]]>",
        "<![CDATA[",
        "&lt;b&gt;&#60;b&#62;",
        "\u{202e}gnp.exe",
        "\0\u{1b}[2J\r\n\u{ffff}",
        &"<".repeat(65_536),
    ] {
        let mut evaluation = whole.clone();
        let picture = &mut evaluation.picture;
        for device in &mut picture.devices {
            device.name = hostile.into();
            device.classification.reasons.iter_mut().for_each(|reason| reason.why = hostile.to_owned());
        }
        picture.conversations.iter_mut().flat_map(|view| &mut view.alphabet).for_each(|(_, symbol, _)| {
            symbol.object = nullius_model::Object::Name(hostile.into());
        });
        let (page, parsed) = check(&evaluation);
        assert_eq!(parsed.elements, clean, "no element came or went: {hostile:.40}");
        assert!(page.len() < 8_000_000, "{} bytes", page.len());
        assert!(!page.contains(['\u{202e}', '\0', '\u{1b}', '\r', '\u{ffff}']));
    }
}

#[test]
fn a_huge_site_makes_a_bounded_page_that_says_what_is_left_out() {
    let evaluation = made_up(1_200, 12);
    assert_eq!(evaluation.picture.devices.len(), 1_200);
    let (page, parsed) = check(&evaluation);
    for expected in ["… and 700 more devices: see --json.", "… and 700 more conversations: see --json."] {
        assert!(parsed.text.contains(expected), "{expected}");
    }
    assert!(page.len() < 8_000_000, "{} bytes", page.len());
    let talkative = made_up(5, 4_000);
    let (_, parsed) = check(&talkative);
    let rows = parsed.elements["code"];
    assert!(rows > MAX_SYMBOLS && rows < MAX_SYMBOLS + 600, "{rows} symbols listed");
    assert!(parsed.text.contains("more symbols: see --json."));
}

#[test]
fn an_empty_capture_has_a_page_too() {
    let mut evaluation = made_up(0, 0);
    check(&evaluation);
    evaluation.learn_until = None;
    let (_, parsed) = check(&evaluation);
    assert!(parsed.text.contains("No frame was seen."));
}

#[test]
fn a_partial_capture_says_so_on_top() {
    let mut evaluation = made_up(2, 2);
    let (_, parsed) = check(&evaluation);
    assert!(!parsed.text.contains("This report is partial"));
    evaluation.notes.push("x.pcap: the last packet is cut off".to_owned());
    let (_, parsed) = check(&evaluation);
    assert!(parsed.text.contains("This report is partial:x.pcap: the last packet is cut off"));
}
