//! Other people's clients against the devices of the lab.

use crate::running::{Lab, text};
use std::process::Stdio;

#[test]
fn curl_gets_pages_pictures_and_refusals_from_the_camera() {
    let lab = Lab::up();
    lab.wait_for("hmi", "plc1: connected");
    assert!(lab.says("historian", &["curl", "-sS", "-m", "5", "http://10.77.1.41/"]).contains("<title>cam1"));
    assert!(
        lab.says("corp", &["curl", "-sS", "-m", "5", "http://[fd4e:55:77:1::41]/picture"])
            .starts_with("P5 32 32 255")
    );
    let codes = ["-o", "/dev/null", "-w", "%{http_code}"];
    let code =
        |more: &[&str]| lab.says("historian", &[&["curl", "-sS", "-m", "5"], &codes[..], more].concat());
    assert_eq!(code(&["http://10.77.1.41/nothing"]), "404");
    assert_eq!(code(&["-X", "POST", "http://10.77.1.41/"]), "405");
    let stream =
        lab.on("historian", &["curl", "-sS", "-m", "2", "http://10.77.1.41/stream"]).output().unwrap();
    assert!(stream.stdout.windows(9).filter(|part| part == b"--picture").count() > 5);
}

#[test]
fn mosquitto_publishes_subscribes_and_finds_what_is_retained() {
    let lab = Lab::up();
    lab.wait_for("historian", "broker: 1 messages");
    let subscribe = |topic: &str, count: &str| {
        let program = ["mosquitto_sub", "-h", "10.77.1.31", "-v", "-W", "10", "-C", count, "-t", topic];
        lab.on("vendor", &program).stdout(Stdio::piped()).spawn().unwrap()
    };
    let temperatures = subscribe("plant/+/temperature", "3").wait_with_output().unwrap();
    assert!(text(&temperatures).contains("plant/sensor1/temperature 1"), "{temperatures:?}");
    let listener = subscribe("test/#", "3");
    // each retained, so that it does not matter who comes first
    for (qos, host) in [("0", "10.77.1.31"), ("1", "fd4e:55:77:1::31"), ("2", "10.77.1.31")] {
        let topic = format!("test/{qos}");
        lab.says("ews", &["mosquitto_pub", "-h", host, "-r", "-q", qos, "-t", &topic, "-m", "hello"]);
    }
    let heard = text(&listener.wait_with_output().unwrap());
    assert!(
        ["test/0 hello", "test/1 hello", "test/2 hello"].iter().all(|line| heard.contains(line)),
        "{heard}"
    );
}

#[test]
fn libcoap_reads_the_sensor_and_is_told_what_it_may_not() {
    let lab = Lab::up();
    lab.wait_for("hmi", "plc1: connected");
    let coap = |more: &[&str]| {
        let output =
            lab.on("historian", &[&["coap-client-notls", "-B", "5"], more].concat()).output().unwrap();
        text(&output) + &String::from_utf8_lossy(&output.stderr)
    };
    assert!(coap(&["coap://10.77.1.34/temperature"]).starts_with("21."));
    assert!(coap(&["-N", "coap://[fd4e:55:77:1::34]/temperature"]).starts_with("21."));
    assert!(coap(&["coap://10.77.1.34/.well-known/core"]).contains("</temperature>"));
    assert!(coap(&["coap://10.77.1.34/pressure"]).starts_with("4.04"));
    assert!(coap(&["-m", "put", "-e", "30", "coap://10.77.1.34/temperature"]).starts_with("4.05"));
}

/// Everything a controller has, with the answers pymodbus makes of them.
const PYMODBUS: &str = "
from pymodbus.client import ModbusTcpClient
client = ModbusTcpClient('10.77.1.11', timeout=5)
assert client.connect()
print(client.write_registers(20, [7, 8, 9], 1).isError(), client.read_holding_registers(20, 3, 1).registers)
print(client.write_coils(9, [True, False, True], 1).isError(), client.read_coils(9, 3, 1).bits[:3])
print(client.write_register(21, 65535, 1).isError(), client.read_input_registers(20, 3, 1).registers)
print(client.write_coil(10, True, 1).isError(), client.read_discrete_inputs(9, 3, 1).bits[:3])
print(client.read_holding_registers(127, 2, 1).exception_code)
client.close()
";

#[test]
fn pymodbus_reads_and_writes_a_controller() {
    let lab = Lab::up();
    lab.wait_for("hmi", "plc1: connected");
    let said = lab.says("ews", &["/usr/bin/python3", "-c", PYMODBUS]);
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(
        lines,
        [
            "False [7, 8, 9]",
            "False [True, False, True]",
            "False [7, 65535, 9]",
            "False [True, True, True]",
            "2"
        ]
    );
}

#[test]
fn dig_and_dhclient_get_names_and_addresses() {
    let lab = Lab::up();
    lab.wait_for("hmi", "plc1: connected");
    let dig = |more: &[&str]| lab.says("vendor", &[&["dig", "+short", "+timeout=5"], more].concat());
    assert_eq!(dig(&["@10.77.1.2", "plc1.lab", "A"]), "10.77.1.11\n");
    assert_eq!(dig(&["@fd4e:55:77:1::2", "plc1.lab", "AAAA"]), "fd4e:55:77:1::11\n");
    let full = lab.says("vendor", &["dig", "@10.77.1.2", "example.com"]);
    assert!(full.contains("status: NXDOMAIN"), "{full}");
    let scratch = lab.state.with_extension("dhcp");
    std::fs::create_dir(&scratch).unwrap();
    let file = |name: &str| scratch.join(name).display().to_string();
    let (leases, pid) = (file("leases"), file("pid"));
    let program = ["dhclient", "-v", "-1", "-sf", "/bin/true", "-lf", &leases, "-pf", &pid, "eth0"];
    let output = lab.on("attacker", &program).output().unwrap();
    let stopped = lab
        .on("attacker", &["dhclient", "-x", "-sf", "/bin/true", "-lf", &leases, "-pf", &pid, "eth0"])
        .output()
        .unwrap();
    let lease = std::fs::read_to_string(&leases);
    std::fs::remove_dir_all(&scratch).unwrap();
    assert!(stopped.status.success(), "{stopped:?}");
    // the attacker keeps the address the table gives it
    assert!(lease.unwrap().contains("fixed-address 10.77.1.66;"), "{output:?}");
}
