//! Proofs, leases and trust, from what the door and the disk say to what the engine is told and back.

use super::standing::{device_name, mac, nanos, port_name, uptime, wrong};
use nullius_engine::{
    Cloned, Ground, KeyHash, Lease, Now, Proof, Protection, RevokedKey, Standing, Trust, Vouched,
};
use nullius_model::{DeviceName, PortName, SmolStr, Timestamp, Uptime};
use nullius_protocol::link::{Blob, Hash};
use nullius_protocol::{local, state};
use std::collections::BTreeMap;
use std::time::Duration;

/// What the engine is told of a proof. `None` for any other command.
pub(crate) fn proof(asked: local::Command) -> Option<Result<Proof, String>> {
    let local::Command::Proven {
        device, key, serial, protection, port, mac: from, addresses, seconds, ..
    } = asked
    else {
        return None;
    };
    let read = || {
        Ok(Proof {
            device: device_name(&device)?,
            key: KeyHash(key.0),
            serial: serial_number(&serial)?,
            protection: match protection {
                local::Protection::Software => Protection::Software,
                local::Protection::Hardware => Protection::Hardware,
            },
            port: port_name(&port)?,
            mac: mac(&from)?,
            addresses: addresses.into_iter().collect(),
            duration: Duration::from_secs(u64::from(seconds)),
        })
    };
    Some(read())
}

/// Longest serial number, in digits: twenty octets, as RFC 5280 §4.1.2.2 has it, and a sign.
const MAX_SERIAL: usize = 42;

fn serial_number(text: &str) -> Result<SmolStr, String> {
    let fits = text.len() <= MAX_SERIAL && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if fits {
        Ok(SmolStr::new(text))
    } else {
        Err(wrong(text, "a serial number is at most 21 octets in hexadecimal"))
    }
}

/// Whom the door lets in, and which ports had their link come since the start.
pub(crate) fn trust(standing: &Standing, plugged: &BTreeMap<PortName, Uptime>) -> local::Trust {
    let trust = from_trust(standing);
    local::Trust {
        epoch: trust.epoch,
        anchors: trust.anchors,
        cross: trust.cross,
        distrusted: trust.distrusted,
        revoked: standing.revoked.keys().map(ToString::to_string).collect(),
        revoked_keys: standing.revoked_keys.keys().map(|key| Hash(key.0)).collect(),
        plugged: plugged.iter().map(|(port, at)| (port.to_string(), millis(*at))).collect(),
    }
}

/// When a link came, as the door knows it.
pub(crate) fn millis(at: Uptime) -> u64 {
    u64::try_from(at.since_boot().as_millis()).unwrap_or(u64::MAX)
}

/// What an assurance rests on.
pub(crate) fn evidence(ground: &Ground, now: Now) -> local::Evidence {
    local::Evidence {
        kind: ground.kind().to_owned(),
        text: ground.to_string(),
        left: ground.ends().map(|end| end.since(now.uptime).as_secs()),
    }
}

/// What an order says of whom to believe.
pub(super) fn ordered_trust(anchors: Vec<Blob>, cross: Vec<Blob>, distrusted: &[Hash]) -> Trust {
    let bytes = |blobs: Vec<Blob>| blobs.into_iter().map(|blob| blob.0).collect();
    Trust {
        anchors: bytes(anchors),
        cross: bytes(cross),
        distrusted: distrusted.iter().map(|hash| KeyHash(hash.0)).collect(),
    }
}

pub(super) fn from_trust(standing: &Standing) -> state::Trust {
    let blobs = |bytes: &[Vec<u8>]| bytes.iter().map(|one| Blob(one.clone())).collect();
    let Trust { anchors, cross, distrusted } = &standing.trust;
    state::Trust {
        epoch: standing.trust_epoch,
        anchors: blobs(anchors),
        cross: blobs(cross),
        distrusted: distrusted.iter().map(|hash| Hash(hash.0)).collect(),
    }
}

pub(super) fn to_trust(trust: state::Trust) -> Trust {
    ordered_trust(trust.anchors, trust.cross, &trust.distrusted)
}

/// A line of the leases' file.
pub(crate) fn lease_line(standing: &Standing, device: &DeviceName) -> state::LeaseLine {
    state::LeaseLine {
        boot: standing.boot.0.to_string(),
        device: device.to_string(),
        lease: standing.leases.get(device).map(from_lease),
    }
}

/// Puts what a line says into a standing of the same boot.
pub(crate) fn read_lease_line(line: state::LeaseLine, standing: &mut Standing) {
    let Ok(device) = device_name(&line.device) else { return };
    if line.boot != standing.boot.0 {
        return;
    }
    match line.lease.map(to_lease) {
        Some(Ok(lease)) => drop(standing.leases.insert(device, lease)),
        // what cannot be read is proved anew
        Some(Err(_)) | None => drop(standing.leases.remove(&device)),
    }
}

