//! A bridge with two ports in a namespace of the test's own, a gateway on it, and a client that speaks to it.

use nix::sched::{CloneFlags, unshare};
use nullius_enforce::{Installed, Kernel, Layout};
use nullius_engine::{BootId, Now};
use nullius_gateway::{Clock, SystemClock};
use nullius_model::{Channel, Epoch, PortName, Rule, Timestamp, Uptime};
use nullius_protocol::bundle::{Body, Bundle, SigningKey};
use nullius_protocol::local::{self, Answer, Command as Ask, Reply, Request};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// A namespace, a state directory, and a gateway that runs or does not.
pub(crate) struct Plant {
    pub(crate) directory: PathBuf,
    child: Option<Child>,
    link: Option<Child>,
    /// Which boot of the machine it is, and how far its wall clock is ahead, in seconds.
    pub(crate) boot: (String, u64),
}

/// The machine's clocks, another boot, and a wall clock that is ahead.
#[derive(Debug)]
pub(crate) struct Shifted {
    boot: Option<String>,
    ahead: u64,
}

impl Shifted {
    pub(crate) fn from_environment() -> Self {
        let ahead = std::env::var("NULLIUS_TEST_AHEAD").ok().and_then(|text| text.parse().ok());
        Self { boot: std::env::var("NULLIUS_TEST_BOOT").ok(), ahead: ahead.unwrap_or_default() }
    }
}

impl Clock for Shifted {
    fn now(&self) -> Now {
        let now = SystemClock.now();
        let wall = Timestamp::from_nanos(now.wall.as_nanos() + self.ahead * 1_000_000_000);
        Now { wall, ..now }
    }

    fn boot(&self) -> BootId {
        self.boot.as_ref().map_or_else(|| SystemClock.boot(), |boot| BootId(boot.as_str().into()))
    }
}

impl Plant {
    /// This thread gets a namespace of its own, with bridge `br0` and ports `p1` and `p2`.
    pub(crate) fn new(name: &str) -> Self {
        unshare(CloneFlags::CLONE_NEWNET).expect("namespaces need root");
        let plant = Self::without_ports(name);
        for line in [
            "link add br0 type bridge",
            "link set br0 up",
            "link add p1 type veth peer name d1",
            "link add p2 type veth peer name d2",
            "link set p1 master br0 up",
            "link set p2 master br0 up",
            "link set d1 address 02:00:00:00:00:01 up",
            "link set d2 address 02:00:00:00:00:02 up",
        ] {
            run("ip", &line.split(' ').collect::<Vec<_>>());
        }
        plant
    }

