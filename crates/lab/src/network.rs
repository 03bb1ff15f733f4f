//! Links, addresses and routes of the namespace the calling thread is in, over rtnetlink.

use crate::plant::{Addresses, Network};
use anyhow::{Context as _, Result};
use nix::net::if_::if_nametoindex;
use nullius_model::Mac;
use rtnetlink::packet_route::link::{InfoData, InfoVeth, LinkAttribute, LinkMessage};
use rtnetlink::{Handle, LinkBridge, LinkMessageBuilder, LinkUnspec, LinkVeth, RouteMessageBuilder};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::path::Path;
use tokio::runtime::{Builder, Runtime};

/// The links of one namespace.
#[derive(Debug)]
pub(crate) struct Links {
    runtime: Runtime,
    handle: Handle,
}

impl Links {
    /// Of the namespace the calling thread is in.
    pub(crate) fn open() -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build().context("no event loop")?;
        let guard = runtime.enter();
        let (connection, handle, _) = rtnetlink::new_connection().context("no netlink socket")?;
        drop(guard);
        runtime.spawn(connection);
        Ok(Self { runtime, handle })
    }

    /// A bridge that forwards from its first moment and filters no multicast.
    pub(crate) fn add_bridge(&self, name: &str, mac: Mac) -> Result<()> {
        let message = LinkBridge::new(name).mcast_snooping(false).address(mac.octets().to_vec()).build();
        self.runtime
            .block_on(self.handle.link().add(message).execute())
            .with_context(|| format!("bridge {name} cannot be made"))
    }

    /// A cable from `port` here to `far` in another namespace.
    pub(crate) fn add_cable(&self, port: &End<'_>, far: &End<'_>, namespace: BorrowedFd<'_>) -> Result<()> {
        let peer = LinkMessageBuilder::<LinkUnspec>::new()
            .name(far.name)
            .address(far.mac.octets().to_vec())
            .setns_by_fd(namespace.as_raw_fd())
            .build();
        let message = LinkMessageBuilder::<LinkVeth>::new(port.name, far.name)
            .address(port.mac.octets().to_vec())
            .set_info_data(InfoData::Veth(InfoVeth::Peer(peer)))
            .build();
        self.runtime
            .block_on(self.handle.link().add(message).execute())
            .with_context(|| format!("cable at {} cannot be laid", port.name))
    }

    /// Makes `port` a port of `bridge`.
    pub(crate) fn enslave(&self, port: &str, bridge: &str) -> Result<()> {
        let bridge = index(bridge)?;
        self.set(port, LinkMessageBuilder::<LinkUnspec>::new().controller(bridge).build())
    }

    /// Switches `link` on.
    pub(crate) fn up(&self, link: &str) -> Result<()> {
        self.set(link, LinkMessageBuilder::<LinkUnspec>::new().up().build())
    }

    /// Switches `link` off: whoever is at the other end of the cable loses its carrier.
    pub(crate) fn down(&self, link: &str) -> Result<()> {
        self.set(link, LinkMessageBuilder::<LinkUnspec>::new().down().build())
    }

    /// Gives `link` both addresses; the link-local one is the kernel's doing.
    pub(crate) fn address(&self, link: &str, addresses: &Addresses) -> Result<()> {
        let link = index(link)?;
        let both: [(IpAddr, u8); 2] =
            [(addresses.v4.into(), Network::V4_PREFIX), (addresses.v6.into(), Network::V6_PREFIX)];
        for (address, prefix) in both {
            let request = self.handle.address().add(link, address, prefix).replace();
            self.runtime
                .block_on(request.execute())
                .with_context(|| format!("address {address} cannot be given"))?;
        }
        Ok(())
    }

    /// Everything else is reached through `gateway`.
    pub(crate) fn default_routes(&self, gateway: &Addresses) -> Result<()> {
        let v4 = RouteMessageBuilder::<Ipv4Addr>::new().gateway(gateway.v4).build();
        let v6 = RouteMessageBuilder::<Ipv6Addr>::new().gateway(gateway.v6).build();
        for route in [v4, v6] {
            let request = self.handle.route().add(route).replace();
            self.runtime.block_on(request.execute()).context("a default route cannot be set")?;
        }
        Ok(())
    }

    fn set(&self, link: &str, mut message: LinkMessage) -> Result<()> {
        message.header.index = index(link)?;
        message.attributes.retain(|attribute| !matches!(attribute, LinkAttribute::IfName(_)));
        self.runtime
            .block_on(self.handle.link().set(message).execute())
            .with_context(|| format!("link {link} cannot be changed"))
    }
}

/// One end of a cable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End<'a> {
    /// The interface's name in its namespace.
    pub(crate) name: &'a str,
    /// Its hardware address.
    pub(crate) mac: Mac,
}

/// Sets a network sysctl of the calling thread's namespace: `ipv4/ip_forward`.
///
/// # Errors
/// Where /proc/sys cannot be written, as in some containers.
pub(crate) fn sysctl(name: &str, value: &str) -> Result<()> {
    let path = Path::new("/proc/sys/net").join(name);
    fs::write(&path, value).with_context(|| format!("{} cannot be set", path.display()))
}

fn index(link: &str) -> Result<u32> {
    if_nametoindex(link).with_context(|| format!("no link {link}"))
}
