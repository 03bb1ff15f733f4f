//! What is decided, said in sentences.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must say so at once")]

mod small;

use nullius_model::{Assurance, Mode, Seed, VerbClass, Verdict};
use nullius_policy::{Basis, DecisionCache, Effect, Inputs, MessageFields, Posture, Request, Unknown, Verbs};
use small::{Site, grant, office_hours, read, site};
use std::sync::Arc;
use std::time::Duration;

const GOOD: Inputs = Inputs {
    assurance: Assurance::Ia3,
    posture: Some(Posture { good: true, age: 60 }),
    risk: Some(1),
    conforms: Some(true),
};

/// Asks for everything there is to ask for.
const CAREFUL: &str = r#"
    @id("careful")
    permit (principal in Group::"clients", action in Modbus::Action::"any read", resource == Service::"plc1/modbus")
    when { context.ia >= 2 && context.mode == "normal" }
    when { context.time.minute >= 360 && context.time.minute < 840 }
    when { context has posture && context.posture.good && context.posture.age < 3600 }
    when { context has risk && context.risk < 3 }
    when { context has conforms && context.conforms }
    when { context.message has unit && context.message.unit == 1 };
"#;

#[test]
fn a_forbid_that_fails_denies() {
    let site = site(
        r#"
        @id("all") permit (principal, action, resource);
        @id("no") forbid (principal, action, resource) when { context.ia + 9223372036854775807 < 0 };
    "#,
    );
    let decision = site.decide(&read(), &GOOD, &office_hours(), &[]);
    assert_eq!(decision.effect, Effect::Deny);
    assert_eq!(decision.errors.iter().map(|(id, _)| id.0.as_str()).collect::<Vec<_>>(), ["no"]);
    assert_eq!(site.connection(&GOOD, &office_hours(), &[]).verdict, Verdict::Deny);
}

#[test]
fn each_input_turns_the_decision_and_is_named() {
    let site = site(CAREFUL);
    let allowed = site.decide(&read(), &GOOD, &office_hours(), &[]);
    assert_eq!((allowed.effect, small::ids(&allowed.reasons)), (Effect::Allow, vec!["careful"]));
    let message = |unit| Some(MessageFields { unit: Some(unit), ..MessageFields::default() });
    let other = |change: fn(&mut Request)| {
        let mut request = read();
        change(&mut request);
        request
    };
    let at = |minute| nullius_policy::Moment { minute, ..office_hours() };
    let posture = |good, age| Inputs { posture: Some(Posture { good, age }), ..GOOD };
    let write = other(|request| {
        request.verb = "write_single_register".into();
        request.class = VerbClass::Write;
    });
    let cases = [
        ("ia", read(), Inputs { assurance: Assurance::Ia1, ..GOOD }, office_hours()),
        ("mode", read(), GOOD, nullius_policy::Moment { mode: Mode::Maintenance, ..office_hours() }),
        ("time", read(), GOOD, at(840)),
        ("posture", read(), posture(false, 60), office_hours()),
        ("posture", read(), posture(true, 3600), office_hours()),
        ("risk", read(), Inputs { risk: Some(3), ..GOOD }, office_hours()),
        ("conforms", read(), Inputs { conforms: Some(false), ..GOOD }, office_hours()),
        ("message", Request { message: message(2), ..read() }, GOOD, office_hours()),
        ("verb", write, GOOD, office_hours()),
        ("object", other(|request| request.object.device = small::name("plc2")), GOOD, office_hours()),
        ("subject", other(|request| request.subject = small::name("camera")), GOOD, office_hours()),
    ];
    for (input, request, inputs, moment) in cases {
        let decision = site.decide(&request, &inputs, &moment, &[]);
        assert_eq!((decision.effect, decision.turned_by), (Effect::Deny, vec![input]), "{input}");
    }
}

#[test]
fn a_missing_input_is_never_good_and_is_named() {
    let site = site(CAREFUL);
    for (input, inputs) in [
        ("posture", Inputs { posture: None, ..GOOD }),
        ("risk", Inputs { risk: None, ..GOOD }),
        ("conforms", Inputs { conforms: None, ..GOOD }),
    ] {
        let decision = site.decide(&read(), &inputs, &office_hours(), &[]);
        assert_eq!((decision.effect, decision.missing), (Effect::Deny, vec![input]));
        assert_eq!(decision.turned_by, [input]);
    }
    let silent = Request { message: None, ..read() };
    assert_eq!(site.decide(&silent, &GOOD, &office_hours(), &[]).turned_by, ["message"]);
}

