//! Who is at the other end, by the kernel's word.

use nix::unistd::{Gid, Group, Uid, User};
use nullius_engine::Actor;
use nullius_model::SmolStr;
use tokio::net::UnixStream;

/// Who may use the local API: root, and the members of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Access {
    group: Option<Group>,
}

impl Access {
    /// Root, and where one is named, the members of `group`.
    ///
    /// # Errors
    /// The name, where there is no such group.
    pub(crate) fn new(group: Option<&str>) -> Result<Self, String> {
        let Some(name) = group else { return Ok(Self::default()) };
        let found = Group::from_name(name).ok().flatten();
        found.map(|group| Self { group: Some(group) }).ok_or_else(|| name.to_owned())
    }

    /// The group that the socket's file belongs to.
    pub(crate) fn gid(&self) -> Option<Gid> {
        self.group.as_ref().map(|group| group.gid)
    }

    /// Whoever connected, if they may.
    pub(super) fn admit(&self, stream: &UnixStream) -> Option<Actor> {
        let peer = stream.peer_cred().ok()?;
        let (uid, gid) = (Uid::from_raw(peer.uid()), Gid::from_raw(peer.gid()));
        let user = User::from_uid(uid).ok().flatten();
        // the process itself, for a gateway without root in a user namespace of its own
        let is_owner = uid.is_root() || uid == Uid::effective();
        let is_member = self.group.as_ref().is_some_and(|group| {
            group.gid == gid
                || user.as_ref().is_some_and(|user| is_in(group, &user.name) || user.gid == group.gid)
        });
        let name = user.map_or_else(String::new, |user| user.name);
        (is_owner || is_member).then(|| Actor(SmolStr::new(format!("{name} (uid {uid})"))))
    }
}

fn is_in(group: &Group, user: &str) -> bool {
    group.mem.iter().any(|member| member == user)
}
