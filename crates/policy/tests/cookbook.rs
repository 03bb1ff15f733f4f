//! Every recipe of the cookbook is a policy that is read, fits the schema, passes its tests, and stands in the docs.

#![expect(clippy::unwrap_used, reason = "a broken fixture must fail the test")]

use nullius_policy::{Files, Repository};
use std::fs;
use std::path::Path;

fn crate_file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn recipes() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cookbook/policies");
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.map(|name| name.strip_suffix(".cedar").unwrap().to_owned()).collect();
    names.sort();
    names
}

fn files(recipes: &[String], with_tests: bool) -> Files {
    let mut files = Files::from([("inventory.toml".to_owned(), crate_file("cookbook/inventory.toml"))]);
    for recipe in recipes {
        for path in [format!("policies/{recipe}.cedar"), format!("tests/{recipe}.toml")] {
            if with_tests || path.starts_with("policies") {
                let text = crate_file(&format!("cookbook/{path}"));
                files.insert(path, text);
            }
        }
    }
    files
}

#[test]
fn the_whole_cookbook_is_accepted_without_a_warning() {
    let repository = Repository::parse(&files(&recipes(), true)).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    });
    assert!(repository.tests().len() >= 30, "every recipe has its tests");
    let accepted = repository.accept().unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    });
    assert_eq!(accepted.warnings, []);
}

#[test]
fn each_recipe_is_a_policy_by_itself() {
    let recipes = recipes();
    assert_eq!(recipes.len(), 10);
    for recipe in recipes {
        let repository = Repository::parse(&files(std::slice::from_ref(&recipe), false)).unwrap();
        let errors = repository.accept().err().unwrap_or_default();
        assert_eq!(errors, [], "{recipe}");
    }
}

#[test]
fn each_policy_of_the_cookbook_decides_a_test() {
    let repository = Repository::parse(&files(&recipes(), true)).unwrap();
    let text: String =
        recipes().iter().map(|recipe| crate_file(&format!("cookbook/policies/{recipe}.cedar"))).collect();
    for id in text.split("@id(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        let decides = repository
            .tests()
            .iter()
            .any(|case| case.because.as_ref().is_some_and(|because| because.0 == id));
        assert!(decides, "no test says that {id} decides");
    }
}

#[test]
fn the_docs_show_the_recipes_as_they_are() {
    let docs = crate_file("../../docs/policy-cookbook.md");
    for recipe in recipes() {
        let policy = crate_file(&format!("cookbook/policies/{recipe}.cedar"));
        assert!(
            docs.contains(&format!("```\n{policy}```\n")),
            "docs/policy-cookbook.md shows another {recipe}"
        );
        assert!(docs.contains(&format!("cookbook/policies/{recipe}.cedar")), "{recipe} is linked");
    }
}
