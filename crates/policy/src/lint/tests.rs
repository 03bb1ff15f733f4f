//! What lint finds, policy by policy.

use crate::{Files, Repository, Severity};

const SITE: &str = "format = 1
[site]
name = \"lab\"
[[zone]]
name = \"cell\"
class = \"essential-control\"
owner = \"maintenance\"
[[zone]]
name = \"ops\"
class = \"operations\"
owner = \"shift\"
[[conduit]]
from = \"ops\"
to = \"cell\"
owner = \"maintenance\"
protocols = [\"modbus\"]
[[group]]
name = \"all\"
[[group]]
name = \"plcs\"
in = [\"all\"]
[[group]]
name = \"empty\"
[[device]]
name = \"plc1\"
zone = \"cell\"
groups = [\"plcs\"]
[[device.service]]
name = \"modbus\"
protocol = \"modbus\"
channel = \"tcp/502\"
[[device.service]]
name = \"ssh\"
protocol = \"ssh\"
channel = \"tcp/22\"
[[device]]
name = \"hmi\"
zone = \"ops\"
";

fn lint(inventory: &str, policies: &str) -> Vec<String> {
    let files = Files::from([
        ("inventory.toml".to_owned(), inventory.to_owned()),
        ("policies/p.cedar".to_owned(), policies.to_owned()),
    ]);
    let repository = Repository::parse(&files).unwrap();
    let told = repository.lint().into_iter().map(|problem| {
        assert!(problem.help.is_some(), "nobody is left without help: {problem}");
        let severity = if problem.severity == Severity::Error { "error" } else { "warning" };
        format!("{}:{} {severity} {}", problem.file, problem.line, problem.message)
    });
    told.collect()
}

const HMI: &str = "principal == Device::\"hmi\"";
const MODBUS: &str = "resource == Service::\"plc1/modbus\"";

#[test]
fn what_nobody_could_mean_is_found() {
    for (policies, expected) in [
        ("permit (HMI, action, MODBUS);", &[][..]),
        ("permit (HMI, action in Action::\"read\", resource in Group::\"all\");", &[]),
        (
            "permit (principal, action, resource);",
            &[
                "1 error `policies/p.cedar#1` allows any device any service",
                "1 error `policies/p.cedar#1` allows what no conduit is declared for: `ops` to `cell` in ssh",
            ],
        ),
        (
            "permit (principal, action in Action::\"read\", resource) when { context.ia > 3 };",
            &["1 warning `policies/p.cedar#1` lets anybody do something to anything, but for its conditions"],
        ),
        (
            "permit (principal is Device, action in Action::\"read\", MODBUS);",
            &["1 warning `policies/p.cedar#1` allows every device, those that come later too"],
        ),
        (
            "permit (HMI, action, resource in Device::\"plc1\");",
            &["1 error `policies/p.cedar#1` allows what no conduit is declared for: `ops` to `cell` in ssh"],
        ),
        (
            "permit (principal in Group::\"all\", action == Action::\"connect\", resource == Service::\"plc1/ssh\");",
            &[],
        ),
        (
            "permit (principal in Group::\"empty\", action, MODBUS);",
            &["1 warning `policies/p.cedar#1` is about nobody: no device fits its principal"],
        ),
        (
            "forbid (principal in Group::\"empty\", action, MODBUS);",
            &["1 error `policies/p.cedar#1` is about nobody: no device fits its principal"],
        ),
        (
            "permit (HMI, action, resource in Device::\"hmi\");",
            &["1 warning `policies/p.cedar#1` is about nothing: no service fits its resource"],
        ),
        (
            "permit (HMI, action in Mqtt::Action::\"any\", MODBUS);",
            &[
                "1 warning `policies/p.cedar#1` is about nothing: no service that fits its resource has such an action",
            ],
        ),
        (
            "forbid (principal in Group::\"plc\", action, resource);",
            &["1 error `policies/p.cedar#1` names Group::\"plc\", which the inventory does not declare"],
        ),
    ] {
        let policies = policies.replace("HMI", HMI).replace("MODBUS", MODBUS);
        let expected: Vec<String> = expected.iter().map(|told| format!("policies/p.cedar:{told}")).collect();
        assert_eq!(lint(SITE, &policies), expected, "{policies}");
    }
}

#[test]
fn a_policy_that_decides_nothing_is_told_with_the_one_that_decides() {
    let narrow = "@id(\"narrow\") permit (HMI, action == Modbus::Action::\"read_coils\", MODBUS);";
    for (wide, expected) in [
        (
            "permit (HMI, action in Action::\"read\", MODBUS);",
            Some("adds nothing: `wide` allows all of it without a condition"),
        ),
        (
            "permit (HMI, action in Modbus::Action::\"any\", resource in Group::\"all\");",
            Some("adds nothing: `wide` allows all of it without a condition"),
        ),
        (
            "forbid (principal is Device, action, resource in Zone::\"cell\");",
            Some("allows nothing: `wide` forbids all of it"),
        ),
        ("permit (HMI, action in Action::\"write\", MODBUS);", None),
        ("permit (HMI, action in Action::\"read\", MODBUS) when { context.ia > 1 };", None),
        (
            "permit (HMI, action in Action::\"read\", resource in Group::\"all\");",
            Some("adds nothing: `wide` allows all of it without a condition"),
        ),
        (
            "permit (HMI, action == Modbus::Action::\"read_coils\", MODBUS);",
            Some("adds nothing: `wide` allows all of it without a condition"),
        ),
    ] {
        let policies =
            format!("@id(\"wide\") {wide}\n{narrow}").replace("HMI", HMI).replace("MODBUS", MODBUS);
        let expected: Vec<String> =
            expected.iter().map(|told| format!("policies/p.cedar:2 warning `narrow` {told}")).collect();
        assert_eq!(lint(SITE, &policies), expected, "{policies}");
    }
}

#[test]
fn what_an_inventory_leaves_open_keeps_it_from_being_activated() {
    let open = "[[zone]]\nname = \"x\"\nclass = \"safety\"\n[[conduit]]\nfrom = \"x\"\nto = \"ops\"\n[[device]]\nname = \"lost\"\n";
    let first = SITE.lines().count() + 1;
    assert_eq!(
        lint(&format!("{SITE}{open}"), ""),
        [
            format!("inventory.toml:{first} error the zone `x` has no owner"),
            format!(
                "inventory.toml:{} error the conduit from `x` to `ops` is open to any protocol",
                first + 3
            ),
            format!("inventory.toml:{} warning the conduit from `x` to `ops` has no owner", first + 3),
            format!("inventory.toml:{} error the device `lost` is in no zone", first + 6),
        ]
    );
}

#[test]
fn errors_and_failed_tests_refuse_a_repository_and_warnings_do_not() {
    let test = |effect| {
        format!(
            "[[test]]\nname = \"t\"\nsubject = \"hmi\"\nobject = \"plc1/modbus\"\nverb = \"read_coils\"\nexpect = \"{effect}\"\n"
        )
    };
    let accept = |policy: &str, effect| {
        let policy = policy.replace("HMI", HMI).replace("MODBUS", MODBUS);
        let files = Files::from([
            ("inventory.toml".to_owned(), SITE.to_owned()),
            ("policies/p.cedar".to_owned(), policy),
            ("tests/t.toml".to_owned(), test(effect)),
        ]);
        let accepted = Repository::parse(&files).unwrap().accept();
        accepted.map(|accepted| accepted.warnings.len()).map_err(|errors| errors[0].message.clone())
    };
    let reads = "@owner(\"shift\") permit (HMI, action in Action::\"read\", MODBUS);";
    assert_eq!(accept(reads, "allow"), Ok(0));
    assert_eq!(
        accept(reads, "deny"),
        Err("expected deny, got allow: allowed by `policies/p.cedar#1` (policies/p.cedar:1:1); owner shift"
            .to_owned())
    );
    assert_eq!(accept("", "allow"), Err("expected allow, got deny: no policy allows it".to_owned()));
    assert_eq!(accept("permit (principal, action in Action::\"read\", MODBUS);", "allow"), Ok(1));
    assert!(accept("permit (principal, action, resource);", "allow").is_err());
}
