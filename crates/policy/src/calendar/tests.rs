//! Windows at their exact instants, in nights that have an hour too many or too few.

use super::*;

fn at(text: &str) -> Timestamp {
    let instant: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_secs(instant.as_second().unsigned_abs())
}

fn berlin(start: &str, rule: &str, minutes: u64) -> Schedule {
    let rule = Some(rule).filter(|rule| !rule.is_empty());
    Schedule::new(start, "Europe/Berlin", rule, Duration::from_secs(minutes * 60)).unwrap()
}

/// The first instants it opens and closes at, from `from` on.
fn instants(schedule: &Schedule, from: &str, many: usize) -> Vec<String> {
    let text = |at: Timestamp| at.to_string().replace(":00.000000Z", "Z");
    std::iter::successors(schedule.next(at(from)), |open| schedule.next(open.closes))
        .take(many)
        .map(|open| format!("{} {}", text(open.opens), text(open.closes)))
        .collect()
}

#[test]
fn the_night_the_clock_goes_back_a_window_lasts_its_minutes() {
    // 2026-10-25 in Berlin: 02:00 to 03:00 happens twice, first an hour ahead of 01:00Z and then again after it
    for (what, start, minutes, expected) in [
        ("inside the hour that repeats", "02:15", 30, "2026-10-25T00:15Z 2026-10-25T00:45Z"),
        ("across it", "01:30", 240, "2026-10-24T23:30Z 2026-10-25T03:30Z"),
        ("at a time that comes twice", "02:30", 60, "2026-10-25T00:30Z 2026-10-25T01:30Z"),
        ("after it", "03:00", 60, "2026-10-25T02:00Z 2026-10-25T03:00Z"),
        ("before it", "00:00", 60, "2026-10-24T22:00Z 2026-10-24T23:00Z"),
    ] {
        let schedule = berlin(&format!("2026-01-04T{start}"), "FREQ=WEEKLY;BYDAY=SU", minutes);
        assert_eq!(instants(&schedule, "2026-10-24T12:00:00Z", 1), [expected], "{what}");
    }
}

#[test]
fn a_start_that_the_clock_does_not_show_is_no_start() {
    // 2027-03-28 in Berlin: after 01:59 comes 03:00
    let weekly = berlin("2026-01-04T02:30", "FREQ=WEEKLY;BYDAY=SU", 60);
    assert_eq!(
        instants(&weekly, "2027-03-20T00:00:00Z", 2),
        ["2027-03-21T01:30Z 2027-03-21T02:30Z", "2027-04-04T00:30Z 2027-04-04T01:30Z"]
    );
    let across = berlin("2026-01-04T01:30", "FREQ=WEEKLY;BYDAY=SU", 60);
    assert_eq!(instants(&across, "2027-03-27T00:00:00Z", 1), ["2027-03-28T00:30Z 2027-03-28T01:30Z"]);
    let counted = berlin("2027-03-27T02:30", "FREQ=DAILY;COUNT=2", 60);
    assert_eq!(
        instants(&counted, "2027-03-01T00:00:00Z", 9),
        ["2027-03-27T01:30Z 2027-03-27T02:30Z", "2027-03-29T00:30Z 2027-03-29T01:30Z"]
    );
}

#[test]
fn a_window_is_open_from_its_first_instant_to_before_its_last() {
    let once = berlin("2026-11-22T20:00", "", 60);
    let open = |text: &str| once.next(at(text)).is_some_and(|next| next.opens <= at(text));
    for (when, is_open) in [
        ("2026-11-22T18:59:59Z", false),
        ("2026-11-22T19:00:00Z", true),
        ("2026-11-22T19:59:59Z", true),
        ("2026-11-22T20:00:00Z", false),
    ] {
        assert_eq!(open(when), is_open, "{when}");
    }
    assert_eq!(once.next(at("2026-11-22T20:00:00Z")), None);
}

