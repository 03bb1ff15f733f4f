//! PROFINET on the link: DCP, and that real-time data, alarms and clocks flow (IEC 61158-6-10).
//!
//! Read: DCP Identify, Get, Set and Hello with the names, addresses and identities in them; of every other frame its
//! kind and frame id.
//! Not read: what cyclic frames and alarms carry, PTCP, fragments, DCP's DHCP options.
//!
//! Identify goes to a group and is answered to the asker alone, which is another flow: its answers are orphans here.

mod observe;
mod parser;

use crate::context::Context;
use crate::pairing::OpenRequests;
use crate::parser::DatagramParser;
use crate::reader::{Parse, Reader};
use nullius_model::Protocol;
use parser::Kind;

/// The frames of one flow.
#[derive(Debug, Default)]
pub(crate) struct Session {
    open: OpenRequests<observe::Key>,
}

impl DatagramParser for Session {
    fn handle_datagram(&mut self, bytes: &[u8], context: &mut Context<'_>) {
        if let Err(error) = self.frame(bytes, context) {
            context.malformed(Protocol::ProfinetDcp, error);
        }
    }
}

impl Session {
    fn frame(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Parse<()> {
        let mut reader = Reader::new(bytes);
        let frame_id = reader.be16()?;
        let kind = parser::kind(frame_id);
        if kind == Kind::Dcp {
            return self.handle_dcp(&parser::dcp(&mut reader)?, context);
        }
        observe::unread(kind, frame_id, context);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
