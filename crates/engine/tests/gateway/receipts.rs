//! What is written down under a grant, and given when it is over.

use crate::plant::{Plant, address, at, name, service, settings};
use nullius_engine::{Act, Conversation, Gateway, GrantId, GrantRequest, Heard, Said};
use nullius_model::{Channel, Denial, DenialReason, Endpoint, Object, SmolStr, Transport, VerbClass};
use nullius_policy::Verbs;
use std::collections::BTreeSet;
use std::time::Duration;

const CONVERSATION: (&str, &str) = ("vendor", "plc1");

fn granted(plant: &mut Plant, seconds: u64) -> GrantId {
    let (subject, object) = CONVERSATION;
    let request = GrantRequest {
        subject: name(subject),
        object: service(object, "modbus"),
        verbs: Verbs::All,
        duration: Duration::from_secs(seconds),
        reason: SmolStr::new("pump"),
        work_order: Some(SmolStr::new("WO-7")),
        approvers: BTreeSet::new(),
    };
    plant.tell(nullius_engine::Command::Grant(request), 0).unwrap().granted.unwrap().0
}

fn conversation() -> Conversation {
    let (subject, object) = CONVERSATION;
    Conversation { client: address(subject), server: address(object), channel: Channel::Tcp(502) }
}

fn hear(plant: &mut Plant, secs: u64, verb: &'static str, class: VerbClass, first: u32, said: Said) {
    let object = Object::range("holding_register", first, 2);
    let heard = Heard { at: at(secs).wall, unit: Some(1), verb, class, object, said };
    plant.gateway.handle_heard(conversation(), heard, at(secs));
    plant.drain(at(secs));
}

fn reads(plant: &mut Plant, secs: u64, values: [i64; 2]) {
    hear(plant, secs, "read_holding_registers", VerbClass::Read, 4, Said::Asked(vec![]));
    hear(plant, secs, "read_holding_registers", VerbClass::Read, 4, Said::Done(values.to_vec()));
}

fn writes(plant: &mut Plant, secs: u64, values: [i64; 2], answer: Said) {
    hear(plant, secs, "write_multiple_registers", VerbClass::Write, 4, Said::Asked(values.to_vec()));
    hear(plant, secs, "write_multiple_registers", VerbClass::Write, 4, answer);
}

fn deny(plant: &mut Plant, secs: u64) {
    let (subject, object) = CONVERSATION;
    let end = |device, port| Endpoint { mac: crate::plant::mac(device), ip: Some(address(device)), port };
    let denial = Denial {
        reason: DenialReason::Policy,
        only_counted: false,
        port: None,
        source: end(subject, 40_000),
        destination: end(object, 22),
        transport: Transport::Tcp,
    };
    plant.gateway.handle_denial(&denial, 3, at(secs));
    plant.drain(at(secs));
}

#[test]
fn a_receipt_says_what_was_read_written_refused_and_denied_and_the_values_before_and_after() {
    let mut plant = Plant::new();
    let id = granted(&mut plant, 120);
    let listened = plant.gateway.conversations();
    assert!(listened[&crate::plant::port_of("plc1")].contains(&conversation()));
    reads(&mut plant, 10, [10, 11]);
    writes(&mut plant, 20, [99, 98], Said::Refused);
    writes(&mut plant, 30, [20, 21], Said::Done(vec![]));
    writes(&mut plant, 40, [30, 21], Said::Done(vec![]));
    deny(&mut plant, 50);
    plant.pass(119);
    assert!(plant.receipts.is_empty());
    plant.pass(120);
    // the answer to what was asked before the cut may come a moment later
    reads(&mut plant, 121, [31, 21]);
    assert!(plant.gateway.conversations().is_empty());
    plant.pass(124);
    let [receipt] = plant.receipts.as_slice() else { panic!("{:?}", plant.receipts) };
    assert_eq!(
        receipt.lines(true),
        [
            "read read_holding_registers unit 1 holding_register[4..6]: asked 2, done 2",
            "write write_multiple_registers unit 1 holding_register[4..6]: asked 3, done 2, refused 1 \
             4: 10 -> 31 5: 11 -> 21",
            "denied connect tcp/22: asked 0, denied 3",
        ]
    );
    assert_eq!(receipt.unseen(), Vec::<String>::new());
    let record = plant.records.iter().find(|record| matches!(record.act, Act::Receipt { .. })).unwrap();
    let text = record.act.to_string();
    assert!(text.starts_with(&format!("receipt of {id} of vendor for plc1/modbus: read")), "{text}");
    assert!(text.contains("asked 3, done 2, refused 1;") && !text.contains("->"), "no process value: {text}");
}

