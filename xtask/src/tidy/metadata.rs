//! The packages of the workspace and what each asks for, as `cargo metadata` tells it.
//!
//! Only direct dependencies are known: an arrow is what a package writes in its manifest.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::shell::Root;

#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    pub(crate) packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Relative to the root of the repository.
    #[serde(rename = "manifest_path")]
    pub(crate) manifest: String,
    /// What stands in the manifest.
    #[serde(skip)]
    pub(crate) text: String,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    /// The package's own name, whatever it is renamed to.
    pub(crate) name: String,
    /// `dev`, `build`, or nothing for the ordinary kind.
    pub(crate) kind: Option<String>,
}

impl Workspace {
    pub(crate) fn read(root: &Root) -> Result<Self> {
        let json = root.cargo(["metadata", "--no-deps", "--format-version", "1"]).read()?;
        let mut workspace = Self::parse(&json)?;
        for package in &mut workspace.packages {
            package.text = std::fs::read_to_string(&package.manifest).context("a manifest cannot be read")?;
            package.manifest = relative(&package.manifest, root.path());
        }
        Ok(workspace)
    }

    pub(crate) fn parse(json: &str) -> Result<Self> {
        serde_json::from_str(json).context("cargo metadata printed something else than expected")
    }
}

impl Package {
    /// The line of the manifest that asks for `dependency`; the first line when it is hidden behind another name.
    pub(crate) fn line_of(&self, dependency: &str) -> usize {
        let asks = |line: &str| {
            let rest = line.trim_start().strip_prefix(dependency);
            rest.is_some_and(|rest| rest.starts_with([' ', '=', '.']))
        };
        self.text.lines().position(asks).map_or(1, |index| index + 1)
    }
}

fn relative(path: &str, root: &Path) -> String {
    Path::new(path).strip_prefix(root).map_or_else(|_| path.to_owned(), |path| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_and_their_direct_dependencies_are_read() {
        let json = r#"{"packages": [{"name": "a", "version": "0.1.0", "manifest_path": "/there/a/Cargo.toml",
            "dependencies": [{"name": "b", "kind": null, "rename": "c"}, {"name": "d", "kind": "dev"}]}]}"#;
        let workspace = Workspace::parse(json).unwrap();
        let [package] = workspace.packages.as_slice() else { panic!("{workspace:?}") };
        let found: Vec<_> =
            package.dependencies.iter().map(|asked| (asked.name.as_str(), asked.kind.as_deref())).collect();
        assert_eq!(found, [("b", None), ("d", Some("dev"))]);
        assert_eq!(relative(&package.manifest, Path::new("/there")), "a/Cargo.toml");
    }

    #[test]
    fn the_line_of_a_dependency_is_the_one_that_begins_with_its_name() {
        let text = "[package]\nname = \"a\"\n[dependencies]\nserde_json = \"1\"\nserde.workspace = true\n"
            .to_owned();
        let package =
            Package { name: "a".into(), manifest: "a/Cargo.toml".into(), text, dependencies: vec![] };
        for (dependency, expected) in [("serde_json", 4), ("serde", 5), ("tokio", 1)] {
            assert_eq!(package.line_of(dependency), expected, "{dependency}");
        }
    }
}
