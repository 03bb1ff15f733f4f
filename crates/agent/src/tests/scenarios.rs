//! What happens to a device.

use super::*;
use crate::est::EstError;
use crate::key::KeyError;
use crate::status::status;
use gateway::Seen;
use nullius_protocol::agent::ToAgent;
use nullius_protocol::link::Blob;

/// A plant with a controller, a gateway that passes on to it, and a device that is enrolled through both.
pub(super) async fn enrolled(lease: u32) -> (World, Controller, Gateway, Device) {
    let world = World::new();
    let controller = Controller::start(&world).await;
    let mut gateway = Gateway::start(&world, lease, Some(controller.address));
    let device = Device::new(Some(&gateway.place()));
    let name = within(20, "enrolment", device.enrol(world.token(), false)).await.unwrap();
    assert_eq!(name, "cam1 of site lab");
    while let Ok(seen) = gateway.seen.try_recv() {
        assert_eq!(seen, Seen::Relayed);
    }
    (world, controller, gateway, device)
}

fn refused(result: Result<impl Sized, AgentError>) -> (u16, String) {
    match result {
        Err(AgentError::Est(EstError::Refused(refusal))) => (refusal.status, refusal.said),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("taken"),
    }
}

#[tokio::test]
async fn a_device_enrols_through_the_gateway_proves_its_key_and_renews_when_told() {
    let (_world, controller, mut gateway, device) = enrolled(4).await;
    let first = controller.book(|book| book.issued[&1].key);
    let running = async {
        let ended = device.agent().run().await;
        panic!("{ended:?}");
    };
    let watching = async {
        assert_eq!(gateway.next().await, Seen::Hello("cam1".to_owned()));
        for _ in 0..3 {
            assert_eq!(gateway.next().await, Seen::Proof(first), "again at half of every lease");
        }
        let seen = status(&device.config, Arc::<SetClock>::clone(&device.clock)).unwrap().seen.unwrap();
        assert_eq!((seen.gateway.as_deref(), seen.interface.as_deref()), (Some("gw1"), Some("test0")));
        assert_eq!((seen.leased_until, seen.problem, seen.lost), (Some(NOW + 4), None, None));
        gateway.says.send(ToAgent::RenewNow { within: 0 }).unwrap();
        let mut next = gateway.next().await;
        while next == Seen::Proof(first) || next == Seen::Relayed {
            next = gateway.next().await;
        }
        assert_eq!(next, Seen::Hello("cam1".to_owned()), "with the new certificate");
        let second = controller.book(|book| book.issued[&2].key);
        assert_eq!(gateway.next().await, Seen::Proof(second));
    };
    tokio::select! {
        () = running => {}
        () = within(30, "the whole", watching) => {}
    }
    assert_eq!(device.keys(), 1, "the old key is gone");
    let status = status(&device.config, Arc::<SetClock>::clone(&device.clock)).unwrap();
    assert_eq!((status.generation, status.seen), (2, None), "no agent runs");
}

#[tokio::test]
async fn a_gateway_that_starts_anew_is_found_before_a_lease_ends() {
    let (world, _controller, _gateway, device) = enrolled(300).await;
    // in a runtime of its own, which ends as a process that is killed: without a word
    let process = tokio::runtime::Runtime::new().unwrap();
    let mut gateway = {
        let _in = process.enter();
        Gateway::start(&world, 3, None)
    };
    let device = Device { plant: Plant::at(Some(&gateway.place())), ..device };
    let running = async {
        let ended = device.agent().run().await;
        panic!("{ended:?}");
    };
    let watching = async {
        assert_eq!(gateway.next().await, Seen::Hello("cam1".to_owned()));
        assert!(matches!(gateway.next().await, Seen::Proof(_)));
        process.shutdown_background();
        let free = || std::net::UdpSocket::bind(gateway.address).is_ok();
        while !free() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let mut again = Gateway::start_as(&world, &world.gateway(), gateway.address, 3, None);
        let hello = within(5, "it is found", again.next()).await;
        assert_eq!(hello, Seen::Hello("cam1".to_owned()));
        assert!(matches!(again.next().await, Seen::Proof(_)));
    };
    tokio::select! {
        () = running => {}
        () = within(30, "the whole", watching) => {}
    }
}

