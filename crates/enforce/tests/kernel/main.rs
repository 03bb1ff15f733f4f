//! The real kernel, in namespaces of the tests' own.

mod oracle;
