//! A gateway of canned answers behind a Unix socket, and the program in front of it.

use clap::Parser;
use nullius_cli::World;
use nullius_model::{Epoch, Timestamp};
use nullius_protocol::local::{
    Alarm, Answer, AuditLine, Body, Change, Command, Counter, Denial, Device, DeviceState, Effect, Emergency,
    Event, Evidence, Failure, Grant, Kernel, Modes, Policy, Port, Receipt, Reply, Request, Stages, Station,
    Status, StoredBundle, Why, Window, ZoneMode, ZonePairStage, decode, encode, read_line,
};
use std::io::{BufReader, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

/// 2026-11-22T16:00:00Z.
pub(crate) const NOW: u64 = 1_795_363_200;

/// Bodies that answer a command, or a refusal. No body at all is a gateway that hangs up.
pub(crate) type Answers = Result<Vec<Body>, Failure>;

pub(crate) struct Gateway {
    socket: PathBuf,
    asked: Receiver<Command>,
}

/// How a command ended.
pub(crate) struct Run {
    /// Standard output, then the problems and the line of a failure.
    pub(crate) shown: String,
    pub(crate) code: u8,
}

impl Gateway {
    /// `name` is the test's own: tests run at the same time.
    pub(crate) fn start(name: &str, answer: impl Fn(&Command) -> Answers + Send + 'static) -> Self {
        let socket = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.sock"));
        let _ = std::fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).unwrap();
        let (record, asked) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serve(stream.unwrap(), &record, &answer);
            }
        });
        Self { socket, asked }
    }

    pub(crate) fn run(&self, words: &str) -> Run {
        run_at(&self.socket, words)
    }

    /// What was asked since the last time this was called.
    pub(crate) fn asked(&self) -> Vec<Command> {
        self.asked.try_iter().collect()
    }
}

fn serve(stream: UnixStream, record: &Sender<Command>, answer: &impl Fn(&Command) -> Answers) {
    let mut reader = BufReader::new(stream);
    while let Ok(Some(line)) = read_line(&mut reader) {
        let Request { id, command } = decode(&line).unwrap();
        let answers = match answer(&command) {
            Ok(bodies) if bodies.is_empty() => return,
            Ok(bodies) => bodies.into_iter().map(|body| Answer::Ok(Box::new(body))).collect(),
            Err(failure) => vec![Answer::Error(failure)],
        };
        let following = command == Command::Tail;
        let _ = record.send(command);
        for answer in answers {
            reader.get_mut().write_all(&encode(&Reply { id, answer }).unwrap()).unwrap();
        }
        if following {
            return;
        }
    }
}

#[derive(Parser)]
struct Program {
    #[command(subcommand)]
    command: nullius_cli::Command,
}

/// The words of a command line, without `nullius`.
pub(crate) fn run_at(socket: &Path, words: &str) -> Run {
    let socket = socket.display().to_string();
    let mut line = vec!["nullius"];
    line.extend(words.split(' '));
    line.extend(["--socket", &socket]);
    let Ok(program) = Program::try_parse_from(nullius_cli::arrows(line.into_iter().map(Into::into))) else {
        return Run { shown: "not understood\n".to_owned(), code: 2 };
    };
    let mut out = Vec::new();
    let mut world = World {
        out: &mut out,
        now: Timestamp::from_secs(NOW),
        who: "anna".to_owned(),
        home: std::env::temp_dir().join("nullius-cli-nobody"),
        keyboard: &mut Nobody,
    };
    let result = nullius_cli::run(&program.command, &mut world);
    let mut shown = String::from_utf8(out).unwrap();
    let code = match result {
        Ok(outcome) => outcome.exit_code(),
        Err(failure) => {
            for problem in failure.problems() {
                shown.push_str(&format!("{problem}\n"));
            }
            shown.push_str(&nullius_model::inert(&format!("nullius: {failure}")));
            shown.push('\n');
            failure.exit_code()
        }
    };
    Run { shown, code }
}