#[tokio::test]
async fn proofs_go_on_while_the_controller_takes_its_time() {
    let (_world, _controller, mut gateway, device) = enrolled(1).await;
    // connects, and hears nothing: the listener's queue takes it
    let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Some(format!("https://{}", deaf.local_addr().unwrap()));
    let device = Device { config: Config { server, ..device.config.clone() }, ..device };
    let running = async {
        let ended = device.agent().run().await;
        panic!("{ended:?}");
    };
    let watching = async {
        assert!(matches!(gateway.next().await, Seen::Hello(_)));
        gateway.says.send(ToAgent::RenewNow { within: 0 }).unwrap();
        let _held = deaf.accept().await.unwrap();
        // more of them than news that may wait
        for _ in 0..24 {
            let next = within(2, "a proof", gateway.next()).await;
            assert!(matches!(next, Seen::Proof(_)), "{next:?}");
        }
    };
    tokio::select! {
        () = running => {}
        () = within(40, "the whole", watching) => {}
    }
}

#[tokio::test]
async fn a_neighbour_without_a_gateways_certificate_hears_no_proof() {
    let (world, _controller, _gateway, device) = enrolled(300).await;
    let foreign = World::new();
    let other_site = Profile::Gateway { site: "other".into(), name: "gw1".into() };
    let host = Profile::ControllerServer(vec!["gw1.plant.example".into()]);
    let cases = [
        (&foreign, foreign.gateway(), "another root"),
        (&world, other_site, "another site"),
        (&world, host, "no gateway"),
    ];
    for (whose, profile, what) in cases {
        let at = "[::1]:0".parse().unwrap();
        let mut neighbour = Gateway::start_as(whose, &profile, at, 300, None);
        let moved = Plant::at(Some(&neighbour.place()));
        let agent = Agent::open(&device.config, Arc::<SetClock>::clone(&device.clock), moved).unwrap();
        let ran = tokio::time::timeout(Duration::from_millis(1_500), agent.run()).await;
        assert!(ran.is_err(), "{what}: it goes on looking");
        assert!(neighbour.seen.try_recv().is_err(), "{what}");
        let text = std::fs::read_to_string(device.config.runtime.join("status.json")).unwrap();
        assert!(text.contains("certificate"), "{what}: {text}");
    }
}

#[tokio::test]
async fn an_enrolment_that_is_refused_leaves_nothing_behind() {
    let world = World::new();
    let controller = Controller::start(&world).await;
    let gateway = Gateway::start(&world, 300, Some(controller.address));
    let device = Device::new(Some(&gateway.place()));
    let mut token = world.token();
    token.secret = [9; 32];
    assert_eq!(
        refused(device.enrol(token, false).await),
        (401, "the token is not good, or was used".to_owned())
    );
    let mut token = world.token();
    token.root.0[0] ^= 1;
    let error = device.enrol(token, false).await.unwrap_err();
    assert!(matches!(error, AgentError::Est(EstError::Reach(_))), "another controller: {error}");
    controller.book(|book| assert_eq!(book.asked.len(), 1, "a stranger gets no token"));
    assert_eq!(device.keys(), 0);
    assert!(matches!(device.agent_error(), AgentError::State(_)));
    // directly, and again over what is there
    let direct =
        Device { config: Config { server: Some(controller.url()), ..device.config.clone() }, ..device };
    direct.enrol(world.token(), false).await.unwrap();
    let twice = direct.enrol(world.token(), false).await.unwrap_err();
    assert!(matches!(twice, AgentError::Enrolled(name) if name == "cam1"));
    assert_eq!(refused(direct.enrol(world.token(), true).await).0, 401, "a token works once");
    assert_eq!((direct.keys(), direct.agent().trial().generation), (1, 1), "what was there is still there");
    // a gateway is no controller, whatever it has for a certificate
    let posing = Controller::start_as(&world, &world.gateway()).await;
    let posed = Device::new(None);
    let posed = Device { config: Config { server: Some(posing.url()), ..posed.config.clone() }, ..posed };
    assert!(matches!(posed.enrol(world.token(), false).await, Err(AgentError::Est(EstError::Reach(_)))));
}

