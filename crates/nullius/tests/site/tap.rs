//! What reached a station: `tcpdump` at its end of the cable, incoming frames only.

use crate::net::{Namespace, until};
use crate::probes::scratch;
use nullius_capture::CaptureFile;
use nullius_model::Timestamp;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

/// A frame that came out of the cable.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) at: Timestamp,
    pub(crate) bytes: Vec<u8>,
}

/// A running capture.
#[derive(Debug)]
pub(crate) struct Tap {
    child: Child,
    path: PathBuf,
}

impl Tap {
    /// Listens at `station` for what `filter` (pcap-filter(7)) names.
    pub(crate) fn at(station: &Namespace, filter: &str) -> Self {
        let path = scratch(&format!("{}-{}.pcap", station.pid(), filter.len()));
        Self::by(station.command("tcpdump"), path, filter)
    }

    /// Listens by `tcpdump`, which is wherever its caller puts it and gets its arguments here.
    pub(crate) fn by(mut tcpdump: Command, path: PathBuf, filter: &str) -> Self {
        tcpdump
            .args(["-i", "eth0", "-Q", "in", "-n", "-p", "-U", "-B", "16384", "-Z", "root", "-w"])
            .arg(&path)
            .arg(filter);
        let mut child = tcpdump.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("listening on") {
            line.clear();
            assert!(said.read_line(&mut line).unwrap() > 0, "tcpdump ended before it listened");
        }
        // what else it says is only its count at the end
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self { child, path }
    }

    /// How many frames that `fits` have arrived so far.
    pub(crate) fn count(&self, fits: impl Fn(&[u8]) -> bool) -> usize {
        // the last frame may be half written
        read(&self.path).iter().filter(|arrival| fits(&arrival.bytes)).count()
    }

    /// Ends the capture; everything that arrived, in order.
    pub(crate) fn stop(mut self) -> Vec<Arrival> {
        let pid = nix::unistd::Pid::from_raw(self.child.id().cast_signed());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
        until("tcpdump to end", Duration::from_secs(10), || self.child.try_wait().unwrap().is_some());
        read(&self.path)
    }
}

/// What the clock on the wall says, as captures do.
pub(crate) fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_nanos(u64::try_from(since.as_nanos()).unwrap())
}

/// Every whole frame of a capture that may still be written.
fn read(path: &Path) -> Vec<Arrival> {
    let mut file = CaptureFile::open(path).unwrap();
    let mut arrivals = Vec::new();
    while let Ok(Some(frame)) = file.next_frame() {
        arrivals.push(Arrival { at: frame.at, bytes: frame.bytes.to_vec() });
    }
    arrivals
}

impl Drop for Tap {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.path);
    }
}
