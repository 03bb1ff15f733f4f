//! The verbs of the protocols whose messages we judge.
//!
//! The schema names the same verbs; a test holds the two together. What a server says of its own accord is no verb: it
//! answers what was asked.

use crate::request::Verb;
use nullius_model::{Protocol, VerbClass};

/// Every verb a service of `protocol` understands; `connect` alone where nobody reads its messages.
pub const fn verbs(protocol: Protocol) -> &'static [Verb] {
    Language::of(protocol).verbs()
}

/// What a protocol's verbs are written in: a namespace of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Language {
    /// Nobody reads the messages.
    Opaque,
    Modbus,
    Mqtt,
    Coap,
    Http,
}

impl Language {
    pub(crate) const ALL: [Self; 5] = [Self::Opaque, Self::Modbus, Self::Mqtt, Self::Coap, Self::Http];

    pub(crate) const fn of(protocol: Protocol) -> Self {
        #[expect(clippy::wildcard_enum_match_arm, reason = "messages of any other protocol are not judged")]
        match protocol {
            Protocol::Modbus => Self::Modbus,
            Protocol::Mqtt => Self::Mqtt,
            Protocol::Coap => Self::Coap,
            Protocol::Http => Self::Http,
            _ => Self::Opaque,
        }
    }

    /// At most 64, so that a set of them fits a word.
    pub(crate) const fn verbs(self) -> &'static [Verb] {
        match self {
            Self::Opaque => OPAQUE,
            Self::Modbus => MODBUS,
            Self::Mqtt => MQTT,
            Self::Coap => COAP,
            Self::Http => HTTP,
        }
    }

    /// The verb `wire` tells as this class and word.
    pub(crate) fn find(self, class: VerbClass, name: &str) -> Option<(usize, &'static Verb)> {
        self.verbs().iter().enumerate().find(|(_, verb)| verb.class == class && verb.name == name)
    }
}

/// `action` of `language` is, or lies beneath, the action `name` of `group`.
pub(crate) fn is_within(action: &str, language: Language, name: &str, group: Language) -> bool {
    if language == group && action == name {
        return true;
    }
    let (class, is_verb) = match action.strip_prefix("any ") {
        Some(class) => (class, false),
        None => match language.verbs().iter().find(|verb| verb.action == action) {
            Some(verb) => (verb.class.name(), true),
            None => return false,
        },
    };
    if language == Language::Opaque {
        return false;
    }
    if group == Language::Opaque {
        return name == class;
    }
    group == language && (name == "any" || (is_verb && name.strip_prefix("any ") == Some(class)))
}

const fn verb(class: VerbClass, name: &'static str) -> Verb {
    Verb { class, name, action: name }
}

/// A word that falls in a second class.
const fn again(class: VerbClass, name: &'static str, action: &'static str) -> Verb {
    Verb { class, name, action }
}

const OPAQUE: &[Verb] = &[verb(VerbClass::Connect, "connect")];

const MODBUS: &[Verb] = &[
    verb(VerbClass::Discover, "report_server_id"),
    verb(VerbClass::Discover, "read_device_identification"),
    verb(VerbClass::Read, "read_coils"),
    verb(VerbClass::Read, "read_discrete_inputs"),
    verb(VerbClass::Read, "read_holding_registers"),
    verb(VerbClass::Read, "read_input_registers"),
    verb(VerbClass::Read, "read_file_record"),
    verb(VerbClass::Read, "read_fifo_queue"),
    verb(VerbClass::Read, "read_write_multiple_registers_read"),
    verb(VerbClass::Write, "write_single_coil"),
    verb(VerbClass::Write, "write_single_register"),
    verb(VerbClass::Write, "write_multiple_coils"),
    verb(VerbClass::Write, "write_multiple_registers"),
    verb(VerbClass::Write, "write_file_record"),
    verb(VerbClass::Write, "mask_write_register"),
    verb(VerbClass::Write, "read_write_multiple_registers"),
    verb(VerbClass::Diagnose, "read_exception_status"),
    verb(VerbClass::Diagnose, "diagnostics"),
    verb(VerbClass::Diagnose, "get_comm_event_counter"),
    verb(VerbClass::Diagnose, "get_comm_event_log"),
    verb(VerbClass::Configure, "change_ascii_input_delimiter"),
    verb(VerbClass::Configure, "canopen_general_reference"),
    verb(VerbClass::Program, "umas"),
    verb(VerbClass::Admin, "restart_communications_option"),
    verb(VerbClass::Admin, "force_listen_only_mode"),
    verb(VerbClass::Admin, "encapsulated_interface_transport"),
    verb(VerbClass::Admin, "unknown_function"),
];

