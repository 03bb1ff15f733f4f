//! The package is built, looked into, and installed on a copy of this machine. The program in it is a stub: what is
//! tested is the packaging, and the real one takes minutes to build.

use super::*;

const STUB: &str = "#!/bin/sh\nexit 0\n";

fn packed(root: &Root, name: &str) -> (PathBuf, PathBuf) {
    packed_as(root, &GATEWAY, name)
}

fn packed_as(root: &Root, package: &Package, name: &str) -> (PathBuf, PathBuf) {
    let folder = root.join("target/dist-test").join(name);
    fs::create_dir_all(&folder).unwrap();
    let stub = folder.join("stub");
    put(&stub, STUB.as_bytes(), 0o755).unwrap();
    (pack(root, package, &stub, &folder).unwrap(), folder)
}

#[test]
fn a_package_holds_what_the_table_says_and_belongs_to_root() {
    let root = Root::find().unwrap();
    let cases = [
        (
            GATEWAY,
            "init-system-helpers (>= 1.54), nftables, systemd",
            "/etc/nullius/gateway.toml\n/etc/nullius/controller.toml\n",
        ),
        (AGENT, "init-system-helpers (>= 1.54), systemd", "/etc/nullius/agent.toml\n"),
    ];
    for (package, depends, conffiles) in cases {
        let (packed, _) = packed_as(&root, &package, &format!("contents-{}", package.name));
        let listed = root.program("dpkg-deb").arg("--contents").arg(&packed).read().unwrap();
        let find = |path: &str| listed.lines().find(|line| line.ends_with(&format!(" ./{path}"))).unwrap();
        assert!(find(&format!("usr/bin/{}", package.program)).starts_with("-rwxr-xr-x root/root"));
        for placed in package.files.iter().filter(|placed| !placed.target.starts_with("DEBIAN/")) {
            assert!(find(placed.target).starts_with("-rw-r--r-- root/root"), "{}", placed.target);
        }
        assert!(listed.lines().all(|line| line.contains(" root/root ")), "{listed}");
        let field = |name| root.program("dpkg-deb").arg("--field").arg(&packed).arg(name).read().unwrap();
        assert_eq!(field("Package").trim(), package.name);
        assert_eq!(field("Version").trim(), env!("CARGO_PKG_VERSION"));
        assert_eq!(field("Depends").trim(), depends);
        let said = root.program("dpkg-deb").arg("--info").arg(&packed).arg("conffiles").read().unwrap();
        assert_eq!(said, conffiles);
    }
}

/// A device may be a gateway, too: what both packages would bring only one may.
#[test]
fn the_two_packages_share_no_file() {
    let ours = |package: &Package| {
        let targets = package.files.iter().map(|placed| placed.target);
        targets.filter(|target| !target.starts_with("DEBIAN/")).collect::<Vec<_>>()
    };
    assert!(ours(&AGENT).iter().all(|target| !ours(&GATEWAY).contains(target)));
}

#[test]
fn the_same_tree_gives_the_same_package() {
    let root = Root::find().unwrap();
    let [first, second] = ["first", "second"].map(|name| fs::read(packed(&root, name).0).unwrap());
    assert!(first == second);
}

/// A configuration as it is installed names no port, and what is commented out only watches.
#[test]
fn nothing_is_enforced_by_default() {
    let text = fs::read_to_string(Root::find().unwrap().join("packaging/gateway.toml")).unwrap();
    let active: Vec<_> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert_eq!(active, ["group = \"nullius\""]);
    let strangers: Vec<_> = text.lines().filter(|line| line.starts_with("# strangers")).collect();
    assert_eq!(strangers, ["# strangers = \"watch\""; 2]);
}

/// The condition is run as the service manager would run it.
#[test]
fn a_unit_starts_nothing_until_a_port_is_named() {
    let root = Root::find().unwrap();
    let (_, folder) = packed(&root, "condition");
    let starts = |unit: &str, text: &str| {
        let unit = fs::read_to_string(folder.join("tree/nullius/lib/systemd/system").join(unit)).unwrap();
        let condition = unit.lines().find_map(|line| line.strip_prefix("ExecCondition=")).unwrap();
        let file = folder.join("gateway.toml");
        fs::write(&file, text).unwrap();
        let condition = condition.replace("/etc/nullius/gateway.toml", &file.display().to_string());
        root.program("sh").arg("-c").arg(condition).read().is_ok()
    };
    let packaged = fs::read_to_string(root.join("packaging/gateway.toml")).unwrap();
    for unit in ["nullius-gateway.service", "nullius-gateway-load.service"] {
        assert!(!starts(unit, &packaged), "{unit}");
        assert!(!starts(unit, "portal = 1\n# [port.eth0]\n"), "{unit}");
        for text in ["[port.eth0]", "  [ port.\"eth0\" ]", "[port]", "port.eth0.path = 1", "port = {}"] {
            assert!(starts(unit, text), "{unit}: {text}");
        }
    }
}

