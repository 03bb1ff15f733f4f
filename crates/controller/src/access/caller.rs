//! Who calls, and what they may.
//!
//! INVARIANT: a [`Caller`] exists only for a credential that the store knows and that is good now; handlers get theirs
//! from the gate (`http::gate`), which asked [`Caller::may`] for the operation's permission before.

use super::{Permission, Principal, Role, Scope};
use crate::http::Problem;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use nullius_model::Timestamp;
use std::collections::BTreeSet;

/// Stands for all sites where a site is named.
pub(crate) const ALL_SITES: &str = "*";

/// Somebody whose credential was checked.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Who.
    pub(crate) principal: Principal,
    /// Roles as (site or [`ALL_SITES`], role).
    pub(crate) roles: Vec<(String, Role)>,
    /// What a token is cut down to; a person is not.
    pub(crate) cut: Option<Cut>,
    /// The session that proved it, where it was one.
    pub(crate) session: Option<Signed>,
}

/// A session as far as its caller is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    /// By which the store knows it.
    pub(crate) digest: Vec<u8>,
    /// Seconds since 1970.
    pub(crate) at: u64,
}

/// Seconds for which a sign-in lets its owner make new ways in.
const FRESH: u64 = 900;

/// What a token is good for: never more than its owner is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// These only.
    pub(crate) permissions: BTreeSet<Permission>,
    /// On these sites only; [`ALL_SITES`] for all of its owner's.
    pub(crate) sites: BTreeSet<String>,
}

/// The sites on which a caller has a permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sites {
    /// All, those included that do not exist yet.
    All,
    /// These.
    These(BTreeSet<String>),
}

impl Sites {
    /// The site is among them.
    pub(crate) fn contains(&self, site: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(sites) => sites.contains(site),
        }
    }
}

impl Caller {
    /// May do that on this site.
    ///
    /// # Errors
    /// 404 on a site where the caller is nothing, as if it did not exist; 403 where the role or the token lacks it.
    pub(crate) fn may(&self, permission: Permission, site: &str) -> Result<(), Problem> {
        if self.sites(permission).contains(site) && permission.scope() == Scope::Site {
            return Ok(());
        }
        if self.knows(site) { Err(lacks(permission)) } else { Err(Problem::no_such("site")) }
    }

    /// May do that on all sites.
    ///
    /// # Errors
    /// 403 where no role on all sites has it.
    pub(crate) fn may_everywhere(&self, permission: Permission) -> Result<(), Problem> {
        if self.sites(permission) == Sites::All { Ok(()) } else { Err(lacks(permission)) }
    }

    /// May do that somewhere; the handler shows what belongs to [`Self::sites`] and nothing else.
    ///
    /// # Errors
    /// 403 where no role on any site has it.
    pub(crate) fn may_somewhere(&self, permission: Permission) -> Result<(), Problem> {
        match self.sites(permission) {
            Sites::These(sites) if sites.is_empty() => Err(lacks(permission)),
            Sites::All | Sites::These(_) => Ok(()),
        }
    }

    /// Where the caller has that permission.
    pub(crate) fn sites(&self, permission: Permission) -> Sites {
        let holds = self.cut.as_ref().is_none_or(|cut| cut.permissions.contains(&permission));
        let held = self.roles.iter().filter(|(_, role)| holds && permission.is_held_by(*role));
        self.cut_down(held.map(|(site, _)| site.as_str()).collect())
    }

    /// What the log says of who did it.
    pub(crate) fn who(&self) -> String {
        self.principal.to_string()
    }

    /// The person who signed in.
    ///
    /// # Errors
    /// 403 to programs and to two people together: an account is its owner's.
    pub(crate) fn person(&self) -> Result<(&str, &str), Problem> {
        match &self.principal {
            Principal::User { id, name } => Ok((id, name)),
            Principal::Token { .. } | Principal::BreakGlass { .. } => Err(Problem::new(
                StatusCode::FORBIDDEN,
                "not-a-person",
                "only a person who signed in may do that",
            )),
        }
    }

    /// The person, who signed in a moment ago: what makes a new way in is not done from a screen that was left alone.
    ///
    /// # Errors
    /// 403 as [`Self::person`]; 401 where it was longer ago than a quarter of an hour.
    pub(crate) fn fresh(&self, now: Timestamp) -> Result<(&str, &str), Problem> {
        let person = self.person()?;
        match &self.session {
            Some(session) if session.at.saturating_add(FRESH) > now.as_secs() => Ok(person),
            _ => Err(Problem::new(StatusCode::UNAUTHORIZED, "sign-in-again", "that takes a new sign-in")),
        }
    }