/// A plant with something of everything.
pub(crate) fn plant(command: &Command) -> Answers {
    Ok(vec![match command {
        Command::Status => Body::Status(status()),
        Command::Devices => Body::Devices { devices: devices(), stations: stations() },
        Command::Device { .. } => Body::Device(devices().into_iter().next().unwrap()),
        Command::PolicyStatus => Body::Policy(policy()),
        Command::Stages => Body::Stages(stages()),
        Command::Grants => Body::Grants(vec![grant()]),
        Command::GrantCreate { .. } => Body::Grant(grant()),
        Command::Why(question) => Body::Why(why(question.verb.as_deref() == Some("read"))),
        Command::Denials => Body::Denials(denials()),
        Command::Alarms => Body::Alarms(status().alarms),
        Command::Tail => return Ok(events().into_iter().map(Body::Event).collect()),
        Command::Approve { .. }
        | Command::Forget { .. }
        | Command::Settle { .. }
        | Command::Vouch { .. }
        | Command::Proven { .. }
        | Command::Unproven { .. }
        | Command::Trust
        | Command::WatchTrust
        | Command::Revoke { .. }
        | Command::Restore { .. }
        | Command::Assess { .. }
        | Command::PolicyApply { .. }
        | Command::PolicyFetch { .. }
        | Command::Handover { .. }
        | Command::StageSet { .. }
        | Command::GrantEnd { .. }
        | Command::ModeSet { .. }
        | Command::Hold { .. }
        | Command::PolicyFiles { .. }
        | Command::PolicyRollback { .. }
        | Command::LinkState { .. }
        | Command::Deliver { .. }
        | Command::SpoolRead { .. }
        | Command::SpoolAcked { .. }
        | Command::ModeClear { .. }
        | Command::EmergencyArm { .. }
        | Command::EmergencyEnd { .. } => Body::Done,
        Command::EmergencyTrigger { profile, .. } if profile == "leak" => Body::Awaits { seconds: 60 },
        Command::EmergencyTrigger { .. } => Body::Done,
        Command::Receipt { .. } => Body::Receipt(receipt()),
        Command::Modes => Body::Modes(modes()),
        Command::Emergencies => Body::Emergencies(emergencies()),
    }])
}

/// A gateway that was installed a minute ago.
pub(crate) fn before_the_first_policy(command: &Command) -> Answers {
    if *command != Command::Status {
        return Ok(vec![Body::Denials(Vec::new())]);
    }
    Ok(vec![Body::Status(Status {
        version: "0.1.0".into(),
        uptime: 60,
        mode: "normal".into(),
        stage: "observe".into(),
        kernel: Kernel { in_step: true, ..Kernel::default() },
        ..Status::default()
    })])
}

pub(crate) fn policy() -> Policy {
    let stored = |counter, by: &str| StoredBundle {
        epoch: Epoch { term: 1, counter },
        made: format!("2026-11-2{counter}T08:00:00.000000Z"),
        by: by.into(),
    };
    Policy {
        epoch: Epoch { term: 1, counter: 2 },
        digest: "00112233445566778899aabbccddeeff".into(),
        made: "2026-11-22T08:00:00.000000Z".into(),
        by: "anna".into(),
        key: String::new(),
        trusted: "d7".repeat(32),
        stored: vec![stored(1, "bert"), stored(2, "anna")],
    }
}

fn receipt() -> Receipt {
    let effect = |class: &str, verb: &str, target: &str, counts: [u64; 4]| {
        let [asked, done, refused, denied] = counts;
        Effect {
            class: class.into(),
            verb: verb.into(),
            target: target.into(),
            asked,
            done,
            refused,
            denied,
            first: "2026-11-22T15:30:10.000000Z".into(),
            last: "2026-11-22T15:31:40.000000Z".into(),
            ..Effect::default()
        }
    };
    let written = effect("write", "write_multiple_registers", "unit 1 holding_register[4..6]", [2, 1, 1, 0]);
    let change = |item, before, after| Change { item, before, after: Some(after) };
    Receipt {
        grant: 7,
        subject: "vendor1".into(),
        object: "plc1/modbus".into(),
        began: "2026-11-22T15:30:00.000000Z".into(),
        ended: Some("2026-11-22T15:32:00.000000Z".into()),
        why: "its time was over".into(),
        effects: vec![
            effect("read", "read_holding_registers", "unit 1 holding_register[0..10]", [90, 90, 0, 0]),
            Effect { changes: vec![change(4, Some(10), 20), change(5, None, 21)], ..written },
            effect("denied", "connect", "tcp/22", [0, 0, 0, 3]),
        ],
        unseen: vec!["2 frames were lost before they were read".into()],
        digest: "ab".repeat(32),
    }
}

