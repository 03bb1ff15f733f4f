//! `cargo xtask dist`: a Debian package with the program, its units, and a configuration that enforces nothing.
//!
//! A tree is staged under `target/` and `dpkg-deb` packs it; what goes where is a table. It does not know what the
//! program does. Times in the package are those of the commit, so that the same tree gives the same bytes.

mod control;
#[cfg(test)]
mod tests;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::shell::Root;
use control::Facts;

/// Which file of the repository lies where on the machine, and whether it can be started.
struct Placed {
    source: &'static str,
    target: &'static str,
    mode: u32,
}

const PROGRAM: &str = "usr/bin/nullius";
const HARDENING: &str = "packaging/systemd/hardening.conf";

const FILES: &[Placed] = &[
    file("packaging/gateway.toml", "etc/nullius/gateway.toml"),
    file("packaging/controller.toml", "etc/nullius/controller.toml"),
    file("packaging/systemd/nullius-controller.service", "lib/systemd/system/nullius-controller.service"),
    file("packaging/systemd/nullius-gateway-load.service", "lib/systemd/system/nullius-gateway-load.service"),
    file("packaging/systemd/nullius-gateway.service", "lib/systemd/system/nullius-gateway.service"),
    file("packaging/systemd/nullius-link.service", "lib/systemd/system/nullius-link.service"),
    file("packaging/debian/nullius.sysusers", "usr/lib/sysusers.d/nullius.conf"),
    file("packaging/debian/copyright", "usr/share/doc/nullius/copyright"),
    file("README.md", "usr/share/doc/nullius/README.md"),
    file("CHANGELOG.md", "usr/share/doc/nullius/CHANGELOG.md"),
    script("packaging/debian/postinst", "DEBIAN/postinst"),
    script("packaging/debian/prerm", "DEBIAN/prerm"),
    script("packaging/debian/postrm", "DEBIAN/postrm"),
];

const fn file(source: &'static str, target: &'static str) -> Placed {
    Placed { source, target, mode: 0o644 }
}

const fn script(source: &'static str, target: &'static str) -> Placed {
    Placed { source, target, mode: 0o755 }
}

/// Builds the program in release and packs it.
pub(crate) fn build(root: &Root) -> Result<()> {
    root.cargo(["build", "--release", "--package", "nullius"]).run()?;
    let folder = root.join("target/dist");
    fs::create_dir_all(&folder)?;
    let stripped = folder.join("nullius");
    root.program("strip").arg("-o").arg(&stripped).arg(root.join("target/release/nullius")).run()?;
    let package = pack(root, &stripped, &folder)?;
    println!("\nThe package:  {}", package.display());
    println!("Install it:   apt-get install {}", package.display());
    Ok(())
}

/// The package with `binary` as the program, in `folder`.
fn pack(root: &Root, binary: &Path, folder: &Path) -> Result<PathBuf> {
    let tree = folder.join("tree");
    if tree.exists() {
        fs::remove_dir_all(&tree)?;
    }
    stage(root, binary, &tree)?;
    let facts = Facts {
        version: env!("CARGO_PKG_VERSION"),
        architecture: &read(root, "dpkg", &["--print-architecture"])?,
        program: &fs::read(binary)?,
    };
    let template = fs::read_to_string(root.join("packaging/debian/control"))?;
    put(&tree.join("DEBIAN/control"), control::control(&template, &facts).as_bytes(), 0o644)?;
    put(&tree.join("DEBIAN/conffiles"), control::conffiles(FILES).as_bytes(), 0o644)?;
    let package = folder.join(format!("nullius_{}_{}.deb", facts.version, facts.architecture));
    let built = root.program("dpkg-deb").args(["--root-owner-group", "--build"]).arg(&tree).arg(&package);
    built.env("SOURCE_DATE_EPOCH", read(root, "git", &["log", "-1", "--format=%ct"])?).read()?;
    Ok(package)
}

fn stage(root: &Root, binary: &Path, tree: &Path) -> Result<()> {
    let bytes = fs::read(binary).with_context(|| format!("`{}` is not built", binary.display()))?;
    put(&tree.join(PROGRAM), &bytes, 0o755)?;
    let hardening = fs::read_to_string(root.join(HARDENING))?;
    for placed in FILES {
        let text = fs::read_to_string(root.join(placed.source)).context(placed.source)?;
        put(&tree.join(placed.target), control::with_hardening(&text, &hardening).as_bytes(), placed.mode)?;
    }
    for page in pages(root)? {
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
