//! Every service and command by number: its name, how grave it is, where it names what it is about.

use crate::bacnet::parser::function;
use nullius_model::{Object, Symbol, VerbClass};

pub(super) const READ_PROPERTY: u8 = 12;
pub(super) const READ_PROPERTY_MULTIPLE: u8 = 14;
pub(super) const I_AM: u8 = 0;
pub(super) const WHO_AM_I: u8 = 13;

/// A service: its name, its class, and where its parameters name an object.
#[derive(Clone, Copy)]
pub(super) struct Service {
    verb: &'static str,
    pub(super) class: VerbClass,
    pub(super) subject: Subject,
    /// Its number, where it has no name.
    unknown: Option<u8>,
}

/// Where parameters name what they are about.
#[derive(Clone, Copy)]
pub(super) enum Subject {
    Nothing,
    /// Object, property, index under context tags 0, 1, 2.
    Property,
    /// The same, to be written.
    Written,
    ReadList,
    WriteList,
    Changed,
    Subscribed,
    /// An object under this context tag.
    Object(u8),
    /// An object under an application tag.
    ApplicationObject,
    Created,
    Reinitialize,
    Communication,
    Private,
    Devices,
    Had,
    Wanted,
    Group,
}

impl Service {
    const fn new(verb: &'static str, class: VerbClass, subject: Subject) -> Self {
        Self { verb, class, subject, unknown: None }
    }

    const fn unknown(number: u8) -> Self {
        Self {
            verb: "unknown_function",
            class: VerbClass::Admin,
            subject: Subject::Nothing,
            unknown: Some(number),
        }
    }

    /// The service without its object.
    pub(super) fn symbol(&self) -> Symbol {
        let symbol = Symbol::new(self.class, self.verb);
        match self.unknown {
            Some(number) => symbol.about(Object::Code(u64::from(number))),
            None => symbol,
        }
    }
}

/// Confirmed services (21, BACnetConfirmedServiceChoice).
pub(super) const fn confirmed(service: u8) -> Service {
    use Subject as S;
    use VerbClass as C;
    match service {
        0 => Service::new("acknowledge_alarm", C::Command, S::Object(1)),
        1 => Service::new("confirmed_cov_notification", C::Publish, S::Changed),
        2 => Service::new("confirmed_event_notification", C::Publish, S::Object(2)),
        3 => Service::new("get_alarm_summary", C::Read, S::Nothing),
        4 => Service::new("get_enrollment_summary", C::Read, S::Nothing),
        5 => Service::new("subscribe_cov", C::Subscribe, S::Subscribed),
        // Files hold the device's program and configuration: this is how BACnet backs up and restores them (19.1).
        6 => Service::new("atomic_read_file", C::Program, S::ApplicationObject),
        7 => Service::new("atomic_write_file", C::Program, S::ApplicationObject),
        8 => Service::new("add_list_element", C::Configure, S::Property),
        9 => Service::new("remove_list_element", C::Configure, S::Property),
        10 => Service::new("create_object", C::Configure, S::Created),
        11 => Service::new("delete_object", C::Configure, S::ApplicationObject),
        READ_PROPERTY => Service::new("read_property", C::Read, S::Property),
        13 => Service::new("read_property_conditional", C::Read, S::Nothing),
        READ_PROPERTY_MULTIPLE => Service::new("read_property_multiple", C::Read, S::ReadList),
        15 => Service::new("write_property", C::Write, S::Written),
        16 => Service::new("write_property_multiple", C::Write, S::WriteList),
        17 => Service::new("device_communication_control", C::Admin, S::Communication),
        18 => Service::new("confirmed_private_transfer", C::Admin, S::Private),
        19 => Service::new("confirmed_text_message", C::Publish, S::Nothing),
        20 => Service::new("reinitialize_device", C::Command, S::Reinitialize),
        21 => Service::new("vt_open", C::Admin, S::Nothing),
        22 => Service::new("vt_close", C::Admin, S::Nothing),
        23 => Service::new("vt_data", C::Admin, S::Nothing),
        24 => Service::new("authenticate", C::Connect, S::Nothing),
        25 => Service::new("request_key", C::Connect, S::Nothing),
        26 => Service::new("read_range", C::Read, S::Property),
        27 => Service::new("life_safety_operation", C::Command, S::Nothing),
        28 => Service::new("subscribe_cov_property", C::Subscribe, S::Subscribed),
        29 => Service::new("get_event_information", C::Read, S::Nothing),
        30 => Service::new("subscribe_cov_property_multiple", C::Subscribe, S::Nothing),
        31 => Service::new("confirmed_cov_notification_multiple", C::Publish, S::Nothing),
        32 => Service::new("confirmed_audit_notification", C::Publish, S::Nothing),
        33 => Service::new("audit_log_query", C::Read, S::Nothing),
        number => Service::unknown(number),
    }
}

