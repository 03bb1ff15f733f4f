//! Who is at the other end, by the kernel's word.
//!
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
    /// Members of the group, by number.
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

    /// Whoever connected, if they may.
    pub(super) fn admit(&self, stream: &UnixStream) -> Option<Actor> {
        let peer = stream.peer_cred().ok()?;
        self.actor(peer.uid(), peer.gid())
    }

    fn actor(&self, uid: u32, gid: u32) -> Option<Actor> {
        let is_root = Uid::from_raw(uid).is_root();
        // the process itself, for a gateway without root in a user namespace of its own
        let is_ours = Uid::from_raw(uid) == Uid::effective();
        let name = if is_root { Some("root") } else { self.members.get(&uid).map(String::as_str) };
        let is_member = name.is_some() || self.group == Some(Gid::from_raw(gid));
        let text = name.map_or_else(|| format!("uid {uid}"), |name| format!("{name} (uid {uid})"));
        (is_member || is_ours).then(|| Actor(SmolStr::new(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_and_the_group_may_and_nobody_else() {
        let access = Access { group: Some(Gid::from_raw(990)), members: [(1001, "ann".to_owned())].into() };
        let actor = |uid, gid| access.actor(uid, gid).map(|actor| actor.0.to_string());
        assert_eq!(actor(0, 0).as_deref(), Some("root (uid 0)"));
        assert_eq!(actor(1001, 1001).as_deref(), Some("ann (uid 1001)"));
        assert_eq!(actor(1002, 990).as_deref(), Some("uid 1002"));
        assert_eq!(actor(1002, 1002), None);
        assert_eq!(Access::default().actor(65_534, 65_534), None);
    }

    #[test]
    fn a_group_that_does_not_exist_is_named() {
        assert_eq!(Access::new(Some("no-such-group")), Err("no-such-group".to_owned()));
        assert_eq!(Access::new(None), Ok(Access::default()));
    }
}
