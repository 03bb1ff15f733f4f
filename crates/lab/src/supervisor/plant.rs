//! The plant as it stands: places, cables, processes.

use super::SuperviseOptions;
use super::guard;
use super::place::Place;
use super::program::{self, Launched};
use crate::control::{NodeStatus, Process};
use crate::network::{End, Links, sysctl};
use crate::plant::{Addresses, BRIDGE, GATEWAY, INTERFACE, Network, Node, PLANT, node_named};
use crate::state::State;
use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use nullius_model::Mac;
use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::AsFd as _;
use std::process::Command;

/// The second octet from the end of a bridge port's hardware address; no node has it there.
const PORT_MARK: u8 = 0xf0;

/// Everything that is up.
#[derive(Debug)]
pub(crate) struct Plant {
    state: State,
    places: BTreeMap<&'static str, Place>,
    processes: BTreeMap<&'static str, Process>,
    with_controller: bool,
}

impl Plant {
    /// Lays all cables and starts all processes.
    pub(crate) fn build(options: &SuperviseOptions) -> Result<Self> {
        let gateway = Place::open(GATEWAY)?;
        gateway.run(furnish_gateway)?;
        if !options.without_gateway {
            let (state, with_controller) = (options.state.clone(), options.with_controller);
            gateway.run(move || guard::prepare(&state, with_controller))?;
        }
        let mut places = BTreeMap::new();
        for node in &PLANT {
            places.insert(node.name, cabled(node, &gateway)?);
        }
        places.insert(GATEWAY, gateway);
        let mut plant = Self {
            state: options.state.clone(),
            places,
            processes: BTreeMap::new(),
            with_controller: options.with_controller,
        };
        if !options.without_gateway {
            plant.start(GATEWAY)?;
        }
        // servers first, so that no client begins with an error
        let (servers, clients): (Vec<&Node>, Vec<&Node>) =
            PLANT.iter().filter(|node| node.runs()).partition(|node| node.role.serves());
        for node in [servers, clients].concat() {
            plant.start(node.name)?;
        }
        Ok(plant)
    }

    /// Starts the process of node `name`, or the gateway's.
    pub(crate) fn start(&mut self, name: &str) -> Result<()> {
        if self.processes.get(name).is_some_and(Process::is_running) {
            bail!("{name} is running");
        }
        let (name, command) = self.program(name)?;
        let Launched { inside, outside } = self.place(name)?.run(move || program::launch(command))?;
        self.processes.insert(name, Process::Running { inside, outside });
        Ok(())
    }

    fn program(&self, name: &str) -> Result<(&'static str, Command)> {
        if name == GATEWAY {
            let command = match self.with_controller {
                true => guard::up(&self.state)?,
                false => guard::command("run", &self.state)?,
            };
            return Ok((GATEWAY, command));
        }
        let node = known(name)?;
        if !node.runs() {
            bail!("{name} runs nothing");
        }
        Ok((node.name, program::of_node(node, &self.state)?))
    }

    /// Asks the process of node `name` to end.
    pub(crate) fn stop(&mut self, name: &str) -> Result<()> {
        match self.processes.get(name) {
            Some(&Process::Running { inside, .. }) => {
                let pid = Pid::from_raw(i32::try_from(inside)?);
                kill(pid, Signal::SIGTERM).context("the process cannot be told to end")
            }
            _ => bail!("{name} is not running"),
        }
    }

    /// Pulls the cable of node `name` out, or puts it in again.
    pub(crate) fn plug(&self, name: &str, plugged: bool) -> Result<()> {
        let node = *known(name)?;
        self.place(name)?.run(move || match plugged {
            true => furnish_node(&node),
            false => Links::open()?.down(INTERFACE),
        })
    }

    /// A process of the lab ended in this way.
    pub(crate) fn ended(&mut self, pid: u32, how: &str) {
        let same =
            |process: &&mut Process| matches!(process, Process::Running { inside, .. } if *inside == pid);
        if let Some(process) = self.processes.values_mut().find(same) {
            *process = Process::Ended { how: how.to_owned() };
        }
    }

    /// What there is.
    pub(crate) fn status(&self) -> Vec<NodeStatus> {
        let of = |(&name, place): (&&str, &Place)| NodeStatus {
            name: name.to_owned(),
            namespace: place.path().to_owned(),
            process: self.processes.get(name).cloned().unwrap_or_default(),
        };
        self.places.iter().map(of).collect()
    }

    fn place(&self, name: &str) -> Result<&Place> {
        self.places.get(name).with_context(|| format!("no node {name}"))
    }
}

fn known(name: &str) -> Result<&'static Node> {
    node_named(name).with_context(|| format!("no node {name}"))
}

/// A bridge for the cell, and a router for whatever lies beyond.
fn furnish_gateway() -> Result<()> {
    no_waiting_for_duplicates();
    sysctl("ipv4/ip_forward", "1")?;
    sysctl("ipv6/conf/all/forwarding", "1")?;
    keep_bridged_frames_off_the_router();
    let links = Links::open()?;
    links.up("lo")?;
    let own = Addresses::gateway(Network::Cell);
    links.add_bridge(BRIDGE, own.mac)?;
    links.address(BRIDGE, &own)
}

/// Where the module `br_netfilter` is loaded (Docker does so), every new namespace sends bridged packets through the
/// rules for routed ones too, and pads and fragments of them are lost on the way. Where it is not, there is nothing to
/// switch off.
fn keep_bridged_frames_off_the_router() {
    for family in ["iptables", "ip6tables", "arptables"] {
        let _ = sysctl(&format!("bridge/bridge-nf-call-{family}"), "0");
    }
}

/// A namespace for `node`, and the cable to it.
fn cabled(node: &'static Node, gateway: &Place) -> Result<Place> {
    let place = Place::open(node.name)?;
    place.run(|| {
        no_waiting_for_duplicates();
        Ok(())
    })?;
    let path = place.path().to_owned();
    gateway.run(move || connect(node, &File::open(path)?))?;
    place.run(|| furnish_node(node))?;
    Ok(place)
}

fn connect(node: &Node, namespace: &File) -> Result<()> {
    let (links, name) = (Links::open()?, node.port());
    let routed = Addresses::gateway(node.network);
    let mac = match node.network {
        Network::Cell => port_mac(node),
        Network::Site2 | Network::Corporate => routed.mac,
    };
    let far = End { name: INTERFACE, mac: node.addresses().mac };
    links.add_cable(&End { name: &name, mac }, &far, namespace.as_fd())?;
    if node.network == Network::Cell {
        // a port of a bridge is no host: it has no address of its own
        sysctl(&format!("ipv6/conf/{name}/disable_ipv6"), "1")?;
        links.enslave(&name, BRIDGE)?;
        return links.up(&name);
    }
    links.up(&name)?;
    links.address(&name, &routed)
}

fn furnish_node(node: &Node) -> Result<()> {
    let links = Links::open()?;
    links.up("lo")?;
    links.up(INTERFACE)?;
    links.address(INTERFACE, &node.addresses())?;
    links.default_routes(&Addresses::gateway(node.network))
}

const fn port_mac(node: &Node) -> Mac {
    let [a, b, c, d, _, f] = node.addresses().mac.octets();
    Mac::new([a, b, c, d, PORT_MARK, f])
}

/// An IPv6 address is of use at once: every address of the plant is known to be unique. Where /proc/sys is read-only
/// the addresses come a second or two later, which is no reason to give up.
fn no_waiting_for_duplicates() {
    for which in ["all", "default"] {
        let _ = sysctl(&format!("ipv6/conf/{which}/accept_dad"), "0");
    }
}
