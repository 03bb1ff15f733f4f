//! Who a BACnet device says it is.

use super::names;
use super::{PROTOCOL, table};
use crate::bacnet::parser::service::{self as parameters, IAm, Item};
use crate::context::Context;
use crate::reader::Parse;
use nullius_model::{Attribute, Mac};
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

/// The object type of the device itself.
const DEVICE: u16 = 8;

/// Whom a message is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// The endpoint that sent it.
    Sender,
    /// The station a broadcast manager passed it on for.
    Station(Ipv4Addr),
    /// A station behind a router.
    Unknown,
}

pub(super) fn i_am(told: &IAm, who: Who, context: &mut Context<'_>) {
    tell(who, Attribute::ObjectInstance, &told.device.instance.to_string(), context);
    tell(who, Attribute::Vendor, &names::vendor(told.vendor), context);
}

pub(super) fn who_am_i(told: &(u32, Cow<'_, str>, Cow<'_, str>), who: Who, context: &mut Context<'_>) {
    let (vendor, model, serial) = told;
    tell(who, Attribute::Vendor, &names::vendor(*vendor), context);
    tell(who, Attribute::Model, model, context);
    tell(who, Attribute::Serial, serial, context);
}

/// What the answer to a read tells of the device object.
pub(super) fn from_answer(service: u8, data: &[u8], who: Who, context: &mut Context<'_>) -> Parse<()> {
    match service {
        table::READ_PROPERTY => {
            from_item(&parameters::property(data)?, who, context);
            Ok(())
        }
        table::READ_PROPERTY_MULTIPLE => parameters::answer_list(data, |item| from_item(&item, who, context)),
        _ => Ok(()),
    }
}

fn from_item(item: &Item<'_>, who: Who, context: &mut Context<'_>) {
    let (Some(value), DEVICE) = (item.value, item.object.kind) else { return };
    let Some(attribute) = item.property.and_then(attribute) else { return };
    let text = match item.property {
        Some(120) => value.unsigned().map(|number| Cow::Owned(names::vendor(number))),
        Some(75) => value.object_id().map(|id| Cow::Owned(id.instance.to_string())),
        _ => value.text(),
    };
    if let Some(text) = text {
        tell(who, attribute, &text, context);
    }
}

/// Properties of the device object that say who it is.
const fn attribute(property: u32) -> Option<Attribute> {
    Some(match property {
        12 => Attribute::ServerSoftware,
        28 => Attribute::Description,
        44 => Attribute::Firmware,
        58 => Attribute::Location,
        70 => Attribute::Model,
        75 => Attribute::ObjectInstance,
        77 => Attribute::Hostname,
        120 | 121 => Attribute::Vendor,
        372 => Attribute::Serial,
        _ => return None,
    })
}

fn tell(who: Who, attribute: Attribute, value: &str, context: &mut Context<'_>) {
    match who {
        Who::Sender => context.fact(PROTOCOL, attribute, value),
        Who::Station(ip) => {
            context.fact_about(Mac::NONE, Some(IpAddr::V4(ip)), PROTOCOL, attribute, value);
        }
        Who::Unknown => {}
    }
}