    /// The same before the network is up.
    pub(crate) fn without_ports(name: &str) -> Self {
        unshare(CloneFlags::CLONE_NEWNET).expect("namespaces need root");
        let directory = std::env::temp_dir().join(format!("nullius-gateway-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
        let place = directory.display();
        let config = format!(
            "bridge = 'br0'\nstate = '{place}/state'\nsocket = '{place}/socket'\n[port.p1]\n[port.p2]\nstrangers = 'onboard'\n"
        );
        fs::write(directory.join("gateway.toml"), config).unwrap();
        Self { directory, child: None, link: None, boot: ("first".to_owned(), 0) }
    }

    /// The state directory lies on a file system of its own, of four megabytes, in a mount namespace of this thread's.
    pub(crate) fn put_state_on_a_small_disk(&self) {
        unshare(CloneFlags::CLONE_NEWNS).unwrap();
        run("mount", &["--make-rprivate", "/"]);
        let state = self.path("state");
        fs::create_dir(&state).unwrap();
        run("mount", &["-t", "tmpfs", "-o", "size=4m", "tmpfs", state.to_str().unwrap()]);
    }

    /// Starts the gateway and waits until it answers.
    pub(crate) fn start(&mut self) {
        self.start_with(&[]);
        self.wait_until("the gateway answers", |plant| plant.try_ask(Ask::PolicyStatus).is_some());
    }

    /// Starts the gateway with more environment, and waits for nothing.
    pub(crate) fn start_with(&mut self, environment: &[(&str, &str)]) {
        assert!(self.child.is_none());
        self.child = Some(self.command().envs(environment.iter().copied()).spawn().unwrap());
    }

    /// Gives the gateway a controller; before its first start.
    pub(crate) fn belongs_to(&self, urls: &[String]) {
        let place = self.directory.display();
        let section = format!(
            "[controller]\nurls = {urls:?}\nidentity = '{place}/identity'\nsocket = '{place}/link-socket'\n"
        );
        let mut config = fs::read_to_string(self.path("gateway.toml")).unwrap();
        config.push_str(&section);
        fs::write(self.path("gateway.toml"), config).unwrap();
    }

    /// Starts the link.
    pub(crate) fn start_link(&mut self) {
        assert!(self.link.is_none());
        self.link = Some(self.command().env("NULLIUS_TEST_ACT", "link").spawn().unwrap());
    }

    /// `kill -9`.
    pub(crate) fn kill_link(&mut self) {
        let mut link = self.link.take().unwrap();
        link.kill().unwrap();
        link.wait().unwrap();
    }

    /// The most memory that the link ever had resident, in KiB.
    pub(crate) fn peak_memory_of_link(&self) -> u64 {
        peak_memory(self.link.as_ref().unwrap().id())
    }

    /// Puts the last known good policy into the kernel, as the boot does.
    pub(crate) fn load(&self) -> ExitStatus {
        self.command().env("NULLIUS_TEST_ACT", "load").status().unwrap()
    }

    #[expect(clippy::disallowed_methods, reason = "a test starts what it tests")]
    fn command(&self) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "the_gateway_itself", "--nocapture", "--quiet"]);
        command.env("NULLIUS_TEST_CONFIG", self.directory.join("gateway.toml"));
        command.env("NULLIUS_TEST_BOOT", &self.boot.0).env("NULLIUS_TEST_AHEAD", self.boot.1.to_string());
        let log = fs::File::options().create(true).append(true).open(self.directory.join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        command
    }

    /// The most memory that the gateway ever had resident, in KiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        peak_memory(self.child.as_ref().unwrap().id())
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Waits until it died by itself.
    pub(crate) fn wait_for_end(&mut self) -> ExitStatus {
        self.child.take().unwrap().wait().unwrap()
    }

    /// Asks, and expects an answer.
    pub(crate) fn ask(&self, command: Ask) -> Answer {
        self.try_ask(command).expect("the gateway answers")
    }

    /// Asks; nothing where the gateway is not there, or dies before it answers.
    pub(crate) fn try_ask(&self, command: Ask) -> Option<Answer> {
        self.try_ask_at("socket", command)
    }

