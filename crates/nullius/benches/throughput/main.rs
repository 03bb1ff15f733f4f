//! `nullius eval` against `tshark` and `ndpiReader`: the same file, the same machine, turn by turn.
//!
//! `cargo xtask bench` installs the peers and runs this. It prints one table and fails where a gate of
//! docs/performance.md is missed. Times are CPU time of the whole process, start and file reading included; the machine
//! is noisy, so the gates are on ratios, each taken from runs that alternate.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench that cannot run must say so at once")]
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

mod measure;
mod repeat;

use measure::{Cost, cost};
use std::path::{Path, PathBuf};

/// Rounds in which each program runs once.
const ROUNDS: usize = 5;
/// Copies of the sample in the file for speed: about 1.5 M packets.
const COPIES: u32 = 100;
/// Copies in the file for memory: more than 1 GB.
const COPIES_FOR_MEMORY: u32 = 730;
/// `tshark -q -z conv,ip` may cost at least this many times more.
const GATE_TSHARK: f64 = 4.0;
/// `ndpiReader` must not be cheaper.
const GATE_NDPI: f64 = 1.0;
/// Peak memory over the large file, bytes.
const GATE_MEMORY: u64 = 256 << 20;

fn main() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wire/tests/data/modbus/ModbusTCP.pcap");
    // Children's peak memory only ever grows, so ours is taken before a peer has run.
    let memory = memory(&sample, folder);
    let speed = speed(&sample, folder);
    assert!(memory <= GATE_MEMORY, "{memory} bytes of peak memory, {GATE_MEMORY} allowed");
    for (peer, gate) in [("tshark", GATE_TSHARK), ("ndpiReader", GATE_NDPI)] {
        let ratio = speed.iter().find(|(name, _)| *name == peer).map(|(_, ratio)| *ratio).unwrap();
        assert!(ratio >= gate, "{peer} costs {ratio:.2} times as much, at least {gate} wanted");
    }
}

/// Peak memory over more than a gigabyte in which every copy has its own devices and time.
fn memory(sample: &Path, folder: &Path) -> u64 {
    let large = repeated(sample, folder, COPIES_FOR_MEMORY);
    let size = std::fs::metadata(&large).unwrap().len();
    let cost = cost(&nullius(&large));
    let frames = repeat::frames(sample) * u64::from(COPIES_FOR_MEMORY);
    println!("memory: {:.2} GB, {frames} packets, peak {} MB", size as f64 / 1e9, cost.peak_bytes >> 20);
    println!(
        "        {:.2} s CPU, {:.0} ns a packet",
        cost.cpu.as_secs_f64(),
        cost.cpu.as_nanos() as f64 / frames as f64
    );
    std::fs::remove_file(large).unwrap();
    cost.peak_bytes
}

/// How many times as much CPU each peer takes.
fn speed(sample: &Path, folder: &Path) -> Vec<(&'static str, f64)> {
    let file = repeated(sample, folder, COPIES);
    let frames = repeat::frames(sample) * u64::from(COPIES);
    let path = file.to_str().unwrap().to_owned();
    let programs: [(&str, Vec<String>); 3] = [
        ("nullius", nullius(&file)),
        ("tshark", ["tshark", "-n", "-q", "-z", "conv,ip", "-r", &path].map(str::to_owned).to_vec()),
        ("ndpiReader", ["ndpiReader", "-q", "-i", &path].map(str::to_owned).to_vec()),
    ];
    let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); programs.len()];
    for _ in 0..ROUNDS {
        for (costs, (_, command)) in costs.iter_mut().zip(&programs) {
            costs.push(cost(command));
        }
    }
    let ours = measure::median(costs.first().unwrap());
    println!("{frames} packets, CPU time, median of {ROUNDS} alternating runs");
    for ((name, _), costs) in programs.iter().zip(&costs) {
        let cpu = measure::median(costs);
        let ratio = cpu.as_secs_f64() / ours.as_secs_f64();
        println!("{name:>11}: {:8.0} ns a packet  {ratio:6.2} x", cpu.as_nanos() as f64 / frames as f64);
    }
    let ratio = |costs: &Vec<Cost>| measure::median(costs).as_secs_f64() / ours.as_secs_f64();
    programs.iter().map(|(name, _)| *name).zip(costs.iter().map(ratio)).collect()
}

fn nullius(file: &Path) -> Vec<String> {
    let program = env!("CARGO_BIN_EXE_nullius");
    [program, "eval", "--learn", "all", file.to_str().unwrap()].map(str::to_owned).to_vec()
}

fn repeated(sample: &Path, folder: &Path, copies: u32) -> PathBuf {
    let file = folder.join(format!("plant-x{copies}.pcap"));
    repeat::write(sample, &file, copies);
    file
}
