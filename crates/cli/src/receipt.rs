//! `nullius grant show`: what was done under a grant, and what changed.

use nullius_model::inert;
use nullius_protocol::local::{Change, Effect, Receipt};
use std::io::Write;

use crate::Failure;
use crate::show::{or_dash, table};

/// Writes a receipt: what changed first, then all that was said.
pub(crate) fn show(out: &mut dyn Write, receipt: &Receipt) -> Result<(), Failure> {
    let (subject, object) = (inert(&receipt.subject), inert(&receipt.object));
    writeln!(out, "grant {}: {subject} for {object}", receipt.grant)?;
    let ended = receipt.ended.as_ref().map(|ended| format!("{ended}: {}", receipt.why));
    writeln!(
        out,
        "from {} to {}",
        inert(&receipt.began),
        inert(ended.as_deref().unwrap_or("now, it is in force"))
    )?;
    changed(out, receipt)?;
    said(out, &receipt.effects)?;
    for words in &receipt.unseen {
        writeln!(out, "not seen: {}", inert(words))?;
    }
    Ok(writeln!(out, "\ndigest {}", inert(&receipt.digest))?)
}

fn changed(out: &mut dyn Write, receipt: &Receipt) -> Result<(), Failure> {
    let of = |effect: &Effect| {
        let space = effect.target.split('[').next().unwrap_or_default().to_owned();
        let row = move |change: &Change| {
            let value = |value: Option<i64>| or_dash(value.map(|value| value.to_string()).as_deref());
            [format!("{space}[{}]", change.item), value(change.before), value(change.after)]
        };
        effect.changes.iter().map(row).collect::<Vec<_>>()
    };
    let mut rows: Vec<[String; 3]> = receipt.effects.iter().flat_map(of).collect();
    rows.sort();
    rows.dedup();
    if rows.is_empty() {
        return Ok(writeln!(out, "\nno value was seen to change")?);
    }
    Ok(write!(out, "\n{}", table(["WHAT CHANGED", "BEFORE", "AFTER"], &rows))?)
}

fn said(out: &mut dyn Write, effects: &[Effect]) -> Result<(), Failure> {
    if effects.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = effects
        .iter()
        .map(|effect| {
            let count = |count: u64| if count == 0 { "-".to_owned() } else { count.to_string() };
            [
                effect.class.clone(),
                effect.verb.clone(),
                or_dash(Some(effect.target.as_str())),
                count(effect.asked),
                count(effect.done),
                count(effect.refused),
                count(effect.denied),
                effect.first.clone(),
                effect.last.clone(),
            ]
        })
        .collect();
    let heading = ["CLASS", "VERB", "WHAT", "ASKED", "DONE", "REFUSED", "DENIED", "FIRST", "LAST"];
    Ok(write!(out, "\n{}", table(heading, &rows))?)
}
