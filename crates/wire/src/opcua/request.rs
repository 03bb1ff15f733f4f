//! What requests ask (OPC 10000-4 §5): one symbol a node read, written, called or watched.

use super::service::{self, Service};
use super::types::{
    NodeId, Scalar, read_bytes, read_count, read_data_value, read_extension, read_node_id, skip_array,
    skip_bytes, skip_extension, skip_node_id, skip_qualified_name, skip_variant,
};
use crate::reader::{Parse, Reader};
use nullius_model::{Object, SmolStr, Symbol, Values, VerbClass};
use smol_str::format_smolstr;

/// Most nodes of one request that get a symbol of their own: clients read thousands at once. The rest is told as a
/// count, so that none goes unseen.
pub(super) const MAX_NODES: u32 = 32;

/// The attribute that holds a variable's value (OPC 10000-6 Annex A).
const VALUE: u32 = 13;

/// One element of a request's list.
struct Operation {
    node: SmolStr,
    class: Option<VerbClass>,
    value: Values<'static>,
}

/// Gives every symbol of a request to `say`; `reader` stands behind its type.
pub(super) fn for_each_symbol(
    service: &Service,
    mut reader: Reader<'_>,
    say: &mut dyn FnMut(Symbol, Values<'_>),
) -> Parse<()> {
    let whole = Symbol::new(service.class, service.verb);
    let Some(read) = operation_of(service) else {
        say(whole, Values::None);
        return Ok(());
    };
    let start = skip_to_operations(service, &mut reader).and_then(|()| read_count(&mut reader));
    let count = start.inspect_err(|_| say(whole.clone(), Values::None))?;
    if count == 0 {
        say(whole, Values::None);
        return Ok(());
    }
    for place in 0..count.min(MAX_NODES) {
        let operation = read(&mut reader).inspect_err(|_| say(rest(&whole, place, count), Values::None))?;
        let symbol = Symbol::new(operation.class.unwrap_or(whole.class), whole.verb);
        say(symbol.about(Object::name(&operation.node)), operation.value);
    }
    if count > MAX_NODES {
        say(rest(&whole, MAX_NODES, count), Values::None);
    }
    Ok(())
}

/// The nodes of a request from one on, unnamed.
fn rest(whole: &Symbol, first: u32, count: u32) -> Symbol {
    whole.clone().about(Object::range("node", first, count - first))
}

/// The user name and password that a client activates its session with are readable.
pub(super) fn has_cleartext_password(mut reader: Reader<'_>) -> Parse<bool> {
    const USER_NAME_IDENTITY_TOKEN: u32 = 324;
    skip_request_header(&mut reader)?;
    skip_signature(&mut reader)?;
    skip_array(&mut reader, skip_signature)?;
    skip_array(&mut reader, skip_bytes)?;
    let (r#type, token) = read_extension(&mut reader)?;
    if r#type.standard() != Some(USER_NAME_IDENTITY_TOKEN) {
        return Ok(false);
    }
    let mut token = Reader::new(token);
    skip_bytes(&mut token)?; // policy
    skip_bytes(&mut token)?; // user name
    let (password, algorithm) = (read_bytes(&mut token)?, read_bytes(&mut token)?);
    Ok(!password.is_empty() && algorithm.is_empty())
}

/// Passes over what stands before the parameters of every request (OPC 10000-4 §7.33).
pub(super) fn skip_request_header(reader: &mut Reader<'_>) -> Parse<()> {
    const TIMESTAMP_HANDLE_DIAGNOSTICS: usize = 16;
    const TIMEOUT: usize = 4;
    skip_node_id(reader)?;
    reader.skip(TIMESTAMP_HANDLE_DIAGNOSTICS)?;
    skip_bytes(reader)?;
    reader.skip(TIMEOUT)?;
    skip_extension(reader)
}

fn skip_signature(reader: &mut Reader<'_>) -> Parse<()> {
    skip_bytes(reader)?;
    skip_bytes(reader)
}

/// How to read an element of the list that this request consists of, where it is one of nodes.
fn operation_of(service: &Service) -> Option<fn(&mut Reader<'_>) -> Parse<Operation>> {
    Some(match service.request {
        service::READ => read_read,
        service::WRITE => read_write,
        service::CALL => read_call,
        service::CREATE_MONITORED_ITEMS => read_monitored_item,
        service::HISTORY_READ => read_history_read,
        service::ADD_NODES => read_add_node,
        service::DELETE_NODES => read_delete_node,
        _ => return None,
    })
}

fn skip_to_operations(service: &Service, reader: &mut Reader<'_>) -> Parse<()> {
    const AGE_AND_TIMESTAMPS: usize = 12;
    const SUBSCRIPTION_AND_TIMESTAMPS: usize = 8;
    const TIMESTAMPS_AND_RELEASE: usize = 5;
    skip_request_header(reader)?;
    match service.request {
        service::READ => reader.skip(AGE_AND_TIMESTAMPS),
        service::CREATE_MONITORED_ITEMS => reader.skip(SUBSCRIPTION_AND_TIMESTAMPS),
        service::HISTORY_READ => {
            skip_extension(reader)?;
            reader.skip(TIMESTAMPS_AND_RELEASE)
        }
        _ => Ok(()),
    }
}

fn read_read(reader: &mut Reader<'_>) -> Parse<Operation> {
    let (node, attribute) = (read_node_id(reader)?, reader.le32()?);
    skip_bytes(reader)?;
    skip_qualified_name(reader)?;
    Ok(Operation::of(attribute_name(&node, attribute)))
}

/// Only the value belongs to the process; other attributes say who may do what with it, and what it is called.
fn read_write(reader: &mut Reader<'_>) -> Parse<Operation> {
    let (node, attribute) = (read_node_id(reader)?, reader.le32()?);
    skip_bytes(reader)?;
    let value = match read_data_value(reader)?.scalar {
        Scalar::Milli(milli) => Values::Milli(milli),
        Scalar::Other | Scalar::Text(_) | Scalar::Extension(..) => Values::None,
    };
    let class = (attribute != VALUE).then_some(VerbClass::Configure);
    Ok(Operation { node: attribute_name(&node, attribute), class, value })
}

fn read_call(reader: &mut Reader<'_>) -> Parse<Operation> {
    let (object, method) = (read_node_id(reader)?, read_node_id(reader)?);
    skip_array(reader, skip_variant)?;
    Ok(Operation::of(format_smolstr!("{} {}", object.name(), method.name())))
}

fn read_monitored_item(reader: &mut Reader<'_>) -> Parse<Operation> {
    const MODE_HANDLE_INTERVAL: usize = 16;
    const QUEUE_AND_DISCARD: usize = 5;
    let operation = read_read(reader)?;
    reader.skip(MODE_HANDLE_INTERVAL)?;
    skip_extension(reader)?;
    reader.skip(QUEUE_AND_DISCARD)?;
    Ok(operation)
}

fn read_history_read(reader: &mut Reader<'_>) -> Parse<Operation> {
    let node = read_node_id(reader)?;
    skip_bytes(reader)?;
    skip_qualified_name(reader)?;
    skip_bytes(reader)?;
    Ok(Operation::of(node.name()))
}

fn read_add_node(reader: &mut Reader<'_>) -> Parse<Operation> {
    const CLASS: usize = 4;
    skip_node_id(reader)?;
    skip_node_id(reader)?;
    let node = read_node_id(reader)?;
    skip_qualified_name(reader)?;
    reader.skip(CLASS)?;
    skip_extension(reader)?;
    skip_node_id(reader)?;
    Ok(Operation::of(node.name()))
}

fn read_delete_node(reader: &mut Reader<'_>) -> Parse<Operation> {
    const DELETE_REFERENCES: usize = 1;
    let node = read_node_id(reader)?;
    reader.skip(DELETE_REFERENCES)?;
    Ok(Operation::of(node.name()))
}

impl Operation {
    const fn of(node: SmolStr) -> Self {
        Self { node, class: None, value: Values::None }
    }
}

/// `ns=2;s=Boiler`, `ns=2;s=Boiler BrowseName`.
fn attribute_name(node: &NodeId<'_>, attribute: u32) -> SmolStr {
    /// By number, from 1 (OPC 10000-6 Annex A).
    const NAMES: [&str; 27] = [
        "NodeId",
        "NodeClass",
        "BrowseName",
        "DisplayName",
        "Description",
        "WriteMask",
        "UserWriteMask",
        "IsAbstract",
        "Symmetric",
        "InverseName",
        "ContainsNoLoops",
        "EventNotifier",
        "Value",
        "DataType",
        "ValueRank",
        "ArrayDimensions",
        "AccessLevel",
        "UserAccessLevel",
        "MinimumSamplingInterval",
        "Historizing",
        "Executable",
        "UserExecutable",
        "DataTypeDefinition",
        "RolePermissions",
        "UserRolePermissions",
        "AccessRestrictions",
        "AccessLevelEx",
    ];
    if attribute == VALUE {
        return node.name();
    }
    match usize::try_from(attribute).ok().and_then(|number| NAMES.get(number.checked_sub(1)?)) {
        Some(name) => format_smolstr!("{} {name}", node.name()),
        None => format_smolstr!("{} attribute {attribute}", node.name()),
    }
}
