//! What answers say (OPC 10000-4 §5): the outcome of the whole, and of each node.

use super::service;
use super::types::{
    Scalar, read_count, read_data_value, skip_array, skip_bytes, skip_diagnostic, skip_extension,
    skip_node_id, skip_variant,
};
use crate::reader::{Parse, Reader};
use nullius_model::Outcome;

/// Reads what stands before the results of every answer (§7.34) and yields the service's status.
pub(super) fn read_response_header(reader: &mut Reader<'_>) -> Parse<u32> {
    const TIMESTAMP_AND_HANDLE: usize = 12;
    reader.skip(TIMESTAMP_AND_HANDLE)?;
    let status = reader.le32()?;
    skip_diagnostic(reader)?;
    skip_array(reader, skip_bytes)?;
    skip_extension(reader)?;
    Ok(status)
}

/// Bad, by the two bits of severity (§7.39); uncertain values are values.
pub(super) const fn outcome(status: u32) -> Outcome {
    if status & 0x8000_0000 == 0 { Outcome::Done } else { Outcome::Refused(status) }
}

/// The results of single nodes, in the order of the request.
#[derive(Debug)]
pub(super) struct Results<'a> {
    /// Request identifier of the service.
    service: u32,
    reader: Reader<'a>,
    left: u32,
}

/// What became of one node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NodeResult<'a> {
    pub(super) status: u32,
    /// What was read.
    pub(super) value: Scalar<'a>,
}

impl<'a> Results<'a> {
    /// Those of an answer to `service`, whose header `reader` has passed.
    pub(super) fn new(service: u32, mut reader: Reader<'a>) -> Self {
        let left = if is_by_node(service) { read_count(&mut reader).unwrap_or_default() } else { 0 };
        Self { service, reader, left }
    }
}

impl<'a> Iterator for Results<'a> {
    type Item = NodeResult<'a>;

    /// Ends early where the bytes do: what is left then has the status of the whole.
    fn next(&mut self) -> Option<NodeResult<'a>> {
        self.left = self.left.checked_sub(1)?;
        read_result(self.service, &mut self.reader).ok()
    }
}

const fn is_by_node(service: u32) -> bool {
    matches!(
        service,
        service::READ
            | service::WRITE
            | service::CALL
            | service::CREATE_MONITORED_ITEMS
            | service::HISTORY_READ
            | service::ADD_NODES
            | service::DELETE_NODES
    )
}

fn read_result<'a>(service: u32, reader: &mut Reader<'a>) -> Parse<NodeResult<'a>> {
    if service == service::READ {
        let value = read_data_value(reader)?;
        return Ok(NodeResult { status: value.status, value: value.scalar });
    }
    let status = reader.le32()?;
    match service {
        service::CALL => {
            skip_array(reader, |status| status.skip(4))?;
            skip_array(reader, skip_diagnostic)?;
            skip_array(reader, skip_variant)?;
        }
        service::CREATE_MONITORED_ITEMS => {
            const ITEM_INTERVAL_QUEUE: usize = 16;
            reader.skip(ITEM_INTERVAL_QUEUE)?;
            skip_extension(reader)?;
        }
        service::HISTORY_READ => {
            skip_bytes(reader)?;
            skip_extension(reader)?;
        }
        service::ADD_NODES => skip_node_id(reader)?,
        _ => {}
    }
    Ok(NodeResult { status, value: Scalar::Other })
}