pub(super) fn from_lease(lease: &Lease) -> state::Lease {
    state::Lease {
        key: Hash(lease.key.0),
        serial: lease.serial.to_string(),
        protection: lease.protection.name().to_owned(),
        port: lease.port.to_string(),
        mac: lease.mac.to_string(),
        since: nanos(lease.since.since_boot()),
        renewed: nanos(lease.renewed.since_boot()),
        ends: nanos(lease.ends.since_boot()),
        is_late: lease.is_late,
    }
}

pub(super) fn to_lease(lease: state::Lease) -> Result<Lease, String> {
    let protection = match lease.protection.as_str() {
        "software" => Protection::Software,
        "hardware" => Protection::Hardware,
        other => return Err(wrong(other, "a key lies in `software` or in `hardware`")),
    };
    Ok(Lease {
        key: KeyHash(lease.key.0),
        serial: serial_number(&lease.serial)?,
        protection,
        port: port_name(&lease.port)?,
        mac: mac(&lease.mac)?,
        since: uptime(lease.since),
        renewed: uptime(lease.renewed),
        ends: uptime(lease.ends),
        is_late: lease.is_late,
    })
}

pub(super) fn from_vouched(vouched: &Vouched) -> state::Vouched {
    state::Vouched {
        by: vouched.by.to_string(),
        reason: vouched.reason.to_string(),
        port: vouched.port.to_string(),
        mac: vouched.mac.to_string(),
        ends: nanos(vouched.ends.since_boot()),
    }
}

pub(super) fn to_vouched(vouched: state::Vouched) -> Result<Vouched, String> {
    Ok(Vouched {
        by: vouched.by.into(),
        reason: vouched.reason.into(),
        port: port_name(&vouched.port)?,
        mac: mac(&vouched.mac)?,
        ends: uptime(vouched.ends),
    })
}

pub(super) fn from_cloned(cloned: &Cloned) -> state::Cloned {
    state::Cloned {
        key: Hash(cloned.key.0),
        port: cloned.port.to_string(),
        mac: cloned.mac.to_string(),
        at: cloned.at.as_nanos(),
    }
}

pub(super) fn to_cloned(cloned: state::Cloned) -> Result<Cloned, String> {
    Ok(Cloned {
        key: KeyHash(cloned.key.0),
        port: port_name(&cloned.port)?,
        mac: mac(&cloned.mac)?,
        at: Timestamp::from_nanos(cloned.at),
    })
}

pub(super) fn from_revoked_key((key, revoked): (&KeyHash, &RevokedKey)) -> (String, state::RevokedKey) {
    let revoked = state::RevokedKey {
        device: revoked.device.to_string(),
        at: revoked.at.as_nanos(),
        by: revoked.by.to_string(),
        reason: revoked.reason.to_string(),
    };
    (key.to_string(), revoked)
}

pub(super) fn to_revoked_key(
    (key, revoked): (String, state::RevokedKey),
) -> Result<(KeyHash, RevokedKey), String> {
    let bytes = nullius_protocol::from_hex(&key).and_then(|bytes| bytes.try_into().ok());
    let revoked = RevokedKey {
        device: device_name(&revoked.device)?,
        at: Timestamp::from_nanos(revoked.at),
        by: revoked.by.into(),
        reason: revoked.reason.into(),
    };
    Ok((KeyHash(bytes.ok_or_else(|| wrong(&key, "a key's hash has 64 digits"))?), revoked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_is_short_and_hexadecimal() {
        for (text, fits) in [("0a", true), ("", true), ("0g", false), ("\u{1b}[2J", false)] {
            assert_eq!(serial_number(text).is_ok(), fits, "{text:?}");
        }
        assert!(serial_number(&"0".repeat(43)).is_err());
    }

    #[test]
    fn a_line_counts_in_its_own_boot_and_the_last_one_of_a_device_wins() {
        let device = DeviceName::new("plc1").unwrap();
        let mut standing = Standing { boot: nullius_engine::BootId("b".into()), ..Standing::default() };
        let lease = state::Lease {
            protection: "hardware".into(),
            port: "p1".into(),
            mac: "02:00:00:00:00:11".into(),
            ends: 5_000_000_000,
            ..state::Lease::default()
        };
        let line = |boot: &str, lease: Option<state::Lease>| state::LeaseLine {
            boot: boot.into(),
            device: "plc1".into(),
            lease,
        };
        read_lease_line(line("a", Some(lease.clone())), &mut standing);
        assert!(standing.leases.is_empty());
        read_lease_line(line("b", Some(lease.clone())), &mut standing);
        assert_eq!(lease_line(&standing, &device), line("b", Some(lease.clone())));
        read_lease_line(line("b", Some(state::Lease { protection: "paper".into(), ..lease })), &mut standing);
        assert!(standing.leases.is_empty());
    }
}
