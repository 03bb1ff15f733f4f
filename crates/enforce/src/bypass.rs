//! Ways round the rules that somebody left in the kernel: `tc` filters, which see frames before any rule and may send
//! them elsewhere, and rules of other tables on the same hooks.

use crate::error::Error;
use crate::kernel::Kernel;
use crate::netlink::{AttributeReader, Attributes, Family, Message, Netlink, link_request, text};
use nix::net::if_::if_indextoname;
use std::collections::BTreeSet;

/// Most findings that are told: after these, somebody looks.
const MAX_FINDINGS: usize = 64;

const GET_QDISC: u16 = 38;
const GET_FILTER: u16 = 46;
const TCMSG_BYTES: usize = 20;
/// Where filters hang (`TC_H_CLSACT`): what comes in, what goes out, and the older `ingress` queue.
const PARENTS: [(u32, &str); 3] =
    [(0xffff_fff2, "incoming"), (0xffff_fff3, "outgoing"), (0xffff_0000, "incoming")];

impl Kernel {
    /// Each as a sentence; none is good news.
    pub(crate) fn bypasses(&mut self) -> Result<Vec<String>, Error> {
        let mut findings = filters()?;
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

/// A queueing discipline, or a filter that hangs on one.
struct Attached {
    interface: u32,
    kind: String,
}

/// Filters on any interface of the namespace.
fn filters() -> Result<Vec<String>, Error> {
    let mut links = Netlink::open_links()?;
    let qdiscs = attached(&mut links, GET_QDISC, 0, 0)?;
    let hooks = qdiscs.iter().filter(|qdisc| matches!(qdisc.kind.as_str(), "clsact" | "ingress"));
    let mut findings = BTreeSet::new();
    for &Attached { interface, .. } in hooks {
        for (parent, direction) in PARENTS {
            for Attached { kind, .. } in attached(&mut links, GET_FILTER, interface, parent)? {
                let name = if_indextoname(interface).map(|name| name.to_string_lossy().into_owned());
                let name = name.unwrap_or_else(|_| format!("number {interface}"));
                findings.insert(format!(
                    "a tc filter (`{kind}`) on {direction} frames of {name} acts before the rules"
                ));
            }
        }
    }
    Ok(findings.into_iter().collect())
}

fn attached(links: &mut Netlink, kind: u16, interface: u32, parent: u32) -> Result<Vec<Attached>, Error> {
    let mut header = vec![0; 4];
    header.extend_from_slice(&interface.to_ne_bytes());
    header.extend_from_slice(&0_u32.to_ne_bytes());
    header.extend_from_slice(&parent.to_ne_bytes());
    header.extend_from_slice(&0_u32.to_ne_bytes());
    let mut found = Vec::new();
    links.list(&link_request(kind, &header), |item| found.extend(read_attached(item)))?;
    Ok(found)
}

fn read_attached(item: &[u8]) -> Option<Attached> {
    let (header, attributes) = item.split_at_checked(TCMSG_BYTES)?;
    let interface = header.get(4..8)?.try_into().ok().map(u32::from_ne_bytes)?;
    let kind = AttributeReader::new(attributes).find(1).and_then(text)?.to_owned();
    Some(Attached { interface, kind })
}
