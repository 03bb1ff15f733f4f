//! Which pages a browser may act from: ours.
//!
//! A browser adds its cookies to whatever request a page makes. `SameSite=Strict` keeps them from foreign pages; this is
//! the second lock. A browser tells where a request that changes something comes from; one that comes from elsewhere is
//! refused, and one with a cookie that does not say is refused too. Programs send tokens, and no browser adds those.

use super::Problem;
use crate::Config;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

/// # Errors
/// 403 for a request from a foreign page.
pub(crate) fn check(parts: &Parts, config: &Config) -> Result<(), Problem> {
    if parts.method.is_safe() || is_ours(&parts.headers, &config.origin) { Ok(()) } else { Err(foreign()) }
}

fn is_ours(headers: &HeaderMap, ours: &str) -> bool {
    let origin = headers.get(header::ORIGIN).map(|origin| origin.as_bytes() == ours.as_bytes());
    let site = headers.get("sec-fetch-site").map(|site| matches!(site.as_bytes(), b"same-origin" | b"none"));
    match (origin, site) {
        (None, None) => !headers.contains_key(header::COOKIE),
        (origin, site) => origin.unwrap_or(true) && site.unwrap_or(true),
    }
}

fn foreign() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "foreign-origin", "this request comes from a page that is not ours")
        .with_help("open the controller at the address its configuration names as `origin`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    #[test]
    fn a_foreign_page_changes_nothing() {
        let config = Config { origin: "https://nullius.example".to_owned(), ..Config::default() };
        let cookie = ("cookie", "x=1");
        for (method, headers, passes) in [
            ("GET", vec![cookie, ("origin", "https://evil.example")], true),
            ("POST", vec![cookie], false),
            ("POST", vec![], true),
            ("POST", vec![("origin", "https://evil.example")], false),
            ("POST", vec![("origin", "null"), cookie], false),
            ("DELETE", vec![("sec-fetch-site", "cross-site")], false),
            ("POST", vec![("sec-fetch-site", "same-site"), ("origin", "https://nullius.example")], false),
            ("POST", vec![cookie, ("origin", "https://nullius.example")], true),
            ("POST", vec![cookie, ("origin", "https://nullius.example.evil.example")], false),
            ("PUT", vec![cookie, ("sec-fetch-site", "same-origin")], true),
        ] {
            let request = headers.iter().fold(Request::builder().method(method), |request, (name, value)| {
                request.header(*name, *value)
            });
            let (parts, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(check(&parts, &config).is_ok(), passes, "{method} {headers:?}");
        }
    }
}
