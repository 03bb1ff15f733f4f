//! What a change of policy does, and why a request is refused, told on the plant of the cookbook.

#![expect(clippy::unwrap_used, reason = "a broken fixture must fail the test")]

use nullius_model::{Assurance, DeviceName, Mode, SmolStr, VerbClass};
use nullius_policy::blast::Graph;
use nullius_policy::diff::diff;
use nullius_policy::{
    Directory, Files, Inputs, Moment, Policies, Remedy, Repository, Request, ServiceId, World, explain,
};
use std::fs;
use std::path::Path;

const MOMENT: Moment = Moment { mode: Mode::Normal, minute: 600, weekday: 1, second: 0, mode_change: None };

/// The cookbook with `policy` beside it, and without `left_out`.
fn cookbook(policy: &str, left_out: &str) -> (Repository, Policies, Directory) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("cookbook");
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let mut files = Files::from([
        ("inventory.toml".to_owned(), read("inventory.toml")),
        ("policies/more.cedar".to_owned(), policy.to_owned()),
    ]);
    for entry in fs::read_dir(root.join("policies")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name != left_out {
            let path = format!("policies/{name}");
            files.insert(path.clone(), read(&path));
        }
    }
    let repository = Repository::parse(&files).unwrap();
    let policies = Policies::compile(&repository).unwrap();
    let directory = Directory::from_inventory(repository.inventory());
    (repository, policies, directory)
}

fn world((repository, policies, directory): &(Repository, Policies, Directory)) -> World<'_> {
    World { repository, policies, directory }
}

fn certified(_: &DeviceName) -> Inputs {
    Inputs { assurance: Assurance::Ia4, risk: Some(0), ..Inputs::default() }
}

#[test]
fn a_change_is_told_as_conversations_between_devices() {
    let before = cookbook("", "");
    for (policy, left_out, told) in [
        ("", "", "no conversation changes\n"),
        (
            "",
            "historian-reads.cedar",
            "0 conversations gained, 1 lost, 0 changed, between 1 pairs of devices\n  - divert historian -> plc1/modbus\n",
        ),
        (
            "permit (principal == Device::\"historian\", action in Modbus::Action::\"any read\", resource == Service::\"plc1/modbus\") when { context.message has unit && context.message.unit == 1 };",
            "",
            "0 conversations gained, 0 lost, 1 changed, between 1 pairs of devices\n  ~ conditions historian -> plc1/modbus\n",
        ),
        (
            "permit (principal == Device::\"nvr\", action, resource == Service::\"plc1/ssh\");",
            "",
            "1 conversations gained, 0 lost, 0 changed, between 1 pairs of devices\n  + accept nvr -> plc1/ssh\n",
        ),
    ] {
        let after = cookbook(policy, left_out);
        assert_eq!(diff(world(&before), world(&after), certified, &MOMENT).to_string(), told, "{policy}");
    }
}

#[test]
fn one_over_wide_rule_brings_what_is_essential_within_reach_of_a_camera() {
    let camera = DeviceName::new("cam1").unwrap();
    let reach = |site: &(Repository, Policies, Directory)| {
        let conversations = world(site).conversations(certified, &MOMENT);
        Graph::new(site.0.inventory(), &conversations).blast(&camera, 4)
    };
    let before = reach(&cookbook("", ""));
    assert_eq!(
        before.to_string(),
        "cam1 reaches 1 services itself, 1 devices in all, 0 of them essential\n  nvr/upload\n"
    );
    let after =
        reach(&cookbook("permit (principal == Device::\"nvr\", action, resource in Device::\"plc1\");", ""));
    assert_eq!(
        before.difference(&after).to_string(),
        "1 devices come within reach, 0 get out of it\n  essential: plc1 by nvr/upload -> plc1/modbus\n"
    );
}

fn asked(subject: &str, verb: &str, class: VerbClass, inputs: Inputs) -> nullius_policy::Explanation {
    let (repository, policies, directory) = cookbook("", "");
    let object = ServiceId { device: DeviceName::new("plc1").unwrap(), service: "modbus".into() };
    let subject = DeviceName::new(subject).unwrap();
    let request = Request { subject, object, verb: SmolStr::new(verb), class, message: None };
    explain(&repository, &policies, &directory, &request, &inputs, &MOMENT, &[])
}

#[test]
fn an_answer_names_the_policy_its_line_its_owner_and_the_packet_path() {
    let told = asked("historian", "read_coils", VerbClass::Read, certified(&DeviceName::new("x").unwrap()));
    assert_eq!(told.remedy, Remedy::None);
    assert_eq!(
        told.to_string(),
        "historian -> plc1/modbus read_coils (read): allowed
  allowed by `historian-reads` (policies/historian-reads.cedar:1:1): the historian collects values and changes none; owner shift lead
  with IA4, posture unknown, risk band 0, no baseline; mode normal, 10:00 UTC, day 1 of the week
  packet path: diverts to the message filter, which judges each message
"
    );
}

#[test]
fn a_denial_says_how_to_ask_for_access_and_whom() {
    let told = asked("engineering", "read_coils", VerbClass::Read, Inputs::default());
    assert_eq!(
        told.remedy,
        Remedy::Grant {
            command: "nullius grant engineering plc1/modbus --verbs read --for 1h --reason '…'".to_owned(),
            owner: "maintenance".into()
        }
    );
    assert!(told.to_string().contains("no policy allows it"), "{told}");
}

#[test]
fn where_a_forbid_decides_no_grant_is_offered_and_the_missing_input_is_named() {
    let told = asked("hmi", "write_multiple_registers", VerbClass::Write, Inputs::default());
    assert_eq!(told.remedy, Remedy::Policy { owner: "shift lead".into() });
    assert!(told.to_string().contains("a policy asked for risk, which nobody has told"), "{told}");
    assert!(told.to_string().contains("forbidden by `risky-subjects-change-nothing`"), "{told}");
}
