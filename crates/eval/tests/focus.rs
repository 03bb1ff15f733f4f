//! One device's part of a picture is what the whole says about it, and nothing else.

#![expect(clippy::unwrap_used, reason = "a broken fixture must fail the test")]

mod support;

use nullius_device::risk::findings::Finding;
use nullius_device::{ConversationView, Party, Picture};
use nullius_eval::report::words;
use nullius_eval::{Evaluation, Learn};
use support::{PLANT, look_at, workspace};

/// A bridge for lamps that is set up: it speaks with a phone, a router and seven hosts of the internet.
const SETUP: &str = "crates/wire/tests/data/http/hue-bridge-setup.pcap";

fn whole() -> Evaluation {
    look_at(&workspace(SETUP), Learn::Everything)
}

#[test]
fn what_stays_is_told_as_before() {
    let evaluation = whole();
    assert!(evaluation.picture.devices.len() > 2 && !evaluation.picture.findings.is_empty());
    for (index, view) in evaluation.picture.devices.iter().enumerate() {
        let Some(address) = view.device.addresses.keys().next() else { continue };
        let device = Party::Device(index);
        let conversations = told(&evaluation.picture, |one| one.client == device || one.server == device);
        let findings = found(&evaluation.picture, |one| one.subject == device || one.peer == Some(device));
        let only = whole().only(&address.to_string()).unwrap();
        assert_eq!(told(&only.picture, |_| true), conversations, "{address}");
        assert_eq!(found(&only.picture, |_| true), findings, "{address}");
        assert!(only.picture.devices.iter().any(|one| one.device.addresses.contains_key(address)));
        assert!(only.picture.devices.len() <= evaluation.picture.devices.len());
    }
}

#[test]
fn a_name_that_nobody_has_offers_the_closest() {
    let plant = look_at(&workspace(PLANT), Learn::Everything);
    let error = plant.only("141.81.0.42").unwrap_err().to_string();
    let expected = "no device is called `141.81.0.42`; the closest are 141.81.0.44, 141.81.0.46";
    assert!(error.starts_with(expected), "{error}");
}

fn told(picture: &Picture, keep: impl Fn(&ConversationView) -> bool) -> Vec<String> {
    let kept = picture.conversations.iter().filter(|view| keep(view));
    kept.map(|view| format!("{} {}", words::conversation(picture, view), view.messages())).collect()
}

fn found(picture: &Picture, keep: impl Fn(&Finding) -> bool) -> Vec<String> {
    let kept = picture.findings.iter().filter(|finding| keep(finding));
    let name = |party| words::party(picture, party);
    let line = |one: &Finding| format!("{} {:?} {}", name(one.subject), one.peer.map(name), one.detail);
    kept.map(line).collect()
}
