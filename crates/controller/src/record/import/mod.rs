//! Many devices at once, from a list somebody keeps: all of them or none, with every mistake at its row.
//!
//! What is in a field is data: a formula, an escape sequence or a million quotes is kept as text, or refused with its
//! row. Nothing is kept of more rows than a site can have devices.
//!
//! INVARIANT: a list with a mistake in it changes nothing.

mod csv;
mod json;
mod row;
pub(crate) mod sheet;

pub(crate) use row::Row;

use super::attributes::Source;
use super::changes::Changes;
use super::devices::Arrival;
use super::{Actor, Declaration, check, devices, digest, site, tell};
use crate::http::Problem;
use nullius_model::Epoch;
use nullius_store::attributes::{self, Observation};
use nullius_store::{Tx, devices as rows};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Read;
use utoipa::ToSchema;

/// Most rows that are kept: more devices than any site may have.
const MAX_ROWS: usize = 100_000;

/// Most mistakes that are told; all are counted.
const MAX_TOLD: usize = 1_000;

/// How sure a list is of what it says.
const CONFIDENCE: u8 = 80;

/// What came of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Report {
    /// Rows there were.
    pub(crate) rows: u64,
    /// Devices that are new or changed; none where anything is wrong.
    pub(crate) changed: u64,
    /// What is wrong: the first thousand.
    pub(crate) errors: Vec<RowError>,
    /// How much is wrong in all.
    pub(crate) wrong: u64,
}

/// A mistake and its row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RowError {
    /// Counted from 1; the line with the names of the columns is not one.
    pub(crate) row: u64,
    /// What is wrong.
    pub(crate) error: String,
}

/// What a list is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Commas, or semicolons as spreadsheets write them; the first line names the columns.
    Csv,
    /// One array of objects, or one object a line.
    Json,
}

/// A list that was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct List {
    rows: Vec<(u64, Row)>,
    report: Report,
}

impl List {
    /// Reads a list to its end, however long it is.
    pub(crate) fn read(format: Format, from: impl Read) -> Self {
        let mut list = Self::default();
        match format {
            Format::Csv => csv::read(from, &mut |row| list.take(row)),
            Format::Json => json::read(from, &mut |row| list.take(row)),
        }
        list.names();
        list
    }

    fn take(&mut self, row: Result<Row, String>) {
        self.report.rows += 1;
        let number = self.report.rows;
        match row {
            Ok(_) if self.rows.len() >= MAX_ROWS => {
                self.report.tell(number, format!("more than {MAX_ROWS} rows"));
            }
            Ok(row) => self.rows.push((number, row)),
            Err(error) => self.report.tell(number, error),
        }
    }

    /// Names and serial numbers are of one device each.
    fn names(&mut self) {
        let mut first: BTreeMap<(&'static str, &str), u64> = BTreeMap::new();
        let mut twice = Vec::new();
        for (number, row) in &self.rows {
            let serial = row.attributes.get("serial").map(|serial| ("serial", serial.as_str()));
            for (what, text) in [Some(("name", row.name.as_str())), serial].into_iter().flatten() {
                if let Some(other) = first.insert((what, text), *number) {
                    twice.push((
                        *number,
                        format!("the {what} `{}` is also that of row {other}", text.escape_debug()),
                    ));
                }
            }
        }
        for (number, error) in twice {
            self.report.tell(number, error);
        }
    }

    /// Takes all of it into the record. Where anything is wrong the report says so, and nothing has changed.
    ///
    /// # Errors
    /// The report, where anything is wrong; what the store fails with.
    pub(crate) fn apply(
        &self,
        tx: &mut Tx<'_>,
        site: &str,
        actor: &Actor,
        origin: &str,
    ) -> Result<(Report, Option<Epoch>), Refused> {
        let mut report = self.report.clone();
        self.check(tx, site, &mut report)?;
        if report.wrong > 0 {
            return Err(Refused::List(report));
        }
        let mut changes = Changes::default();
        for (number, row) in &self.rows {
            let declared = (row.name.as_str(), &row.declaration);
            match devices::declare(tx, (site, actor), declared, Arrival::OnesWord, &mut changes) {
                Ok(new) => report.changed += u64::from(new),
                Err(problem) => report.tell(*number, problem.detail().to_owned()),
            }
            self.observe(tx, site, actor, row, origin)?;
        }
        if report.wrong > 0 {
            report.changed = 0;
            return Err(Refused::List(report));
        }
        let names: Vec<&str> = self.rows.iter().map(|(_, row)| row.name.as_str()).collect();
        let entry = tell::decided(site, actor, "device.import", "device/*").why(origin);
        let entry = entry.detail("rows", report.rows).detail("changed", report.changed);
        tell::log(tx, &entry.detail("digest", digest(names.join("\n").as_bytes())))?;
        let epoch = changes.finish(tx, site, actor, "devices were imported")?;
        Ok((report, epoch))
    }

    fn check(&self, tx: &mut Tx<'_>, site: &str, report: &mut Report) -> Result<(), Problem> {
        let zones = site::zones(tx, site)?;
        let devices: Vec<(&str, &Declaration)> =
            self.rows.iter().map(|(_, row)| (row.name.as_str(), &row.declaration)).collect();
        for wrong in check::check(&devices, zones.as_ref()) {
            let number = self.rows.get(wrong.index).map_or(0, |(number, _)| *number);
            report.tell(number, wrong.what);
        }
        for (number, row) in &self.rows {
            for mark in row.declaration.marks() {
                if let Some(other) = rows::marked(tx, site, &mark)?.filter(|other| *other != row.name) {
                    report.tell(*number, format!("`{}` is already that of `{other}`", mark.escape_debug()));
                }
            }
        }
        Ok(())
    }

    fn observe(
        &self,
        tx: &mut Tx<'_>,
        site: &str,
        actor: &Actor,
        row: &Row,
        origin: &str,
    ) -> Result<(), Problem> {
        for (attribute, value) in &row.attributes {
            let said = Observation {
                attribute: attribute.clone(),
                origin: origin.to_owned(),
                source: Source::Import.name().to_owned(),
                value: value.clone(),
                at: actor.seconds(),
                confidence: CONFIDENCE,
            };
            attributes::put(tx, site, &row.name, &said)?;
        }
        Ok(())
    }
}

impl Report {
    fn tell(&mut self, row: u64, error: String) {
        self.wrong += 1;
        if self.errors.len() < MAX_TOLD {
            self.errors.push(RowError { row, error: nullius_model::inert(&error) });
        }
    }
}

/// Why a list changed nothing.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Something is wrong with it.
    List(Report),
    /// Something else is.
    Problem(Problem),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<nullius_store::StoreError> for Refused {
    fn from(error: nullius_store::StoreError) -> Self {
        Self::Problem(error.into())
    }
}
