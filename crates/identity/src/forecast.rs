//! What runs out when, and what would stand still: said before it happens.
//!
//! A credential counts until it runs out or one of those above it does, whichever is first. Between one half and two
//! thirds of that time it should be renewed; past three quarters somebody should look why it was not.

use std::collections::BTreeMap;

/// A certificate, as far as its end matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What people call it.
    pub name: String,
    /// SHA-256 of its key, by which others name it as their issuer.
    pub key: [u8; 32],
    /// SHA-256 of its issuer's key; a root's own.
    pub issuer: [u8; 32],
    /// Its first second, since 1970.
    pub from: u64,
    /// Its last.
    pub until: u64,
    /// Whether it renews itself, as a device with an agent does and a root does not.
    pub renews: bool,
    /// How many essential flows need it themselves, those of what it signed not counted.
    pub essential: u32,
}

/// How it stands with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It ran out.
    Expired,
    /// Past three quarters of its time, and not renewed.
    Late,
    /// It should be renewed.
    Due,
    /// There is time.
    Fine,
}

/// What happens to one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// Its place in what was asked about.
    pub item: usize,
    /// Its last second, and whether it is not its own but an issuer's.
    pub ends: u64,
    /// See `ends`.
    pub by_issuer: bool,
    /// How it stands.
    pub standing: Standing,
    /// Essential flows that stand still then, unless somebody acts: its own, and those of all that it signed and that
    /// would have lived longer.
    pub essential: u32,
}

/// Longest chain that is followed: a circle of issuers ends here.
const MAX_DEPTH: usize = 8;

/// The outlook at `now` for all that ends within `horizon` seconds or needs somebody already, the first to end first.
pub fn forecast(items: &[Item], now: u64, horizon: u64) -> Vec<Outlook> {
    let by_key = by_key(items);
    let mut outlooks: Vec<_> = items
        .iter()
        .enumerate()
        .map(|(place, item)| {
            let above = above(item, &by_key);
            let ends = above.iter().map(|issuer| issuer.until).fold(item.until, u64::min);
            let standing = standing(item, ends, now);
            let by_issuer = ends < item.until;
            Outlook { item: place, ends, by_issuer, standing, essential: item.essential }
        })
        .collect();
    for (place, essential) in carried(items, &by_key, &outlooks) {
        if let Some(outlook) = outlooks.get_mut(place) {
            outlook.essential = outlook.essential.saturating_add(essential);
        }
    }
    let near = |outlook: &Outlook| {
        outlook.ends <= now.saturating_add(horizon)
            || matches!(outlook.standing, Standing::Expired | Standing::Late)
    };
    outlooks.retain(near);
    outlooks.sort_by_key(|outlook| (outlook.ends, outlook.item));
    outlooks
}

/// The youngest certificate of a key is the one that counts.
fn by_key(items: &[Item]) -> BTreeMap<[u8; 32], (usize, &Item)> {
    let mut by_key: BTreeMap<_, (usize, &Item)> = BTreeMap::new();
    for (place, item) in items.iter().enumerate() {
        let held = by_key.entry(item.key).or_insert((place, item));
        if held.1.until < item.until {
            *held = (place, item);
        }
    }
    by_key
}

fn above<'i>(item: &Item, by_key: &BTreeMap<[u8; 32], (usize, &'i Item)>) -> Vec<&'i Item> {
    let mut above = Vec::new();
    let (mut key, mut issuer) = (item.key, item.issuer);
    while key != issuer && above.len() < MAX_DEPTH {
        let Some((_, next)) = by_key.get(&issuer) else { break };
        above.push(*next);
        (key, issuer) = (next.key, next.issuer);
    }
    above
}

/// Essential flows of those whose end an issuer is, by the issuer's place.
fn carried(
    items: &[Item],
    by_key: &BTreeMap<[u8; 32], (usize, &Item)>,
    outlooks: &[Outlook],
) -> BTreeMap<usize, u32> {
    let mut carried = BTreeMap::new();
    for outlook in outlooks.iter().filter(|outlook| outlook.by_issuer && outlook.essential > 0) {
        let Some(item) = items.get(outlook.item) else { continue };
        let first = above(item, by_key).into_iter().find(|issuer| issuer.until == outlook.ends);
        let place = first.and_then(|issuer| by_key.get(&issuer.key)).map(|(place, _)| *place);
        if let Some(place) = place {
            let sum: &mut u32 = carried.entry(place).or_default();
            *sum = sum.saturating_add(outlook.essential);
        }
    }
    carried
}

fn standing(item: &Item, ends: u64, now: u64) -> Standing {
    let length = ends.saturating_sub(item.from);
    if now > ends {
        Standing::Expired
    } else if now > item.from + length / 4 * 3 {
        Standing::Late
    } else if now > item.from + length / 2 && item.renews {
        Standing::Due
    } else {
        Standing::Fine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;

    fn item(name: &str, key: u8, issuer: u8, (from, until): (u64, u64), essential: u32) -> Item {
        let (from, until) = (from * DAY, until * DAY);
        let renews = essential > 0;
        Item { name: name.into(), key: [key; 32], issuer: [issuer; 32], from, until, renews, essential }
    }

    fn plant() -> Vec<Item> {
        vec![
            item("root", 1, 1, (0, 1_000), 0),
            item("issuing", 2, 1, (0, 400), 0),
            item("pump", 3, 2, (360, 390), 2),
            item("valve", 4, 2, (380, 410), 1),
            item("stray", 5, 9, (360, 420), 4),
        ]
    }

    #[test]
    fn what_runs_out_is_said_with_what_stands_still() {
        let said = forecast(&plant(), 385 * DAY, 30 * DAY);
        let names: Vec<_> = said.iter().map(|outlook| plant()[outlook.item].name.clone()).collect();
        assert_eq!(names, ["pump", "issuing", "valve"]);
        let [pump, issuing, valve] = said.as_slice() else { panic!("{said:?}") };
        assert_eq!(
            (pump.ends, pump.by_issuer, pump.standing, pump.essential),
            (390 * DAY, false, Standing::Late, 2)
        );
        assert_eq!((issuing.ends, issuing.standing, issuing.essential), (400 * DAY, Standing::Late, 1));
        assert_eq!((valve.ends, valve.by_issuer, valve.standing), (400 * DAY, true, Standing::Fine));
    }

    #[test]
    fn what_has_run_out_or_is_late_is_always_said() {
        let said = forecast(&plant(), 415 * DAY, 0);
        let standings: Vec<_> = said.iter().map(|outlook| outlook.standing).collect();
        assert_eq!(standings, [Standing::Expired, Standing::Expired, Standing::Expired, Standing::Late]);
        assert_eq!(forecast(&plant(), 0, 0), []);
    }

    #[test]
    fn a_circle_of_issuers_ends() {
        let circle = [item("a", 1, 2, (0, 10), 1), item("b", 2, 1, (0, 20), 1)];
        assert_eq!(forecast(&circle, 0, 100 * DAY).len(), 2);
    }

    #[test]
    fn the_youngest_certificate_of_an_issuer_counts() {
        let mut items = plant();
        items.push(item("issuing again", 2, 1, (390, 800), 0));
        let said = forecast(&items, 385 * DAY, 30 * DAY);
        assert!(said.iter().all(|outlook| !outlook.by_issuer), "{said:?}");
    }
}
