//! `cargo xtask up`: builds the product, starts a plant with a gateway and its controller in it (`nullius up`), and shows an
//! access that is allowed and one that is not.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail, ensure};

use crate::shell::{Program, Root};

/// A build to look at: optimised, and without the minutes that the last few per cent take.
const PROFILE: &str = "quick";

/// Longest wait for the first policy, in looks and their distance.
const LOOKS: u32 = 150;
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The program, built.
pub(crate) fn build(root: &Root) -> Result<PathBuf> {
    root.cargo(["build", "--profile", PROFILE, "--package", "nullius"]).run()?;
    Ok(root.join("target").join(PROFILE).join("nullius"))
}

/// Starts the plant, applies its policy, tries two accesses, and says what to type next.
pub(crate) fn show(root: &Root) -> Result<()> {
    let nullius = build(root)?;
    let plant = Plant::start(root, nullius)?;
    println!(
        "\nA plant runs in network namespaces, with a gateway between all of it, and a controller beside that."
    );
    plant.wait_for_policy()?;
    println!("The gateway has joined, and has taken the first policy that the controller signed.");
    println!("\nThe panel operates its controllers, and policy says so:\n");
    ensure!(plant.reaches("hmi")?, "the panel does not reach its controller: see `nullius lab status`");
    println!("\nThe vendor's laptop is plugged into the same switch, and nobody said it may:\n");
    ensure!(!plant.reaches("vendor")?, "the vendor's laptop reaches the controller: see `nullius status`");
    plant.ask(&["why", "vendor", "->", "plc1:502", "read"]).try_out()?;
    println!();
    plant.ask(&["status"]).run()?;
    plant.farewell();
    Ok(())
}

/// The running plant.
struct Plant<'r> {
    root: &'r Root,
    nullius: PathBuf,
    socket: PathBuf,
}

impl<'r> Plant<'r> {
    /// A new one; a plant that runs already is ended.
    fn start(root: &'r Root, nullius: PathBuf) -> Result<Self> {
        root.program(&nullius).args(["lab", "down"]).read_anyway()?;
        root.program(&nullius).args(["lab", "up", "--with-controller"]).run()?;
        let socket = socket(root)?;
        Ok(Self { root, nullius, socket })
    }

    /// A command to the plant's gateway.
    fn ask(&self, words: &[&str]) -> Program {
        self.root.program(&self.nullius).args(words).arg("--socket").arg(&self.socket)
    }

    /// It comes by the link: the gateway joins the controller first.
    fn wait_for_policy(&self) -> Result<()> {
        for _ in 0..LOOKS {
            let status = self.ask(&["status"]).read_anyway()?;
            if status.contains("from policy 1.") {
                return Ok(());
            }
            std::thread::sleep(LOOK_EVERY);
        }
        bail!("no policy arrives at the gateway: see {}", self.log().display())
    }

    /// What gateway and controller print.
    fn log(&self) -> PathBuf {
        let gateway = self.socket.parent().and_then(Path::parent).unwrap_or(Path::new("."));
        gateway.join("log/gw.log")
    }

    /// Whether a node opens a Modbus connection to the first controller.
    fn reaches(&self, node: &str) -> Result<bool> {
        let program = self.root.program(&self.nullius);
        let connect = "timeout 3 bash -c 'exec 3<>/dev/tcp/10.77.1.11/502' 2>/dev/null";
        let opened = program.args(["lab", "exec", node, "--", "sh", "-c", connect]).try_out()?;
        println!("{}", if opened { "  connected" } else { "  nothing came back" });
        Ok(opened)
    }

    fn farewell(&self) {
        let (nullius, socket) = (self.nullius.display(), self.socket.display());
        println!(
            "
Go on:
  export PATH={}:$PATH NULLIUS_SOCKET={socket}
  nullius grant vendor plc1/modbus --for 120s --reason 'pump replaced'
  nullius lab exec vendor -- bash -c 'exec 3<>/dev/tcp/10.77.1.11/502 && echo connected'
  nullius device revoke hmi --reason 'let us see'
  nullius tail
  nullius lab attack                  attacks, judged at the victim's cable
  nullius lab exec gw -- nft list ruleset
  grep login {}        the controller's first account: put `nullius lab exec gw --` before it
  nullius lab exec gw -- nullius site status --site lab
  nullius lab down                    ends it; nothing is left

The program is {nullius}.",
            self.nullius.parent().unwrap_or(Path::new(".")).display(),
            self.log().display(),
        );
    }
}

/// Where the lab's gateway listens, as `nullius lab` chooses it (docs/lab.md).
fn socket(root: &Root) -> Result<PathBuf> {
    let user = root.program("id").arg("-u").read()?;
    let place = match (user.trim(), std::env::var_os("XDG_RUNTIME_DIR")) {
        ("0", _) => PathBuf::from("/run/nullius-lab"),
        (_, Some(directory)) => PathBuf::from(directory).join("nullius-lab"),
        (user, None) => std::env::temp_dir().join(format!("nullius-lab-{user}")),
    };
    Ok(place.join("gateway/gateway.sock"))
}
