//! The header before every message, and what a reply can say.

use std::io::{self, ErrorKind};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Longest message after the unit identifier: 253 bytes (V1.1b3, 4.1).
const MAX_PDU: usize = 253;

/// A unit behind the server; a device on Ethernet answers to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::node) struct Unit(pub(in crate::node) u8);

/// One request or reply: function code and data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::node) struct Pdu {
    /// Ties a reply to its request.
    pub(in crate::node) transaction: u16,
    /// Whom it is for.
    pub(in crate::node) unit: Unit,
    /// Function code and data, 1 to 253 bytes.
    pub(in crate::node) bytes: Vec<u8>,
}

/// Why a request is refused (V1.1b3, 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::node) enum Exception {
    /// Illegal function: the device has no such one.
    Function = 1,
    /// Illegal data address: the device has no such one.
    Address = 2,
    /// Illegal data value: the request makes no sense.
    Value = 3,
}

/// Reads one message; nothing where the peer closed between two.
///
/// # Errors
/// Where the peer closes inside a message or sends something that is no Modbus.
pub(in crate::node) async fn read_frame(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Pdu>> {
    let transaction = match stream.read_u16().await {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        number => number?,
    };
    let protocol = stream.read_u16().await?;
    let length = usize::from(stream.read_u16().await?);
    let unit = Unit(stream.read_u8().await?);
    let size = length.saturating_sub(1);
    if protocol != 0 || size == 0 || size > MAX_PDU {
        return Err(io::Error::new(ErrorKind::InvalidData, "not Modbus"));
    }
    let mut bytes = vec![0; size];
    stream.read_exact(&mut bytes).await?;
    Ok(Some(Pdu { transaction, unit, bytes }))
}

/// The bytes of one message on the wire.
pub(in crate::node) fn frame_of(pdu: &Pdu) -> Vec<u8> {
    let length = u16::try_from(pdu.bytes.len().saturating_add(1)).unwrap_or(u16::MAX);
    let mut frame = Vec::with_capacity(pdu.bytes.len().saturating_add(7));
    frame.extend(pdu.transaction.to_be_bytes());
    frame.extend([0, 0]);
    frame.extend(length.to_be_bytes());
    frame.push(pdu.unit.0);
    frame.extend(&pdu.bytes);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut bytes: &[u8]) -> io::Result<Option<Pdu>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(read_frame(&mut bytes))
    }

    #[test]
    fn a_message_reads_back_as_it_was_written() {
        let pdu = Pdu { transaction: 7, unit: Unit(1), bytes: vec![3, 0, 0, 0, 2] };
        assert_eq!(frame_of(&pdu), [0, 7, 0, 0, 0, 6, 1, 3, 0, 0, 0, 2]);
        assert_eq!(read(&frame_of(&pdu)).unwrap(), Some(pdu));
    }

    #[test]
    fn an_end_between_two_messages_is_no_error_and_anything_else_is() {
        assert_eq!(read(&[]).unwrap(), None);
        for bad in [
            &[0, 7, 0, 1, 0, 2, 1, 3][..],
            &[0, 7, 0, 0, 0, 1, 1],
            &[0, 7, 0, 0, 1, 0, 1],
            &[0, 7, 0, 0, 0, 6, 1, 3],
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
