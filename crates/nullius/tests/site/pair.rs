//! A client and a server, for what happens to one conversation, and the host where newcomers enrol.

use crate::net::{ipv4, ipv6, mac};

pub(crate) const CLIENT: usize = 1;
pub(crate) const SERVER: usize = 2;
/// Where strangers may enrol, over HTTP.
pub(crate) const ENROLMENT: usize = 3;
pub(crate) const ENROLMENT_PORT: u16 = 8080;
/// The server's services, TCP and UDP on each of these. Streams to the first two go over IPv4, to the others over IPv6.
pub(crate) const PORTS: [u16; 4] = [5201, 5202, 5203, 5204];

const OPEN: &str = r#"
@id("client-uses-server")
@owner("tests")
permit (principal == Device::"client", action, resource in Device::"server");
"#;

const CLOSED: &str = r#"
@id("client-greets-server")
@owner("tests")
permit (principal == Device::"client", action, resource == Service::"server/ping");
"#;

/// The client may use everything of the server.
pub(crate) fn open() -> Vec<(&'static str, String)> {
    files(OPEN)
}

/// The client may ping the server and nothing else: the rest takes a grant.
pub(crate) fn closed() -> Vec<(&'static str, String)> {
    files(CLOSED)
}

fn files(policies: &str) -> Vec<(&'static str, String)> {
    vec![("inventory.toml", inventory()), ("policies/pair.cedar", policies.to_owned())]
}

fn inventory() -> String {
    let mut text = String::from(
        "format = 1\n[site]\nname = \"pair\"\n[[zone]]\nname = \"cell\"\nowner = \"tests\"\nclass = \"operations\"\n",
    );
    text += &device("client", CLIENT);
    text += &device("server", SERVER);
    for (protocol, port) in PORTS.iter().flat_map(|port| [("tcp", port), ("udp", port)]) {
        text += &service(&format!("{protocol}-{port}"), protocol, &format!("{protocol}/{port}"));
    }
    text += &service("ping", "icmp", "echo");
    text += &service("modbus", "modbus", "tcp/502");
    text += &device("enrolment", ENROLMENT);
    text += &service("web", "tcp", &format!("tcp/{ENROLMENT_PORT}"));
    text + "[[onboarding]]\ndevice = \"enrolment\"\nservice = \"web\"\n"
}

fn device(name: &str, number: usize) -> String {
    let (mac, ipv4, ipv6) = (mac(number), ipv4(number), ipv6(number));
    format!(
        "[[device]]\nname = \"{name}\"\nzone = \"cell\"\nclass = \"device\"\nport = \"p{number}\"\nmac = \"{mac}\"\n\
         addresses = [\"{ipv4}\", \"{ipv6}\"]\n"
    )
}

fn service(name: &str, protocol: &str, channel: &str) -> String {
    format!("[[device.service]]\nname = \"{name}\"\nprotocol = \"{protocol}\"\nchannel = \"{channel}\"\n")
}
