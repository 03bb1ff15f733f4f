//! Attacks on a running lab (threats §4.3), each judged by what reached the victim's cable.
//!
//! An attack knows the plant and nothing of the gateway: it prints what it sent, what arrived, and one verdict. Without
//! a gateway every one of them gets through; that is what makes its verdict worth reading.

mod api;
mod around;
mod clone;
mod exceptions;
mod exhaust;
mod fragments;
mod guard;
mod packet;
mod probe;
mod rollback;
mod source_port;
mod wire;

use crate::control::{Status, ask_status};
use crate::namespace;
use crate::state::State;
use anyhow::{Context as _, Result};
use probe::{Finding, Findings};
use std::fmt::{self, Write as _};

/// An attack by name.
#[derive(Clone, Copy, Debug)]
pub struct Attack {
    /// What it is called.
    pub name: &'static str,
    /// Its number in the threat model.
    pub number: Option<u8>,
    /// What it does.
    pub what: &'static str,
    run: fn(&Target<'_>) -> Result<Findings>,
}

/// A running lab to attack.
#[derive(Clone, Copy, Debug)]
struct Target<'a> {
    state: &'a State,
    status: &'a Status,
}

/// Every attack there is.
pub const ATTACKS: [Attack; 9] = [
    Attack {
        name: "clone",
        number: Some(1),
        what: "the panel's addresses at another port, then a Modbus write",
        run: clone::online,
    },
    Attack {
        name: "clone-unplugged",
        number: Some(1),
        what: "the same with the panel's cable pulled out",
        run: clone::unplugged,
    },
    Attack {
        name: "around",
        number: Some(4),
        what: "link-local, raw ethertypes, spoofed ARP and ND, rogue RA and DHCP, tags",
        run: around::run,
    },
    Attack {
        name: "rollback",
        number: Some(10),
        what: "bundles that are older, altered, or signed by somebody else",
        run: rollback::run,
    },
    Attack {
        name: "exhaust",
        number: Some(13),
        what: "20,000 hardware addresses and as many conversations",
        run: exhaust::run,
    },
    Attack {
        name: "guard",
        number: Some(14),
        what: "kill -9 the gateway, then try what it denied",
        run: guard::run,
    },
    Attack {
        name: "exceptions",
        number: Some(19),
        what: "a session held past the end of its grant, the gateway killed meanwhile",
        run: exceptions::run,
    },
    Attack {
        name: "source-port",
        number: None,
        what: "a controller opens a connection from its service's port",
        run: source_port::run,
    },
    Attack {
        name: "fragments",
        number: Some(3),
        what: "ports hidden behind fragments and extension headers",
        run: fragments::run,
    },
];

/// What an attack achieved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    name: &'static str,
    findings: Findings,
}

/// The end of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing arrived that should not.
    Held,
    /// Something did.
    GotThrough,
    /// The victim saw nothing at all, not even what it always sees: nobody knows.
    Blind,
}

impl Report {
    /// The verdict on the whole.
    pub fn verdict(&self) -> Verdict {
        let Findings { of_probes, others } = &self.findings;
        match of_probes.iter().all(|finding| finding.held) {
            false => Verdict::GotThrough,
            true if *others == 0 => Verdict::Blind,
            true => Verdict::Held,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Held => "held",
            Self::GotThrough => "got through",
            Self::Blind => "unknown: the victim's cable was silent, so nothing is proved",
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.findings.of_probes.iter().try_for_each(|finding: &Finding| writeln!(f, "{finding}"))?;
        writeln!(f, "other frames at the victim meanwhile: {}", self.findings.others)?;
        writeln!(f, "{}: {}", self.name, self.verdict())
    }
}

/// Attacks the lab in `state`. The calling process must have one thread.
///
/// # Errors
/// Where there is no such attack, or no lab.
pub fn attack(state: &State, name: &str) -> Result<Report> {
    let found = ATTACKS.iter().find(|attack| attack.name == name);
    let attack = found.with_context(|| format!("no attack {name}: `nullius lab attack` lists them"))?;
    let status = ask_status(state)?;
    namespace::enter_user(status.supervisor)?;
    let findings = (attack.run)(&Target { state, status: &status })?;
    Ok(Report { name: attack.name, findings })
}

/// The attacks, one a line.
pub fn list() -> String {
    ATTACKS.iter().fold(String::new(), |mut text, attack| {
        let number = attack.number.map_or_else(String::new, |number| format!(" (attack {number})"));
        // writing to a string cannot fail
        let _ = writeln!(text, "{:<16} {}{number}", attack.name, attack.what);
        text
    })
}
