//! A PostgreSQL cluster for one test program: a Unix socket in a folder of its own, no TCP, nothing flushed.
//!
//! A shell watches over it. It holds the other end of a pipe, and stops the server and removes the folder when the pipe
//! closes: that happens with the program, even when it is killed.

use postgres::{Client, NoTls};
use std::io::{BufRead, BufReader, Error, ErrorKind};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Where Debian's packages are, a folder for each version.
const PACKAGES: &str = "/usr/lib/postgresql";

/// The user that Debian's package makes: the server refuses to run as root.
const USER: &str = "postgres";

/// `$1`: where the programs are, `$2`: where temporary folders go. Says the folder, and waits for the pipe to close.
const WATCH: &str = r#"
set -eu
folder=$(mktemp -d "$2/nullius-postgres-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$1/initdb" --pgdata data --auth trust --username nullius --encoding UTF8 --locale C.UTF-8 --no-sync >log 2>&1 ||
    { cat log >&2; exit 1; }
"$1/postgres" -D data -k "$folder" -c listen_addresses= -c fsync=off -c full_page_writes=off \
    -c shared_buffers=16MB -c max_connections=200 >>log 2>&1 &
server=$!
until "$1/pg_isready" --quiet --host "$folder"; do
    kill -0 $server || { cat log >&2; exit 1; }
    sleep 0.02
done
echo "$folder"
read -r end || true
"$1/pg_ctl" stop --pgdata data --mode immediate --silent >/dev/null 2>&1 || true
wait $server || true
"#;

/// Makes a database; its address.
pub(super) fn new_database(name: &str) -> Result<String, Error> {
    let folder = folder()?;
    let address = |name: &str| format!("postgres://nullius@{}/{name}", folder.replace('/', "%2F"));
    let mut client = Client::connect(&address("postgres"), NoTls).map_err(Error::other)?;
    // a language whose order is not that of bytes: what depends on it is found here
    let sql = format!("CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'");
    client.batch_execute(&sql).map_err(Error::other)?;
    Ok(address(name))
}

/// Where the rows of a database lie, and the log, after everything was written out.
pub(super) fn folders(url: &str) -> Result<Vec<PathBuf>, Error> {
    let mut client = Client::connect(url, NoTls).map_err(Error::other)?;
    client.batch_execute("CHECKPOINT").map_err(Error::other)?;
    let sql = "SELECT CAST(oid AS TEXT) FROM pg_database WHERE datname = current_database()";
    let number: String = client.query_one(sql, &[]).map_err(Error::other)?.get(0);
    let data = Path::new(&folder()?).join("data");
    Ok(vec![data.join("base").join(number), data.join("pg_wal")])
}

/// What `pg_dump` says of a database.
pub(super) fn dump(url: &str) -> Result<Vec<u8>, Error> {
    let programs = programs().ok_or_else(|| Error::new(ErrorKind::NotFound, "apt-get install postgresql"))?;
    let done = program(programs.join("pg_dump")).arg(url).output()?;
    match done.status.success() {
        true => Ok(done.stdout),
        false => Err(Error::other(String::from_utf8_lossy(&done.stderr).into_owned())),
    }
}

/// The cluster's folder; starts it for the first who asks.
fn folder() -> Result<String, Error> {
    static CLUSTER: OnceLock<(String, Mutex<Child>)> = OnceLock::new();
    static START: Mutex<()> = Mutex::new(());
    let _one = START.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((folder, _)) = CLUSTER.get() {
        return Ok(folder.clone());
    }
    let (folder, child) = start()?;
    // the child is kept for its pipe: it closes when this program ends
    Ok(CLUSTER.get_or_init(|| (folder, Mutex::new(child))).0.clone())
}

fn start() -> Result<(String, Child), Error> {
    let programs = programs().ok_or_else(|| Error::new(ErrorKind::NotFound, "apt-get install postgresql"))?;
    let mut command = match nix::unistd::geteuid().is_root() {
        true => program("runuser"),
        false => program("env"),
    };
    if nix::unistd::geteuid().is_root() {
        command.args(["-u", USER, "--"]);
    }
    command.args(["sh", "-c", WATCH, "watch"]).arg(programs).arg(std::env::temp_dir()).current_dir("/");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0).spawn()?;
    let mut folder = String::new();
    if let Some(said) = child.stdout.take() {
        BufReader::new(said).read_line(&mut folder)?;
    }
    match folder.trim_end() {
        "" => Err(Error::other("the server did not start; what it said is above")),
        folder => Ok((folder.to_owned(), child)),
    }
}

/// The newest version that is installed.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir(PACKAGES).ok()?.flatten();
    let newest = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).max()?;
    let programs = Path::new(PACKAGES).join(newest.to_string()).join("bin");
    programs.join("initdb").exists().then_some(programs)
}

#[expect(clippy::disallowed_methods, reason = "only tests start programs, and this is for them")]
fn program(name: impl AsRef<std::ffi::OsStr>) -> Command {
    Command::new(name)
}
