//! What a request brings to prove who sends it: the cookie of a session, or a token in `Authorization`.
//!
//! INVARIANT: a request with two proofs is refused: nobody guesses which one counts. A token is taken from its header
//! only, so that no address, log or page ever holds one.

use crate::App;
use crate::access::{ALL_SITES, Caller, Cut, Permission, Principal, Role, Signed};
use crate::http::Problem;
use crate::secret;
use axum::http::{HeaderMap, header};
use nullius_store::people::{self, Person, roles};
use nullius_store::sessions::{self, Session};
use nullius_store::tokens::{self, Token};
use nullius_store::{StoreError, Tx};
use std::collections::BTreeSet;

/// The cookie of a session. The prefix makes a browser refuse it unless it is `Secure`, for `/` and for this host only.
pub(crate) const SESSION_COOKIE: &str = "__Host-nullius";

/// Longest secret looked at, in bytes.
const LONGEST: usize = 128;

/// Seconds between two notes that a session or token is used: a write each.
const NOTE_EVERY: u64 = 60;

/// What two people together may do while nobody can sign in as usual: keep the plant safe and help to arrive.
const BREAK_GLASS: &[Permission] = &[
    Permission::DenialRead,
    Permission::DeviceRead,
    Permission::DeviceRevoke,
    Permission::EmergencyDeclare,
    Permission::EmergencyEnd,
    Permission::EventRead,
    Permission::GatewayRead,
    Permission::GrantApprove,
    Permission::GrantEnd,
    Permission::GrantRead,
    Permission::GrantRequest,
    Permission::PolicyRead,
    Permission::ProposalApprove,
    Permission::ProposalRead,
    Permission::SiteRead,
];

enum Proof {
    Session(Vec<u8>),
    Token(Vec<u8>),
}

/// Who sends this request; nobody where it proves nothing.
///
/// # Errors
/// 400 for two proofs at once; 500 where the store fails.
pub(crate) async fn caller(app: &App, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
    let Some((caller, note)) = found(app, headers).await? else { return Ok(None) };
    if let Some(note) = note {
        let now = app.now().as_secs();
        app.write(move |tx| note.write(tx, now)).await?;
    }
    Ok(Some(caller))
}

/// Who sent this request, asked again while it is answered: that keeps no session from idling.
///
/// # Errors
/// As [`caller`].
pub(crate) async fn recognise(app: &App, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
    Ok(found(app, headers).await?.map(|(caller, _)| caller))
}

async fn found(app: &App, headers: &HeaderMap) -> Result<Found, Problem> {
    let Some(proof) = proof(headers)? else { return Ok(None) };
    let now = app.now().as_secs();
    let idle = app.config().sessions.idle.as_secs();
    let found = match proof {
        Proof::Session(digest) => app.read(move |tx| by_session(tx, &digest, now, idle)).await,
        Proof::Token(digest) => app.read(move |tx| by_token(tx, &digest, now)).await,
    };
    Ok(found?)
}

/// That something was used.
#[derive(Clone, Debug)]
enum Note {
    Session(Vec<u8>),
    Token(String),
}

impl Note {
    fn write(&self, tx: &mut Tx<'_>, now: u64) -> Result<(), StoreError> {
        match self {
            Self::Session(digest) => sessions::touch(tx, digest, now),
            Self::Token(id) => tokens::touch(tx, id, now),
        }
    }
}

type Found = Option<(Caller, Option<Note>)>;

fn by_session(tx: &mut Tx<'_>, digest: &[u8], now: u64, idle: u64) -> Result<Found, StoreError> {
    let Some(session) = sessions::find(tx, digest)? else { return Ok(None) };
    if session.ends <= now || session.used.saturating_add(idle) <= now {
        return Ok(None);
    }
    let Some(first) = active(tx, &session.person)? else { return Ok(None) };
    let caller = match &session.second {
        None => alone(tx, first, &session)?,
        Some(second) => match active(tx, second)? {
            Some(second) => together(tx, [first, second], &session)?,
            None => return Ok(None),
        },
    };
    let note = (session.used.saturating_add(NOTE_EVERY) <= now).then_some(Note::Session(session.digest));
    Ok(Some((caller, note)))
}

