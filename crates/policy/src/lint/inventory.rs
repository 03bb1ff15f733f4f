//! What an inventory leaves open that somebody must say.

use crate::{Problem, Repository};

const FILE: &str = "inventory.toml";

pub(super) fn check(repository: &Repository) -> Vec<Problem> {
    let (inventory, places) = (repository.inventory(), &repository.written.places);
    let told = |offset: Option<&usize>, message: String, help: &str| {
        repository.written.problem(FILE, offset.copied().unwrap_or(0), message).with_help(help)
    };
    let ownerless = inventory.zones.iter().filter(|(_, zone)| zone.owner.is_empty()).map(|(name, _)| {
        let message = format!("the zone `{name}` has no owner");
        told(places.zones.get(name), message, "add owner = \"…\": somebody answers for what happens there")
    });
    let zoneless = inventory.devices.values().filter(|device| device.zone.is_empty()).map(|device| {
        let message = format!("the device `{}` is in no zone", device.name);
        let (file, offset) =
            places.devices.get(&device.name).map_or((FILE, 0), |(file, at)| (file.as_str(), *at));
        let problem = repository.written.problem(file, offset, message);
        problem.with_help("add zone = \"…\": its zone says what happens when something fails")
    });
    let conduits = inventory.conduits.iter().zip(&places.conduits).flat_map(|(conduit, offset)| {
        let path = format!("the conduit from `{}` to `{}`", conduit.from, conduit.to);
        let open = conduit.protocols.is_empty().then(|| {
            told(
                Some(offset),
                format!("{path} is open to any protocol"),
                "add protocols = […]: what may be spoken there",
            )
        });
        let ownerless = conduit
            .owner
            .is_empty()
            .then(|| told(Some(offset), format!("{path} has no owner"), "add owner = \"…\"").warning());
        open.into_iter().chain(ownerless)
    });
    ownerless.chain(zoneless).chain(conduits).collect()
}
