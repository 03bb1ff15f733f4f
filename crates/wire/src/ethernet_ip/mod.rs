//! EtherNet/IP with CIP: ODVA Volume 1 (CIP) and Volume 2 (EtherNet/IP).
//!
//! Read: the encapsulation on TCP and UDP 44818, identities, CIP requests and answers with their paths, messages inside
//! Multiple Service Packets and Unconnected Sends, PCCC commands, and that I/O data flows on UDP 2222.
//! Not read: the values of attributes and tags, the layout of I/O data (only the Forward Open's assemblies tell it),
//! CIP Safety and Motion inside I/O, and anything after `StartDTLS`.
//!
//! INVARIANT: whatever CIP message is inside an envelope is either spoken as a symbol of its own or reported malformed:
//! nothing hides in an envelope.

mod observe;
mod parser;

use crate::context::Context;
use crate::parser::{DatagramParser, Probe, Progress, StreamParser};
use crate::reader::{ParseError, Reader};
use nullius_model::{Direction, Protocol};
use observe::Exchange;
use parser::Header;

/// Implicit (I/O) messages travel here; explicit ones on 44818.
const IO_PORT: u16 = 2222;

/// Whether the first bytes of a flow look like an encapsulation header.
pub(crate) fn probe(_direction: Direction, bytes: &[u8]) -> Probe {
    match parser::header(&mut Reader::new(bytes)) {
        Ok(header) => Probe::decided(header.is_plausible()),
        Err(ParseError::Short) => Probe::Unsure,
        Err(ParseError::Invalid(_)) => Probe::Mismatch,
    }
}

/// One TCP flow.
#[derive(Debug, Default)]
pub(crate) struct Session {
    exchange: Exchange,
    footings: Sides<Footing>,
}

/// Where the next bytes of a direction begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Footing {
    /// At the beginning of the flow.
    #[default]
    Start,
    /// At the end of a message.
    Sure,
    /// Anywhere.
    Adrift,
}

impl StreamParser for Session {
    fn handle_bytes(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Progress {
        let mut reader = Reader::new(bytes);
        loop {
            let consumed = bytes.len() - reader.left();
            match self.next_message(&mut reader, context.direction) {
                Ok((header, payload)) => self.exchange.handle_message(&header, payload, context),
                Err(ParseError::Short) => return Progress::Consumed(consumed),
                Err(error) => {
                    if *self.footings.of(context.direction) != Footing::Adrift {
                        context.malformed(Protocol::EthernetIp, error);
                    }
                    return Progress::Lost;
                }
            }
        }
    }

    fn handle_gap(&mut self, direction: Direction) {
        let before = std::mem::replace(self.footings.of(direction), Footing::Adrift);
        // Where nothing was read yet, nothing was lost that an answer could be mistaken for.
        if before == Footing::Sure {
            self.exchange.forget_requests();
        }
    }
}

impl Session {
    fn next_message<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        direction: Direction,
    ) -> Result<(Header, &'a [u8]), ParseError> {
        let header = parser::header(reader)?;
        let footing = self.footings.of(direction);
        if *footing == Footing::Adrift && !header.is_plausible() {
            return Err(ParseError::Invalid("no message begins here"));
        }
        let payload = reader.take(header.length)?;
        *footing = Footing::Sure;
        Ok((header, payload))
    }
}

/// The datagrams of one flow.
#[derive(Debug, Default)]
pub(crate) struct DatagramSession {
    exchange: Exchange,
}

impl DatagramParser for DatagramSession {
    fn handle_datagram(&mut self, bytes: &[u8], context: &mut Context<'_>) {
        let reader = Reader::new(bytes);
        let implicit = context.flow.server.port == IO_PORT || context.flow.client.port == IO_PORT;
        let read = if implicit { observe::io_data(reader, context) } else { self.explicit(reader, context) };
        if let Err(error) = read {
            context.malformed(Protocol::EthernetIp, error);
        }
    }
}

impl DatagramSession {
    fn explicit(&mut self, mut reader: Reader<'_>, context: &mut Context<'_>) -> Result<(), ParseError> {
        let header = parser::header(&mut reader)?;
        let payload = reader.take(header.length)?;
        reader.finish("bytes behind the message")?;
        self.exchange.handle_message(&header, payload, context);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
use crate::sides::Sides;