#[test]
fn conflicting_conditions_deny_and_name_both() {
    let site = site(
        r#"
        @id("day") permit (principal, action, resource) when { context.time.minute >= 360 && context.time.minute < 840 };
        @id("works") forbid (principal, action, resource) when { context.mode == "maintenance" };
    "#,
    );
    let works = nullius_policy::Moment { mode: Mode::Maintenance, ..office_hours() };
    let decision = site.decide(&read(), &GOOD, &works, &[]);
    assert_eq!((decision.effect, small::ids(&decision.reasons)), (Effect::Deny, vec!["day", "works"]));
    assert_eq!(decision.turned_by, ["mode"]);
    assert_eq!(small::ids(&site.connection(&GOOD, &works, &[]).reasons), ["day", "works"]);
}

#[test]
fn a_forbid_reaches_members_of_a_group_however_deep() {
    let site = site(
        r#"
        @id("all") permit (principal, action, resource);
        @id("it") forbid (principal in Group::"everyone", action, resource);
    "#,
    );
    let decision = site.decide(&read(), &GOOD, &office_hours(), &[]);
    assert_eq!((decision.effect, small::ids(&decision.reasons)), (Effect::Deny, vec!["all", "it"]));
}

#[test]
fn a_grant_allows_what_no_policy_does_and_never_what_one_forbids() {
    let grants = [grant("g-7", Verbs::Classes([VerbClass::Read].into()), 2)];
    let nothing = site("");
    let decision = nothing.decide(&read(), &GOOD, &office_hours(), &grants);
    assert_eq!((decision.effect, small::ids(&decision.reasons)), (Effect::Allow, vec!["g-7"]));
    assert_eq!(nothing.connection(&GOOD, &office_hours(), &grants).verdict, Verdict::Divert);
    let whole = [grant("g-8", Verbs::All, 2)];
    assert_eq!(nothing.connection(&GOOD, &office_hours(), &whole).verdict, Verdict::Accept);
    let strict = site(
        r#"
        @id("four-eyes") forbid (principal, action, resource) unless { context has approved_by && context.approved_by >= 2 };
    "#,
    );
    assert_eq!(strict.decide(&read(), &GOOD, &office_hours(), &grants).effect, Effect::Allow);
    let alone = [grant("g-9", Verbs::All, 1)];
    let decision = strict.decide(&read(), &GOOD, &office_hours(), &alone);
    assert_eq!((decision.effect, small::ids(&decision.reasons)), (Effect::Deny, vec!["four-eyes", "g-9"]));
    assert_eq!(decision.turned_by, ["approved_by"]);
}

#[test]
fn the_packet_path_accepts_only_what_every_message_may() {
    let verdict = |text: &str| site(text).connection(&GOOD, &office_hours(), &[]).verdict;
    for (text, expected) in [
        ("", Verdict::Deny),
        ("permit (principal, action, resource);", Verdict::Accept),
        ("permit (principal, action in Modbus::Action::\"any\", resource);", Verdict::Accept),
        ("permit (principal, action in Action::\"read\", resource);", Verdict::Divert),
        ("permit (principal, action == Action::\"connect\", resource);", Verdict::Deny),
        (
            "permit (principal, action in Modbus::Action::\"any\", resource) when { context.message has unit };",
            Verdict::Divert,
        ),
        ("permit (principal, action, resource) when { context.ia >= 5 };", Verdict::Deny),
    ] {
        assert_eq!(verdict(text), expected, "{text}");
    }
}

#[test]
fn a_verdict_says_how_long_it_holds() {
    let holds = |text: &str, minute, second| {
        let moment = nullius_policy::Moment { minute, second, ..office_hours() };
        let connection = site(text).connection(&GOOD, &moment, &[]);
        (connection.verdict, connection.holds_for)
    };
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let day = "permit (principal, action, resource) when { context.time.minute >= 360 && context.time.minute < 840 };";
    assert_eq!(holds(day, 839, 30), (Verdict::Accept, seconds(30)));
    assert_eq!(holds(day, 840, 0), (Verdict::Deny, seconds(16 * 3600)));
    let weekend = "permit (principal, action, resource) when { context.time.weekday > 5 };";
    assert_eq!(holds(weekend, 0, 0), (Verdict::Deny, seconds(3 * 86_400)));
    let fresh =
        "permit (principal, action, resource) when { context has posture && context.posture.age <= 100 };";
    assert_eq!(holds(fresh, 0, 0), (Verdict::Accept, seconds(41)));
    assert_eq!(holds("permit (principal, action, resource);", 0, 0), (Verdict::Accept, None));
}

