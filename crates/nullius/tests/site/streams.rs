//! Streams from the client to the server by iperf3: TCP and UDP, over IPv4 and IPv6.

use crate::net::{Segment, ipv4, ipv6, until};
use crate::pair::{CLIENT, PORTS, SERVER};
use crate::peers::Running;
use crate::tap::{Arrival, Tap};
use std::time::Duration;

#[derive(Debug)]
pub(crate) struct Streams {
    tap: Tap,
    _peers: Vec<Running>,
}

impl Streams {
    /// Starts those to `ports`, of [`PORTS`], and waits until data of each arrives.
    pub(crate) fn start(segment: &Segment, ports: &[u16]) -> Self {
        let server = segment.station(SERVER);
        let mut peers: Vec<_> = ports
            .iter()
            .map(|port| {
                Running::start(server, &format!("server-{port}"), "iperf3", &["-s", "-p", &port.to_string()])
            })
            .collect();
        until("the iperf3 servers", Duration::from_secs(5), || {
            let listening = server.shell("ss -Hltn");
            ports.iter().all(|port| listening.contains(&format!(":{port} ")))
        });
        let tap = Tap::at(server, &format!("src host {} or src host {}", ipv4(CLIENT), ipv6(CLIENT)));
        peers.extend(ports.iter().map(|port| stream(segment, *port)));
        let streams = Self { tap, _peers: peers };
        until("data of every stream", Duration::from_secs(10), || {
            ports.iter().all(|port| streams.tap.count(|frame| is_data_to(frame, *port)) > 20)
        });
        streams
    }

    /// Everything of the client that arrived at the server.
    pub(crate) fn stop(self) -> Vec<Arrival> {
        self.tap.stop()
    }
}

/// About six hundred small segments, or to even ports datagrams, a second.
fn stream(segment: &Segment, port: u16) -> Running {
    let address =
        if PORTS.iter().position(|&known| known == port) < Some(2) { ipv4(SERVER) } else { ipv6(SERVER) };
    let port_text = port.to_string();
    let mut arguments = vec!["-c", &address, "-p", &port_text, "-b", "1M", "-l", "200", "-t", "600"];
    if port.is_multiple_of(2) {
        arguments.push("-u");
    }
    Running::start(segment.station(CLIENT), &format!("client-{port}"), "iperf3", &arguments)
}

/// Where the transport header of an untagged frame without options begins.
fn transport(frame: &[u8]) -> usize {
    if frame.get(12..14) == Some(&[0x86, 0xdd]) { 54 } else { 34 }
}

/// Longer than any segment that only acknowledges.
fn is_data(frame: &[u8]) -> bool {
    frame.len() > transport(frame) + 100
}

fn is_data_to(frame: &[u8], port: u16) -> bool {
    let at = transport(frame) + 2;
    is_data(frame) && frame.get(at..at + 2) == Some(&port.to_be_bytes())
}