/// As for a gateway: the packaged file says nothing, and then nothing starts.
#[test]
fn a_controller_starts_when_it_has_a_name() {
    let root = Root::find().unwrap();
    let folder = root.join("target/dist-test/controller");
    fs::create_dir_all(&folder).unwrap();
    let unit = fs::read_to_string(root.join("packaging/systemd/nullius-controller.service")).unwrap();
    let condition = unit.lines().find_map(|line| line.strip_prefix("ExecCondition=")).unwrap();
    let file = folder.join("controller.toml");
    let condition = condition.replace("/etc/nullius/controller.toml", &file.display().to_string());
    let packaged = fs::read_to_string(root.join("packaging/controller.toml")).unwrap();
    for (text, starts) in [(packaged.as_str(), false), ("names = [\"a\"]", true), ("renames = 1", false)] {
        fs::write(&file, text).unwrap();
        assert_eq!(root.program("sh").arg("-c").arg(&condition).read().is_ok(), starts, "{text}");
    }
}

#[test]
fn the_units_are_sound_and_held_tight() {
    const UNITS: [(&str, &[&str]); 5] = [
        (
            "nullius-gateway.service",
            &[
                "CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW",
                "AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW",
            ],
        ),
        (
            "nullius-gateway-load.service",
            &[
                "CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW",
                "AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW",
            ],
        ),
        ("nullius-link.service", &["CapabilityBoundingSet=CAP_NET_RAW", "AmbientCapabilities=CAP_NET_RAW"]),
        ("nullius-controller.service", &["CapabilityBoundingSet="]),
        ("nullius-agent.service", &["CapabilityBoundingSet="]),
    ];
    let root = Root::find().unwrap();
    packed_as(&root, &AGENT, "units");
    let (_, folder) = packed(&root, "units");
    // looked at where the stub lies, because the verifier asks whether it can be started; it reads all units at once
    let copies = UNITS.map(|(name, capabilities)| {
        let package = if name.contains("agent") { AGENT.name } else { GATEWAY.name };
        let units = folder.join("tree").join(package).join("lib/systemd/system");
        let text = fs::read_to_string(units.join(name)).unwrap();
        // what `confine` leaves, no more and no less
        for line in capabilities {
            assert!(text.contains(&format!("\n{line}\n")), "{name}: {line}");
        }
        let copy = folder.join(name);
        let stub = folder.join("stub").display().to_string();
        let here = text.replace("/usr/bin/nullius-agent", &stub).replace("/usr/bin/nullius", &stub);
        fs::write(&copy, here).unwrap();
        copy
    });
    for copy in &copies {
        // what it does not know it only complains of
        let verify = ["-c", "exec systemd-analyze verify --man=no \"$1\" 2>&1", "sh"];
        assert_eq!(root.program("sh").args(verify).arg(copy).read_anyway().unwrap(), "");
        let security = root.program("systemd-analyze").args(["security", "--offline=true", "--threshold=20"]);
        security.arg(copy).read().unwrap();
    }
}

/// In namespaces of its own, over a copy-on-write view of this machine: see the script.
#[test]
fn removing_it_leaves_the_network_as_it_was_found() {
    let root = Root::find().unwrap();
    let (package, folder) = packed(&root, "removal");
    let is_root = root.program("id").arg("-u").read().unwrap().trim() == "0";
    let program = match is_root {
        true => root.program("unshare"),
        false => root.program("sudo").args(["--non-interactive", "unshare"]),
    };
    let script = root.join("packaging/debian/removal-test.sh");
    let words = program.args(["--net", "--mount", "sh"]).arg(script).arg(package).arg(folder.join("machine"));
    assert!(words.read().unwrap().ends_with("the network is as it was\n"));
}