#[test]
fn a_verdict_is_promised_no_longer_than_to_the_next_tick_that_is_counted_with() {
    let moment = nullius_policy::Moment { minute: 100, second: 20, ..office_hours() };
    let holds = |condition: &str| {
        // The other comparison changes much later, and must not hide the minutes before it.
        let text = format!(
            "permit (principal, action, resource) when {{ {condition} || context.time.minute >= 900 }};"
        );
        let connection = site(&text).connection(&GOOD, &moment, &[]);
        (connection.verdict, connection.holds_for)
    };
    for condition in ["context.time.minute + 100 > 201", "context.time == {minute: 102, weekday: 3}"] {
        assert_eq!(holds(condition), (Verdict::Deny, Some(Duration::from_secs(40))), "{condition}");
    }
    for age in ["context.posture.age * 2 > 124", "context.posture == {good: true, age: 62}"] {
        let condition = format!("(context has posture && {age})");
        assert_eq!(holds(&condition), (Verdict::Deny, Some(Duration::from_secs(1))), "{condition}");
    }
}

#[test]
fn what_nobody_knows_is_denied_and_named() {
    let site = site("permit (principal, action, resource);");
    let stranger = Request { subject: small::name("stranger"), ..read() };
    let decision = site.decide(&stranger, &GOOD, &office_hours(), &[]);
    assert_eq!(decision.unknown, Some(Unknown::Subject(small::name("stranger"))));
    let odd = Request { verb: "frobnicate".into(), ..read() };
    let decision = site.decide(&odd, &GOOD, &office_hours(), &[]);
    assert_eq!(decision.unknown, Some(Unknown::Verb(VerbClass::Read, "frobnicate".into())));
    // A known word in a class it does not have is not the verb that policies allow.
    let wrong = Request { class: VerbClass::Write, ..read() };
    assert_eq!(site.decide(&wrong, &GOOD, &office_hours(), &[]).effect, Effect::Deny);
}

#[test]
fn a_decision_is_kept_until_the_epoch_changes_and_never_where_the_message_counts() {
    let ask = |site: &Site, cache: &mut DecisionCache, epoch, inputs: &Inputs| {
        let (policies, directory, moment) = (&site.policies, &site.directory, &office_hours());
        cache.decide(epoch, &read(), Basis { policies, directory, inputs, moment, permits: &[] })
    };
    let sure = site("permit (principal, action, resource) when { context.ia >= 3 };");
    let mut cache = DecisionCache::new(Seed::new(1));
    let first = ask(&sure, &mut cache, 1, &GOOD);
    assert!(Arc::ptr_eq(&first, &ask(&sure, &mut cache, 1, &GOOD)));
    let unsure = Inputs::default();
    assert_eq!(ask(&sure, &mut cache, 2, &unsure).effect, Effect::Deny);
    let careful = site(CAREFUL);
    let mut cache = DecisionCache::new(Seed::new(1));
    let first = ask(&careful, &mut cache, 1, &GOOD);
    assert!(!Arc::ptr_eq(&first, &ask(&careful, &mut cache, 1, &GOOD)));
}

#[test]
fn a_policy_that_does_not_fit_is_refused_where_it_is_wrong() {
    for (text, line, column) in [
        ("permit (principal, action, resource)\nwhen { context.risk < 3 };", 2, 8),
        ("permit (principal, action, resource);\n  permit (principal action, resource);", 2, 21),
        ("permit (principal == ?principal, action, resource);", 1, 22),
        (
            "@id(\"a\") permit (principal, action, resource);\n@id(\"a\") forbid (principal, action, resource);",
            2,
            1,
        ),
        ("permit (principal, action == Modbus::Action::\"reed\", resource);", 1, 30),
    ] {
        let problems = small::problems(text);
        let places: Vec<(u32, u32)> = problems.iter().map(|problem| (problem.line, problem.column)).collect();
        assert!(places.contains(&(line, column)), "{text}: {problems:?}");
    }
}

#[test]
fn the_deepest_policy_that_is_taken_does_not_exhaust_the_stack() {
    let chain = vec!["context.ia == 1"; 85].join(" || ");
    let nested = format!("{}true{}", "(".repeat(20), ")".repeat(20));
    let choice = format!("{}true", "if context.ia == 1 then true else ".repeat(40));
    for condition in [chain, nested, choice] {
        let text = format!("permit (principal, action, resource) when {{ {condition} }};");
        let site = site(&text);
        site.decide(&read(), &GOOD, &office_hours(), &[]);
    }
    let deeper = format!("{}true", "if context.ia == 1 then true else ".repeat(70));
    let text = format!("permit (principal, action, resource) when {{ {deeper} }};");
    let problems = small::problems(&text);
    assert!(problems.iter().any(|problem| problem.message.contains("deep")), "{problems:?}");
}
