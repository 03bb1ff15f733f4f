//! Ways round the rules that somebody left in the kernel: `tc` filters, which see frames before any rule and may send
//! them elsewhere, and rules of other tables on the same hooks.

use crate::error::Error;
use crate::kernel::Kernel;
use crate::links::Links;
use crate::netlink::{AttributeReader, Attributes, Family, Message, text};
use std::collections::BTreeSet;

/// Most findings that are told: after these, somebody looks.
const MAX_FINDINGS: usize = 64;

/// Where filters hang (`TC_H_CLSACT`): what comes in, what goes out, and the older `ingress` queue.
const PARENTS: [(u32, &str); 3] =
    [(0xffff_fff2, "incoming"), (0xffff_fff3, "outgoing"), (0xffff_0000, "incoming")];

impl Kernel {
    /// Each as a sentence; none is good news.
    pub(crate) fn bypasses(&mut self) -> Result<Vec<String>, Error> {
        let mut findings = filters(&mut self.links)?;
        for (family, name) in [(Family::Bridge, "bridge"), (Family::Netdev, "netdev")] {
            findings.extend(self.foreign_chains(family, name)?);
        }
        findings.truncate(MAX_FINDINGS);
        Ok(findings)
    }

    fn foreign_chains(&mut self, family: Family, family_name: &str) -> Result<Vec<String>, Error> {
        let mut findings = Vec::new();
        let own = self.layout.table.as_str();
        self.netlink.dump(Message::GetChain, family, &Attributes::default(), |item| {
            let item = AttributeReader::new(item);
            let [table, chain] = [1, 3].map(|kind| item.find(kind).and_then(text).unwrap_or_default());
            let is_own = family == Family::Bridge && table == own;
            if item.find(4).is_some() && !is_own && findings.len() < MAX_FINDINGS {
                findings.push(format!(
                    "chain {chain} of table {family_name} {table} sees frames too, and is not ours"
                ));
            }
        })?;
        Ok(findings)
    }
}

/// Filters on any interface of the namespace.
fn filters(links: &mut Links) -> Result<Vec<String>, Error> {
    links.read_names()?;
    let queues = links.queues()?;
    let mut findings = BTreeSet::new();
    for queue in queues.iter().filter(|queue| matches!(queue.kind.as_str(), "clsact" | "ingress")) {
        for (parent, direction) in PARENTS {
            let kinds = links.filters(queue.interface, parent)?;
            let name = links.name(queue.interface).unwrap_or("an interface that is gone");
            findings.extend(kinds.iter().map(|filter| {
                format!(
                    "a tc filter (`{}`) on {direction} frames of {name} acts before the rules",
                    filter.kind
                )
            }));
        }
    }
    Ok(findings.into_iter().collect())
}