#[test]
fn values_go_into_the_record_where_somebody_asked_for_it() {
    let mut plant = Plant::new();
    plant.gateway = Gateway::new(
        nullius_engine::Settings { values_in_records: true, ..settings("boot-1") },
        plant.saved.clone(),
        at(0),
    );
    plant.gateway.handle_policy(crate::plant::first(), at(0));
    plant.drain(at(0));
    granted(&mut plant, 60);
    writes(&mut plant, 30, [20, 21], Said::Done(vec![]));
    plant.pass(64);
    let receipt = plant.records.iter().map(|record| record.act.to_string());
    assert_eq!(receipt.filter(|text| text.contains("4: ? -> 20 5: ? -> 21")).count(), 1);
}

#[test]
fn a_receipt_survives_a_kill_and_says_that_nobody_listened() {
    let mut plant = Plant::new();
    let id = granted(&mut plant, 60);
    writes(&mut plant, 30, [20, 21], Said::Done(vec![]));
    // killed, and started again after the grant was over
    let standing = plant.saved.clone();
    assert!(standing.transcripts.contains_key(&id));
    let mut again = Plant::restarted(settings("boot-1"), standing.clone(), at(70));
    again.pass(75);
    assert_eq!(again.receipts.len(), 1);
    assert_eq!(again.receipts[0].items.len(), 2);
    assert_eq!(
        again.receipts[0].unseen(),
        ["the gateway was started anew 1 times, and saw nothing meanwhile"]
    );
    // and in another boot, where the grant is over by that
    let mut other = Plant::restarted(settings("boot-2"), standing, at(5));
    other.pass(10);
    let (_, why) = other.receipts[0].ended.clone().unwrap();
    assert_eq!(why, "the machine started anew");
}

#[test]
fn a_scan_of_everything_costs_a_bounded_transcript_and_is_counted() {
    let mut plant = Plant::new();
    granted(&mut plant, 60);
    for first in 0..3_000 {
        let said = Said::Done(vec![1, 2]);
        hear(&mut plant, 1, "read_holding_registers", VerbClass::Read, first * 2, said);
    }
    plant.pass(64);
    let receipt = &plant.receipts[0];
    assert_eq!(receipt.effects.len(), 256);
    assert_eq!(receipt.more, 3_000 - 256);
    assert!(receipt.items.len() <= 1_024);
    assert_eq!(receipt.unseen(), ["2744 messages of further kinds are only counted"]);
}

#[test]
fn what_nobody_can_read_is_told_as_connections() {
    let mut plant = Plant::new();
    granted(&mut plant, 60);
    let heard = Heard {
        at: at(3).wall,
        unit: None,
        verb: "connect",
        class: VerbClass::Connect,
        object: Object::Peer,
        said: Said::Carried { bytes: [100, 2_000], ended: 1 },
    };
    plant.gateway.handle_heard(conversation(), heard, at(3));
    plant.drain(at(3));
    plant.pass(64);
    let receipt = &plant.receipts[0];
    assert_eq!(receipt.lines(true), ["connect connect: asked 1, 100 bytes there and 2000 back"]);
    assert!(receipt.unseen()[0].starts_with("no message could be read"));
    assert_eq!(receipt.began, at(0).wall);
}
