//! `nullius pki`: the certificate authorities. What takes a root's key or the controller's own files is done here, at the
//! machine; the rest is asked of a controller.

use crate::Failure;
use crate::controller::{read, say};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use nullius_controller::{Clock as _, Secret, Settings, SystemClock, passphrase};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// The certificate authorities: a root that is kept away, and the issuing ones under it.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,

    /// How the controller is set up, where the command is about this machine's.
    #[arg(long, value_name = "FILE", default_value = "/etc/nullius/controller.toml", global = true)]
    config: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Makes a root in a folder, for a machine that is on no network.
    Init {
        #[command(flatten)]
        root: Root,
        /// Whose certificates these are: `trust_domain` of the controller.
        #[arg(long)]
        domain: String,
    },
    /// Signs an issuing authority for a public key, beside the root's folder.
    Sign {
        #[command(flatten)]
        root: Root,
        /// Whose certificates these are: `trust_domain` of the controller.
        #[arg(long)]
        domain: String,
        /// A domain or a network that it may name; once for each.
        #[arg(long = "name", value_name = "NAME", required = true)]
        names: Vec<String>,
        /// The public key that `request` wrote.
        key: PathBuf,
        /// Where the certificate goes, with the root's.
        to: PathBuf,
    },
    #[command(flatten)]
    Here(Here),
    #[command(flatten)]
    Controller(nullius_cli::Pki),
}

/// What is done to this machine's controller.
#[derive(Debug, Subcommand)]
enum Here {
    /// Writes the public half of a new issuing key to a file, which is carried to the root.
    Request {
        /// The file.
        file: PathBuf,
    },
    /// Brings the certificate that `sign` wrote: it signs at once where nobody does, and is announced to the gateways
    /// otherwise.
    Install {
        /// The file.
        file: PathBuf,
    },
    /// Makes another issuing authority under the root in a folder that was brought here, and announces it.
    Rollover {
        #[command(flatten)]
        root: Root,
        /// A new root as well, in this folder, under the same passphrase.
        #[arg(long, value_name = "DIR")]
        new_root: Option<PathBuf>,
    },
    /// Signs the root's own list of revoked authorities, with the key in its folder.
    SignList(Root),
    /// Writes both tiers to a new file, sealed under a passphrase.
    Backup(Sealed),
    /// Takes both tiers from such a file, where the controller has none.
    Recover(Sealed),
    /// Forgets the authority of a store that had one for everything; every gateway must join again.
    ForgetOneTier,
}

#[derive(Debug, Args)]
struct Root {
    /// The folder with the root: `root.pem` and `root.key`.
    #[arg(long = "root", value_name = "DIR")]
    folder: PathBuf,

    /// Where its passphrase is; asked for where left out.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Sealed {
    /// The file.
    file: PathBuf,

    /// Where its passphrase is; asked for where left out.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Exit code 2 where the configuration is at fault, 1 for everything else.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let done = match &arguments.act {
        Act::Controller(act) => return crate::site::with_world(|world| nullius_cli::pki(act, world)),
        Act::Init { root, domain } => init(root, domain),
        Act::Sign { root, domain, names, key, to } => sign(root, domain, names, (key, to)),
        Act::Here(act) => here(act, &read(&arguments.config)?),
    };
    done.context("the authorities").map(|()| ExitCode::SUCCESS).map_err(|error| Failure { error, code: 1 })
}

fn init(root: &Root, domain: &str) -> anyhow::Result<()> {
    let made = nullius_controller::make_root(domain, &root.folder, &root.secret()?, SystemClock.now())?;
    say(format!("root: {made}\nits key is in {}, sealed under the passphrase", root.folder.display()))
}

fn sign(root: &Root, domain: &str, names: &[String], files: (&Path, &Path)) -> anyhow::Result<()> {
    let secret = root.secret()?;
    let of = (root.folder.as_path(), &secret);
    let signed = nullius_controller::sign_request(domain, of, names, files, SystemClock.now())?;
    say(format!("authority: {signed}\ncarry {} to the controller: `nullius pki install`", files.1.display()))
}

/// What is done to this machine's controller; it may run meanwhile.
fn here(act: &Here, settings: &Settings) -> anyhow::Result<()> {
    let (clock, who) = (Arc::new(SystemClock), crate::site::who());
    match act {
        Here::Request { file } => {
            nullius_controller::request(settings, clock, file)?;
            say(format!("carry {} to the root: `nullius pki sign`", file.display()))
        }
        Here::Install { file } => {
            say(format!("authority: {}", nullius_controller::install(settings, clock, file, &who)?))
        }
        Here::Rollover { root, new_root } => {
            let secret = root.secret()?;
            let of = (root.folder.as_path(), &secret);
            let new = nullius_controller::begin_rollover(settings, clock, of, new_root.as_deref(), &who)?;
            say(format!(
                "authority: {new}\nit is announced; `nullius pki advance` once every gateway trusts it"
            ))
        }
        Here::SignList(root) => {
            nullius_controller::sign_list(settings, clock, (&root.folder, &root.secret()?), &who)?;
            say("the root's list is signed".to_owned())
        }
        Here::Backup(sealed) => {
            let secret = secret(sealed.passphrase_file.as_deref())?;
            let count =
                nullius_controller::back_up_authorities(settings, clock, &sealed.file, &secret, &who)?;
            say(format!("{count} authorities are in {}", sealed.file.display()))
        }
        Here::Recover(sealed) => {
            let secret = secret(sealed.passphrase_file.as_deref())?;
            let count =
                nullius_controller::recover_authorities(settings, clock, &sealed.file, &secret, &who)?;
            say(format!("{count} authorities are here"))
        }
        Here::ForgetOneTier => {
            nullius_controller::forget_one_tier(settings, clock, &who)?;
            say("the next start makes two tiers; every gateway must join again".to_owned())
        }
    }
}

impl Root {
    fn secret(&self) -> anyhow::Result<Secret> {
        secret(self.passphrase_file.as_deref())
    }
}

fn secret(file: Option<&Path>) -> anyhow::Result<Secret> {
    match file {
        Some(file) => Ok(passphrase(file)?),
        None => Ok(Secret::new(rpassword::prompt_password("passphrase: ")?.into_bytes())),
    }
}
