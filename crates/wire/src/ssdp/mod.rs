//! SSDP over UDP (UPnP Device Architecture 2.0 §1).
//!
//! Read: searches, notifications and answers. Not read: the descriptions they point to, and fields that only say how
//! long or how often.

mod observe;
mod parser;

use crate::context::Context;
use crate::parser::DatagramParser;
use nullius_model::Protocol;
use observe::Conversation;
use parser::Message;

/// The datagrams of one flow.
#[derive(Debug, Default)]
pub(crate) struct Session {
    conversation: Conversation,
}

impl DatagramParser for Session {
    fn held_bytes(&self) -> usize {
        self.conversation.held_bytes()
    }

    fn handle_datagram(&mut self, bytes: &[u8], context: &mut Context<'_>) {
        match Message::parse(bytes) {
            Ok(message) => self.conversation.handle(&message, context),
            Err(error) => context.malformed(Protocol::Ssdp, error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Piece::{Client, Server};
    use crate::testing::datagrams;

    #[test]
    fn a_device_claims_what_it_is_once() {
        let search = b"M-SEARCH * HTTP/1.1\r\nHOST: 10.0.0.1:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: upnp:rootdevice\r\nUSER-AGENT: Scanner/1\r\n\r\n";
        let answer = b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:12::upnp:rootdevice\r\nSERVER: Linux UPnP/1.0\r\nLOCATION: http://10.0.0.1:80/d.xml\r\n\r\n";
        let alive = b"NOTIFY * HTTP/1.1\r\nNTS:ssdp:alive\r\nNT:urn:x:device:lamp:1\r\nUSN:uuid:12::urn:x:device:lamp:1\r\nSERVER:Linux UPnP/1.0\r\n\r\n";
        let bye = b"NOTIFY * HTTP/1.1\r\nNTS:ssdp:byebye\r\nNT:upnp:rootdevice\r\nUSN:uuid:13\r\n\r\n";
        let script =
            [Client(&search[..]), Server(answer), Server(answer), Server(alive), Server(alive), Server(bye)];
        let told = datagrams(&mut Session::default(), &script);
        assert_eq!(
            told,
            [
                "> discover M-SEARCH upnp:rootdevice",
                "fact client user-agent: Scanner/1",
                "< discover M-SEARCH upnp:rootdevice",
                "fact server server-software: Linux UPnP/1.0",
                "fact server application: uuid:12",
                "fact server management-address: 10.0.0.1:80",
                "? discover M-SEARCH upnp:rootdevice",
                "> publish NOTIFY ssdp:alive urn:x:device:lamp:1",
                "fact server service: urn:x:device:lamp:1",
                "> publish NOTIFY ssdp:alive urn:x:device:lamp:1",
                "> publish NOTIFY ssdp:byebye upnp:rootdevice",
            ]
        );
    }
}