const MQTT: &[Verb] = &[
    verb(VerbClass::Connect, "CONNECT"),
    verb(VerbClass::Connect, "PINGREQ"),
    verb(VerbClass::Connect, "DISCONNECT"),
    verb(VerbClass::Connect, "AUTH"),
    verb(VerbClass::Subscribe, "SUBSCRIBE"),
    verb(VerbClass::Subscribe, "UNSUBSCRIBE"),
    verb(VerbClass::Publish, "PUBLISH"),
    verb(VerbClass::Publish, "PUBLISH retain"),
    verb(VerbClass::Publish, "PUBLISH qos1"),
    verb(VerbClass::Publish, "PUBLISH qos1 retain"),
    verb(VerbClass::Publish, "PUBLISH qos2"),
    verb(VerbClass::Publish, "PUBLISH qos2 retain"),
    verb(VerbClass::Publish, "WILL"),
    verb(VerbClass::Publish, "WILL retain"),
    verb(VerbClass::Publish, "WILL qos1"),
    verb(VerbClass::Publish, "WILL qos1 retain"),
    verb(VerbClass::Publish, "WILL qos2"),
    verb(VerbClass::Publish, "WILL qos2 retain"),
    verb(VerbClass::Publish, "PUBACK"),
    verb(VerbClass::Publish, "PUBREC"),
    verb(VerbClass::Publish, "PUBREL"),
    verb(VerbClass::Publish, "PUBCOMP"),
];

const COAP: &[Verb] = &[
    again(VerbClass::Discover, "GET", "GET discover"),
    again(VerbClass::Discover, "FETCH", "FETCH discover"),
    verb(VerbClass::Connect, "ping"),
    verb(VerbClass::Connect, "OSCORE"),
    verb(VerbClass::Read, "GET"),
    verb(VerbClass::Read, "FETCH"),
    verb(VerbClass::Subscribe, "GET observe"),
    verb(VerbClass::Subscribe, "GET deregister"),
    verb(VerbClass::Subscribe, "FETCH observe"),
    verb(VerbClass::Subscribe, "FETCH deregister"),
    verb(VerbClass::Subscribe, "RST"),
    verb(VerbClass::Write, "POST"),
    verb(VerbClass::Write, "PUT"),
    verb(VerbClass::Write, "PATCH"),
    verb(VerbClass::Write, "iPATCH"),
    verb(VerbClass::Configure, "DELETE"),
    verb(VerbClass::Admin, "unknown_method"),
];

const HTTP: &[Verb] = &[
    verb(VerbClass::Discover, "OPTIONS"),
    verb(VerbClass::Connect, "CONNECT"),
    verb(VerbClass::Read, "GET"),
    verb(VerbClass::Read, "HEAD"),
    verb(VerbClass::Read, "PROPFIND"),
    verb(VerbClass::Subscribe, "SUBSCRIBE"),
    verb(VerbClass::Subscribe, "UNSUBSCRIBE"),
    verb(VerbClass::Publish, "NOTIFY"),
    verb(VerbClass::Write, "POST"),
    verb(VerbClass::Write, "PUT"),
    verb(VerbClass::Write, "PATCH"),
    verb(VerbClass::Write, "COPY"),
    verb(VerbClass::Diagnose, "TRACE"),
    verb(VerbClass::Configure, "DELETE"),
    verb(VerbClass::Configure, "PROPPATCH"),
    verb(VerbClass::Configure, "MKCOL"),
    verb(VerbClass::Configure, "MOVE"),
    verb(VerbClass::Configure, "LOCK"),
    verb(VerbClass::Configure, "UNLOCK"),
    verb(VerbClass::Admin, "unknown_method"),
];
#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{Kind, Uid};
    use crate::schema::schema;
    use std::collections::BTreeSet;

    #[test]
    fn the_schema_names_the_same_verbs_and_groups() {
        let ours = Language::ALL.into_iter().flat_map(|language| {
            let verbs = language.verbs().iter();
            verbs.map(move |verb| Uid::new(Kind::Action(language), verb.action).to_string())
        });
        let mut schema: BTreeSet<String> = schema().unwrap().actions().map(ToString::to_string).collect();
        schema.retain(|action| {
            !action.contains("\"any") && (action == "Action::\"connect\"" || !action.starts_with("Action::"))
        });
        assert_eq!(ours.collect::<BTreeSet<_>>(), schema);
    }

    #[test]
    fn a_verb_is_within_what_the_schema_says_and_nothing_else() {
        let entities = schema().unwrap().action_entities().unwrap();
        let actions: Vec<_> = schema().unwrap().actions().collect();
        let read = |uid: &cedar_policy::EntityUid| {
            let Kind::Action(language) = Kind::named(&uid.type_name().to_string()).unwrap() else {
                panic!("{uid} is no action")
            };
            (uid.id().unescaped().to_owned(), language)
        };
        for action in &actions {
            let above: BTreeSet<String> =
                entities.ancestors(action).unwrap().map(ToString::to_string).collect();
            let (name, language) = read(action);
            for group in &actions {
                let (of, group_language) = read(group);
                let expected = action == group || above.contains(&group.to_string());
                assert_eq!(is_within(&name, language, &of, group_language), expected, "{action} in {group}");
            }
        }
    }

    #[test]
    fn a_set_of_verbs_fits_a_word() {
        assert!(Language::ALL.iter().all(|language| language.verbs().len() <= 64));
    }
}