fn alone(tx: &mut Tx<'_>, person: Person, session: &Session) -> Result<Caller, StoreError> {
    let roles = held(tx, &person.id)?;
    let principal = Principal::User { id: person.id, name: person.name };
    Ok(Caller { principal, roles, cut: None, session: Some(signed(session)) })
}

fn signed(session: &Session) -> Signed {
    Signed { digest: session.digest.clone(), at: session.made }
}

/// Two together are on a site what the lesser of them is, cut down to what an emergency takes.
fn together(tx: &mut Tx<'_>, people: [Person; 2], session: &Session) -> Result<Caller, StoreError> {
    let [first, second] = people;
    let (of_first, of_second) = (held(tx, &first.id)?, held(tx, &second.id)?);
    let principal = Principal::BreakGlass { people: [first.id, second.id], names: [first.name, second.name] };
    let cut = Cut {
        permissions: BREAK_GLASS.iter().copied().collect(),
        sites: BTreeSet::from([ALL_SITES.to_owned()]),
    };
    Ok(Caller {
        principal,
        roles: shared(&of_first, &of_second),
        cut: Some(cut),
        session: Some(signed(session)),
    })
}

/// Where both may approve grants, they are engineers.
fn shared(first: &[(String, Role)], second: &[(String, Role)]) -> Vec<(String, Role)> {
    let approves = |roles: &[(String, Role)]| -> BTreeSet<String> {
        roles
            .iter()
            .filter(|(_, role)| Permission::GrantApprove.is_held_by(*role))
            .map(|(site, _)| site.clone())
            .collect()
    };
    let (first, second) = (approves(first), approves(second));
    let on = |sites: &BTreeSet<String>, site: &str| sites.contains(site) || sites.contains(ALL_SITES);
    let all = first.union(&second);
    all.filter(|site| on(&first, site) && on(&second, site))
        .map(|site| (site.clone(), Role::Engineer))
        .collect()
}

fn by_token(tx: &mut Tx<'_>, digest: &[u8], now: u64) -> Result<Found, StoreError> {
    let Some(token) = tokens::by_digest(tx, digest)?.filter(|token| token.expires > now) else {
        return Ok(None);
    };
    let Some(owner) = active(tx, &token.owner)? else { return Ok(None) };
    let roles = held(tx, &owner.id)?;
    let note = token.used.is_none_or(|used| used.saturating_add(NOTE_EVERY) <= now);
    let note = note.then(|| Note::Token(token.id.clone()));
    Ok(Some((program(token, roles), note)))
}

fn program(token: Token, roles: Vec<(String, Role)>) -> Caller {
    let cut = Cut {
        permissions: token.permissions.iter().filter_map(|name| Permission::parse(name)).collect(),
        sites: token.sites.into_iter().collect(),
    };
    let principal = Principal::Token { id: token.id, name: token.name, owner: token.owner };
    Caller { principal, roles, cut: Some(cut), session: None }
}

fn active(tx: &mut Tx<'_>, id: &str) -> Result<Option<Person>, StoreError> {
    Ok(people::by_id(tx, id)?.filter(|person| person.active))
}

/// A role that this program does not know is none.
fn held(tx: &mut Tx<'_>, person: &str) -> Result<Vec<(String, Role)>, StoreError> {
    let roles = roles::of(tx, person)?;
    Ok(roles.into_iter().filter_map(|held| Role::parse(&held.role).map(|role| (held.site, role))).collect())
}

fn proof(headers: &HeaderMap) -> Result<Option<Proof>, Problem> {
    match (cookie(headers, SESSION_COOKIE), headers.contains_key(header::AUTHORIZATION)) {
        (Some(_), true) => Err(Problem::not_understood("send a session or a token, not both")),
        (Some(secret), false) => Ok(Some(Proof::Session(secret::digest(&secret)))),
        (None, _) => Ok(bearer(headers).map(|token| Proof::Token(secret::digest(token)))),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && token.len() <= LONGEST).then_some(token)
}

/// The value of a cookie; nothing where it is sent twice with two values.
pub(super) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(found, _)| *found == name).map(|(_, value)| value);
    let first = values.next()?;
    (first.len() <= LONGEST && values.all(|value| value == first)).then(|| first.to_owned())
}