fn modes() -> Modes {
    let zone = |zone: &str, mode: &str, because: &str, next: Option<(u64, &str)>| ZoneMode {
        zone: zone.into(),
        mode: mode.into(),
        because: because.into(),
        next: next.map(|(seconds, mode)| (seconds, mode.to_owned())),
    };
    Modes {
        site: "normal".into(),
        zones: vec![
            zone("cell-a", "maintenance", "window night", Some((1_800, "normal"))),
            zone("ops", "normal", "site", None),
        ],
        windows: vec![Window {
            name: "night".into(),
            zones: vec!["cell-a".into()],
            mode: "maintenance".into(),
            open: true,
            opens: Some("2026-11-22T15:30:00.000000Z".into()),
            closes: Some("2026-11-22T16:30:00.000000Z".into()),
        }],
    }
}

fn emergencies() -> Vec<Emergency> {
    let profile = |name: &str, people, armed, left, by: &[&str]| Emergency {
        name: name.into(),
        zones: vec!["cell-a".into(), "ops".into()],
        seconds: 1_800,
        people,
        armed,
        left,
        by: by.iter().map(|&by| by.to_owned()).collect(),
    };
    vec![
        profile("fire", 1, false, Some(1_700), &["ann (uid 1001)"]),
        profile("flood", 1, false, None, &[]),
        profile("leak", 2, true, None, &[]),
    ]
}

fn status() -> Status {
    let port = |name: &str, up, strangers: &str| Port {
        name: name.into(),
        up,
        path: "bridged".into(),
        strangers: strangers.into(),
    };
    let counter = |name: &str, packets| Counter { name: name.into(), packets, bytes: packets * 60 };
    Status {
        version: "0.1.0".into(),
        site: "lab".into(),
        held: String::new(),
        uptime: 11_100,
        mode: "normal".into(),
        stage: "enforce".into(),
        policy: Some(policy()),
        confined: "CAP_NET_ADMIN CAP_NET_RAW, 107 system calls, files held back".into(),
        kernel: Kernel {
            epoch: Epoch { term: 1, counter: 2 },
            rules: 1_204,
            in_step: true,
            last_change: 4_200,
            repairs: 1,
        },
        ports: vec![port("p-plc1", true, "hold"), port("p-vend", false, "onboard")],
        devices: vec![(DeviceState::Active, 18), (DeviceState::Absent, 1), (DeviceState::Revoked, 1)],
        assurance: vec![("IA0".into(), 2), ("IA2".into(), 14), ("IA4".into(), 4)],
        strangers: 2,
        grants: 1,
        counters: vec![
            counter("denied-policy", 320),
            counter("denied-spoof", 12),
            counter("would-deny-policy", 7),
            counter("allowed", 900_000),
        ],
        troubles: vec!["cam1 was seen on p-vend, and belongs on p-cam1".into()],
        alarms: vec![Alarm {
            at: "2026-11-22T15:58:12.000000Z".into(),
            kind: "spoof".into(),
            text: "somebody on p-vend uses the address of plc1\u{1b}[2J".into(),
        }],
    }
}

fn devices() -> Vec<Device> {
    let plc1 = Device {
        name: "plc1".into(),
        zone: "cell-a".into(),
        state: DeviceState::Active,
        reason: "bound at p-plc1 since 08:00".into(),
        assurance: "IA2".into(),
        stage: "enforce".into(),
        port: Some("p-plc1".into()),
        mac: Some("02:00:00:00:00:11".into()),
        addresses: vec!["10.0.0.11".parse().unwrap(), "fe80::11".parse().unwrap()],
        services: vec!["modbus tcp/502".into()],
        evidence: vec![
            Evidence {
                kind: "binding".into(),
                text: "bound to its port and addresses by the inventory".into(),
                left: None,
            },
            Evidence {
                kind: "key".into(),
                text: "proved its software key, certificate 0a\u{1b}[2J".into(),
                left: Some(212),
            },
        ],
        ..Device::default()
    };
    let cam1 = Device {
        name: "cam1".into(),
        state: DeviceState::Revoked,
        assurance: "IA0".into(),
        stage: "shadow".into(),
        ..Device::default()
    };
    vec![plc1, cam1]
}

