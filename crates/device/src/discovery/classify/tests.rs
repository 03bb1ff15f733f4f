//! Verdicts on made-up devices; those on real ones are tested with captures.

use super::*;
use crate::testing::{cloud, flow, flow_to, ip, mac, picture, request};
use nullius_model::{Endpoint, Mac, VerbClass};

/// In a block of Schneider Electric.
const PLC: Mac = Mac::new([0, 0x04, 0x17, 0, 0, 2]);

fn verdict(lies: bool) -> Classification {
    let mut ask = flow(1, 2, 502);
    ask.server.mac = PLC;
    let picture = picture(|site| {
        site.announces(mac(1), ip(1), 1);
        site.announces(PLC, ip(2), 1);
        site.asks(&ask, request(VerbClass::Read, 0), 2);
        site.talks(&ask, Protocol::Modbus, true, 2);
        site.says(PLC, Some(ip(2)), (Attribute::Model, "M340"), Protocol::Modbus);
        if lies {
            let fingerprint = (Attribute::DhcpFingerprint, "1,3,6,15,31,33,43,44,46,47,119,121,249,252");
            site.says(PLC, None, fingerprint, Protocol::Dhcp);
            site.says(PLC, None, (Attribute::VendorClass, "MSFT 5.0"), Protocol::Dhcp);
            let mut tls = flow_to(2, Endpoint { mac: mac(9), ip: Some(cloud(7)), port: 443 });
            tls.client.mac = PLC;
            site.talks(&tls, Protocol::Tls, true, 3);
        }
    });
    let is_it = |view: &&crate::DeviceView| view.device.macs.contains(&PLC);
    picture.devices.iter().find(is_it).unwrap().classification.clone()
}

#[test]
fn a_controller_that_behaves_like_one_is_one() {
    let verdict = verdict(false);
    assert_eq!((verdict.class, verdict.ambiguous, verdict.confidence), (Some(Class::Controller), false, 100));
}

#[test]
fn a_laptop_that_poses_as_a_controller_is_ambiguous() {
    let verdict = verdict(true);
    assert_eq!((verdict.class, verdict.ambiguous), (None, true), "{verdict:#?}");
    assert!(verdict.confidence < 30, "{verdict:#?}");
    let why: Vec<&str> = verdict.reasons.iter().map(|reason| reason.why.as_str()).collect();
    for seen in [
        "answers modbus as slave",
        "says model `m340`",
        "hardware address of Schneider Electric",
        "opens TLS to the internet",
        "asks for the DHCP options that Windows asks for",
    ] {
        assert!(why.iter().any(|why| why.starts_with(seen)), "`{seen}` is not among {why:#?}");
    }
}

#[test]
fn the_most_points_win_unless_another_class_has_almost_as_many() {
    let reason = |class, points| Reason { class, points, why: String::new() };
    for (reasons, class, ambiguous, confidence) in [
        (vec![], None, false, 0),
        (vec![reason(Class::Camera, 2)], None, false, 25),
        (vec![reason(Class::Camera, 4)], Some(Class::Camera), false, 50),
        (vec![reason(Class::Camera, 6), reason(Class::Camera, 2)], Some(Class::Camera), false, 100),
        (vec![reason(Class::Camera, 8), reason(Class::Printer, 5)], Some(Class::Camera), false, 61),
        (vec![reason(Class::Camera, 8), reason(Class::Printer, 6)], None, true, 28),
    ] {
        let verdict = verdict_of(reasons);
        assert_eq!((verdict.class, verdict.ambiguous, verdict.confidence), (class, ambiguous, confidence));
    }
}

fn verdict_of(reasons: Vec<Reason>) -> Classification {
    super::verdict(reasons)
}
