//! A new password, from somebody who shows both factors again. All other sessions end.

use super::log::{decided, record};
use super::session::{self, Cookie, Who};
use super::sign_in::{Tried, judge, refused};
use crate::App;
use crate::access::Caller;
use crate::http::{Peer, Problem};
use axum::http::HeaderMap;
use nullius_store::{people, sessions};
use serde::Deserialize;
use utoipa::ToSchema;

/// A new password.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// The password so far.
    #[schema(max_length = 256)]
    password: String,
    /// Six digits that the authenticator shows.
    #[schema(max_length = 6)]
    code: String,
    /// The new one.
    #[schema(min_length = 12, max_length = 256)]
    new: String,
}

/// Changes the caller's password.
///
/// # Errors
/// 401 where a factor is wrong, which counts as a failed sign-in; 422 for a bad password.
pub(crate) async fn password(
    app: &App,
    peer: Peer,
    headers: HeaderMap,
    caller: Caller,
    change: NewPassword,
) -> Result<Cookie, Problem> {
    app.guard().sign_in(peer, app.now())?;
    let (id, name) = caller.person()?;
    let (id, name) = (id.to_owned(), name.to_owned());
    let kept = app.read(move |tx| people::by_id(tx, &id)).await?.and_then(|person| person.password);
    let known = app.passwords().verify(change.password, kept.as_deref()).await?;
    let new = app.passwords().hash(change.new).await?;
    let (config, now) = (app.config().clone(), app.now());
    let tried = Tried { name, code: change.code, kept: kept.filter(|_| known), now };
    let cookie = app
        .write(move |tx| {
            let Ok(mut person) = judge(tx, &tried)? else { return Ok(None) };
            person.password = Some(new.clone());
            people::update(tx, &person)?;
            sessions::end_all(tx, &person.id)?;
            record(tx, &decided(&caller, now, "user.password", format!("user/{}", person.name)))?;
            session::begin(tx, Who::Person(&person.id), &config, &headers, now).map(Some)
        })
        .await?;
    cookie.ok_or_else(refused)
}