#[tokio::test]
async fn a_device_comes_back_after_months_with_a_clock_that_stands_at_1970() {
    let (world, controller, gateway, device) = enrolled(300).await;
    world.clock.set(NOW + 5 * LIFE);
    device.clock.set(12);
    let mut agent = device.agent();
    assert!(agent.renew().await.unwrap(), "by recovery");
    assert_eq!(agent.trial().generation, 2);
    controller.book(|book| {
        assert_eq!(book.recoveries, 1);
        assert_eq!(book.asked.last().map(String::as_str), Some("/enrol/v1/recover"));
    });
    // it knows better now what time it is, also after another start, and renews as others do
    drop(agent);
    let mut agent = device.agent();
    assert!(agent.time_now() >= NOW + 5 * LIFE - 60);
    assert!(agent.renew().await.unwrap());
    assert_eq!((agent.trial().generation, controller.book(|book| book.recoveries)), (3, 0));
    drop(gateway);
}

#[tokio::test]
async fn a_token_from_before_another_root_took_over_enrols() {
    let world = World::new().rolled_over();
    let controller = Controller::start(&world).await;
    let device = Device::new(None);
    let device =
        Device { config: Config { server: Some(controller.url()), ..device.config.clone() }, ..device };
    device.enrol(world.token(), false).await.unwrap();
    let agent = device.agent();
    let trusted: Vec<_> = agent.trial().anchors.iter().map(|root| crate::testing::hash(root)).collect();
    let roots = [Some(&world.root), world.older.as_ref()];
    for root in roots.into_iter().flatten() {
        assert!(trusted.contains(&crate::testing::hash(root.certificate())));
    }
}

#[tokio::test]
async fn a_device_that_was_off_while_another_root_took_over_comes_back() {
    let (world, before, _gateway, device) = enrolled(300).await;
    let world = world.rolled_over();
    let controller = Controller::start(&world).await;
    let issued = before.book(|book| book.issued.clone());
    controller.book(|book| book.issued = issued);
    world.clock.set(NOW + 5 * LIFE);
    device.clock.set(NOW + 5 * LIFE);
    let device =
        Device { config: Config { server: Some(controller.url()), ..device.config.clone() }, ..device };
    let mut agent = device.agent();
    assert!(agent.renew().await.unwrap(), "by recovery, under the new root");
    assert_eq!((agent.trial().generation, agent.trial().anchors.len()), (2, 2));
}

#[tokio::test]
async fn an_answer_that_is_lost_is_given_again_and_a_copy_is_not() {
    let (world, controller, _gateway, device) = enrolled(300).await;
    let copy = Device::new(device.plant.here.as_ref());
    copy.take_over(&device);
    let mut agent = device.agent();
    controller.book(|book| book.loses_answers = true);
    assert!(!agent.renew().await.unwrap(), "the answer is lost");
    assert_eq!((agent.trial().generation, agent.trial().failures), (1, 1));
    let wanted = agent.trial().wanted.clone();
    drop(agent);
    // the controller has gone on; the device comes again with the same request, also after a restart
    let mut agent = device.agent();
    assert_eq!(agent.trial().wanted, wanted);
    assert!(agent.renew().await.unwrap());
    assert_eq!((agent.trial().generation, controller.book(|book| book.recoveries)), (2, 0));
    // whoever copied the state before that is found out
    for at in [NOW, NOW + 2 * LIFE] {
        world.clock.set(at);
        copy.clock.set(at);
        assert!(!copy.agent().renew().await.unwrap());
        let text = copy.agent().trial().failures;
        assert!(text > 0);
    }
    controller.book(|book| assert_eq!(book.issued.len(), 2, "the copy got nothing"));
}

#[tokio::test]
async fn another_devices_certificate_is_not_taken() {
    let (_world, controller, _gateway, device) = enrolled(300).await;
    controller.book(|book| book.name = "cam2");
    let mut agent = device.agent();
    assert!(!agent.renew().await.unwrap());
    assert_eq!((agent.trial().generation, agent.trial().device.as_str()), (1, "cam1"));
    assert!(agent.problem().unwrap().contains("another device's: `cam2`"));
}

