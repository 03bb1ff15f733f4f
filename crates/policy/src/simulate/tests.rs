//! What a policy would have done to small histories.

use super::{Count, Heard, History, Outcome, Recorded, Station, simulate};
use crate::{Files, Inputs, MessageFields, Moment, Policies, Repository};
use nullius_model::{Protocol, Timestamp, VerbClass};

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
addresses = [\"10.0.0.11\"]
CYCLE
[[device.service]]
name = \"modbus\"
protocol = \"modbus\"
channel = \"tcp/502\"
[[device]]
name = \"hmi\"
zone = \"cell\"
mac = \"02:00:00:00:00:10\"
";

fn repository(policy: &str, cycle: &str) -> (Repository, Policies) {
    let files = Files::from([
        ("inventory.toml".to_owned(), SITE.replace("CYCLE", cycle)),
        ("policies/p.cedar".to_owned(), policy.to_owned()),
    ]);
    let repository = Repository::parse(&files).unwrap();
    let policies = Policies::compile(&repository).unwrap();
    (repository, policies)
}

fn heard(verb: &str, class: VerbClass, address: u32, count: u64, hours: (u64, u64)) -> Heard {
    let message = MessageFields {
        unit: Some(1),
        address: Some(address),
        quantity: Some(1),
        ..MessageFields::default()
    };
    Heard {
        verb: verb.into(),
        class,
        message,
        about: "".into(),
        count,
        first: Timestamp::from_secs(hours.0 * 3_600),
        last: Timestamp::from_secs(hours.1 * 3_600),
        unasked: false,
    }
}

fn history(server: &str, heard: Vec<Heard>) -> History {
    let client = Station { mac: Some(nullius_model::Mac::new([2, 0, 0, 0, 0, 0x10])), ..Station::default() };
    let server = Station { address: server.parse().ok(), ..Station::default() };
    let recorded = Recorded { client, server, protocol: Protocol::Modbus, channel: None, heard };
    History { first: Timestamp::ZERO, last: Timestamp::from_secs(86_400), conversations: vec![recorded] }
}

const READS: &str = "@id(\"reads\") permit (principal == Device::\"hmi\", action in Action::\"read\", resource == Service::\"plc1/modbus\")";

#[test]
fn what_would_be_refused_is_counted_with_its_cause() {
    let (repository, policies) = repository(&format!("{READS};"), "");
    let history = history(
        "10.0.0.11",
        vec![
            heard("read_coils", VerbClass::Read, 0, 100, (1, 2)),
            heard("write_single_coil", VerbClass::Write, 7, 3, (1, 2)),
        ],
    );
    let simulation = simulate(&repository, &policies, &history, |_| Inputs::default(), &Moment::default());
    assert_eq!(simulation.total, Count { conversations: 1, symbols: 2, messages: 103 });
    assert_eq!(simulation.refused(), Count { conversations: 1, symbols: 1, messages: 3 });
    assert_eq!(simulation.blocked[0].symbols[0].because, "no policy allows it");
    assert_eq!(simulation.verdict, Outcome::Blocks);
}

#[test]
fn a_stranger_is_no_clean_result() {
    let (repository, policies) = repository(&format!("{READS};"), "");
    let history = history("10.0.0.99", vec![heard("read_coils", VerbClass::Read, 0, 5, (1, 2))]);
    let simulation = simulate(&repository, &policies, &history, |_| Inputs::default(), &Moment::default());
    assert_eq!(simulation.verdict, Outcome::Blocks);
    assert_eq!(simulation.strangers[0].messages, 5);
}

#[test]
fn a_history_shorter_than_a_declared_cycle_is_insufficient() {
    for (cycle, verdict) in [("cycle = \"24h\"", Outcome::Clean), ("cycle = \"7d\"", Outcome::Insufficient)] {
        let (repository, policies) = repository(&format!("{READS};"), cycle);
        let history = history("10.0.0.11", vec![heard("read_coils", VerbClass::Read, 0, 5, (1, 2))]);
        let simulation =
            simulate(&repository, &policies, &history, |_| Inputs::default(), &Moment::default());
        assert_eq!(simulation.verdict, verdict, "{cycle}");
    }
}

#[test]
fn what_was_seen_at_night_meets_the_night_s_policy() {
    let (repository, policies) = repository(&format!("{READS} when {{ context.time.minute < 1080 }};"), "");
    for (hours, refused) in [((9, 17), 0), ((9, 19), 5), ((20, 33), 5)] {
        let history = history("10.0.0.11", vec![heard("read_coils", VerbClass::Read, 0, 5, hours)]);
        let simulation =
            simulate(&repository, &policies, &history, |_| Inputs::default(), &Moment::default());
        assert_eq!(simulation.refused().messages, refused, "{hours:?}");
        assert_eq!(simulation.coverage.weekdays.first(), Some(&4), "1970 began on a Thursday");
    }
}