fn stations() -> Vec<Station> {
    vec![Station {
        port: "p-vend".into(),
        mac: "02:00:00:00:00:66".into(),
        addresses: vec!["10.0.0.11".parse().unwrap()],
        claims: Some("plc1".into()),
    }]
}

fn stages() -> Stages {
    Stages {
        default: "enforce".into(),
        devices: vec![("cam1".into(), "shadow".into())],
        conduits: vec![ZonePairStage { from: "ops".into(), to: "cell-a".into(), stage: "observe".into() }],
    }
}

fn grant() -> Grant {
    Grant {
        grant: 7,
        subject: "vendor1".into(),
        object: "plc1/modbus".into(),
        verbs: vec!["read".into(), "diagnose".into()],
        left: 118,
        work_order: Some("WO-7".into()),
        by: "anna (uid 1000)".into(),
        reason: "fault".into(),
    }
}

fn why(allowed: bool) -> Why {
    let lines = match allowed {
        true => vec!["hmi1 -> plc1/modbus read: allowed".into(), "  allowed by `hmi-reads`".into()],
        false => vec![
            "hmi1 -> plc1/modbus write: denied".into(),
            "  forbidden by `no-writes` (policies/cell.cedar:3:1): recipes\u{202e} are locked".into(),
            "  no grant overrules this: ask maintenance".into(),
        ],
    };
    Why {
        allowed,
        epoch: Epoch { term: 1, counter: 2 },
        lines,
        policies: vec!["hmi-reads".into()],
        missing: Vec::new(),
    }
}

fn denials() -> Vec<Denial> {
    // an older gateway says nothing of it
    let known = |subject: &str| match subject {
        "hmi2" => ("IA4", "certificate, software key"),
        "vendor1" => ("IA2", "bound by the inventory"),
        _ => ("", ""),
    };
    let denial = |subject: &str, object: &str, verb: &str, packets, only_counted| Denial {
        last: "2026-11-22T15:59:58.000000Z".into(),
        reason: "policy".into(),
        only_counted,
        port: Some("p-vend".into()),
        subject: subject.into(),
        assurance: known(subject).0.into(),
        known_by: known(subject).1.into(),
        object: object.into(),
        verb: verb.into(),
        packets,
        because: if only_counted { Vec::new() } else { vec!["no policy allows it".into()] },
    };
    vec![
        denial("hmi2", "plc1/modbus", "connect", 7, true),
        denial("10.0.0.66", "plc1/modbus", "connect", 20, false),
        denial("vendor1", "10.0.0.12:80", "", 300, false),
    ]
}

fn events() -> Vec<Event> {
    let audit = AuditLine {
        at: "2026-11-22T15:59:59.000000Z".into(),
        uptime: 11_099_000,
        epoch: Epoch { term: 1, counter: 2 },
        who: "anna (uid 1000)".into(),
        what: "revoke".into(),
        text: "cam1".into(),
        why: "scans\nthe plant".into(),
        device: String::new(),
    };
    let alarm = status().alarms.into_iter().next().unwrap();
    let mut denials = denials().into_iter().map(Event::Denied);
    vec![
        denials.next().unwrap(),
        denials.next().unwrap(),
        Event::Alarm(alarm),
        Event::Audit(audit),
        Event::Missed(12),
    ]
}

/// No command that asks a gateway asks a person too.
struct Nobody;

impl nullius_cli::Keyboard for Nobody {
    fn line(&mut self, _: &str) -> std::io::Result<String> {
        Err(std::io::ErrorKind::UnexpectedEof.into())
    }

    fn secret(&mut self, prompt: &str) -> std::io::Result<String> {
        self.line(prompt)
    }
}