    /// The same at another socket of the gateway.
    pub(crate) fn try_ask_at(&self, socket: &str, command: Ask) -> Option<Answer> {
        let mut stream = UnixStream::connect(self.directory.join(socket)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
        stream.write_all(&local::encode(&Request { id: Some(1), command }).unwrap()).ok()?;
        let line = local::read_line(&mut BufReader::new(stream)).ok()??;
        Some(local::decode::<Reply>(&line).unwrap().answer)
    }

    /// The key that the gateway made at its first start.
    pub(crate) fn key(&self) -> SigningKey {
        let seed = fs::read_to_string(self.directory.join("state/local.key")).unwrap();
        SigningKey::from_seed(seed.trim_end()).unwrap()
    }

    /// Signs and applies a policy in which the service's port is `port`.
    pub(crate) fn apply(&self, counter: u64, port: u16) -> Option<Answer> {
        self.try_ask(Ask::PolicyApply { bundle: policy(counter, port).sign(&self.key()).unwrap() })
    }

    /// What the kernel has.
    pub(crate) fn installed(&self) -> Installed {
        let bridges = vec![PortName::new("br0").unwrap()];
        let layout = Layout { nflog_group: 86, bridges, ..Layout::default() };
        Kernel::open(layout).unwrap().read_back(Uptime::default()).unwrap()
    }

    /// What is written in the audit.
    pub(crate) fn audit(&self) -> String {
        fs::read_to_string(self.directory.join("state/audit.jsonl")).unwrap_or_default()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Waits up to a minute: a link that failed a few times pauses for some seconds.
    pub(crate) fn wait_until(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        for _ in 0..6000 {
            if holds(self) {
                return;
            }
            sleep(Duration::from_millis(10));
        }
        let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
        panic!("waited in vain until {what}; the gateway said:\n{log}\n{}", self.audit());
    }
}

impl Drop for Plant {
    fn drop(&mut self) {
        for child in self.child.iter_mut().chain(&mut self.link) {
            let _ = child.kill();
            let _ = child.wait();
        }
        // a disk of its own, where there is one
        let _ = nix::mount::umount(&self.path("state"));
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn peak_memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// Two devices and one service; the policy's version shows in the service's port.
pub(crate) fn policy(counter: u64, port: u16) -> Bundle {
    let inventory = format!(
        "format = 1\n[site]\nname = 'test'\n\
         [[zone]]\nname = 'cell'\nowner = 'us'\nclass = 'essential-control'\n\
         [[device]]\nname = 'hmi'\nzone = 'cell'\nport = 'p1'\nmac = '02:00:00:00:00:01'\naddresses = ['10.0.0.1']\n\
         [[device.service]]\nname = 'page'\nprotocol = 'ssh'\nchannel = 'tcp/80'\n\
         [[device]]\nname = 'plc'\nzone = 'cell'\nport = 'p2'\nmac = '02:00:00:00:00:02'\naddresses = ['10.0.0.2']\n\
         [[device.service]]\nname = 'main'\nprotocol = 'ssh'\nchannel = 'tcp/{port}'\n"
    );
    let cedar = "@id(\"hmi-uses-plc\")\n@owner(\"us\")\n@reason(\"operation\")\n\
                 permit (principal == Device::\"hmi\", action == Action::\"connect\", resource == Service::\"plc/main\");\n";
    let test = "[[test]]\nname = \"the hmi may\"\nsubject = \"hmi\"\nobject = \"plc/main\"\nverb = \"connect\"\nexpect = \"allow\"\n";
    let files = BTreeMap::from([
        ("inventory.toml".to_owned(), inventory),
        ("policies/main.cedar".to_owned(), cedar.to_owned()),
        ("tests/main.toml".to_owned(), test.to_owned()),
    ]);
    Bundle { epoch: epoch(counter), made: 1_700_000_000, by: "test".to_owned(), body: Body::Policy(files) }
}

pub(crate) fn epoch(counter: u64) -> Epoch {
    Epoch { term: 1, counter }
}

/// The ports of the services that the kernel lets through.
pub(crate) fn services(installed: &Installed) -> Vec<u16> {
    let port = |rule: &Rule| {
        if let Rule::Service { channel: Channel::Tcp(port), .. } = rule { Some(*port) } else { None }
    };
    installed.rules.keys().filter_map(port).collect()
}

pub(crate) fn is_ok(answer: Option<&Answer>) -> bool {
    matches!(answer, Some(Answer::Ok(_)))
}

/// What went wrong, in words.
pub(crate) fn error(answer: Answer) -> String {
    match answer {
        Answer::Error(failure) => format!("{} {}", failure.error, failure.problems.join("\n")),
        Answer::Ok(body) => panic!("this should have been refused: {body:?}"),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test builds its surroundings with `ip` and `mount` and breaks them with `nft` and `tc`"
)]
pub(crate) fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status().unwrap();
    assert!(status.success(), "{program} {arguments:?}");
}

/// Flips a bit in the middle of a file.
pub(crate) fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}