    fn knows(&self, site: &str) -> bool {
        self.cut_down(self.roles.iter().map(|(site, _)| site.as_str()).collect()).contains(site)
    }

    fn cut_down(&self, held: BTreeSet<&str>) -> Sites {
        let whole = held.contains(ALL_SITES);
        match &self.cut {
            None if whole => Sites::All,
            Some(cut) if whole && cut.sites.contains(ALL_SITES) => Sites::All,
            None => Sites::These(held.into_iter().map(str::to_owned).collect()),
            Some(cut) if cut.sites.contains(ALL_SITES) => {
                Sites::These(held.into_iter().map(str::to_owned).collect())
            }
            Some(cut) => Sites::These(
                cut.sites.iter().filter(|site| whole || held.contains(site.as_str())).cloned().collect(),
            ),
        }
    }
}

/// Handlers take it as an argument; where the gate let nobody in there is none.
impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::stranger)
    }
}

fn lacks(permission: Permission) -> Problem {
    let roles: Vec<_> = permission.roles().iter().map(|role| role.name()).collect();
    Problem::new(
        StatusCode::FORBIDDEN,
        "not-allowed",
        format!("you may not: it takes `{}`", permission.name()),
    )
    .with_help(format!("these roles have it: {}", roles.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(roles: &[(&str, Role)], cut: Option<(&[Permission], &[&str])>) -> Caller {
        Caller {
            principal: Principal::User { id: "1".into(), name: "anna".into() },
            roles: roles.iter().map(|(site, role)| ((*site).to_owned(), *role)).collect(),
            cut: cut.map(|(permissions, sites)| Cut {
                permissions: permissions.iter().copied().collect(),
                sites: sites.iter().map(|site| (*site).to_owned()).collect(),
            }),
            session: None,
        }
    }

    fn status(result: Result<(), Problem>) -> u16 {
        result.err().map_or(200, |problem| problem.status().as_u16())
    }

    #[test]
    fn a_role_counts_on_its_site_and_other_sites_do_not_exist() {
        let anna = caller(&[("lab", Role::Operator)], None);
        assert_eq!(status(anna.may(Permission::DeviceRevoke, "lab")), 200);
        assert_eq!(status(anna.may(Permission::DeviceWrite, "lab")), 403);
        assert_eq!(status(anna.may(Permission::DeviceRevoke, "plant")), 404);
        assert_eq!(status(anna.may(Permission::DeviceRevoke, ALL_SITES)), 404);
        assert_eq!(status(anna.may_everywhere(Permission::DeviceRevoke)), 403);
        assert_eq!(status(anna.may_somewhere(Permission::DeviceRevoke)), 200);
    }

    #[test]
    fn a_token_is_cut_down_and_never_more_than_its_owner() {
        let cut: (&[Permission], &[&str]) = (&[Permission::DeviceRead, Permission::UserWrite], &["lab"]);
        let owner_of_all = caller(&[(ALL_SITES, Role::Admin)], Some(cut));
        assert_eq!(status(owner_of_all.may(Permission::DeviceRead, "lab")), 200);
        assert_eq!(status(owner_of_all.may(Permission::DeviceRevoke, "lab")), 403);
        assert_eq!(status(owner_of_all.may(Permission::DeviceRead, "plant")), 404);
        assert_eq!(status(owner_of_all.may_everywhere(Permission::UserWrite)), 403);
        let owner_of_plant = caller(&[("plant", Role::Admin)], Some(cut));
        assert_eq!(status(owner_of_plant.may(Permission::DeviceRead, "lab")), 404);
        assert_eq!(status(owner_of_plant.may_somewhere(Permission::DeviceRead)), 403);
    }

    #[test]
    fn what_belongs_to_no_site_needs_a_role_on_all_of_them() {
        let anna = caller(&[("lab", Role::Admin)], None);
        assert_eq!(status(anna.may_everywhere(Permission::UserWrite)), 403);
        let ben = caller(&[(ALL_SITES, Role::Admin)], None);
        assert_eq!(status(ben.may_everywhere(Permission::UserWrite)), 200);
        assert_eq!(ben.sites(Permission::DeviceRead), Sites::All);
    }
}
