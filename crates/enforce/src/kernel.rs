//! The rules in the kernel, changed in one step or not at all.

use crate::error::Error;
use crate::field::{Field, padded};
use crate::line::Line;
use crate::links::Links;
use crate::netlink::{Message, Netlink};
use crate::plan::{Installed, Steps};
use crate::plane::Plane;
use crate::skeleton::{Chain, Site};
use crate::writer::Writer;
use nullius_model::{Marker, PortName, RuleChange, RuleSet, Uptime};
use std::time::Duration;

/// Where the rules go.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Name of the tables: one in family `bridge`, and one in family `inet` where the gateway routes.
    pub table: String,
    /// NFLOG group of the denials.
    pub nflog_group: u16,
    /// The ports the gateway routes; none where it is no router.
    pub routed: Vec<PortName>,
    /// The gateway's bridges: what comes in by one of them was bound to its port there, and other bridges of the machine
    /// are left alone. Where none is named, every bridge is the gateway's.
    pub bridges: Vec<PortName>,
}

impl Default for Layout {
    /// `table bridge nullius`, group 5, no router.
    fn default() -> Self {
        Self { table: "nullius".to_owned(), nflog_group: 5, routed: Vec::new(), bridges: Vec::new() }
    }
}

/// One step that is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// From the first byte written to the kernel's word that all of it is in force.
    pub elapsed: Duration,
    /// What was sent to the kernel.
    pub bytes: usize,
}

/// The tables of one gateway, in the network namespace of the thread that opened them.
///
/// INVARIANT: what is remembered is what the kernel acknowledged last; nothing else is built upon.
#[derive(Debug)]
pub struct Kernel {
    pub(crate) netlink: Netlink,
    pub(crate) links: Links,
    pub(crate) layout: Layout,
    pub(crate) installed: Option<Installed>,
    tells_bridges_apart: bool,
}

impl Kernel {
    /// Opens the way to the kernel. Changes nothing there.
    ///
    /// # Errors
    /// [`Error`] where there is no netlink socket to netfilter to be had.
    pub fn open(layout: Layout) -> Result<Self, Error> {
        let mut netlink = Netlink::open()?;
        let tells_bridges_apart = tells_bridges_apart(&mut netlink, &layout);
        Ok(Self { netlink, links: Links::open()?, layout, installed: None, tells_bridges_apart })
    }

    /// Whether the kernel can be asked which bridge a frame belongs to (`CONFIG_NFT_BRIDGE_META`). Where it cannot, every
    /// bridge of the machine is judged by these rules.
    pub const fn tells_bridges_apart(&self) -> bool {
        self.tells_bridges_apart
    }

    /// Bridges of the machine that are not ours and are judged by these rules all the same, since the kernel cannot tell
    /// them apart. There are none where it can, nor where every bridge is ours.
    ///
    /// # Errors
    /// [`Error`] where the kernel does not answer.
    pub fn bridges_judged_besides(&mut self) -> Result<Vec<String>, Error> {
        if self.tells_bridges_apart || self.layout.bridges.is_empty() {
            return Ok(Vec::new());
        }
        let mut bridges = self.links.bridges()?;
        bridges.retain(|name| !self.layout.bridges.iter().any(|ours| ours.as_str() == name));
        Ok(bridges)
    }

    /// Puts `rules` in place of whatever is there, in one transaction: every packet meets the old rules or the new.
    ///
    /// Where chains and sets are as they should be, only elements change, and counters and awaited answers stay;
    /// otherwise the tables are made anew.
    ///
    /// # Errors
    /// [`Error`]; the rules in the kernel are then those from before.
    pub fn replace(&mut self, rules: &RuleSet, marker: Marker, now: Uptime) -> Result<Applied, Error> {
        let (installed, steps) = Installed::with(self.planes(), rules, now);
        let table = self.layout.table.clone();
        let mut writer = Writer::new(&table);
        let site = self.site();
        for plane in self.planes() {
            match self.is_built(plane)? {
                true => writer.flush(plane),
                false => writer.rebuild(plane, &site),
            }
        }
        let applied = commit(&mut self.netlink, writer, &installed.planes, &steps, marker, now)?;
        self.installed = Some(installed);
        Ok(applied)
    }

    /// Takes one step from the rules that are there, in one transaction.
    ///
    /// # Errors
    /// [`Error::NotRead`] before the first [`Kernel::replace`] or [`Kernel::read_back`]; other [`Error`]s where the
    /// kernel refuses, and the rules are then those from before.
    pub fn change(&mut self, change: &RuleChange, marker: Marker, now: Uptime) -> Result<Applied, Error> {
        let installed = self.installed.as_mut().ok_or(Error::NotRead)?;
        let undo = installed.before(change);
        let steps = installed.change(change, now);
        let writer = Writer::new(&self.layout.table);
        let planes = installed.planes.clone();
        let applied = commit(&mut self.netlink, writer, &planes, &steps, marker, now);
        if applied.is_err() {
            installed.change(&undo, Uptime::default());
        }
        applied
    }

    /// Takes the tables away: everything passes.
    ///
    /// # Errors
    /// [`Error`]; the tables are then still there.
    pub fn remove(&mut self) -> Result<(), Error> {
        let mut writer = Writer::new(&self.layout.table);
        for plane in self.planes() {
            // the first makes sure that there is one to delete
            writer.table(plane, Message::NewTable);
            writer.table(plane, Message::DeleteTable);
        }
        self.netlink.transact(&writer.into_batch().finish())?;
        self.installed = None;
        Ok(())
    }

    pub(crate) fn planes(&self) -> Vec<Plane> {
        match self.layout.routed.is_empty() {
            true => vec![Plane::Bridge],
            false => vec![Plane::Bridge, Plane::Routed],
        }
    }

    pub(crate) fn site(&self) -> Site {
        Site {
            log_group: self.layout.nflog_group,
            routed: self.layout.routed.clone(),
            bridges: self.layout.bridges.clone(),
            confined: self.tells_bridges_apart,
        }
    }
}

/// Tries a rule in a table that is gone again in the same step.
fn tells_bridges_apart(netlink: &mut Netlink, layout: &Layout) -> bool {
    let name = format!("{}-trial", layout.table);
    let mut writer = Writer::new(&name);
    writer.trial(&Chain::new("trial", [Line::new().has(Field::InBridge, &padded("br0")).accept()]));
    !matches!(
        netlink.transact(&writer.into_batch().finish()).map_err(Error::from),
        Err(Error::Unsupported { .. })
    )
}

#[expect(clippy::disallowed_methods, reason = "measures how long the kernel took; decides nothing")]
fn commit(
    netlink: &mut Netlink,
    mut writer: Writer<'_>,
    planes: &[Plane],
    steps: &Steps,
    marker: Marker,
    now: Uptime,
) -> Result<Applied, Error> {
    let start = std::time::Instant::now();
    writer.steps(steps, now);
    for &plane in planes {
        writer.marker(plane, marker);
    }
    let batch = writer.into_batch().finish();
    netlink.transact(&batch)?;
    Ok(Applied { elapsed: start.elapsed(), bytes: batch.bytes.len() })
}
