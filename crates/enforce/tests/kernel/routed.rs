//! A gateway that is a router: the same judgement from one network to another.

use crate::frames::{ACK, SYN, address, mac, sign, tcp};
use crate::lab::{Lab, port};
use nullius_model::{Channel, DenialReason, Mac, Path, Rule, Terms};

const ROUTER: Mac = Mac::new([2, 0, 0, 0, 0, 0xfe]);

/// As device `from` sends it to the router.
fn sent(mut frame: Vec<u8>) -> Vec<u8> {
    frame[..6].copy_from_slice(&ROUTER.octets());
    frame
}

/// As the router passes it on.
fn passed_on(mut frame: Vec<u8>) -> Vec<u8> {
    frame[6..12].copy_from_slice(&ROUTER.octets());
    frame[22] -= 1;
    sign(&mut frame[14..34]);
    frame
}

fn service(path: Path) -> Rule {
    Rule::Service { client: address(4, 1), server: address(4, 2), channel: Channel::Tcp(502), path }
}

#[test]
fn a_router_passes_on_what_a_rule_for_its_path_allows() {
    let mut lab = Lab::routed(ROUTER);
    let [question, answer] = [tcp(4, 1, 2, [40_000, 502], SYN), tcp(4, 2, 1, [502, 40_000], ACK)];
    lab.denies(1, DenialReason::Policy, &sent(question.clone()));
    lab.allow(service(Path::Bridged));
    lab.denies(1, DenialReason::Policy, &sent(question.clone()));
    lab.allow(service(Path::Routed));
    lab.passes_as(1, 2, &sent(question.clone()), &passed_on(question.clone()));
    lab.passes_as(2, 1, &sent(answer.clone()), &passed_on(answer));
    lab.denies(2, DenialReason::Policy, &sent(tcp(4, 2, 1, [502, 40_000], SYN)));
    lab.take_away(service(Path::Routed));
    lab.denies(1, DenialReason::Policy, &sent(question));
}

#[test]
fn a_router_lets_nobody_send_in_anothers_name() {
    let mut lab = Lab::routed(ROUTER);
    lab.allow(service(Path::Routed));
    let mut forged = sent(tcp(4, 1, 2, [40_000, 502], SYN));
    lab.denies(3, DenialReason::Spoof, &forged);
    forged[6..12].copy_from_slice(&mac(3).octets());
    lab.denies(3, DenialReason::Spoof, &forged);
    let mut strange = sent(tcp(4, 9, 2, [40_000, 502], SYN));
    strange[6..12].copy_from_slice(&mac(9).octets());
    lab.denies(3, DenialReason::Stranger, &strange);
    lab.take_away(Rule::Address { port: port(2), mac: mac(2), address: address(4, 2) });
    lab.denies(1, DenialReason::Receiver, &sent(tcp(4, 1, 2, [40_000, 502], SYN)));
    lab.add([1, 2].map(|end| (Rule::Observe(address(4, end)), Terms::default())));
    let question = tcp(4, 1, 2, [40_000, 502], SYN);
    lab.passes_as(1, 2, &sent(question.clone()), &passed_on(question));
}
