//! What a poll of forty registers leaves unused of a thousand.

use super::slack;
use crate::simulate::{Heard, History, Recorded, Station};
use crate::{Directory, Files, Inputs, MessageFields, Moment, Policies, Repository, World};
use nullius_model::{DeviceName, Protocol, Timestamp, VerbClass};

const SITE: &str = "format = 1
[site]
name = \"lab\"
[[zone]]
name = \"cell\"
class = \"essential-control\"
owner = \"maintenance\"
[[device]]
name = \"plc1\"
zone = \"cell\"
CYCLE
[[device.service]]
name = \"modbus\"
protocol = \"modbus\"
channel = \"tcp/502\"
[[device]]
name = \"hmi\"
zone = \"cell\"
";

fn polled(registers: u32) -> History {
    let message = MessageFields {
        unit: Some(1),
        address: Some(0),
        quantity: Some(registers),
        ..MessageFields::default()
    };
    let heard = Heard {
        verb: "read_holding_registers".into(),
        class: VerbClass::Read,
        message,
        about: "".into(),
        count: 600,
        first: Timestamp::ZERO,
        last: Timestamp::from_secs(600),
        unasked: false,
    };
    let station = |name| Station { name: DeviceName::new(name).ok(), ..Station::default() };
    let (client, server) = (station("hmi"), station("plc1"));
    let recorded = Recorded { client, server, protocol: Protocol::Modbus, channel: None, heard: vec![heard] };
    History { first: Timestamp::ZERO, last: Timestamp::from_secs(600), conversations: vec![recorded] }
}

fn text(cycle: &str, condition: &str) -> (String, Option<String>) {
    let policy = format!(
        "permit (principal == Device::\"hmi\", action == Modbus::Action::\"read_holding_registers\", resource == Service::\"plc1/modbus\") {condition};"
    );
    let files = Files::from([
        ("inventory.toml".to_owned(), SITE.replace("CYCLE", cycle)),
        ("policies/p.cedar".to_owned(), policy),
    ]);
    let repository = Repository::parse(&files).unwrap();
    let policies = Policies::compile(&repository).unwrap();
    let directory = Directory::from_inventory(repository.inventory());
    let world = World { repository: &repository, policies: &policies, directory: &directory };
    let found = slack(world, &polled(40), |_| Inputs::default(), &Moment::default());
    let proposal =
        found.devices.values().flatten().flat_map(|pair| &pair.verbs).find_map(super::VerbSlack::proposal);
    (found.to_string(), proposal)
}

const A_THOUSAND: &str = "when { context.message has address && context.message has quantity && context.message.address + context.message.quantity <= 1000 }";

#[test]
fn forty_registers_polled_of_a_thousand_granted_are_96_percent_slack() {
    let (told, proposal) = text("", A_THOUSAND);
    assert_eq!(
        told,
        "granted and unused in 600 s, in 1 conversations\n  hmi -> plc1/modbus\n    read_holding_registers (read): 96 % unused, used on 0..40\n"
    );
    assert_eq!(
        proposal.unwrap(),
        "context.message has address && context.message has quantity && ((context.message.address >= 0 && context.message.address + context.message.quantity <= 40))"
    );
}

#[test]
fn a_proposal_leaves_nothing_to_propose() {
    let (_, proposal) = text("", A_THOUSAND);
    let (told, proposal) = text("", &format!("when {{ {} }}", proposal.unwrap()));
    assert_eq!((told.as_str(), proposal), ("granted and unused in 600 s, in 0 conversations\n", None));
}

#[test]
fn what_is_due_less_often_than_the_window_is_long_is_kept() {
    let (told, _) = text("cycle = \"30d\"", A_THOUSAND);
    assert!(told.contains("kept: its cycle is 2592000 s"), "{told}");
}