#[tokio::test]
async fn new_roots_arrive_over_the_connection_and_only_with_a_trusted_ones_word() {
    let (world, _controller, mut gateway, device) = enrolled(300).await;
    let (next, foreign) = (Root::new(2), Root::new(3));
    let blob = |der: &[u8]| Blob(der.to_vec());
    let anchors = |roots: &[&Root], cross: &[Vec<u8>]| ToAgent::Anchors {
        anchors: roots.iter().map(|root| blob(root.certificate())).collect(),
        cross: cross.iter().map(|der| blob(der)).collect(),
        distrusted: vec![],
    };
    let running = async {
        let ended = device.agent().run().await;
        panic!("{ended:?}");
    };
    let kept = || crate::state::Store::new(&device.config.state).read().unwrap().anchors;
    let watching = async {
        assert!(matches!(gateway.next().await, Seen::Hello(_)));
        assert!(matches!(gateway.next().await, Seen::Proof(_)));
        gateway.says.send(anchors(&[&world.root, &foreign], &[foreign.by(&foreign)])).unwrap();
        gateway.says.send(anchors(&[&world.root, &next], &[next.by(&world.root)])).unwrap();
        // the connection begins anew under the new roots
        assert!(matches!(gateway.next().await, Seen::Hello(_)));
        assert_eq!(kept(), [world.root.certificate(), next.certificate()]);
    };
    tokio::select! {
        () = running => {}
        () = within(30, "the whole", watching) => {}
    }
}

#[tokio::test]
async fn a_key_that_others_can_read_is_not_used() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_world, _controller, _gateway, device) = enrolled(300).await;
    let keys = device.config.state.join("keys");
    let key = std::fs::read_dir(keys).unwrap().next().unwrap().unwrap().path();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let ended = device.agent().run().await;
    assert!(matches!(ended, Err(AgentError::Key(KeyError::Open { .. }))), "{ended:?}");
}

/// Needs root, as enrolling by hand does.
#[tokio::test]
async fn what_root_enrols_belongs_to_the_agents_user() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    const AGENT: u32 = 65_534;
    let world = World::new();
    let controller = Controller::start(&world).await;
    let device = Device::new(None);
    let config = Config { server: Some(controller.url()), ..device.config.clone() };
    let device = Device { config, ..device };
    let state = &device.config.state;
    crate::file::make_directory(state).unwrap();
    chown(state, Some(AGENT), Some(AGENT)).unwrap();
    device.enrol(world.token(), false).await.unwrap();
    let key = std::fs::read_dir(state.join("keys")).unwrap().next().unwrap().unwrap().path();
    for path in [state.join("keys"), key, state.join("agent.json"), state.join("agent.lock")] {
        assert_eq!(std::fs::metadata(&path).unwrap().uid(), AGENT, "{}", path.display());
    }
}

#[cfg(feature = "tpm")]
#[tokio::test]
async fn a_device_with_its_key_in_a_tpm_enrols_proves_and_renews() {
    use crate::testing::emulator::{ports, start};
    let world = World::new();
    let controller = Controller::start(&world).await;
    let mut gateway = Gateway::start(&world, 4, Some(controller.address));
    let device = Device::new(Some(&gateway.place()));
    let ports = ports();
    let folder = device.config.runtime.join("tpm");
    crate::file::make_directory(&folder).unwrap();
    let _tpm = start(&folder, ports);
    let key = crate::config::KeyConfig::Tpm { tcti: format!("swtpm:host=127.0.0.1,port={}", ports.0) };
    let device = Device { config: Config { key, ..device.config.clone() }, ..device };
    controller.book(|book| book.protection = nullius_identity::Protection::Hardware);
    device.enrol(world.token(), false).await.unwrap();
    assert!(device.agent().renew().await.unwrap());
    for clock in [&world.clock, &device.clock] {
        clock.set(NOW + 2 * LIFE);
    }
    assert!(device.agent().renew().await.unwrap(), "by recovery");
    let keys = controller.book(|book| book.issued.values().map(|issued| issued.key).collect::<Vec<_>>());
    assert_eq!(keys, [keys[0]; 3], "what was vouched for is this key");
    let running = async {
        let ended = device.agent().run().await;
        panic!("{ended:?}");
    };
    let watching = async {
        while gateway.next().await != Seen::Proof(keys[0]) {}
        assert_eq!(device.keys(), 0, "none in a file");
    };
    tokio::select! {
        () = running => {}
        () = within(30, "the whole", watching) => {}
    }
}
