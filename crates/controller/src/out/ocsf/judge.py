"""Judges events, one JSON object a line on standard input, by the OCSF schema that the PyPI package pydantic-ocsf carries.

The schema's own form (classes and objects that extend each other, one dictionary of attributes) is made into JSON
Schema for each class that appears; what nobody declared is an error. Prints what is wrong, and how many events were
judged.
"""

import json
import pathlib
import sys
import sysconfig

import jsonschema

FOLDER = pathlib.Path(sysconfig.get_paths()["purelib"]) / "ocsf" / "schemas"
SCHEMA = json.loads((FOLDER / "v1_7_0.json").read_text())
DICTIONARY = SCHEMA["dictionary"]["attributes"]
TYPES = SCHEMA["dictionary"]["types"]["attributes"]
# what profiles add to every class; their files are not in the package (https://schema.ocsf.io/1.7.0/profiles)
PROFILES = {
    "host": {"actor": "actor", "device": "device"},
    "security_control": {"action_id": None, "action": None, "disposition_id": None, "disposition": None, "is_alert": None},
}
CATEGORIES = {2: "Findings", 3: "Identity & Access Management", 4: "Network Activity", 5: "Discovery",
              6: "Application Activity", 7: "Remediation"}
JSON_TYPES = {"integer_t": "integer", "long_t": "integer", "boolean_t": "boolean", "float_t": "number", "string_t": "string"}


def attributes(table, name):
    """Of a class or an object, with those it extends."""
    entry = table[name]
    merged = attributes(table, entry["extends"]) if entry.get("extends") in table and entry["extends"] != name else {}
    merged = {key: dict(value) for key, value in merged.items()}
    for key, value in entry.get("attributes", {}).items():
        if key == "$include":
            continue
        into = merged.setdefault(key, {})
        enum = {**into.get("enum", {}), **value.get("enum", {})}
        into.update(value)
        if enum:
            into["enum"] = enum
    return merged


def attribute(name, given):
    known = {**DICTIONARY.get(name, {}), **given}
    enum = {**DICTIONARY.get(name, {}).get("enum", {}), **given.get("enum", {})}
    kind = known.get("type") or "string_t"
    if name in ("name", "type_uid") and kind not in TYPES and kind not in SCHEMA["objects"]:
        kind = "string_t"
    if kind in SCHEMA["objects"]:
        schema = {"$ref": "#/$defs/" + kind}
    elif kind == "json_t":
        schema = {}
    else:
        declared = TYPES[kind]
        schema = {"type": JSON_TYPES.get(declared.get("type", kind), "string")}
        if "regex" in declared:
            schema["pattern"] = declared["regex"]
        if "max_len" in declared:
            schema["maxLength"] = declared["max_len"]
        if "range" in declared:
            schema["minimum"], schema["maximum"] = declared["range"]
        if enum and name not in ("type_uid", "class_uid", "category_uid") and schema["type"] == "integer" and len(enum) > 2:
            schema["enum"] = [int(key) for key in enum]
    return {"type": "array", "items": schema} if known.get("is_array") else schema


def entity(table, name, profiles):
    own = attributes(table, name)
    for profile in profiles:
        for key in PROFILES[profile]:
            own.setdefault(key, {})
    schema = {
        "type": "object",
        "properties": {key: attribute(key, value) for key, value in own.items()},
        "required": [key for key, value in own.items() if value.get("requirement") == "required"],
        "additionalProperties": False,
    }
    constraints = table[name].get("constraints") or {}
    if "at_least_one" in constraints:
        schema["anyOf"] = [{"required": [key]} for key in constraints["at_least_one"]]
    if "just_one" in constraints:
        schema["oneOf"] = [{"required": [key]} for key in constraints["just_one"]]
    return schema


OBJECTS = {name: entity(SCHEMA["objects"], name, []) for name in SCHEMA["objects"]}
VALIDATORS = {}


def validator(name, profiles):
    key = (name, tuple(profiles))
    if key not in VALIDATORS:
        schema = {**entity(SCHEMA["events"], name, profiles), "$defs": OBJECTS}
        VALIDATORS[key] = jsonschema.Draft202012Validator(schema)
    return VALIDATORS[key]


def relations(event, own, name):
    """What the schema says in words: numbers that are made of others, captions that belong to numbers."""
    category = event["class_uid"] // 1000
    yield "type_uid", event["type_uid"], event["class_uid"] * 100 + event["activity_id"]
    yield "category_uid", event["category_uid"], category
    yield "category_name", event["category_name"], CATEGORIES[category]
    yield "class_name", event["class_name"], SCHEMA["events"][name]["caption"]
    for number, caption in [("activity_id", "activity_name"), ("severity_id", "severity"), ("status_id", "status"),
                            ("action_id", "action"), ("disposition_id", "disposition")]:
        if event.get(number, 99) != 99:
            enum = {**DICTIONARY[number].get("enum", {}), **own.get(number, {}).get("enum", {})}
            yield caption, event.get(caption), enum.get(str(event[number]), {}).get("caption")


def main():
    categories = {"findings": 2, "iam": 3, "network": 4, "discovery": 5, "application": 6, "remediation": 7}

    def category(name):
        entry = SCHEMA["events"][name]
        return entry.get("category") or category(entry["extends"])

    classes = {}
    for name, entry in SCHEMA["events"].items():
        if entry.get("uid") and name != "base_event":
            classes.setdefault(categories.get(category(name), 0) * 1000 + entry["uid"], name)
    judged, bad = 0, 0
    for line in sys.stdin.buffer:
        event = json.loads(line)
        name = classes[event["class_uid"]]
        own = attributes(SCHEMA["events"], name)
        faults = [f"{list(fault.absolute_path)}: {fault.message}" for fault in
                  validator(name, event["metadata"]["profiles"]).iter_errors(event)]
        faults += [f"{what}: {found!r} is not {wanted!r}" for what, found, wanted in relations(event, own, name)
                   if found != wanted]
        judged += 1
        for fault in faults:
            bad += 1
            print(f"{name} {event['metadata']['event_code']}: {fault[:400]}")
    print(f"{judged} judged, {bad} wrong")


main()
