//! Protocols by what they are for: a line's colour.

use nullius_model::Protocol;

/// Protocols that serve the same end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    Process,
    Messaging,
    Web,
    Administration,
    Housekeeping,
    Other,
}

impl Family {
    pub(super) const ALL: [Self; 6] =
        [Self::Process, Self::Messaging, Self::Web, Self::Administration, Self::Housekeeping, Self::Other];

    pub(super) const fn of(protocol: Protocol) -> Self {
        if protocol.is_industrial() {
            return Self::Process;
        }
        if matches!(protocol, Protocol::Mqtt | Protocol::Coap) {
            return Self::Messaging;
        }
        if matches!(protocol, Protocol::Http | Protocol::Tls | Protocol::Dtls) {
            return Self::Web;
        }
        if matches!(protocol, Protocol::Ssh | Protocol::Telnet | Protocol::Ftp | Protocol::Snmp) {
            return Self::Administration;
        }
        let unread = matches!(protocol, Protocol::Tcp | Protocol::Udp | Protocol::Ip(_) | Protocol::Link(_));
        let mail = matches!(protocol, Protocol::Imap | Protocol::Pop3 | Protocol::Smtp);
        if unread || mail { Self::Other } else { Self::Housekeeping }
    }

    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Messaging => "messaging",
            Self::Web => "web",
            Self::Administration => "administration",
            Self::Housekeeping => "housekeeping",
            Self::Other => "other",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Process => "automation",
            Self::Messaging => "messaging",
            Self::Web => "web and TLS",
            Self::Administration => "administration",
            Self::Housekeeping => "names, addresses, time",
            Self::Other => "other",
        }
    }
}
