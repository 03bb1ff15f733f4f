//! What tests share: a folder that goes with its owner.

use crate::time::Clock;
use nullius_identity::{
    Authority, Constraints, KeyInMemory, Profile, RequestedKey, Signer, TrustDomain, Validity,
};
use rcgen::KeyPair;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A folder for one test, for its owner alone.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("nullius-agent-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let made = crate::file::make_directory(&path);
        assert!(made.is_ok(), "{made:?}");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A clock that says what it is told.
#[derive(Debug, Default)]
pub(crate) struct SetClock(AtomicU64);

impl SetClock {
    pub(crate) fn set(&self, now: u64) {
        self.0.store(now, Ordering::Relaxed);
    }
}

impl Clock for SetClock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A time in the life of everything that is signed here.
pub(crate) const NOW: u64 = 1_800_000_000;

/// A root's life.
const LONG: Validity = Validity { from: 1_700_000_000, until: 2_000_000_000 };

/// A root that tests sign with.
pub(crate) struct Root {
    authority: Authority,
    public: RequestedKey,
}

impl Root {
    pub(crate) fn new(serial: u8) -> Self {
        let signer = signer();
        let public = signer.public().clone();
        Self { authority: Authority::root(domain(), signer, [serial; 16], LONG).unwrap(), public }
    }

    pub(crate) fn certificate(&self) -> &[u8] {
        self.authority.certificate()
    }

    /// SHA-256 of its key.
    pub(crate) fn key(&self) -> [u8; 32] {
        self.public.hash()
    }

    /// A certificate of this root by another.
    pub(crate) fn by(&self, other: &Self) -> Vec<u8> {
        other.authority.issue(&Profile::Root, &self.public, [7; 16], LONG).unwrap()
    }

    pub(crate) fn issuing(&self) -> Authority {
        let names = Constraints::parse(&["plant.example"]).unwrap();
        Authority::issuing(&self.authority, signer(), names, [2; 16], LONG).unwrap()
    }
}

pub(crate) fn domain() -> TrustDomain {
    TrustDomain::new("plant.example").unwrap()
}

fn signer() -> Box<dyn Signer> {
    let key = KeyPair::generate().unwrap();
    Box::new(KeyInMemory::from_pkcs8(&key.serialize_der()).unwrap())
}

/// SHA-256 of a certificate.
pub(crate) fn hash(der: &[u8]) -> nullius_protocol::link::Hash {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
    nullius_protocol::link::Hash(hash.as_ref().try_into().unwrap())
}

/// TPMs that are programs.
#[cfg(feature = "tpm")]
pub(crate) mod emulator {
    use std::net::TcpListener;
    use std::path::Path;
    use std::process::{Child, Command, Stdio};
    use std::sync::atomic::{AtomicU16, Ordering};
    use std::time::Duration;

    /// A TPM in software, behind a socket.
    #[derive(Debug)]
    pub(crate) struct Emulator(Child);

    impl Drop for Emulator {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    /// Below the ports that the system gives to whoever asks for any: nobody else comes between the look and the start.
    static NEXT: AtomicU16 = AtomicU16::new(21_000);

    /// Two ports in a row, as the library's TCTI wants them: commands, and control.
    pub(crate) fn ports() -> (u16, u16) {
        let pairs =
            std::iter::repeat_with(|| NEXT.fetch_add(2, Ordering::Relaxed)).map(|port| (port, port + 1));
        let is_free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        pairs.take(100).find(|(first, second)| is_free(*first) && is_free(*second)).unwrap_or_default()
    }

    #[expect(clippy::disallowed_methods, reason = "only tests start programs")]
    pub(crate) fn start(state: &Path, (commands, control): (u16, u16)) -> Emulator {
        let child = Command::new("swtpm")
            .args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear"])
            .arg("--tpmstate")
            .arg(format!("dir={}", state.display()))
            .arg("--server")
            .arg(format!("type=tcp,port={commands}"))
            .arg("--ctrl")
            .arg(format!("type=tcp,port={control}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let emulator = Emulator(child.expect("apt-get install swtpm"));
        std::thread::sleep(Duration::from_millis(300));
        emulator
    }
}
