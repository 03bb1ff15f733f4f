//! Commands that ask a gateway: what is asked, what is shown, how it ends.

use crate::fake::{self, Gateway};
use crate::golden;
use nullius_protocol::local::{Body, Command, Failure, Question, StageTarget};
use std::path::Path;

#[test]
fn status_is_one_screen_in_plain_words() {
    let gateway = Gateway::start("status", fake::plant);
    golden("status.txt", &gateway.run("status"));
    golden("status.json", &gateway.run("status --json"));
    let first = Gateway::start("status-first", fake::before_the_first_policy);
    golden("status-first.txt", &first.run("status"));
}

#[test]
fn devices_are_listed_shown_and_judged() {
    let gateway = Gateway::start("device", fake::plant);
    golden("device-list.txt", &gateway.run("device list"));
    golden("device-show.txt", &gateway.run("device show plc1"));
    gateway.asked();
    for (words, expected) in [
        ("device approve plc1", Command::Approve { device: "plc1".into(), port: None, mac: None }),
        (
            "device approve plc1 --port p-plc1 --mac 02:00:00:00:00:11",
            Command::Approve {
                device: "plc1".into(),
                port: Some("p-plc1".into()),
                mac: Some("02:00:00:00:00:11".into()),
            },
        ),
        ("device forget plc1", Command::Forget { device: "plc1".into() }),
        (
            "device vouch plc1 --for 2h --reason seen",
            Command::Vouch { device: "plc1".into(), seconds: 7_200, reason: "seen".into() },
        ),
        (
            "device settle plc1 --reason found",
            Command::Settle { device: "plc1".into(), reason: "found".into() },
        ),
        (
            "device revoke cam1 --reason scans",
            Command::Revoke { device: "cam1".into(), reason: "scans".into() },
        ),
        (
            "device restore cam1 --reason clean",
            Command::Restore { device: "cam1".into(), reason: "clean".into() },
        ),
        (
            "device assess cam1 --posture bad --risk 3 --conforms no",
            Command::Assess {
                device: "cam1".into(),
                posture: Some(false),
                risk: Some(3),
                conforms: Some(false),
            },
        ),
        (
            "device assess cam1",
            Command::Assess { device: "cam1".into(), posture: None, risk: None, conforms: None },
        ),
    ] {
        let run = gateway.run(words);
        assert_eq!((gateway.asked(), run.code), (vec![expected], 0), "{words}: {}", run.shown);
    }
    golden("device-revoke.txt", &gateway.run("device revoke cam1 --reason scans"));
}

#[test]
fn a_grant_is_given_listed_and_ended() {
    let gateway = Gateway::start("grant", fake::plant);
    let words = "grant vendor1 plc1/modbus --verbs read,diagnose --for 120s --reason fault --work-order WO-7";
    golden("grant.txt", &gateway.run(words));
    let expected = Command::GrantCreate {
        subject: "vendor1".into(),
        object: "plc1/modbus".into(),
        verbs: vec!["read".into(), "diagnose".into()],
        seconds: 120,
        work_order: Some("WO-7".into()),
        approvers: Vec::new(),
        reason: "fault".into(),
    };
    assert_eq!(gateway.asked(), [expected]);
    golden("grant-list.txt", &gateway.run("grant list"));
    golden("grant-end.txt", &gateway.run("grant end 7 --reason done"));
    let ends = Command::GrantEnd { grant: 7, reason: "done".into() };
    assert_eq!(gateway.asked(), [Command::Grants, ends]);
}

#[test]
fn a_grant_without_an_end_or_a_reason_is_not_understood() {
    let gateway = Gateway::start("grant-bad", fake::plant);
    for words in [
        "grant vendor1 plc1/modbus --reason x",
        "grant vendor1 plc1/modbus --for 60s",
        "grant vendor1 --for 60s --reason x",
        "grant vendor1 plc1/modbus --for 0s --reason x",
        "grant vendor1 plc1/modbus --for 100ms --reason x",
        "grant vendor1 plc1/modbus --for forever --reason x",
        "grant end",
        "grant end seven --reason x",
    ] {
        assert_eq!(gateway.run(words).code, 2, "{words}");
    }
    assert_eq!(gateway.asked(), []);
}

#[test]
fn stages_and_modes_are_shown_and_moved() {
    let gateway = Gateway::start("stage", fake::plant);
    golden("stage.txt", &gateway.run("stage"));
    golden("stage-enforce.txt", &gateway.run("stage plc1 enforce --despite checked"));
    golden("mode.txt", &gateway.run("mode"));
    golden("mode-set.txt", &gateway.run("mode set maintenance --reason shutdown"));
    assert_eq!(gateway.run("mode set changeover --zone cell-a --reason lot7").code, 0);
    assert_eq!(gateway.run("mode clear --zone cell-a --reason done").code, 0);
    golden("hold.txt", &gateway.run("hold"));
    golden("hold-on.txt", &gateway.run("hold on --reason audit"));
    golden("hold-off.txt", &gateway.run("hold off --reason done"));
    assert_eq!(gateway.run("stage ops,cell-a shadow").code, 0);
    let conduit = StageTarget::Conduit { from: "ops".into(), to: "cell-a".into() };
    let set = |target, stage: &str, despite: Option<&str>| Command::StageSet {
        target,
        stage: stage.to_owned(),
        despite: despite.map(str::to_owned),
    };
    let mode = |mode: &str, zone: Option<&str>, reason: &str| Command::ModeSet {
        mode: mode.into(),
        zone: zone.map(str::to_owned),
        reason: reason.into(),
    };
    let expected = [
        Command::Stages,
        set(StageTarget::Device("plc1".into()), "enforce", Some("checked")),
        Command::Modes,
        mode("maintenance", None, "shutdown"),
        mode("changeover", Some("cell-a"), "lot7"),
        Command::ModeClear { zone: "cell-a".into(), reason: "done".into() },
        Command::Status,
        Command::Hold { on: true, reason: "audit".into() },
        Command::Hold { on: false, reason: "done".into() },
        set(conduit, "shadow", None),
    ];
    assert_eq!(gateway.asked(), expected);
    for words in [
        "stage plc1",
        "stage plc1 enforced",
        "hold on",
        "mode set maintenance",
        "mode set party --reason x",
        "mode clear",
        "hold on",
    ] {
        assert_eq!(gateway.run(words).code, 2, "{words}");
    }
}