/// Unconfirmed services (21, BACnetUnconfirmedServiceChoice).
pub(super) const fn unconfirmed(service: u8) -> Service {
    use Subject as S;
    use VerbClass as C;
    match service {
        I_AM => Service::new("i_am", C::Discover, S::ApplicationObject),
        1 => Service::new("i_have", C::Discover, S::Had),
        2 => Service::new("unconfirmed_cov_notification", C::Publish, S::Changed),
        3 => Service::new("unconfirmed_event_notification", C::Publish, S::Object(2)),
        4 => Service::new("unconfirmed_private_transfer", C::Admin, S::Private),
        5 => Service::new("unconfirmed_text_message", C::Publish, S::Nothing),
        6 => Service::new("time_synchronization", C::Configure, S::Nothing),
        7 => Service::new("who_has", C::Discover, S::Wanted),
        8 => Service::new("who_is", C::Discover, S::Devices),
        9 => Service::new("utc_time_synchronization", C::Configure, S::Nothing),
        10 => Service::new("write_group", C::Write, S::Group),
        11 => Service::new("unconfirmed_cov_notification_multiple", C::Publish, S::Nothing),
        12 => Service::new("unconfirmed_audit_notification", C::Publish, S::Nothing),
        WHO_AM_I => Service::new("who_am_i", C::Discover, S::Nothing),
        14 => Service::new("you_are", C::Configure, S::Nothing),
        number => Service::unknown(number),
    }
}

/// Commands to the virtual link (J.2).
pub(super) fn link_command(command: u8) -> Symbol {
    let (class, verb) = match command {
        function::WRITE_BDT => (VerbClass::Configure, "write_broadcast_distribution_table"),
        function::READ_BDT => (VerbClass::Read, "read_broadcast_distribution_table"),
        function::REGISTER_FOREIGN_DEVICE => (VerbClass::Connect, "register_foreign_device"),
        function::READ_FDT => (VerbClass::Read, "read_foreign_device_table"),
        function::DELETE_FDT_ENTRY => (VerbClass::Configure, "delete_foreign_device_table_entry"),
        function::SECURE_BVLL => (VerbClass::Connect, "secure_bvll"),
        unknown => return Service::unknown(unknown).symbol(),
    };
    Symbol::new(class, verb)
}

/// Messages of the network layer (6.4), about the network they name.
pub(super) fn network_message(kind: u8, network: Option<u16>) -> Symbol {
    let (class, verb) = match kind {
        0x00 => (VerbClass::Discover, "who_is_router_to_network"),
        0x01 => (VerbClass::Discover, "i_am_router_to_network"),
        0x02 => (VerbClass::Discover, "i_could_be_router_to_network"),
        0x03 => (VerbClass::Diagnose, "reject_message_to_network"),
        0x04 => (VerbClass::Diagnose, "router_busy_to_network"),
        0x05 => (VerbClass::Diagnose, "router_available_to_network"),
        0x06 => (VerbClass::Configure, "initialize_routing_table"),
        0x07 => (VerbClass::Configure, "initialize_routing_table_ack"),
        0x08 => (VerbClass::Connect, "establish_connection_to_network"),
        0x09 => (VerbClass::Connect, "disconnect_connection_to_network"),
        0x12 => (VerbClass::Discover, "what_is_network_number"),
        0x13 => (VerbClass::Discover, "network_number_is"),
        unknown => return Service::unknown(unknown).symbol(),
    };
    let object = network.map_or(Object::Peer, |network| Object::range("network", u32::from(network), 1));
    Symbol::new(class, verb).about(object)
}

/// The error code that says the same as a reject reason (18.9), so that refusals are of one numbering.
pub(super) const fn reject_code(reason: u8) -> u32 {
    match reason {
        1..=9 => 58 + reason as u32,
        64.. => 68,
        _ => 69,
    }
}

/// The error code that says the same as an abort reason (18.10).
pub(super) const fn abort_code(reason: u8) -> u32 {
    match reason {
        1..=4 => 50 + reason as u32,
        64.. => 55,
        _ => 56,
    }
}
