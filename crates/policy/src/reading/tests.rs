//! Each mistake in a repository, and the line it is told at.

use crate::{Files, Problem, Repository};

const HEAD: &str = "format = 1\n[site]\nname = \"lab\"\n";
const GOOD: &str = "format = 1
[site]
name = \"lab\"
[[zone]]
name = \"cell\"
class = \"essential-control\"
owner = \"maintenance\"
[[group]]
name = \"plcs\"
[[device]]
name = \"plc1\"
zone = \"cell\"
groups = [\"plcs\"]
mac = \"02:00:00:00:00:11\"
addresses = [\"10.0.0.11\", \"fe80::11\"]
[[device.service]]
name = \"ssh\"
protocol = \"ssh\"
channel = \"tcp/22\"
[[device]]
name = \"hmi\"
zone = \"cell\"
";

fn files(inventory: &str, more: &[(&str, &str)]) -> Files {
    let mut files = Files::from([("inventory.toml".to_owned(), inventory.to_owned())]);
    files.extend(more.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    files
}

fn problems(files: &Files) -> Vec<String> {
    let told = |problem: &Problem| {
        assert!(problem.help.is_some(), "nobody is left without help: {problem}");
        format!("{}:{}:{} {}", problem.file, problem.line, problem.column, problem.message)
    };
    Repository::parse(files).err().unwrap_or_default().iter().map(told).collect()
}

#[test]
fn a_good_repository_is_read_whole() {
    let tests = "[[test]]\nname = \"x\"\nsubject = \"hmi\"\nobject = \"plc1/ssh\"\nverb = \"connect\"\nexpect = \"deny\"\n";
    let policy = "permit (principal, action, resource);";
    let files = files(GOOD, &[("policies/a.cedar", policy), ("tests/a.toml", tests), ("README.md", "")]);
    let repository = Repository::parse(&files).unwrap();
    assert_eq!(repository.inventory().devices.len(), 2);
    assert_eq!(repository.tests().len(), 1);
    let ids: Vec<String> = repository.written.policies.keys().map(ToString::to_string).collect();
    assert_eq!(ids, ["policies/a.cedar#1"]);
}

/// Appended to [`GOOD`] and the lines that are told of it, counted from the first appended one.
const BAD_ADDITIONS: &[(&str, &[&str])] = &[
    ("[[zone]]\nname = \"cell\"\nclass = \"safety\"", &["2:8 a second zone is called `cell`"]),
    ("[[zone]]\nname = \"x\"", &["1:1 a zone has no `class`"]),
    ("[[zone]]\nname = \"x\"\nclass = \"soft\"", &["3:9 no class of zones is called `soft`"]),
    ("[[zone]]\nname = \"a b\"\nclass = \"safety\"", &["2:8 `a b` is no name: a name has no  "]),
    (
        "[[zone]]\nnaem = \"x\"\nclass = \"safety\"",
        &["1:1 a zone has no `name`", "2:1 a zone has no field `naem`"],
    ),
    ("[[group]]\nname = \"a\"\nin = [\"plc\"]", &["3:7 no group is called `plc`"]),
    (
        "[[group]]\nname = \"a\"\nin = [\"b\"]\n[[group]]\nname = \"b\"\nin = [\"a\"]",
        &["1:1 the group is in itself: a in b in a"],
    ),
    ("[[group]]\nname = \"a\"\nin = [\"a\"]", &["1:1 the group is in itself: a in a"]),
    ("[[group]]\nname = \"a\"\nin = \"plcs\"", &["3:6 `in` of a group is not an array of texts"]),
    ("[[conduit]]\nfrom = \"cell\"\nto = \"ops\"", &["3:6 no zone is called `ops`"]),
    (
        "[[conduit]]\nfrom = \"cell\"\nto = \"cell\"\nprotocols = [\"telex\"]",
        &["4:14 no protocol is called `telex`"],
    ),
    (
        "[[conduit]]\nfrom = \"cell\"\nto = \"cell\"\n[[conduit]]\nfrom = \"cell\"\nto = \"cell\"",
        &["4:1 a second conduit from `cell` to `cell`"],
    ),
    ("[[conduit]]\nfrom = \"cell\"\nto = \"cell\"\ncycle = \"weekly\"", &["4:9 `weekly` is no span of time"]),
    ("[[device]]\nname = \"plc1\"\nzone = \"cell\"", &["2:8 a second device is called `plc1`"]),
    ("[[device]]\nname = \"x\"\nzone = \"cel\"", &["3:8 no zone is called `cel`"]),
    ("[[device]]\nname = \"x\"\nzone = [\"cell\", \"ops\"]", &["3:8 `zone` of a device is not text"]),
    ("[[device]]\nname = \"x\"\nzone = \"cell\"\nzone = \"ops\"", &["4:1 not TOML: duplicate key"]),
    (
        "[[device]]\nname = \"x\"\nmac = \"02:00:00:00:00:11\"",
        &["3:7 the hardware address 02:00:00:00:00:11 is already that of `plc1`"],
    ),
    (
        "[[device]]\nname = \"x\"\naddresses = [\"10.0.0.11\", \"10.0.0.0/24\", \"224.0.0.1\"]",
        &[
            "3:14 the address 10.0.0.11 is already that of `plc1`",
            "3:27 `10.0.0.0/24` is no network address of a device",
            "3:42 `224.0.0.1` is no network address of a device",
        ],
    ),
    ("[[device]]\nname = \"x\"\nport = \"a/b\"", &["3:8 `a/b` is no port: a name has no /"]),
    (
        "[[device.service]]\nname = \"a\"\nprotocol = \"ssh\"\nchannel = \"tcp/22\"\n[[device.service]]\nname = \"b\"\nprotocol = \"tls\"\nchannel = \"tcp/22\"",
        &["6:8 tcp/22 already carries the service `a`"],
    ),
    (
        "[[device.service]]\nname = \"a/b\"\nprotocol = \"ssh\"\nchannel = \"22\"",
        &["4:11 `22` carries no service"],
    ),
    (
        "[[device.frame]]\nto = \"01:0c:cd:01:00:01\"\nethertype = 0x500\napplication = 1",
        &["3:13 `ethertype` is 1280, and may be 1536 to 65535"],
    ),
    ("[[onboarding]]\ndevice = \"plc1\"\nservice = \"http\"", &["2:10 no device offers `plc1/http`"]),
    ("[[onboarding]]\ndevice = \"plc1\"", &["1:1 an onboarding has no `service`"]),
];

#[test]
fn what_is_wrong_with_an_inventory_is_told_at_its_line() {
    assert_eq!(problems(&files(GOOD, &[])), [""; 0]);
    let before = GOOD.lines().count();
    for (addition, expected) in BAD_ADDITIONS {
        let expected: Vec<String> = expected
            .iter()
            .map(|told| {
                let (line, rest) = told.split_once(':').unwrap();
                format!("inventory.toml:{}:{rest}", before + line.parse::<usize>().unwrap())
            })
            .collect();
        assert_eq!(problems(&files(&format!("{GOOD}{addition}\n"), &[])), expected, "{addition}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let inventory = "format = 2\nsite = 3\ncolour = \"red\"\n[[zone]]\nclass = 5\n";
    assert_eq!(
        problems(&files(inventory, &[])),
        [
            "inventory.toml:1:10 `format` is 2, and may be 1 to 1",
            "inventory.toml:2:8 `site` of an inventory is not a table",
            "inventory.toml:3:1 an inventory has no field `colour`",
            "inventory.toml:4:1 a zone has no `name`",
            "inventory.toml:5:9 `class` of a zone is not text",
        ]
    );
}

#[test]
fn groups_stand_above_each_other_only_so_far() {
    for (depth, refused) in [(33, false), (34, true), (500, true)] {
        let chain: String = (0..depth)
            .map(|number| match number {
                0 => "[[group]]\nname = \"g0\"\n".to_owned(),
                _ => format!("[[group]]\nname = \"g{number}\"\nin = [\"g{}\"]\n", number - 1),
            })
            .collect();
        let told = problems(&files(&format!("{HEAD}{chain}"), &[]));
        assert_eq!(!told.is_empty(), refused, "{depth}: {told:?}");
    }
}

#[test]
fn what_is_wrong_with_a_policy_is_told_at_its_line_and_the_others_are_still_read() {
    let policies = "@id(\"a\")\npermit (principal, action, resource);\n\npermit (principal, aktion, resource);\n@id(\"a\")\nforbid (principal, action, resource)\nwhen { 1 + };\npermit (principal == ?principal, action, resource);\n@id(\"a\")\npermit (principal, action, resource);";
    let told = problems(&files(GOOD, &[("policies/x.cedar", policies)]));
    let places: Vec<&str> = told.iter().map(|told| told.split(' ').next().unwrap()).collect();
    assert_eq!(
        places,
        ["policies/x.cedar:4:20", "policies/x.cedar:7:12", "policies/x.cedar:8:22", "policies/x.cedar:9:1"],
        "{told:#?}"
    );
    assert!(told[3].ends_with("another policy has the id `a`"), "{told:#?}");
}

#[test]
fn a_policy_that_would_cost_stack_is_refused_before_it_is_parsed() {
    for expression in [
        format!("{}true{}", "(".repeat(60), ")".repeat(60)),
        format!("{}true{}", "[".repeat(200_000), "]".repeat(200_000)),
        vec!["true"; 10_000].join(" || "),
    ] {
        let policy = format!("permit (principal, action, resource) when {{ {expression} }};");
        let told = problems(&files(GOOD, &[("policies/x.cedar", &policy)]));
        assert!(told[0].starts_with("policies/x.cedar:1:1 "), "{told:?}");
    }
}

#[test]
fn the_longest_policy_there_may_be_is_read() {
    for expression in ["true || ", "1 + ", "!", "-"] {
        let expression = expression.repeat(16_000 / expression.len());
        let policy = format!("permit (principal, action, resource) when {{ {expression} true }};");
        // what matters is that it comes back
        let _ = problems(&files(GOOD, &[("policies/x.cedar", &policy)]));
    }
}

#[test]
fn what_is_wrong_with_a_test_is_told_at_its_line() {
    let good = "[[test]]\nname = \"n\"\nsubject = \"hmi\"\nobject = \"plc1/ssh\"\nverb = \"connect\"\nexpect = \"deny\"\n";
    for (from, to, expected) in [
        ("hmi", "hmj", "3:11 no device is called `hmj`"),
        ("plc1/ssh", "plc1/modbus", "4:10 no device offers `plc1/modbus`"),
        ("plc1/ssh", "plc1", "4:10 no device offers `plc1`"),
        ("connect", "read", "5:8 ssh has no verb `read`"),
        ("\"deny\"", "\"perhaps\"", "6:10 `expect` is neither allow nor deny"),
        ("expect = \"deny\"", "", "1:1 a test has no `expect`"),
        ("\"deny\"", "\"deny\"\nbecause = \"z\"", "7:11 no policy has the id `z`"),
        ("\"deny\"", "\"deny\"\nmode = \"party\"", "7:8 no mode is called `party`"),
        ("\"deny\"", "\"deny\"\nminute = 1440", "7:10 `minute` is 1440, and may be 0 to 1439"),
        ("\"deny\"", "\"deny\"\ninputs = { ia = 7 }", "7:17 `ia` is 7, and may be 0 to 6"),
        ("\"deny\"", "\"deny\"\ninputs = { trust = 7 }", "7:12 an inputs has no field `trust`"),
        ("\"deny\"", "\"deny\"\ninputs = { posture = { good = true } }", "7:22 a posture has no `age`"),
        ("\"deny\"", "\"deny\"\ngrant = { verbs = [\"all\"] }", "7:20 no class of verbs is called `all`"),
    ] {
        let told = problems(&files(GOOD, &[("tests/t.toml", &good.replace(from, to))]));
        assert_eq!(told, [format!("tests/t.toml:{expected}")], "{to}");
    }
}

#[test]
fn devices_in_files_of_their_own_are_devices_of_the_inventory() {
    let shard = "format = 1\n[[device]]\nname = \"plc2\"\nzone = \"cell\"\n[[device.service]]\nname = \"ssh\"\nprotocol = \"ssh\"\nchannel = \"tcp/22\"\n";
    let onboarding = format!("{GOOD}[[onboarding]]\ndevice = \"plc2\"\nservice = \"ssh\"\n");
    let repository = Repository::parse(&files(&onboarding, &[("inventory/devices-3f.toml", shard)])).unwrap();
    assert_eq!(repository.inventory().devices.len(), 3);
    assert_eq!(repository.inventory().onboarding.len(), 1);
    let (file, offset) = repository.written.places.devices.values().nth(2).unwrap();
    assert_eq!((file.as_str(), *offset), ("inventory/devices-3f.toml", 11));
}

#[test]
fn what_is_wrong_with_a_file_of_devices_is_told_at_its_line() {
    let device = "format = 1\n[[device]]\nname = \"plc2\"\nzone = \"cell\"\n";
    for (shard, expected) in [
        ("[[device]]\nname = \"plc2\"\nzone = \"cell\"", "1:1 a file of devices has no `format`"),
        (&device.replace("cell", "cel"), "4:8 no zone is called `cel`"),
        (&device.replace("plc2", "plc1"), "3:8 a second device is called `plc1`"),
        (
            &format!("{device}mac = \"02:00:00:00:00:11\""),
            "5:7 the hardware address 02:00:00:00:00:11 is already that of `plc1`",
        ),
        (&format!("{device}[[zone]]\nname = \"x\""), "5:3 a file of devices has no field `zone`"),
    ] {
        let told = problems(&files(GOOD, &[("inventory/a.toml", shard)]));
        assert_eq!(told, [format!("inventory/a.toml:{expected}")], "{shard}");
    }
}

#[test]
fn a_file_that_would_not_be_read_is_refused() {
    for path in [
        "policies/a.ceder",
        "policies/.cedar",
        "policies/a/b.cedar",
        "inventory/a/b.toml",
        "test/a.toml",
        "../x.cedar",
        "a\nb.toml",
    ] {
        let told = problems(&files(GOOD, &[(path, "")]));
        assert!(told[0].contains("no file of a repository is called so"), "{told:?}");
    }
    assert_eq!(problems(&Files::new()), ["inventory.toml:0:0 there is no such file"]);
    let large = "#".repeat(9 << 20);
    assert!(problems(&files(&large, &[]))[0].contains("the limits are 4096 and 8388608"));
}

const WINDOW: &str = "[[window]]
name = \"night\"
zones = [\"cell\"]
start = \"2026-01-04T02:30\"
timezone = \"Europe/Berlin\"
rrule = \"FREQ=WEEKLY;BYDAY=SU\"
minutes = 120
";
const EMERGENCY: &str = "[[emergency]]
name = \"fire\"
zones = [\"cell\"]
minutes = 30
people = 2
cooldown = \"5m\"
";

#[test]
fn a_window_and_an_emergency_are_read_whole() {
    let inventory = format!("{GOOD}gateway = \"gw1\"\n{WINDOW}{EMERGENCY}");
    let repository = Repository::parse(&files(&inventory, &[])).unwrap();
    let inventory = repository.inventory();
    assert_eq!(inventory.windows["night"].mode, nullius_model::Mode::Maintenance);
    let fire = &inventory.emergencies["fire"];
    assert_eq!((fire.people, fire.length.as_secs(), fire.cooldown.as_secs()), (2, 1_800, 300));
    let gateways: Vec<_> = inventory.devices.values().map(|device| device.gateway.as_deref()).collect();
    assert_eq!(gateways, [Some("gw1"), None]);
}

#[test]
fn what_is_wrong_with_a_window_or_an_emergency_is_told_at_its_line() {
    let safe = "[[zone]]\nname = \"sis\"\nclass = \"safety\"\n";
    let lines = GOOD.lines().count() + safe.lines().count();
    for (good, from, to, expected) in [
        (WINDOW, "cell", "sell", "3:10 no zone is called `sell`"),
        (WINDOW, "[\"cell\"]", "[]", ""),
        (WINDOW, "02:30", "25:30", "4:9 `2026-01-04T25:30` is no local start"),
        (WINDOW, "Europe/Berlin", "Europe/Bonn", "5:12 no time zone is called `Europe/Bonn`"),
        (WINDOW, "WEEKLY", "SECONDLY", "6:9 `FREQ=SECONDLY` is no calendar of people"),
        (WINDOW, "120", "10081", "7:11 `minutes` is 10081, and may be 1 to 10080"),
        (WINDOW, "120", "120\nmode = \"emergency\"", "8:8 no emergency comes by the calendar"),
        (WINDOW, "120", "120\nmode = \"party\"", "8:8 no mode is called `party`"),
        (EMERGENCY, "cell", "sis", "3:10 `sis` is of class safety, where no emergency loosens anything"),
        (EMERGENCY, "30", "481", "4:11 `minutes` is 481, and may be 1 to 480"),
        (EMERGENCY, "people = 2", "people = 3", "5:10 `people` is 3, and may be 1 to 2"),
    ] {
        let told = problems(&files(&format!("{GOOD}{safe}{}", good.replace(from, to)), &[]));
        let expected = match expected.split_once(':') {
            Some((line, rest)) => {
                vec![format!("inventory.toml:{}:{rest}", line.parse::<usize>().unwrap() + lines)]
            }
            None => vec![format!("inventory.toml:{}:1 a window names no zone", lines + 1)],
        };
        assert_eq!(told, expected, "{to}");
    }
}
