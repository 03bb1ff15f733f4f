//! Old stores climb to today's schema, on both databases; an upgrade that fails leaves what was there.

use super::*;
use crate::catalogue::{Table, quoted, tables};
use crate::testing::{Scratch, both};
use crate::{Kek, Location, Store, Value, secrets};
use std::path::{Path, PathBuf};

/// A store as it was at some schema, one JSON a line: the steps, then tables and their rows. Bytes are `{"hex": "…"}`.
struct Fixture {
    name: String,
    steps: Vec<i64>,
    tables: Vec<(Table, Vec<Vec<Value>>)>,
}

#[test]
fn a_store_of_every_committed_schema_climbs_to_todays() {
    let fixtures = fixtures();
    assert!(!fixtures.is_empty());
    for fixture in fixtures {
        both(|scratch| {
            let location = empty_like(scratch);
            plant(&location, &fixture);
            let store = Store::open(&location, Kek::for_tests()).unwrap();
            assert_eq!(store.read(|tx| secrets::find(tx, "ca")).unwrap().unwrap().expose(), b"private");
            for (table, rows) in &fixture.tables {
                let found = store.read(|tx| all(tx, table)).unwrap();
                let lost = rows.iter().filter(|row| !found.contains(row)).count();
                assert_eq!(lost, 0, "{} lost rows of {}", fixture.name, table.name);
            }
        });
    }
}

/// With `UPDATE_FIXTURES` set, writes one for today's schema: once for every release.
#[test]
fn a_fixture_of_today_is_read_as_it_was_written() {
    both(|scratch| {
        scratch.store.write(|tx| secrets::put(tx, "ca", b"private")).unwrap();
        let text = scratch.store.write(|tx| {
            fill(tx)?;
            dump(tx)
        });
        let text = text.unwrap();
        let fixture = parse("today", &text);
        let location = empty_like(scratch);
        plant(&location, &fixture);
        let again = Store::open(&location, Kek::for_tests()).unwrap();
        assert!(again.read(dump).unwrap() == text, "{text}");
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            std::fs::write(folder().join(format!("{:04}.jsonl", newest())), &text).unwrap();
        }
    });
}

#[test]
fn an_upgrade_that_fails_half_way_leaves_the_old_schema() {
    both(|scratch| {
        let fine = Migration {
            number: 9001,
            sql: "CREATE TABLE fresh (id BIGINT); ALTER TABLE meta RENAME TO facts",
        };
        let wrong =
            Migration { number: 9002, sql: "CREATE TABLE other (id BIGINT); INSERT INTO nowhere VALUES (1)" };
        let steps: Vec<Migration> = known().chain([fine, wrong]).collect();
        let backend = Backend::open(&scratch.location).unwrap();
        let before = scratch.store.read(tables).unwrap();
        assert!(migrate(&backend, &steps).is_err());
        assert_eq!(scratch.store.read(tables).unwrap(), before);
        Store::open(&scratch.location, Kek::for_tests()).unwrap();
    });
}

#[test]
fn an_upgrade_keeps_what_is_there_and_is_done_once() {
    both(|scratch| {
        scratch.store.write(|tx| secrets::put(tx, "ca", b"private")).unwrap();
        let sql =
            "ALTER TABLE secret ADD COLUMN note TEXT NOT NULL DEFAULT 'none'; UPDATE secret SET note = 'old'";
        let steps: Vec<Migration> = known().chain([Migration { number: 9001, sql }]).collect();
        let backend = Backend::open(&scratch.location).unwrap();
        migrate(&backend, &steps).unwrap();
        migrate(&backend, &steps).unwrap();
        let opened = Store::open(&scratch.location, Kek::for_tests());
        assert!(matches!(opened, Err(StoreError::Newer { found: 9001, .. })), "the old program: {opened:?}");
    });
}

fn known() -> impl Iterator<Item = Migration> {
    MIGRATIONS.iter().map(|step| Migration { number: step.number, sql: step.sql })
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn fixtures() -> Vec<Fixture> {
    let entries = std::fs::read_dir(folder()).into_iter().flatten().flatten();
    let paths =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "jsonl"));
    paths
        .map(|path| parse(&path.display().to_string(), &std::fs::read_to_string(&path).unwrap_or_default()))
        .collect()
}

fn empty_like(scratch: &Scratch) -> Location {
    match scratch.location {
        Location::Sqlite(_) => scratch.empty_sqlite(),
        Location::Postgres(_) => crate::testing::empty_postgres(),
    }
}

