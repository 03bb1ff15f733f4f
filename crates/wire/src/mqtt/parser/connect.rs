//! CONNECT and CONNACK (MQTT 5 §3.1, §3.2).

use super::properties::Properties;
use super::publish::Qos;
use super::{Kind, Version, binary, text, topic};
use crate::parser::Probe;
use crate::reader::{Parse, ParseError, Reader, ensure};

/// A bridge of mosquitto sets this bit of the protocol level to say what it is; brokers take it off.
const BRIDGE: u8 = 0x80;

/// A client introduces itself. Of user name and password only their presence is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::mqtt) struct Connect<'a> {
    pub(in crate::mqtt) version: Version,
    pub(in crate::mqtt) client_id: &'a str,
    pub(in crate::mqtt) will: Option<Will<'a>>,
    pub(in crate::mqtt) has_password: bool,
    /// The highest topic alias the client takes.
    pub(in crate::mqtt) topic_alias_maximum: u16,
}

/// What the server shall publish for a client that vanishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::mqtt) struct Will<'a> {
    pub(in crate::mqtt) topic: &'a str,
    pub(in crate::mqtt) qos: Qos,
    pub(in crate::mqtt) retain: bool,
    pub(in crate::mqtt) payload: usize,
}

/// The server's answer to CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mqtt) struct Connack<'a> {
    pub(in crate::mqtt) code: u8,
    /// The highest topic alias the server takes.
    pub(in crate::mqtt) topic_alias_maximum: u16,
    /// The name the server gave a client that had none.
    pub(in crate::mqtt) assigned_client_id: Option<&'a str>,
}

impl<'a> Connect<'a> {
    pub(super) fn parse(reader: &mut Reader<'a>) -> Parse<Self> {
        let version = version(reader)?;
        let flags = flags(reader.u8()?, version)?;
        let _keep_alive = reader.be16()?;
        let properties = match version {
            Version::V5 => Properties::parse(reader, Kind::Connect)?,
            Version::V31 | Version::V311 => Properties::default(),
        };
        let client_id = client_id(reader, version, flags)?;
        let will = if flags & 0x04 == 0 { None } else { Some(Will::parse(reader, version, flags)?) };
        if flags & 0x80 != 0 {
            text(reader)?;
        }
        let has_password = flags & 0x40 != 0;
        if has_password {
            binary(reader)?;
        }
        let topic_alias_maximum = properties.topic_alias_maximum;
        Ok(Self { version, client_id, will, has_password, topic_alias_maximum })
    }
}

/// Whether a flow begins with a CONNECT, as far as its name tells; `bytes` begin behind the fixed header.
pub(in crate::mqtt) fn protocol_name(bytes: &[u8]) -> Probe {
    let begins = |name: &[u8]| bytes.iter().zip(name).all(|(byte, expected)| byte == expected);
    for name in [&b"\0\x04MQTT"[..], b"\0\x06MQIsdp"] {
        if begins(name) {
            return if bytes.len() < name.len() { Probe::Unsure } else { Probe::Match };
        }
    }
    Probe::Mismatch
}

fn version(reader: &mut Reader<'_>) -> Parse<Version> {
    let name = binary(reader)?;
    match (name, reader.u8()? & !BRIDGE) {
        (b"MQIsdp", 3) => Ok(Version::V31),
        (b"MQTT", 4) => Ok(Version::V311),
        (b"MQTT", 5) => Ok(Version::V5),
        _ => Err(ParseError::Invalid("unknown protocol name and version")),
    }
}

/// The rules of §3.1.2.3 to §3.1.2.9 for the connect flags.
fn flags(flags: u8, version: Version) -> Parse<u8> {
    let has = |flag: u8| flags & flag != 0;
    ensure(!has(0x01) || version == Version::V31, "reserved connect flag is set")?;
    ensure(has(0x04) || !has(0x38), "will QoS or retain without a will")?;
    ensure(flags & 0x18 != 0x18, "will QoS 3")?;
    ensure(has(0x80) || !has(0x40) || version == Version::V5, "password without a user name")?;
    Ok(flags)
}

fn client_id<'a>(reader: &mut Reader<'a>, version: Version, flags: u8) -> Parse<&'a str> {
    let client_id = text(reader)?;
    let may_be_empty = match version {
        Version::V31 => false,
        Version::V311 => flags & 0x02 != 0,
        Version::V5 => true,
    };
    ensure(may_be_empty || !client_id.is_empty(), "session is to be kept but has no client id")?;
    Ok(client_id)
}

impl<'a> Will<'a> {
    fn parse(reader: &mut Reader<'a>, version: Version, flags: u8) -> Parse<Self> {
        if version == Version::V5 {
            Properties::parse_will(reader)?;
        }
        let topic = topic::name(text(reader)?)?;
        ensure(!topic.is_empty(), "empty topic of a will")?;
        let payload = binary(reader)?.len();
        Ok(Self { topic, qos: Qos::from_bits(flags >> 3)?, retain: flags & 0x20 != 0, payload })
    }
}

impl<'a> Connack<'a> {
    pub(super) fn parse(reader: &mut Reader<'a>, version: Version) -> Parse<Self> {
        let flags = reader.u8()?;
        ensure(flags <= 1, "reserved flags of CONNACK are set")?;
        let code = reader.u8()?;
        ensure(flags == 0 || code == 0, "session present in a refusal")?;
        let properties = match version {
            Version::V5 => Properties::parse(reader, Kind::Connack)?,
            Version::V31 | Version::V311 => Properties::default(),
        };
        let Properties { topic_alias_maximum, assigned_client_id, .. } = properties;
        Ok(Self { code, topic_alias_maximum, assigned_client_id })
    }
}
