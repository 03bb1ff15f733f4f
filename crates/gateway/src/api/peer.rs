//! Who is at the other end, by the kernel's word.
//!
//! Who may connect, the mode and group of the socket's file say, and the kernel sees to it; here is only asked who it was.
//! The names of users are read at the start: a confined gateway opens no file of the system any more.

use nix::unistd::{Gid, Group, Uid, User};
use nullius_engine::Actor;
use nullius_model::SmolStr;
use std::collections::BTreeMap;
use tokio::net::UnixStream;

/// Who may use the local API: root, and the members of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Access {
    group: Option<Gid>,
    /// Members of the group, by number, as they were at the start.
    members: BTreeMap<u32, String>,
}

impl Access {
    /// Root, and where one is named, the members of `group`.
    ///
    /// # Errors
    /// The name, where there is no such group.
    pub(crate) fn new(group: Option<&str>) -> Result<Self, String> {
        let Some(name) = group else { return Ok(Self::default()) };
        let group = Group::from_name(name).ok().flatten().ok_or_else(|| name.to_owned())?;
        let known = |member: &String| Some((User::from_name(member).ok()??.uid.as_raw(), member.clone()));
        Ok(Self { group: Some(group.gid), members: group.mem.iter().filter_map(known).collect() })
    }

    /// The group that the socket's file belongs to.
    pub(crate) const fn gid(&self) -> Option<Gid> {
        self.group
    }

    /// Whoever connected.
    pub(super) fn actor(&self, stream: &UnixStream) -> Option<Actor> {
        Some(self.named(stream.peer_cred().ok()?.uid()))
    }

    fn named(&self, uid: u32) -> Actor {
        let name = match Uid::from_raw(uid).is_root() {
            true => Some("root"),
            false => self.members.get(&uid).map(String::as_str),
        };
        Actor(SmolStr::new(name.map_or_else(|| format!("uid {uid}"), |name| format!("{name} (uid {uid})"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_called_by_name_where_it_is_known() {
        let access = Access { group: Some(Gid::from_raw(990)), members: [(1001, "ann".to_owned())].into() };
        let actor = |uid| access.named(uid).0.to_string();
        assert_eq!(actor(0), "root (uid 0)");
        assert_eq!(actor(1001), "ann (uid 1001)");
        assert_eq!(actor(1002), "uid 1002");
    }

    #[test]
    fn a_group_that_does_not_exist_is_named() {
        assert_eq!(Access::new(Some("no-such-group")), Err("no-such-group".to_owned()));
        assert_eq!(Access::new(None), Ok(Access::default()));
    }
}
