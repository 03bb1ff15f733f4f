//! Rules into the kernel: nftables over netlink.
