//! Devices whose kind is known, from captures of others: each gets its class, and the reasons name what was observed.

#![expect(clippy::unwrap_used, reason = "a broken fixture must fail the test")]

mod support;

use nullius_device::discovery::classify::Class;
use nullius_eval::Learn;
use support::{PLANT, look_at, workspace};

struct Persona {
    capture: &'static str,
    mac: &'static str,
    class: Class,
    /// Observations that must be among the reasons for the class.
    observed: &'static [&'static str],
}

const PERSONAS: &[Persona] = &[
    Persona {
        capture: PLANT,
        mac: "00:04:17:02:36:35",
        class: Class::Controller,
        observed: &["answers modbus as slave", "hardware address of Schneider Electric"],
    },
    Persona {
        capture: "crates/wire/tests/data/s7comm/snap7.pcap",
        mac: "00:0e:8c:d0:f9:cb",
        class: Class::Controller,
        observed: &["answers s7comm as server", "hardware address of Siemens AG"],
    },
    Persona {
        capture: "crates/wire/tests/data/ethernet-ip/enip_cip_example.pcap",
        mac: "34:c0:f9:fe:65:6b",
        class: Class::Controller,
        observed: &["exchanges cyclic input and output as scanner"],
    },
    Persona {
        capture: PLANT,
        mac: "78:e7:d1:e0:02:5e",
        class: Class::Supervisor,
        observed: &["asks 13 controllers and writes to them"],
    },
    Persona {
        capture: "crates/wire/tests/data/s7comm/s7comm_clean.pcap",
        mac: "20:47:47:87:d4:96",
        class: Class::Historian,
        observed: &["asks 1 controllers and writes to none"],
    },
    Persona {
        capture: "crates/wire/tests/data/s7comm/snap7.pcap",
        mac: "00:0c:29:c1:49:92",
        class: Class::EngineeringStation,
        observed: &["reads or changes control programs"],
    },
    Persona {
        capture: "crates/wire/tests/data/bacnet/bacnet_services.pcap",
        mac: "00:e0:c9:00:10:a5",
        class: Class::BuildingController,
        observed: &["answers bacnet as server"],
    },
    Persona {
        capture: "crates/eval/tests/data/onboarding/edimax-cam.pcap",
        mac: "74:da:38:80:7a:08",
        class: Class::Camera,
        observed: &["says hostname `localcam.local`", "hardware address of Edimax Technology Co. Ltd."],
    },
    Persona {
        capture: "crates/wire/tests/data/mqtt/v5.pcap",
        mac: "02:00:5e:83:00:02",
        class: Class::Sensor,
        observed: &["reports over MQTT"],
    },
    Persona {
        capture: "crates/wire/tests/data/mqtt/v5.pcap",
        mac: "02:00:5e:83:00:01",
        class: Class::Broker,
        observed: &["accepts MQTT"],
    },
    Persona {
        capture: "crates/wire/tests/data/coap/libcoap.pcap",
        mac: "02:00:5e:84:00:01",
        class: Class::Sensor,
        observed: &["answers CoAP"],
    },
    Persona {
        capture: "crates/wire/tests/data/ssdp/hue-bridge.pcap",
        mac: "00:17:88:24:76:ff",
        class: Class::Gateway,
        observed: &["says server-software `linux/3.14.0 upnp/1.0 ipbridge/1.9.0`"],
    },
    Persona {
        capture: "crates/wire/tests/data/lldp/mb2.pcap",
        mac: "00:1b:1b:02:e6:1f",
        class: Class::Switch,
        observed: &["scalance x212-2"],
    },
    Persona {
        capture: "crates/wire/tests/data/dhcp/profinet_mixed_1.pcap",
        mac: "e4:11:5b:5a:d9:73",
        class: Class::Workstation,
        observed: &["says vendor-class `msft 5.0`", "asks for the DHCP options that Windows asks for"],
    },
    Persona {
        capture: "crates/eval/tests/data/onboarding/tp-link-plug.pcap",
        mac: "50:c7:bf:00:c7:03",
        class: Class::Appliance,
        observed: &["says hostname `hs110(eu)`", "hardware address of TP-LINK"],
    },
    Persona {
        capture: "crates/eval/tests/data/onboarding/tp-link-plug.pcap",
        mac: "00:b5:6d:06:08:ba",
        class: Class::Router,
        observed: &["forwards packets for", "answers DNS", "says device-role `dhcp server`"],
    },
];

#[test]
fn each_persona_gets_its_class_and_the_reasons_name_what_was_seen() {
    for Persona { capture, mac, class, observed } in PERSONAS {
        let evaluation = look_at(&workspace(capture), Learn::Everything);
        let is_it = |view: &&nullius_device::DeviceView| {
            view.device.macs.iter().any(|known| known.to_string() == *mac)
        };
        let view = evaluation.picture.devices.iter().find(is_it).unwrap();
        let verdict = &view.classification;
        assert_eq!(verdict.class, Some(*class), "{mac} in {capture}: {verdict:#?}");
        assert!(!verdict.ambiguous && verdict.confidence >= 30, "{mac} in {capture}: {verdict:#?}");
        for what in *observed {
            let named =
                verdict.reasons.iter().any(|reason| reason.class == *class && reason.why.contains(what));
            assert!(named, "{mac} in {capture}: `{what}` is not among {verdict:#?}");
        }
    }
}
