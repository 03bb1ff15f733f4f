//! The HTML report in a real browser: it shows, obeys light and dark, prints, and asks nobody for anything.
//!
//! Every connection the browser opens goes to a proxy of ours that only listens. That the proxy would hear it, and that
//! the console would tell, is shown with pages that misbehave.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a broken fixture must fail the test"
)]

use nullius_eval::report::html;
use nullius_eval::{Learn, Options, Progress, Source, evaluate};
use std::fs;
use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Part of the names of hosts the browser calls on its own account, whatever it shows. Pages here do not hold the word.
const ITS_MAKER: &str = "google";

/// What came of showing a page.
struct Shown {
    /// What the page's console said.
    console: Vec<String>,
    /// First lines of what was asked of the network.
    requests: Vec<String>,
    /// The page's elements, once its script has run.
    output: String,
}

impl Shown {
    fn is_silent(&self) -> bool {
        self.console.is_empty() && self.requests.is_empty()
    }
}

#[test]
fn the_report_shows_in_light_and_dark_without_a_word_or_a_request() {
    let page = sample();
    let pictures = [("dark", 0), ("light", 1)].map(|(name, scheme)| {
        let picture = folder(name).join("picture.png");
        let options = [
            format!("--screenshot={}", picture.display()),
            format!("--blink-settings=preferredColorScheme={scheme}"),
            "--window-size=1400,2000".to_owned(),
        ];
        let shown = show(name, &page, &options);
        assert!(shown.is_silent(), "{:?} {:?}", shown.console, shown.requests);
        fs::read(picture).unwrap()
    });
    assert!(pictures.iter().all(|picture| picture.len() > 50_000), "there is something to see");
    assert_ne!(pictures[0], pictures[1], "dark is not light");
}

#[test]
fn the_script_may_run_and_only_adds() {
    let shown = show("script", &sample(), &["--dump-dom".to_owned()]);
    assert!(shown.is_silent(), "{:?} {:?}", shown.console, shown.requests);
    assert!(shown.output.contains("Open or close all alphabets"), "the policy lets our script run");
    assert!(shown.output.contains("14 devices in 13 conversations"));
}

#[test]
fn the_report_prints_each_device_on_a_page_of_its_own() {
    let paper = folder("print").join("report.pdf");
    let options = [format!("--print-to-pdf={}", paper.display()), "--no-pdf-header-footer".to_owned()];
    let shown = show("print", &sample(), &options);
    assert!(shown.is_silent(), "{:?} {:?}", shown.console, shown.requests);
    let paper = fs::read(paper).unwrap();
    assert!(paper.starts_with(b"%PDF-"));
    let pages = paper.windows(12).filter(|bytes| bytes == b"/Type /Page\n").count();
    assert!((20..60).contains(&pages), "{pages} pages");
}

#[test]
fn what_slips_onto_the_page_can_neither_run_nor_load() {
    let foreign = "<img src=\"http://192.0.2.1/picture\" /><script>document.title = 'taken'</script></body>";
    let page = sample().replace("</body>", foreign);
    let shown = show("foreign", &page, &["--dump-dom".to_owned()]);
    assert_eq!(shown.requests, [""; 0]);
    assert_eq!(shown.console.len(), 2, "the image and the script are refused: {:#?}", shown.console);
    assert!(shown.output.contains("<title>Nullius evaluation 2012-11-12</title>"));
}

#[test]
fn a_page_that_loads_something_would_be_noticed() {
    let page = "<!DOCTYPE html><html><body><img src=\"http://192.0.2.1/picture\"/></body></html>";
    let shown = show("loading", page, &["--dump-dom".to_owned()]);
    assert_eq!(shown.requests, ["GET http://192.0.2.1/picture HTTP/1.1"]);
}

/// The report on the capture the project ships.
fn sample() -> String {
    struct Silent;
    impl Progress for Silent {
        fn at(&mut self, _: u64, _: Option<u64>) {}
        fn go_on(&mut self) -> bool {
            false
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../wire/tests/data/modbus/ModbusTCP.pcap");
    let options = Options {
        source: Source::Files(vec![PathBuf::from(path)]),
        learn: Learn::For(Duration::from_secs(21)),
        cycles: Vec::new(),
        since: None,
        until: None,
        filter: None,
        follow_values: false,
        seed: 1,
    };
    html::render(&evaluate(&options, &mut Silent).unwrap())
}

/// A folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser").join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Shows a page while the proxy listens.
fn show(name: &str, page: &str, options: &[String]) -> Shown {
    assert!(!page.contains(ITS_MAKER));
    let folder = folder(name);
    let path = folder.join("report.html");
    fs::write(&path, page).unwrap();
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let ended = AtomicBool::new(false);
    let (done, requests) = std::thread::scope(|scope| {
        let listener = scope.spawn(|| listen(&proxy, &ended));
        let done = browse(&folder, &path, &proxy, options);
        ended.store(true, Ordering::Release);
        (done, listener.join().unwrap())
    });
    let done = done.expect("the browser starts: `cargo xtask test` installs Debian's chromium");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    let console = said.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect();
    let requests = requests.into_iter().filter(|request| !request.contains(ITS_MAKER)).collect();
    Shown { console, requests, output: String::from_utf8_lossy(&done.stdout).into_owned() }
}

/// Seconds a page may take to draw: it takes two on a busy machine.
const PATIENCE: &str = "120";

#[expect(clippy::disallowed_methods, reason = "a browser is what the report is for")]
fn browse(folder: &Path, page: &Path, proxy: &TcpListener, options: &[String]) -> std::io::Result<Output> {
    let profile = folder.join("profile");
    // A browser that hangs must fail the test, not stop the run: `timeout` is of coreutils.
    let done = Command::new("timeout")
        .args([PATIENCE, "chromium"])
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--proxy-bypass-list=<-loopback>"])
        .arg(format!("--proxy-server={}", proxy.local_addr()?))
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(options)
        .arg(format!("file://{}", page.display()))
        .output();
    // A profile that stays would let one run see what another left behind.
    let _ = fs::remove_dir_all(profile);
    done
}

/// First lines of every connection, until the browser has ended. Each is hung up on.
fn listen(proxy: &TcpListener, ended: &AtomicBool) -> Vec<String> {
    proxy.set_nonblocking(true).unwrap();
    let mut requests = Vec::new();
    loop {
        // Looked at first, so that what came before the end is still taken.
        let is_over = ended.load(Ordering::Acquire);
        match proxy.accept() {
            Ok((connection, _)) => requests.extend(first_line(connection)),
            Err(error) if error.kind() == ErrorKind::WouldBlock && is_over => return requests,
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn first_line(mut connection: TcpStream) -> Option<String> {
    connection.set_nonblocking(false).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut bytes = [0; 1_024];
    let read = connection.read(&mut bytes).unwrap_or(0);
    String::from_utf8_lossy(&bytes[..read]).lines().next().map(str::to_owned)
}
