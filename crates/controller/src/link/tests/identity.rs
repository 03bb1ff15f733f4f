//! What gateways say of who devices are: in the devices' rows, and where two have one key.

use super::gateway::Gateway;
use super::plant::{Plant, SITE, START};
use nullius_model::lifecycle::Lifecycle;
use nullius_protocol::link::{Report, ToController, ToGateway};
use nullius_protocol::local;
use nullius_store::{credentials, devices};

/// A device of the site.
async fn added(plant: &Plant, name: &'static str) {
    let row = devices::Device {
        name: name.into(),
        life: Lifecycle::new(),
        declaration: "{}".into(),
        zone: "cell".into(),
        shard: 0,
        vouched: Vec::new(),
        ia: 0,
        gateway: None,
        seen: None,
        search: name.into(),
        changed: 0,
    };
    plant.app.write(move |tx| devices::insert(tx, SITE, &row)).await.unwrap();
}

async fn row(plant: &Plant, name: &'static str) -> (u8, Option<String>, Option<u64>) {
    let row = plant.app.read(move |tx| devices::find(tx, SITE, name)).await.unwrap().unwrap();
    (row.ia, row.gateway, row.seen)
}

#[tokio::test]
async fn the_gateway_where_a_device_is_plugged_in_says_how_sure_we_are_of_it() {
    let plant = Plant::new().await;
    added(&plant, "plc1").await;
    let gateways = [Gateway::joined(&plant, "gw1").await, Gateway::joined(&plant, "gw2").await];
    let (here, elsewhere) = (0, 1);
    let told = |port: Option<&str>, assurance: &str| {
        let port = port.map(str::to_owned);
        let device = local::Device {
            name: "plc1".into(),
            port,
            assurance: assurance.into(),
            ..local::Device::default()
        };
        ToController::Report(Box::new(Report { devices: vec![device], ..Report::default() }))
    };
    for (which, report, expected) in [
        (elsewhere, told(None, "IA0"), (0, None, None)),
        (here, told(Some("lan1"), "IA4"), (4, Some("gw1".to_owned()), Some(START))),
        (elsewhere, told(None, "IA0"), (4, Some("gw1".to_owned()), Some(START))),
        (here, told(Some("lan1"), "sure"), (0, Some("gw1".to_owned()), Some(START))),
        (here, told(None, "IA0"), (0, Some("gw1".to_owned()), Some(START))),
    ] {
        let (mut link, _) = gateways[which].come(&plant).await.unwrap();
        link.say(&report).await;
        link.say(&ToController::Ping).await;
        assert_eq!(link.hear().await, Some(ToGateway::Pong));
        assert_eq!(row(&plant, "plc1").await, expected);
    }
}

#[tokio::test]
async fn a_key_in_two_places_freezes_the_enrolment_of_its_device_once() {
    let plant = Plant::new().await;
    added(&plant, "plc1").await;
    let mut gateway = Gateway::joined(&plant, "gw1").await;
    gateway.write_down("clone", "plc1 is doubted", "plc1");
    gateway.write_down("clone", "plc1 is doubted", "plc1");
    gateway.write_down("clone", "nobody is", "../../etc");
    gateway.write_down("alarm", "a double of plc2", "plc2");
    let (mut link, welcome) = gateway.come(&plant).await.unwrap();
    assert_eq!(gateway.upload(&mut link, &welcome).await, 4);
    let enrolment = plant.app.read(|tx| credentials::enrolment(tx, SITE, "plc1")).await.unwrap();
    assert_eq!(enrolment.frozen.as_deref(), Some("gateway gw1 saw a key of it in two places"));
    assert_eq!((plant.count("clone").await, plant.count("alarm.clone").await), (3, 1));
}
