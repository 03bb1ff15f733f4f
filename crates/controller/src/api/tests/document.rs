//! The document that describes the API.

use crate::api::routes;
use crate::http::Need;
use std::fs;

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

/// `UPDATE_EXPECT=1` writes it.
#[test]
fn the_committed_document_is_current() {
    let document = routes().into_openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(COMMITTED, &document).unwrap();
    }
    let committed = fs::read_to_string(COMMITTED).unwrap_or_default();
    assert!(committed == document, "docs/openapi.json is not current: run this test with UPDATE_EXPECT=1");
}

#[test]
fn every_operation_has_its_own_name_and_says_who_may_call_it_and_what_it_answers() {
    let document = routes().into_openapi();
    let mut names = std::collections::BTreeSet::new();
    for (path, item) in &document.paths.paths {
        for (method, operation) in crate::http::operations(item) {
            let name = operation.operation_id.clone().unwrap_or_default();
            assert!(names.insert(name.clone()), "{method} {path}: there are two `{name}`");
            let answers = &operation.responses.responses;
            assert!(answers.keys().any(|status| status.starts_with(['2', '3'])), "{method} {path}");
            assert_eq!(Need::of(operation) == Some(Need::Public), operation.security.is_none(), "{path}");
        }
    }
}