#[test]
fn rules_name_the_days_that_the_standard_says() {
    for (rule, expected) in [
        ("FREQ=DAILY;INTERVAL=10", ["01-01", "01-11", "01-21", "01-31"]),
        ("FREQ=DAILY;BYDAY=MO,TU", ["01-05", "01-06", "01-12", "01-13"]),
        ("FREQ=WEEKLY", ["01-01", "01-08", "01-15", "01-22"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO", ["01-04", "01-12", "01-18", "01-26"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU", ["01-11", "01-12", "01-25", "01-26"]),
        ("FREQ=MONTHLY", ["01-01", "02-01", "03-01", "04-01"]),
        ("FREQ=MONTHLY;BYDAY=2TU", ["01-13", "02-10", "03-10", "04-14"]),
        ("FREQ=MONTHLY;BYDAY=-1FR", ["01-30", "02-27", "03-27", "04-24"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["01-31", "03-31", "05-31", "07-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["01-31", "02-28", "03-31", "04-30"]),
        ("FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR", ["02-13", "03-13", "11-13", "08-13"]),
        ("FREQ=YEARLY;BYMONTH=1,7;BYDAY=1SU", ["01-04", "07-05", "01-03", "07-04"]),
        ("RRULE:FREQ=DAILY;BYMONTH=12;BYMONTHDAY=31", ["12-31", "12-31", "12-31", "12-31"]),
    ] {
        let schedule = Schedule::new("2026-01-01T00:00", "UTC", Some(rule), Duration::from_secs(60)).unwrap();
        let found: Vec<String> = instants(&schedule, "2026-01-01T00:00:00Z", 4)
            .iter()
            .filter_map(|open| open.get(5..10).map(str::to_owned))
            .collect();
        assert_eq!(found, expected, "{rule}");
    }
}

#[test]
fn a_rule_ends_where_it_says() {
    let count =
        |rule: &str| instants(&berlin("2026-01-01T06:00", rule, 5), "2026-01-01T00:00:00Z", 2_000).len();
    assert_eq!(count("FREQ=DAILY;COUNT=1000"), 1_000);
    assert_eq!(count("FREQ=DAILY;UNTIL=20260110T050000Z"), 10, "the last instant is one of them");
    assert_eq!(count("FREQ=DAILY;UNTIL=20260110T045959Z"), 9);
}

#[test]
fn a_leap_day_is_found_across_the_years_and_the_end_of_time_is_an_end() {
    let leap = berlin("2028-02-29T12:00", "FREQ=YEARLY", 60);
    assert_eq!(instants(&leap, "2029-01-01T00:00:00Z", 1), ["2032-02-29T11:00Z 2032-02-29T12:00Z"]);
    let daily = berlin("2026-01-01T12:00", "FREQ=DAILY", 60);
    assert!(daily.next(at("2099-12-31T00:00:00Z")).is_some());
    for beyond in [at("2100-01-02T00:00:00Z"), Timestamp::from_nanos(u64::MAX)] {
        assert_eq!(daily.next(beyond), None);
    }
}

#[test]
fn what_costs_too_much_or_means_something_else_is_refused() {
    for (rule, said) in [
        ("FREQ=SECONDLY", "`FREQ=SECONDLY` is no calendar of people"),
        ("FREQ=HOURLY", "`FREQ=HOURLY` is no calendar of people"),
        ("FREQ=DAILY;COUNT=1001", "`1001` is not 1 to 1000"),
        ("FREQ=DAILY;COUNT=99999999999999999999", "`99999999999999999999` is not 1 to 1000"),
        ("FREQ=DAILY;INTERVAL=0", "`0` is not 1 to 1000"),
        ("FREQ=DAILY;INTERVAL=+1", "`+1` is not 1 to 1000"),
        ("FREQ=DAILY;BYHOUR=1,2,3", "`BYHOUR` is no part of a rule that is read here"),
        ("FREQ=DAILY;BYSETPOS=1", "`BYSETPOS` is no part of a rule that is read here"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101T000000Z", "COUNT and UNTIL exclude each other"),
        ("FREQ=DAILY;UNTIL=20270101", "`UNTIL=20270101` is no instant"),
        ("FREQ=DAILY;FREQ=WEEKLY", "`FREQ` stands there twice"),
        ("FREQ=WEEKLY;BYDAY=1MO", "the first or last such day is one of a month"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "a weekly rule has no BYMONTHDAY"),
        ("FREQ=YEARLY;BYDAY=MO", "a yearly rule with days names its months"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "`0` is no part of a rule that is read here"),
        (
            "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
            "the window never opens: no day fits its rule after its start",
        ),
        ("BYDAY=MO", "a rule begins with FREQ"),
        ("", "`` is no part of a rule that is read here"),
        ("FREQ=DAILY;BYDAY=ü", "`ü` is no part of a rule that is read here"),
    ] {
        let told = Schedule::new("2026-01-01T06:00", "UTC", Some(rule), Duration::from_secs(60)).unwrap_err();
        assert_eq!((told.part, told.message.as_str()), (Part::Rule, said), "{rule}");
    }
    for start in [
        "",
        "2026-01-01",
        "2026-13-01T00:00",
        "1999-01-01T00:00",
        "2026-01-01T00:00Z",
        "2026-01-01T00:00[UTC]",
    ] {
        let told = Schedule::new(start, "UTC", None, Duration::from_secs(60)).unwrap_err();
        assert_eq!(told.part, Part::Start, "{start}");
    }
    for zone in ["", "Mars/Olympus", "../etc/passwd", "CEST-1CET"] {
        let told = Schedule::new("2026-01-01T00:00", zone, None, Duration::from_secs(60)).unwrap_err();
        assert_eq!(told.part, Part::Zone, "{zone}");
    }
}
