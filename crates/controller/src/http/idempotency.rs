//! The same request twice does the same thing once: the header `Idempotency-Key`.
//!
//! A caller whose connection broke does not know whether it was done. It sends the request again with the same key and
//! gets the answer of the first time. Key and answer are stored in the transaction of the act itself.
//!
//! INVARIANT: a key belongs to its caller; the same key for another request is refused.

use super::Problem;
use crate::access::Caller;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use nullius_model::Timestamp;
use nullius_store::{Tx, idempotency};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Longest key, in bytes: a UUID or ULID with room to spare.
const LONGEST: usize = 64;

/// A caller's key, if any, and what it was sent with.
#[derive(Clone, Debug)]
pub(crate) struct IdempotencyKey {
    key: Option<String>,
    target: String,
}

/// An answer as it was, and will be the next time. In JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    status: StatusCode,
    body: String,
}

impl Answer {
    /// An answer to give, and to keep.
    ///
    /// # Errors
    /// 500 for what JSON does not hold.
    pub(crate) fn new(status: StatusCode, body: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_string(body).map_err(|error| {
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", error.to_string())
        })?;
        Ok(Self { status, body })
    }
}

impl IdempotencyKey {
    /// Does `act`, or gives the answer it gave before. `body` is what the request carried.
    ///
    /// # Errors
    /// 422 for a key that was used for something else; whatever `act` fails with, and then nothing is kept.
    pub(crate) fn once(
        &self,
        tx: &mut Tx<'_>,
        caller: &Caller,
        now: Timestamp,
        body: &impl Serialize,
        act: impl FnOnce(&mut Tx<'_>) -> Result<Answer, Problem>,
    ) -> Result<Answer, Problem> {
        let Some(key) = &self.key else { return act(tx) };
        let (who, digest) = (caller.who(), self.digest(body)?);
        if let Some(kept) = idempotency::find(tx, &who, key, now)? {
            return again(kept, &digest);
        }
        let answer = act(tx)?;
        let kept =
            idempotency::Kept { digest, status: answer.status.as_u16().into(), body: answer.body.clone() };
        idempotency::keep(tx, &who, key, &kept, now)?;
        Ok(answer)
    }

    fn digest(&self, body: &impl Serialize) -> Result<Vec<u8>, Problem> {
        let body = Answer::new(StatusCode::OK, body)?.body;
        Ok(Sha256::new().chain_update(&self.target).chain_update([0]).chain_update(body).finalize().to_vec())
    }
}

fn again(kept: idempotency::Kept, digest: &[u8]) -> Result<Answer, Problem> {
    if kept.digest != digest {
        return Err(Problem::wrong(
            "key-used-before",
            "that `Idempotency-Key` was sent with another request",
        ));
    }
    let status = u16::try_from(kept.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    Ok(Answer { status: status.unwrap_or(StatusCode::OK), body: kept.body })
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let target = format!("{} {}", parts.method, parts.uri);
        let Some(header) = parts.headers.get("idempotency-key") else {
            return Ok(Self { key: None, target });
        };
        let plain = |text: &&str| text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        match header.to_str().ok().filter(plain).filter(|text| !text.is_empty()) {
            Some(key) => Ok(Self { key: Some(key.to_owned()), target }),
            None => Err(Problem::not_understood(format!(
                "`Idempotency-Key` is 1 to {LONGEST} visible characters"
            ))),
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Principal;
    use axum::http::Request;
    use futures_util::FutureExt as _;
    use nullius_store::testing::both;

    fn key(key: &str, path: &str) -> Result<IdempotencyKey, Problem> {
        let request = Request::builder().method("POST").uri(path).header("idempotency-key", key);
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        IdempotencyKey::from_request_parts(&mut parts, &()).now_or_never().unwrap()
    }

    fn caller(name: &str) -> Caller {
        let principal = Principal::User { id: name.to_owned(), name: name.to_owned() };
        Caller { principal, roles: Vec::new(), cut: None, session: None }
    }

    #[test]
    fn the_same_request_is_done_once_and_answered_twice() {
        let (first, other) = (key("k1", "/v1/a").unwrap(), key("k1", "/v1/b").unwrap());
        both(|scratch| {
            let now = Timestamp::from_secs(1_000_000);
            let mut done = 0;
            let mut ask = |key: &IdempotencyKey, name: &str, body: &str, at: Timestamp| {
                scratch.store.write(|tx| {
                    key.once(tx, &caller(name), at, &body, |_| {
                        done += 1;
                        Answer::new(StatusCode::CREATED, &done)
                    })
                })
            };
            let once = ask(&first, "anna", "body", now).unwrap();
            assert_eq!((once.status, once.body.as_str()), (StatusCode::CREATED, "1"));
            assert_eq!(ask(&first, "anna", "body", now).unwrap(), once);
            for (key, name, body, status) in [
                (&first, "anna", "another", 422),
                (&other, "anna", "body", 422),
                (&first, "ben", "body", 201),
            ] {
                let status_now = match ask(key, name, body, now) {
                    Ok(answer) => answer.status,
                    Err(problem) => problem.status(),
                };
                assert_eq!(status_now.as_u16(), status, "{name} {body}");
            }
            let later = now.after(std::time::Duration::from_secs(86_400));
            assert_eq!(ask(&first, "anna", "body", later).unwrap().body, "3", "kept for a day");
        });
    }

    #[test]
    fn what_failed_is_not_kept() {
        let key = key("k", "/").unwrap();
        both(|scratch| {
            let mut fail = true;
            let mut ask = || {
                scratch.store.write(|tx| {
                    let (fails, now) = (std::mem::take(&mut fail), Timestamp::from_secs(1));
                    key.once(tx, &caller("anna"), now, &(), |_| match fails {
                        true => Err(Problem::conflict("no", "not now")),
                        false => Answer::new(StatusCode::OK, &"done"),
                    })
                })
            };
            assert!(ask().is_err());
            assert_eq!(ask().unwrap().body, "\"done\"");
        });
    }

    #[test]
    fn a_key_is_a_few_visible_characters() {
        for bad in ["", "a b", &"x".repeat(65), "\u{e4}"] {
            assert_eq!(key(bad, "/").unwrap_err().status(), 400, "{bad}");
        }
    }
}
