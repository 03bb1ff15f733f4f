//! The policy repository that fits the plant, as files to begin with.

use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::Path;

/// Every file, by its path in the repository.
pub const FILES: [(&str, &str); 6] = [
    ("README.md", include_str!("../site/README.md")),
    ("inventory.toml", include_str!("../site/inventory.toml")),
    ("policies/control.cedar", include_str!("../site/policies/control.cedar")),
    ("policies/services.cedar", include_str!("../site/policies/services.cedar")),
    ("policies/things.cedar", include_str!("../site/policies/things.cedar")),
    ("tests/plant.toml", include_str!("../site/tests/plant.toml")),
];

/// Writes the repository into `directory`, which must not exist or be empty: nobody's work is overwritten.
///
/// # Errors
/// Where it cannot be written, or something is there.
pub fn write_policy(directory: &Path) -> Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("{} cannot be made", directory.display()))?;
    if fs::read_dir(directory)?.next().is_some() {
        bail!("{} is not empty", directory.display());
    }
    for (path, text) in FILES {
        let path = directory.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant::PLANT;
    use nullius_policy::{Files, Repository};

    #[test]
    fn the_policy_is_accepted_without_a_warning() {
        let files: Files = FILES.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect();
        let accepted = Repository::parse(&files).and_then(|repository| repository.accept());
        let problems = accepted.map_or_else(|problems| problems, |accepted| accepted.warnings);
        let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(told, [""; 0]);
    }

    #[test]
    fn the_inventory_is_the_plant_but_for_the_attacker() {
        let (_, inventory) = FILES[1];
        for node in &PLANT {
            let addresses = node.addresses();
            let [v4, v6, local] = addresses.all();
            let entry = format!(
                "port = \"{}\"\nmac = \"{}\"\naddresses = [\"{v4}\", \"{v6}\", \"{local}\"]\n",
                node.port(),
                addresses.mac
            );
            assert_eq!(inventory.contains(&entry), node.name != "attacker", "{}: {entry}", node.name);
        }
        assert_eq!(inventory.matches("[[device]]").count(), PLANT.len() - 1);
    }
}
