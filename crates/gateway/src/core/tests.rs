//! The gateway in this process, with clocks of the test's own: what a restart, a reboot and a wall clock that is set do
//! to a grant.

use super::{Core, prepare};
use crate::clock::Clock;
use crate::config::{Config, Interface, Port};
use nix::sched::{CloneFlags, unshare};
use nullius_engine::{Actor, BootId, Now};
use nullius_model::{Channel, Epoch, PortName, Rule, Timestamp, Uptime};
use nullius_protocol::bundle::{Body, Bundle, SigningKey};
use nullius_protocol::local::{Answer, Command};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Seconds that the test says it is.
#[derive(Debug)]
struct TestClock {
    boot: &'static str,
    uptime: u64,
    wall: u64,
}

impl Clock for TestClock {
    fn now(&self) -> Now {
        Now { uptime: Uptime::from_millis(self.uptime * 1000), wall: Timestamp::from_secs(self.wall) }
    }

    fn boot(&self) -> BootId {
        BootId(self.boot.into())
    }
}

/// A state directory that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn start(&self, boot: &'static str, uptime: u64, wall: u64) -> Core {
        let port = |name: &str| (interface(name), Port::default());
        let config = Config {
            name: None,
            values_in_records: false,
            bridge: Some(interface("br0")),
            state: self.0.clone(),
            socket: self.0.join("socket"),
            group: None,
            nflog_group: 86,
            port: BTreeMap::from([port("p1"), port("p2")]),
            controller: None,
            agents: None,
        };
        Core::start(&config, Arc::new(TestClock { boot, uptime, wall })).unwrap()
    }

    fn policy(&self) -> Vec<u8> {
        let seed = std::fs::read_to_string(self.0.join("local.key")).unwrap();
        let inventory = "format = 1\n[site]\nname = 'test'\n\
            [[zone]]\nname = 'cell'\nowner = 'us'\nclass = 'essential-control'\n\
            [[device]]\nname = 'hmi'\nzone = 'cell'\nport = 'p1'\nmac = '02:00:00:00:00:01'\naddresses = ['10.0.0.1']\n\
            [[device]]\nname = 'plc'\nzone = 'cell'\nport = 'p2'\nmac = '02:00:00:00:00:02'\naddresses = ['10.0.0.2']\n\
            [[device.service]]\nname = 'main'\nprotocol = 'ssh'\nchannel = 'tcp/22'\n";
        let files = BTreeMap::from([("inventory.toml".to_owned(), inventory.to_owned())]);
        let epoch = Epoch { term: 1, counter: 1 };
        let bundle = Bundle { epoch, made: 0, by: "test".to_owned(), body: Body::Policy(files) };
        bundle.sign(&SigningKey::from_seed(seed.trim_end()).unwrap()).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn interface(name: &str) -> Interface {
    Interface(PortName::new(name).unwrap())
}

/// The ends of the services that the kernel lets through, in seconds.
fn ends(core: &mut Core) -> Vec<u64> {
    let now = core.now().uptime;
    let rules = core.enforcement.kernel.read_back(now).unwrap().rules;
    let service =
        rules.into_iter().filter(|(rule, _)| matches!(rule, Rule::Service { channel: Channel::Tcp(22), .. }));
    service.map(|(_, terms)| terms.ends.unwrap().since_boot().as_secs()).collect()
}

#[test]
fn a_grant_outlives_a_restart_but_no_reboot_and_no_clock_extends_it() {
    unshare(CloneFlags::CLONE_NEWNET).unwrap();
    let path = std::env::temp_dir().join(format!("nullius-core-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    let scratch = Scratch(path);
    let mut core = scratch.start("one", 1_000, 1_700_000_000);
    let verified = core.verify(scratch.policy(), "test").unwrap();
    let draft = core.draft(verified);
    let adopted = core.adopt(prepare(draft).unwrap(), "test");
    assert!(matches!(adopted, Answer::Ok(_)), "{adopted:?}");
    assert!(ends(&mut core).is_empty());

    let grant = Command::GrantCreate {
        subject: "hmi".to_owned(),
        object: "plc/main".to_owned(),
        verbs: Vec::new(),
        seconds: 120,
        work_order: None,
        approvers: Vec::new(),
        reason: "repair".to_owned(),
    };
    let granted = core.answer(grant, &Actor("test".into()));
    assert!(matches!(granted, Answer::Ok(_)), "{granted:?}");
    assert_eq!(ends(&mut core), [1_120]);

    // killed, and started again an hour ago by the wall clock
    drop(core);
    let mut core = scratch.start("one", 1_060, 1_700_000_000 - 3_600);
    assert_eq!(ends(&mut core), [1_120]);

    // another boot: nobody knows how long that took, so the grant is over
    drop(core);
    let mut core = scratch.start("two", 10, 1_700_000_070);
    assert!(ends(&mut core).is_empty());
    assert!(core.engine.standing().grants.is_empty());
}