#[test]
fn a_receipt_shows_what_changed_before_all_that_was_said() {
    let gateway = Gateway::start("receipt", fake::plant);
    golden("grant-show.txt", &gateway.run("grant show 7"));
    assert_eq!(gateway.asked(), [Command::Receipt { grant: 7 }]);
    assert_eq!(gateway.run("grant show").code, 2);
}

#[test]
fn an_emergency_is_shown_set_off_confirmed_ended_and_armed() {
    let gateway = Gateway::start("emergency", fake::plant);
    golden("emergency.txt", &gateway.run("emergency"));
    golden("emergency-trigger.txt", &gateway.run("emergency trigger fire --reason smoke"));
    golden("emergency-second.txt", &gateway.run("emergency trigger leak --reason ammonia"));
    golden("emergency-end.txt", &gateway.run("emergency end fire --reason out"));
    golden("emergency-arm.txt", &gateway.run("emergency arm fire --reason checked"));
    let [fire, leak, end, arm] = ["smoke", "ammonia", "out", "checked"].map(str::to_owned);
    let named = |profile: &str| profile.to_owned();
    let expected = [
        Command::Emergencies,
        Command::EmergencyTrigger { profile: named("fire"), reason: fire },
        Command::EmergencyTrigger { profile: named("leak"), reason: leak },
        Command::EmergencyEnd { profile: named("fire"), reason: end },
        Command::EmergencyArm { profile: named("fire"), reason: arm },
    ];
    assert_eq!(gateway.asked(), expected);
    for words in ["emergency trigger fire", "emergency arm --reason x", "emergency disarm fire --reason x"] {
        assert_eq!(gateway.run(words).code, 2, "{words}");
    }
}

#[test]
fn why_answers_in_every_spelling_and_ends_with_1_where_it_is_denied() {
    let gateway = Gateway::start("why", fake::plant);
    golden("why.txt", &gateway.run("why 10.0.0.5→10.0.0.9:502 write"));
    gateway.asked();
    assert_eq!(gateway.run("why 10.0.0.5→10.0.0.9:502 write 40010").code, 1);
    let asked = gateway.asked();
    let [Command::Why(asked)] = asked.as_slice() else { panic!("something else was asked") };
    assert_eq!((asked.verb.as_deref(), asked.operand.as_deref()), (Some("write"), Some("40010")));
    golden("why.json", &gateway.run("why --json hmi1 -> plc1/modbus read"));
    for words in [
        "why 10.0.0.5 -> 10.0.0.9:502 write --at 2h",
        "why --at 2h 10.0.0.5 to 10.0.0.9:502 write",
        "why 10.0.0.5→10.0.0.9:502 write --at 2026-11-22T14:00:00Z",
    ] {
        gateway.asked();
        assert_eq!(gateway.run(words).code, 1, "{words}");
        let expected = Command::Why(Question {
            subject: "10.0.0.5".into(),
            object: "10.0.0.9".into(),
            service: "502".into(),
            verb: Some("write".into()),
            operand: None,
            at: Some(fake::NOW - 7_200),
        });
        assert_eq!(gateway.asked(), [expected], "{words}");
    }
    golden("why-eaten.txt", &gateway.run("why 10.0.0.5 - read"));
    golden("why-nothing.txt", &gateway.run("why 10.0.0.5 -> 10.0.0.9 read"));
    assert_eq!(gateway.asked(), []);
}

#[test]
fn tail_shows_what_comes_and_says_when_the_gateway_stops() {
    let gateway = Gateway::start("tail", fake::plant);
    golden("tail.txt", &gateway.run("tail"));
    golden("tail-alarms.txt", &gateway.run("tail --only alarms"));
    golden("tail.json", &gateway.run("tail --json"));
}

#[test]
fn what_the_gateway_refuses_is_one_line_and_ends_with_1() {
    let gateway = Gateway::start("refused", |_| {
        Err(Failure {
            error: "no device `plc\u{1b}[31m9`".into(),
            help: "`nullius device list` names them".into(),
            problems: Vec::new(),
        })
    });
    golden("refused.txt", &gateway.run("device show plc9"));
}

#[test]
fn nobody_who_answers_is_one_line_that_says_what_to_do() {
    let run = fake::run_at(Path::new("nowhere.sock"), "status");
    golden("nobody.txt", &run);
    let liar = Gateway::start("liar", |_| Ok(vec![Body::Done]));
    golden("liar.txt", &liar.run("device list"));
    let silent = Gateway::start("silent", |_| Ok(Vec::new()));
    golden("silent.txt", &silent.run("device list"));
}
