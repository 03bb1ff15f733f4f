//! The frames of a capture as `tshark` tells them, one a line.

use std::path::Path;
use std::process::Command;

/// One frame as `tshark` tells it.
pub(crate) struct Frame {
    pub(crate) number: u64,
    pub(crate) at: u64,
    pub(crate) length: u64,
    pub(crate) payload: u64,
    pub(crate) source: String,
    pub(crate) ips: [String; 2],
    pub(crate) ports: [u64; 2],
    pub(crate) stream: u64,
    pub(crate) opens: bool,
    pub(crate) bad_checksums: u64,
    pub(crate) units: Vec<Adu>,
}

/// One Modbus unit of a frame.
pub(crate) struct Adu {
    pub(crate) transaction: u64,
    pub(crate) function: u64,
    pub(crate) refused: bool,
    pub(crate) first: Option<u64>,
    pub(crate) items: Option<u64>,
}

const FIELDS: [&str; 19] = [
    "frame.number",
    "frame.time_epoch",
    "frame.len",
    "eth.src",
    "ip.src",
    "ip.dst",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.stream",
    "tcp.len",
    "tcp.flags.syn",
    "ip.checksum.status",
    "tcp.checksum.status",
    "mbtcp.trans_id",
    "modbus.func_code",
    "modbus.exception_code",
    "modbus.reference_num",
    "modbus.bit_cnt",
    "modbus.word_cnt",
];

pub(crate) fn frames(capture: &Path) -> Vec<Frame> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the referee is another program; without it the test fails"
    )]
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(capture).args(["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"]);
    tshark.args(["-T", "fields"]);
    FIELDS.iter().for_each(|field| _ = tshark.args(["-e", field]));
    let output = tshark.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(frame).collect()
}

fn frame(line: &str) -> Frame {
    let mut columns = line.split('\t');
    let mut next = || columns.next().unwrap().to_owned();
    let number = |text: String| text.parse::<u64>().unwrap();
    let (frame, at, length) = (number(next()), nanos(&next()), number(next()));
    let (source, ips, ports) = (next(), [next(), next()], [number(next()), number(next())]);
    let (stream, payload, opens) = (number(next()), number(next()), next() == "1");
    let bad_checksums = [next(), next()].iter().filter(|status| *status == "0").count() as u64;
    let mut list = || -> Vec<u64> { next().split(',').filter_map(|item| item.parse().ok()).collect() };
    let (transactions, functions, exceptions) = (list(), list(), list());
    // The referee lists each field over all units of the frame; a unit without the field leaves no gap.
    let (mut firsts, mut bits, mut words) = (list().into_iter(), list().into_iter(), list().into_iter());
    let asks = ports[1] == 502;
    let units = transactions.into_iter().zip(functions);
    let unit = |(transaction, function)| Adu {
        transaction,
        function,
        refused: !exceptions.is_empty(),
        first: asks.then(|| firsts.next()).flatten(),
        items: asks
            .then(|| if matches!(function, 1 | 2 | 15) { bits.next() } else { words.next() })
            .flatten(),
    };
    Frame {
        number: frame,
        at,
        length,
        payload,
        source,
        ips,
        ports,
        stream,
        opens,
        bad_checksums,
        units: units.map(unit).collect(),
    }
}

fn nanos(epoch: &str) -> u64 {
    let (seconds, fraction) = epoch.split_once('.').unwrap();
    seconds.parse::<u64>().unwrap() * 1_000_000_000 + fraction.parse::<u64>().unwrap()
}