/// Makes the store of a fixture.
fn plant(location: &Location, fixture: &Fixture) {
    let steps: Vec<Migration> = known().filter(|step| fixture.steps.contains(&step.number)).collect();
    assert_eq!(steps.len(), fixture.steps.len(), "{}: a step that was released is gone", fixture.name);
    let planted = Backend::open(location).and_then(|backend| {
        migrate(&backend, &steps)?;
        let attempt = |session: &mut dyn Session| {
            session.begin(Mode::Migrate)?;
            finish(session, Arc::new(Ring::empty()), &mut |tx: &mut Tx<'_>| put_rows(tx, fixture))
        };
        retried(&backend, Mode::Write, attempt)
    });
    assert!(planted.is_ok(), "{}: {:?}", fixture.name, planted.err());
}

fn put_rows(tx: &mut Tx<'_>, fixture: &Fixture) -> Result<(), StoreError> {
    for (table, rows) in &fixture.tables {
        tx.execute(&format!("DELETE FROM {}", quoted(&table.name)), &[])?;
        for row in rows {
            insert(tx, table, row)?;
        }
    }
    Ok(())
}

fn insert(tx: &mut Tx<'_>, table: &Table, row: &[Value]) -> Result<(), StoreError> {
    let places = (1..=row.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
    let sql = format!("INSERT INTO {} ({}) VALUES ({places})", quoted(&table.name), names(table));
    tx.execute(&sql, row).map(|_| ())
}

/// A row in every table that has none: whatever a column of its kind can hold.
fn fill(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    for table in tables(tx)? {
        if !all(tx, &table)?.is_empty() {
            continue;
        }
        let columns = table.columns.iter().map(|column| match (column.is_bytes, column.is_number) {
            (true, _) => Value::Bytes(vec![1]),
            (false, true) => Value::Int(1),
            (false, false) => Value::Text("one".to_owned()),
        });
        insert(tx, &table, &columns.collect::<Vec<_>>())?;
    }
    Ok(())
}

fn all(tx: &mut Tx<'_>, table: &Table) -> Result<Vec<Vec<Value>>, StoreError> {
    let mut rows = tx.query(&format!("SELECT {} FROM {}", names(table), quoted(&table.name)), &[])?;
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(rows.into_iter().map(|row| row.0).collect())
}

fn names(table: &Table) -> String {
    table.columns.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ")
}

fn dump(tx: &mut Tx<'_>) -> Result<String, StoreError> {
    let steps: Vec<i64> = all_steps(tx)?;
    let mut lines = vec![serde_json::json!({ "steps": steps }).to_string()];
    for table in tables(tx)?.iter().filter(|table| !["head", "schema"].contains(&&*table.name)) {
        let columns: Vec<_> = table.columns.iter().map(|column| &column.name).collect();
        lines.push(serde_json::json!({ "table": table.name, "columns": columns }).to_string());
        let rows = all(tx, table)?;
        lines.extend(rows.iter().map(|row| serde_json::Value::from_iter(row.iter().map(json)).to_string()));
    }
    Ok(lines.join("\n") + "\n")
}

fn all_steps(tx: &mut Tx<'_>) -> Result<Vec<i64>, StoreError> {
    tx.query("SELECT number FROM schema ORDER BY number", &[])?.iter().map(|row| row.int(0)).collect()
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Int(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Bytes(bytes) => {
            serde_json::json!({ "hex": bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() })
        }
    }
}

fn parse(name: &str, text: &str) -> Fixture {
    let mut fixture = Fixture { name: name.to_owned(), steps: Vec::new(), tables: Vec::new() };
    for line in text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()) {
        if let Some(steps) = line["steps"].as_array() {
            fixture.steps = steps.iter().filter_map(serde_json::Value::as_i64).collect();
        } else if let Some(table) = line["table"].as_str() {
            fixture.tables.push((table_of(table, &line["columns"]), Vec::new()));
        } else if let (Some(row), Some((_, rows))) = (line.as_array(), fixture.tables.last_mut()) {
            rows.push(row.iter().map(value).collect());
        }
    }
    fixture
}

fn table_of(name: &str, columns: &serde_json::Value) -> Table {
    let names = columns.as_array().into_iter().flatten().filter_map(|column| column.as_str());
    let column =
        |name: &str| crate::catalogue::Column { name: name.to_owned(), is_bytes: false, is_number: false };
    Table { name: name.to_owned(), columns: names.map(column).collect() }
}

fn value(json: &serde_json::Value) -> Value {
    if let Some(text) = json["hex"].as_str() {
        let digit = |place| text.get(place..place + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
        return Value::Bytes((0..text.len()).step_by(2).filter_map(digit).collect());
    }
    match (json.as_i64(), json.as_str()) {
        (Some(number), _) => Value::Int(number),
        (None, Some(text)) => Value::Text(text.to_owned()),
        (None, None) => Value::Null,
    }
}
