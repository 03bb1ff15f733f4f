//! The tables as the kernel lists them.
//!
//! INVARIANT: what cannot be made sense of counts as different, never as absent.

use crate::elements::Element;
use crate::error::Error;
use crate::netlink::{AttributeReader, Attributes, Message, Netlink, read_u32, read_u64, text};
use crate::plane::Plane;
use crate::set::Set;
use crate::skeleton::{Chain, Hook};
use nullius_model::{Epoch, Marker, Uptime};
use std::collections::BTreeMap;
use std::time::Duration;

/// How often a listing is begun again because the table changed meanwhile.
const ATTEMPTS: usize = 10;

/// An element and what else the kernel says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) element: Element,
    /// Time until it ends.
    pub(crate) left: Option<Duration>,
    pub(crate) comment: Option<String>,
}

/// A chain as the kernel lists it, or as it should be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListedChain {
    hook: Option<(u32, i32, u32)>,
    rules: Vec<Vec<u8>>,
}

/// All chains and sets of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListedTable {
    /// Not dormant.
    is_active: bool,
    chains: BTreeMap<String, ListedChain>,
    /// Flags, key length, size.
    sets: BTreeMap<String, [Option<u32>; 3]>,
}

impl ListedTable {
    /// As it should be.
    pub(crate) fn expected(chains: &[Chain]) -> Self {
        let chain = |chain: &Chain| {
            let rules = chain.lines.iter().map(|line| line.expressions().bytes().to_vec()).collect();
            let hook = chain.hook.map(|hook| (hook.number, hook.priority, Hook::POLICY));
            (chain.name.clone(), ListedChain { hook, rules })
        };
        let set = |set: &Set| {
            let shape = set.shape();
            let length = u32::try_from(crate::elements::key_bytes(shape.key)).ok();
            (shape.name.to_owned(), [Some(shape.flags), length, Some(shape.size)])
        };
        Self {
            is_active: true,
            chains: chains.iter().map(chain).collect(),
            sets: Set::ALL.iter().map(set).collect(),
        }
    }

    /// As it is; nothing where there is no such table.
    pub(crate) fn read(netlink: &mut Netlink, plane: Plane, table: &str) -> Result<Self, Error> {
        let mut listed = Self::default();
        listing(netlink, plane, table, Message::GetTable, |item| {
            // the first flag makes a table dormant: its chains are hooked nowhere
            listed.is_active |= item.find(2).and_then(read_u32).is_some_and(|flags| flags & 1 == 0);
        })?;
        listing(netlink, plane, table, Message::GetChain, |item| listed.add_chain(item))?;
        listing(netlink, plane, table, Message::GetRule, |item| listed.add_rule(item))?;
        listing(netlink, plane, table, Message::GetSet, |item| listed.add_set(item))?;
        Ok(listed)
    }

    fn add_chain(&mut self, item: AttributeReader<'_>) {
        let Some(name) = item.find(3).and_then(text) else { return };
        let hook = item.inside(4);
        let priority = hook.find(2).and_then(read_u32).map(u32::cast_signed);
        let policy = item.find(5).and_then(read_u32);
        let chain = self.chains.entry(name.to_owned()).or_default();
        chain.hook = hook
            .find(1)
            .and_then(read_u32)
            .map(|number| (number, priority.unwrap_or_default(), policy.unwrap_or(u32::MAX)));
    }

    fn add_rule(&mut self, item: AttributeReader<'_>) {
        let Some(chain) = item.find(2).and_then(text) else { return };
        let expressions = item.find(4).unwrap_or_default().to_vec();
        self.chains.entry(chain.to_owned()).or_default().rules.push(expressions);
    }

    fn add_set(&mut self, item: AttributeReader<'_>) {
        let Some(name) = item.find(2).and_then(text) else { return };
        let size = item.inside(9).find(1).and_then(read_u32);
        let flags = item.find(3).map_or(Some(0), read_u32);
        self.sets.insert(name.to_owned(), [flags, item.find(5).and_then(read_u32), size]);
    }
}

/// The elements of a set. None where there is no such set.
pub(crate) fn elements(
    netlink: &mut Netlink,
    plane: Plane,
    table: &str,
    set: Set,
) -> Result<Vec<Listed>, Error> {
    let mut request = Attributes::default();
    request.put_text(1, table).put_text(2, set.name());
    for _ in 0..ATTEMPTS {
        let mut found = Vec::new();
        let whole = netlink.dump(Message::GetElements, plane.family(), &request, |item| {
            let items = AttributeReader::new(item).inside(3);
            found.extend(items.filter_map(|item| listed(set, AttributeReader::new(item.value))));
        });
        match whole.map_err(Error::from) {
            Ok(true) => return Ok(found),
            Ok(false) => {}
            Err(Error::OutOfStep { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        }
    }
    Err(Error::Unsteady)
}

fn listed(set: Set, item: AttributeReader<'_>) -> Option<Listed> {
    let key = item.inside(1).find(1)?.to_vec();
    let left = item.find(5).and_then(read_u64).map(Duration::from_millis);
    let comment = item.find(6).and_then(|value| value.get(2..)).and_then(text).map(str::to_owned);
    Some(Listed { element: Element { set, key }, left, comment })
}

/// Each item of a table that a message lists. The kernel lists all tables where it has no filter.
pub(crate) fn listing(
    netlink: &mut Netlink,
    plane: Plane,
    table: &str,
    message: Message,
    mut each: impl FnMut(AttributeReader<'_>),
) -> Result<(), Error> {
    let mut request = Attributes::default();
    if message != Message::GetTable {
        request.put_text(1, table);
    }
    for _ in 0..ATTEMPTS {
        let mut items = Vec::new();
        let whole = netlink.dump(message, plane.family(), &request, |item| items.push(item.to_vec()));
        match whole.map_err(Error::from) {
            Ok(true) => {
                let readers = items.iter().map(|item| AttributeReader::new(item));
                readers.filter(|item| item.find(1).and_then(text) == Some(table)).for_each(&mut each);
                return Ok(());
            }
            Ok(false) => {}
            Err(Error::OutOfStep { .. }) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Err(Error::Unsteady)
}

/// Reads what `ending_text` wrote.
pub(crate) fn ending(comment: &str) -> Option<Uptime> {
    let millis = comment.strip_prefix("ends at uptime ")?.strip_suffix(" ms")?;
    millis.parse().ok().map(Uptime::from_millis)
}

/// Reads what `marker_text` wrote.
pub(crate) fn marker(comment: &str) -> Option<Marker> {
    let (epoch, digits) = comment.strip_prefix("policy ")?.split_once(' ')?;
    let (term, counter) = epoch.split_once('.')?;
    let digest = u128::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some(Marker { epoch: Epoch { term: term.parse().ok()?, counter: counter.parse().ok()? }, digest })
}
