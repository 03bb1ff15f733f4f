//! The device record as a list for a spreadsheet.
//!
//! INVARIANT: no cell begins with what a spreadsheet takes for a formula.

use super::super::declared;
use crate::http::Problem;
use nullius_store::Tx;
use nullius_store::devices::{self, Filter};

/// Devices read at a time.
const A_PAGE: usize = 1_000;

/// All devices of a site with what is declared of them, in the columns that an import takes.
///
/// # Errors
/// What the store fails with.
pub(crate) fn write(tx: &mut Tx<'_>, site: &str) -> Result<String, Problem> {
    let mut text =
        String::from("name,zone,class,vendor,groups,tags,gateway,port,mac,addresses,cycle,services\r\n");
    let mut after = String::new();
    loop {
        let page = devices::page(tx, site, &Filter::default(), &after, A_PAGE)?;
        let Some(last) = page.last() else { return Ok(text) };
        after.clone_from(&last.name);
        for device in page.iter().filter(|device| !device.declaration.is_empty()) {
            text.push_str(&line(&device.name, &declared(device)?));
        }
    }
}

fn line(name: &str, device: &super::Declaration) -> String {
    let many =
        |words: &std::collections::BTreeSet<String>| words.iter().cloned().collect::<Vec<_>>().join(";");
    let one = |word: &Option<String>| word.clone().unwrap_or_default();
    let services = device
        .services
        .iter()
        .map(|service| format!("{}={}@{}", service.name, service.protocol, service.channel));
    let cells = [
        name.to_owned(),
        device.zone.clone(),
        device.class.clone(),
        one(&device.vendor),
        many(&device.groups),
        many(&device.tags),
        one(&device.gateway),
        one(&device.port),
        one(&device.mac),
        many(&device.addresses),
        one(&device.cycle),
        services.collect::<Vec<_>>().join(";"),
    ];
    cells.map(|cell| quoted(&cell)).join(",") + "\r\n"
}

/// A cell in quotes; an apostrophe keeps a spreadsheet from computing it.
fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let mark = if formula { "'" } else { "" };
    format!("\"{mark}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(quoted("=HYPERLINK(\"http://x\")"), "\"'=HYPERLINK(\"\"http://x\"\")\"");
        for formula in ["+1", "-1", "@SUM(A1)", "\tx"] {
            assert!(quoted(formula).starts_with("\"'"), "{formula}");
        }
        assert_eq!(quoted("plain"), "\"plain\"");
    }
}
