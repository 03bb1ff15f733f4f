//! One Rust file, measured: lines of code, functions, and what its tokens reveal.
//!
//! A line of code is a line with a token on it that is not documentation. What is behind `#[cfg(test)] mod` does
//! not count, nor do files and folders named `tests`: a test may be long when that makes it plain.

use std::collections::BTreeSet;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};

use super::finding::Finding;
use super::{TextFile, leftovers};

/// What tidy knows about one file.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: String,
    /// Lines of code outside tests.
    pub(super) lines: usize,
    /// Functions outside tests, in the order they stand.
    pub(super) functions: Vec<Function>,
    /// What was found while reading.
    pub(super) findings: Vec<Finding>,
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    /// `name`, or `Type::name`.
    pub(super) name: String,
    /// Where it begins, from 1.
    pub(super) line: usize,
    /// Lines of code from `fn` to the closing brace.
    pub(super) lines: usize,
}

impl Source {
    /// A file that is not Rust is a finding, too.
    pub(super) fn read(file: &TextFile) -> Result<Self, Finding> {
        let refuse = |error: &dyn std::fmt::Display, span: Span| {
            Finding::new(&file.path, span.start().line, format!("not Rust: {error}"), "rename or mend it")
        };
        let tokens: TokenStream =
            file.text.parse().map_err(|error: proc_macro2::LexError| refuse(&error, error.span()))?;
        let tree = syn::parse2::<syn::File>(tokens.clone()).map_err(|error| refuse(&error, error.span()))?;

        let mut findings = leftovers::tokens(&file.path, tokens.clone());
        findings.extend(front_page(file));
        let mut code = BTreeSet::new();
        collect_lines(tokens, &mut code);
        if is_tests(&file.path) {
            return Ok(Self { path: file.path.clone(), lines: 0, functions: Vec::new(), findings });
        }
        let mut reader = Reader { code, owner: None, functions: Vec::new() };
        reader.visit_file(&tree);
        Ok(Self { path: file.path.clone(), lines: reader.code.len(), functions: reader.functions, findings })
    }
}

fn front_page(file: &TextFile) -> Option<Finding> {
    let remedy = "open with `//!`: what the module is, what it deliberately does not know, its invariant";
    (!file.text.starts_with("//!"))
        .then(|| Finding::new(&file.path, 1, "a module without a front page", remedy))
}

fn is_tests(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "benches"))
}

/// Every line with a token on it; a literal may span several.
fn collect_lines(tokens: TokenStream, lines: &mut BTreeSet<usize>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        if is_punct(&token, '#') {
            let inner = tokens.next_if(|token| is_punct(token, '!'));
            if tokens.next_if(is_documentation).is_some() {
                continue;
            }
            lines.extend(inner.map(|token| token.span().start().line));
        }
        if let TokenTree::Group(group) = &token {
            lines.extend([group.span_open().start().line, group.span_close().end().line]);
            collect_lines(group.stream(), lines);
        } else {
            lines.extend(token.span().start().line..=token.span().end().line);
        }
    }
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

/// `[doc = "…"]`: what a doc comment is read as.
fn is_documentation(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    let mut inside = group.stream().into_iter();
    matches!(inside.next(), Some(TokenTree::Ident(name)) if name == "doc")
        && inside.next().is_some_and(|token| is_punct(&token, '='))
}

/// Collects functions, and forgets the lines of test modules.
struct Reader {
    code: BTreeSet<usize>,
    owner: Option<String>,
    functions: Vec<Function>,
}

impl Reader {
    fn add(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let line = signature.fn_token.span.start().line;
        let end = body.brace_token.span.close().end().line;
        let name = match &self.owner {
            Some(owner) => format!("{owner}::{}", signature.ident),
            None => signature.ident.to_string(),
        };
        self.functions.push(Function { name, line, lines: self.code.range(line..=end).count() });
    }

    fn inside(&mut self, owner: Option<String>, walk: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.owner, owner);
        walk(self);
        self.owner = outer;
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !item.attrs.iter().any(is_cfg_test) {
            return visit::visit_item_mod(self, item);
        }
        let start = item.attrs.iter().map(|attribute| attribute.pound_token.span.start().line).min();
        let start = start.unwrap_or_else(|| item.mod_token.span.start().line);
        let end = item.content.as_ref().map(|(brace, _)| brace.span.close().end().line);
        let end = end.unwrap_or_else(|| item.ident.span().end().line);
        self.code.retain(|line| !(start..=end).contains(line));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.inside(type_name(&item.self_ty), |reader| visit::visit_item_impl(reader, item));
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.inside(Some(item.ident.to_string()), |reader| visit::visit_item_trait(reader, item));
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(body) = &item.default {
            self.add(&item.sig, body);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

fn is_cfg_test(attribute: &syn::Attribute) -> bool {
    let Ok(list) = attribute.meta.require_list() else { return false };
    let condition = list.tokens.to_string();
    list.path.is_ident("cfg") && (condition == "test" || condition.starts_with("all (test"))
}

/// The type's last name: enough to tell the functions of a file apart.
fn type_name(kind: &syn::Type) -> Option<String> {
    if let syn::Type::Reference(reference) = kind {
        return type_name(&reference.elem);
    }
    let syn::Type::Path(path) = kind else { return None };
    path.path.segments.last().map(|segment| segment.ident.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_comments_and_tests_are_not_code() {
        let text = "\
//! Front page.

/// Documented
/// twice.
#[derive(Debug)] // code
struct A; // code

/* a block
   comment */
const TEXT: &str = \"code
code
code\";

#[cfg(test)]
mod tests {
    fn long() {}
}
";
        assert_eq!(read("src/a.rs", text).lines, 5);
    }

    #[test]
    fn a_function_is_measured_from_fn_to_its_closing_brace() {
        let text = "\
//! Front page.
/// Documented.
#[inline]
fn free() {
    // why

    let text = \"a
b\";
}
impl<T> Type<T> {
    fn method(&self) { fn nested() {} }
}
trait Speaks {
    fn silent();
    fn loud() {
    }
}
";
        let found = read("src/a.rs", text).functions;
        let found: Vec<_> = found.iter().map(|f| (f.name.as_str(), f.line, f.lines)).collect();
        let expected =
            [("free", 4, 4), ("Type::method", 11, 1), ("Type::nested", 11, 1), ("Speaks::loud", 15, 2)];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_module_without_a_front_page_is_found() {
        for (text, expected) in [("//! Here.\n", 0), ("// not here\n", 1), ("use a;\n//! late\n", 1), ("", 1)]
        {
            let file = TextFile { path: "src/a.rs".into(), text: text.into() };
            let count = Source::read(&file).map_or(1, |source| source.findings.len());
            assert_eq!(count, expected, "{text:?}");
        }
    }

    #[test]
    fn files_of_tests_are_not_measured_but_still_read() {
        for path in ["crates/wire/src/tests.rs", "crates/wire/tests/golden.rs", "fuzz/tests/a.rs"] {
            let source = read(path, "//! Tests.\n#[ignore]\nfn a() {}\n");
            assert_eq!((source.lines, source.functions.len(), source.findings.len()), (0, 0, 1), "{path}");
        }
    }

    #[test]
    fn what_is_not_rust_is_a_finding() {
        let file = TextFile { path: "src/a.rs".into(), text: "//! Here.\n\nfn (\n".into() };
        assert_eq!(Source::read(&file).unwrap_err().path, "src/a.rs");
    }

    fn read(path: &str, text: &str) -> Source {
        Source::read(&TextFile { path: path.into(), text: text.into() }).unwrap()
    }
}
