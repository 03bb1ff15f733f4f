//! Versions of objects: nobody overwrites what they have not seen (RFC 9110 §13).

use super::Problem;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The version that the caller has seen: the header `If-Match`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IfMatch(u64);

impl IfMatch {
    /// Of what the caller has seen.
    pub(crate) const fn version(self) -> u64 {
        self.0
    }

    /// Goes on where that is still the version.
    ///
    /// # Errors
    /// 412 where somebody changed it meanwhile.
    pub(crate) fn check(self, version: u64) -> Result<(), Problem> {
        if self.0 == version {
            return Ok(());
        }
        Err(Problem::new(StatusCode::PRECONDITION_FAILED, "changed-meanwhile", "it was changed meanwhile")
            .with_help("read it again and decide again"))
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(header) = parts.headers.get(header::IF_MATCH) else {
            return Err(Problem::new(
                StatusCode::PRECONDITION_REQUIRED,
                "say-which-version",
                "send `If-Match` with the `ETag` you have seen",
            ));
        };
        let text = header.to_str().ok().and_then(|text| text.strip_prefix('"')?.strip_suffix('"'));
        let version = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        // An ETag we never gave out is of no version that is.
        Ok(Self(version.and_then(|text| text.parse().ok()).unwrap_or(u64::MAX)))
    }
}

/// What may be new has no version that anybody could have seen.
impl<S: Sync> OptionalFromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Problem> {
        if !parts.headers.contains_key(header::IF_MATCH) {
            return Ok(None);
        }
        <Self as FromRequestParts<S>>::from_request_parts(parts, state).await.map(Some)
    }
}

/// An answer with the version of what it shows: the header `ETag`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Versioned<T>(pub(crate) u64, pub(crate) T);

impl<T: IntoResponse> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let mut response = self.1.into_response();
        if let Ok(tag) = HeaderValue::try_from(format!("\"{}\"", self.0)) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    async fn seen(header: Option<&str>) -> Result<IfMatch, Problem> {
        let request =
            header.into_iter().fold(Request::builder(), |request, text| request.header("if-match", text));
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        <IfMatch as FromRequestParts<()>>::from_request_parts(&mut parts, &()).await
    }

    #[tokio::test]
    async fn who_has_not_seen_it_does_not_change_it() {
        assert_eq!(seen(None).await.unwrap_err().status(), 428);
        assert!(seen(Some("\"7\"")).await.unwrap().check(7).is_ok());
        for other in ["\"6\"", "7", "*", "W/\"7\"", "\"+7\"", "\"-1\"", ""] {
            let problem = seen(Some(other)).await.unwrap().check(7).unwrap_err();
            assert_eq!(problem.status(), 412, "{other}");
        }
    }
}
