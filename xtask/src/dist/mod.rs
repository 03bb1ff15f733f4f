//! `cargo xtask dist`: a Debian package with the program, its units, and a configuration that enforces nothing; and one
//! with the agent, for devices.
//!
//! A tree is staged under `target/` and `dpkg-deb` packs it; what goes where is a table. It does not know what the
//! programs do. Times in the package are those of the commit, so that the same tree gives the same bytes.

mod control;
#[cfg(test)]
mod tests;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::shell::Root;
use control::Facts;

/// Which file of the repository lies where on the machine, and whether it can be started.
struct Placed {
    source: &'static str,
    target: &'static str,
    mode: u32,
}

/// One package.
struct Package {
    name: &'static str,
    /// What cargo builds, and where its program lies.
    program: &'static str,
    /// What cargo is told beside its name.
    features: &'static [&'static str],
    /// The template of its control file.
    control: &'static str,
    files: &'static [Placed],
    /// Whether it brings the documentation.
    documented: bool,
    /// Bytes of its program at most, where somebody counts them.
    limit: Option<usize>,
}

const HARDENING: &str = "packaging/systemd/hardening.conf";

const GATEWAY: Package = Package {
    name: "nullius",
    program: "nullius",
    features: &[],
    control: "packaging/debian/control",
    files: &[
        file("packaging/gateway.toml", "etc/nullius/gateway.toml"),
        file("packaging/controller.toml", "etc/nullius/controller.toml"),
        file("packaging/systemd/nullius-controller.service", "lib/systemd/system/nullius-controller.service"),
        file(
            "packaging/systemd/nullius-gateway-load.service",
            "lib/systemd/system/nullius-gateway-load.service",
        ),
        file("packaging/systemd/nullius-gateway.service", "lib/systemd/system/nullius-gateway.service"),
        file("packaging/systemd/nullius-link.service", "lib/systemd/system/nullius-link.service"),
        file("packaging/debian/nullius.sysusers", "usr/lib/sysusers.d/nullius.conf"),
        file("packaging/debian/copyright", "usr/share/doc/nullius/copyright"),
        file("README.md", "usr/share/doc/nullius/README.md"),
        file("CHANGELOG.md", "usr/share/doc/nullius/CHANGELOG.md"),
        script("packaging/debian/postinst", "DEBIAN/postinst"),
        script("packaging/debian/prerm", "DEBIAN/prerm"),
        script("packaging/debian/postrm", "DEBIAN/postrm"),
    ],
    documented: true,
    limit: None,
};

/// For devices: the agent alone, with nothing of a gateway. Whoever wants keys in a TPM builds it with that, because the
/// library that it is linked to is not on every device.
const AGENT: Package = Package {
    name: "nullius-agent",
    program: "nullius-agent",
    features: &["--features", "pkcs11"],
    control: "packaging/debian/agent/control",
    files: &[
        file("packaging/agent.toml", "etc/nullius/agent.toml"),
        file("packaging/systemd/nullius-agent.service", "lib/systemd/system/nullius-agent.service"),
        file("packaging/debian/agent/nullius-agent.sysusers", "usr/lib/sysusers.d/nullius-agent.conf"),
        file("packaging/debian/copyright", "usr/share/doc/nullius-agent/copyright"),
        file("docs/agent.md", "usr/share/doc/nullius-agent/agent.md"),
        script("packaging/debian/agent/postinst", "DEBIAN/postinst"),
        script("packaging/debian/agent/prerm", "DEBIAN/prerm"),
        script("packaging/debian/agent/postrm", "DEBIAN/postrm"),
    ],
    documented: false,
    limit: Some(8 << 20),
};

const fn file(source: &'static str, target: &'static str) -> Placed {
    Placed { source, target, mode: 0o644 }
}

const fn script(source: &'static str, target: &'static str) -> Placed {
    Placed { source, target, mode: 0o755 }
}

/// Builds the programs in release and packs each.
pub(crate) fn build(root: &Root) -> Result<()> {
    let folder = root.join("target/dist");
    fs::create_dir_all(&folder)?;
    let packages = [GATEWAY, AGENT].map(|package| release(root, &package, &folder));
    println!();
    for package in packages {
        println!("Install:  apt-get install {}", package?.display());
    }
    Ok(())
}

fn release(root: &Root, package: &Package, folder: &Path) -> Result<PathBuf> {
    let program = package.program;
    root.cargo(["build", "--release", "--package", program]).args(package.features).run()?;
    let stripped = folder.join(program);
    let built = root.join("target/release").join(program);
    root.program("strip").arg("-o").arg(&stripped).arg(built).run()?;
    let size = usize::try_from(fs::metadata(&stripped)?.len())?;
    println!("{program}: {size} bytes");
    if let Some(limit) = package.limit.filter(|limit| size > *limit) {
        bail!("`{program}` has {size} bytes; the limit is {limit}");
    }
    pack(root, package, &stripped, folder)
}

/// The package with `binary` as the program, in `folder`.
fn pack(root: &Root, package: &Package, binary: &Path, folder: &Path) -> Result<PathBuf> {
    let tree = folder.join("tree").join(package.name);
    if tree.exists() {
        fs::remove_dir_all(&tree)?;
    }
    stage(root, package, binary, &tree)?;
    let facts = Facts {
        version: env!("CARGO_PKG_VERSION"),
        architecture: &read(root, "dpkg", &["--print-architecture"])?,
        program: &fs::read(binary)?,
    };
    let template = fs::read_to_string(root.join(package.control))?;
    put(&tree.join("DEBIAN/control"), control::control(&template, &facts).as_bytes(), 0o644)?;
    put(&tree.join("DEBIAN/conffiles"), control::conffiles(package.files).as_bytes(), 0o644)?;
    let packed = folder.join(format!("{}_{}_{}.deb", package.name, facts.version, facts.architecture));
    let built = root.program("dpkg-deb").args(["--root-owner-group", "--build"]).arg(&tree).arg(&packed);
    built.env("SOURCE_DATE_EPOCH", read(root, "git", &["log", "-1", "--format=%ct"])?).read()?;
    Ok(packed)
}

fn stage(root: &Root, package: &Package, binary: &Path, tree: &Path) -> Result<()> {
    let bytes = fs::read(binary).with_context(|| format!("`{}` is not built", binary.display()))?;
    put(&tree.join("usr/bin").join(package.program), &bytes, 0o755)?;
    let hardening = fs::read_to_string(root.join(HARDENING))?;
    for placed in package.files {
        let text = fs::read_to_string(root.join(placed.source)).context(placed.source)?;
        put(&tree.join(placed.target), control::with_hardening(&text, &hardening).as_bytes(), placed.mode)?;
    }
    for page in if package.documented { pages(root)? } else { Vec::new() } {
        let name = page.file_name().context("a page has a name")?;
        put(&tree.join("usr/share/doc/nullius/docs").join(name), &fs::read(&page)?, 0o644)?;
    }
    Ok(())
}

/// The documentation, in order.
fn pages(root: &Root) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(root.join("docs"))?.collect::<Result<Vec<_>, _>>()?;
    let mut pages: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    Ok(pages)
}

/// Whatever the umask of whoever builds.
fn put(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let parent = path.parent().context("a file lies in a folder")?;
    fs::create_dir_all(parent)?;
    fs::write(path, bytes)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    Ok(fs::set_permissions(parent, fs::Permissions::from_mode(0o755))?)
}

fn read(root: &Root, program: &str, words: &[&str]) -> Result<String> {
    Ok(root.program(program).args(words).read()?.trim().to_owned())
}
