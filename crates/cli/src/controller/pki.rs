//! `nullius pki`, as far as a controller does it over its API: how its authorities stand, what runs out, and what is done
//! about a stolen key. What takes a root's key is done at a machine.

use clap::Subcommand;
use serde::Deserialize;
use serde_json::{Value, json};

use super::signed_in;
use crate::show::{json_value, table};
use crate::{Failure, Outcome, World};

/// What a controller does with its authorities.
#[derive(Debug, Subcommand)]
pub enum Pki {
    /// Shows the certificate authorities, and the rollover that is under way.
    Show,
    /// Says what runs out when, what is late, and how many devices of essential zones hang on it.
    Forecast {
        /// How far to look, in days.
        #[arg(long, default_value_t = 90)]
        days: u64,
    },
    /// Takes the next step of a rollover: no authority signs before every gateway trusts it.
    Advance {
        /// A gateway that is not waited for, as `site/gateway`: it must join again.
        #[arg(long, value_name = "GATEWAY")]
        without: Vec<String>,
    },
    /// Believes nothing of an authority any more, whose key was stolen, and lists who needs another certificate.
    Distrust {
        /// Which, as `show` has it.
        authority: String,
        /// Why, for the log.
        #[arg(long)]
        reason: String,
    },
    /// Lists who still holds a certificate of a distrusted authority, the most pressing first.
    Reissue,
}

#[derive(Deserialize)]
struct Ending {
    what: String,
    ends: u64,
    standing: String,
    essential: u64,
}

#[derive(Deserialize)]
struct Reissue {
    priority: u64,
    holder: String,
    site: String,
    name: String,
}

/// Does it with the controller that whoever is at the keyboard signed in to.
///
/// # Errors
/// [`Failure`].
pub fn run(act: &Pki, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let (client, _) = signed_in(world)?;
    match act {
        Pki::Show => json_value(world.out, &client.get::<Value>("/v1/pki")?)?,
        Pki::Forecast { days } => endings(&client.list(&format!("/v1/pki/forecast?days={days}"))?, world)?,
        Pki::Advance { without } => {
            let done: Value = client.post("/v1/pki/rollover", &json!({ "without": without }))?;
            json_value(world.out, &done)?;
        }
        Pki::Distrust { authority, reason } => {
            let path = format!("/v1/pki/authorities/{authority}/distrust");
            let list: List = client.post(&path, &json!({ "reason": reason }))?;
            reissues(&list.items, world)?;
        }
        Pki::Reissue => reissues(&client.list("/v1/pki/reissue")?, world)?,
    }
    Ok(Outcome::Positive)
}

#[derive(Deserialize)]
struct List {
    items: Vec<Reissue>,
}

fn endings(all: &[Ending], world: &mut World<'_>) -> Result<(), Failure> {
    let row = |end: &Ending| {
        let left = end.ends.saturating_sub(world.now.as_secs()) / 86_400;
        [end.what.clone(), format!("{left} days"), end.standing.clone(), end.essential.to_string()]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    write!(world.out, "{}", table(["WHAT", "LEFT", "STANDING", "ESSENTIAL"], &rows))?;
    Ok(())
}

fn reissues(all: &[Reissue], world: &mut World<'_>) -> Result<(), Failure> {
    let row =
        |one: &Reissue| [one.priority.to_string(), one.holder.clone(), one.site.clone(), one.name.clone()];
    let rows: Vec<_> = all.iter().map(row).collect();
    write!(world.out, "{}", table(["PRIORITY", "WHAT", "SITE", "NAME"], &rows))?;
    Ok(())
}
