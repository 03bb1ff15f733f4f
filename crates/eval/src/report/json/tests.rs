//! The schema is the structures', and reports fit it.

use super::*;
use crate::{Learn, Options, Progress, Source, evaluate};
use serde_json::Value;
use std::path::PathBuf;

struct Silent;

impl Progress for Silent {
    fn at(&mut self, _read: u64, _total: Option<u64>) {}
    fn go_on(&mut self) -> bool {
        true
    }
}

fn workspace(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn report(capture: &str) -> String {
    let options = Options {
        source: Source::Files(vec![workspace("crates/wire/tests/data").join(capture)]),
        learn: Learn::Share(0.5),
        cycles: vec![Duration::from_secs(3_600)],
        since: None,
        until: None,
        filter: None,
        follow_values: true,
        seed: 1,
    };
    let mut bytes = Vec::new();
    to_writer(&evaluate(&options, &mut Silent).unwrap(), &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The schema as the structures tell it.
fn schema() -> Value {
    let generator = schemars::generate::SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<Report<'_>>().to_value();
    schema["$id"] = SCHEMA.into();
    schema["title"] = "Report of `nullius eval --json`".into();
    schema
}

#[test]
fn the_committed_schema_is_that_of_the_structures() {
    let path = workspace("docs/eval-schema.json");
    let told = schema();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, format!("{told:#}\n")).unwrap();
    }
    // in which order the members stand depends on what else is built with serde_json
    let committed: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(committed, told, "run this test with UPDATE_EXPECT=1");
}

#[test]
fn a_report_is_one_line_the_same_each_time_and_fits_its_schema() {
    let schema = schema();
    for capture in
        ["modbus/modbusSmall.pcap", "ssdp/hue-bridge.pcap", "s7comm/s7comm_clean.pcap", "mqtt/v5.pcap"]
    {
        let written = report(capture);
        assert_eq!(written, report(capture), "{capture}");
        assert_eq!(written.lines().count(), 1, "{capture}");
        let value: Value = serde_json::from_str(&written).unwrap();
        fits(&value, &schema, &schema, capture);
    }
}

/// Checks what of JSON Schema our schema uses: types, required and known properties, items, variants, references.
fn fits(value: &Value, schema: &Value, root: &Value, path: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.strip_prefix("#/$defs/").unwrap();
        return fits(value, &root["$defs"][name], root, path);
    }
    for variants in ["oneOf", "anyOf"] {
        if let Some(variants) = schema[variants].as_array() {
            let kind = |variant: &&Value| {
                let tag = &variant["properties"]["kind"]["const"];
                !is_typed(value, variant, root) || (!tag.is_null() && *tag != value["kind"])
            };
            let left: Vec<_> = variants.iter().filter(|variant| !kind(variant)).collect();
            assert_eq!(left.len(), 1, "{path}: {value} fits not one variant");
            fits_here(value, left[0], root, path, true);
        }
    }
    fits_here(value, schema, root, path, schema["oneOf"].is_array());
}

fn fits_here(value: &Value, schema: &Value, root: &Value, path: &str, open: bool) {
    if schema["$ref"].is_string() {
        return fits(value, schema, root, path);
    }
    assert!(is_typed(value, schema, root), "{path}: {value} is not of {schema}");
    if let (Some(object), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
        for required in schema["required"].as_array().into_iter().flatten() {
            assert!(object.contains_key(required.as_str().unwrap()), "{path} lacks {required}");
        }
        for (name, value) in object {
            match properties.get(name) {
                Some(schema) => fits(value, schema, root, &format!("{path}.{name}")),
                None => assert!(open, "{path}.{name} is not in the schema"),
            }
        }
    }
    if let Some(items) = value.as_array() {
        items.iter().for_each(|item| fits(item, &schema["items"], root, &format!("{path}[]")));
    }
}

fn is_typed(value: &Value, schema: &Value, root: &Value) -> bool {
    let schema = match schema["$ref"].as_str().and_then(|text| text.strip_prefix("#/$defs/")) {
        Some(name) => &root["$defs"][name],
        None => schema,
    };
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("type {other}"),
    };
    match &schema["type"] {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().any(|name| is(name.as_str().unwrap())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => true,
    }
}
