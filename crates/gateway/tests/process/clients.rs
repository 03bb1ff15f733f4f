//! Clients that are slow, silent, many or talk nonsense.

use crate::plant::{Plant, is_ok};
use nullius_protocol::local::{Answer, Body, Command, Event, Question};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;

fn connect(plant: &Plant) -> UnixStream {
    UnixStream::connect(plant.path("socket")).unwrap()
}

#[test]
fn the_socket_is_for_its_owner_alone() {
    let mut plant = Plant::new("socket");
    plant.start();
    let mode = fs::metadata(plant.path("socket")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn nonsense_is_answered_and_the_connection_goes_on() {
    let mut plant = Plant::new("nonsense");
    plant.start();
    let mut stream = BufReader::new(connect(&plant));
    for line in
        ["\n", "{}\n", "\u{1b}[2J\n", "{\"command\":{\"revoke\":{\"device\":\"../x\",\"reason\":\"\"}}}\n"]
    {
        stream.get_mut().write_all(line.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_line(&mut answer).unwrap();
        assert!(answer.contains("\"error\""), "{line}: {answer}");
        assert!(!answer.contains('\u{1b}'), "{answer}");
    }
}

#[test]
fn more_clients_than_there_are_places_are_hung_up_on() {
    let mut plant = Plant::new("many");
    plant.start();
    let silent: Vec<UnixStream> = (0..16).map(|_| connect(&plant)).collect();
    let mut surplus = connect(&plant);
    assert!(matches!(surplus.read(&mut [0; 1]), Ok(0) | Err(_)));
    drop(silent);
    plant.wait_until("there is room again", |plant| plant.try_ask(Command::Status).is_some());
}

#[test]
fn sixteen_clients_with_long_lines_fit_into_a_small_memory() {
    let mut plant = Plant::new("long");
    plant.start();
    let send = |mut stream: UnixStream| {
        let line = vec![b'x'; 15 << 20];
        stream.set_write_timeout(Some(std::time::Duration::from_secs(3))).unwrap();
        // all but one wait for their turn
        let _ = stream.write_all(&line);
        stream
    };
    let streams: Vec<UnixStream> = (0..16).map(|_| connect(&plant)).collect();
    let clients: Vec<_> =
        streams.into_iter().map(|stream| std::thread::spawn(move || send(stream))).collect();
    let streams: Vec<UnixStream> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    assert!(plant.peak_memory() < 128 << 10, "{} KiB", plant.peak_memory());
    drop(streams);
    plant.wait_until("there is room again", |plant| is_ok(plant.apply(1, 1001).as_ref()));
}

#[test]
fn what_happens_is_seen_by_whoever_tails() {
    let mut plant = Plant::new("tail");
    plant.start();
    let mut tail = BufReader::new(connect(&plant));
    tail.get_mut().write_all(b"{\"id\":7,\"command\":\"tail\"}\n").unwrap();
    // the answer to another client shows that this one is listening
    assert!(is_ok(plant.apply(1, 1001).as_ref()));
    let mut line = String::new();
    tail.read_line(&mut line).unwrap();
    let reply: nullius_protocol::local::Reply =
        nullius_protocol::local::decode(line.trim_end().as_bytes()).unwrap();
    assert_eq!(reply.id, Some(7));
    let Answer::Ok(body) = reply.answer else { panic!("{line}") };
    assert!(matches!(*body, Body::Event(Event::Audit(_) | Event::Denied(_))), "{line}");
}

#[test]
fn why_is_answered_for_now_and_for_then() {
    let mut plant = Plant::new("why");
    plant.start();
    assert!(is_ok(plant.apply(1, 1001).as_ref()));
    let why = |at: Option<u64>| {
        let answer = plant.ask(Command::Why(Question {
            subject: "10.0.0.1".into(),
            object: "plc".into(),
            service: "main".into(),
            verb: Some("connect".into()),
            operand: None,
            at,
        }));
        let Answer::Ok(body) = answer else { panic!("{answer:?}") };
        let Body::Why(why) = *body else { panic!("no reason") };
        why
    };
    let then = why(None);
    assert!(then.allowed, "{then:?}");
    assert_eq!(then.policies, ["hmi-uses-plc"]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let before = nullius_gateway::Clock::now(&nullius_gateway::SystemClock).wall.as_secs();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let revoke = Command::Revoke { device: "hmi".into(), reason: "stolen".into() };
    assert!(is_ok(Some(&plant.ask(revoke))));
    assert!(!why(None).allowed);
    assert!(why(Some(before)).allowed);
    let answer = plant.ask(Command::Why(Question {
        subject: "hmi".into(),
        object: "plc".into(),
        service: "22".into(),
        at: Some(1),
        ..Question::default()
    }));
    assert!(matches!(answer, Answer::Error(_)));
}
