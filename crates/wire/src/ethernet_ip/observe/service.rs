//! CIP services by name, and how grave each is.
//!
//! Codes below 0x32 mean the same everywhere (Volume 1, Appendix A); those from 0x4B on depend on the class they are
//! asked of. Logix services are from Rockwell Automation publication 1756-PM020. A service this file does not name is
//! `unknown_function`, of the gravest class its object allows.

use crate::ethernet_ip::parser::cip::{self, Request, service};
use crate::ethernet_ip::parser::path::Path;
use crate::ethernet_ip::parser::pccc;
use nullius_model::{Object, Space, Symbol, VerbClass};
use smol_str::SmolStrBuilder;
use std::fmt::Write;

/// Object classes that decide what a service means.
mod class {
    pub(super) const IDENTITY: u32 = 0x01;
    pub(super) const CONNECTION_MANAGER: u32 = 0x06;
    pub(super) const FILE: u32 = 0x37;
    pub(super) const MODBUS: u32 = 0x44;
    pub(super) const PCCC: u32 = 0x67;
    pub(super) const PROGRAM: u32 = 0x68;
    pub(super) const SYMBOL: u32 = 0x6b;
    pub(super) const TEMPLATE: u32 = 0x6c;
    pub(super) const ROUTINE: u32 = 0x6d;
    pub(super) const TASK: u32 = 0x70;
    pub(super) const FLASH: u32 = 0xa1;
}

type Verb = (&'static str, VerbClass);

/// Most attributes of one list that go into its symbol; more are told as `…`.
const MAX_LISTED: usize = 16;

/// The symbol of a request that came over `route`.
pub(super) fn symbol(request: &Request<'_>, route: Option<&Path<'_>>) -> Symbol {
    if is_pccc(request) {
        return pccc_symbol(request.data);
    }
    let Request { service, path, data } = request;
    match specific(*service, path).or_else(|| common(*service, path)) {
        Some((verb, class)) => {
            let symbol = Symbol::new(class, verb).about(object(request, route, None));
            let varies = matches!(verb, "write_tag" | "write_tag_fragmented" | "set_attribute_list");
            if varies { symbol.sized(data.len()) } else { symbol }
        }
        None => Symbol::new(gravest(path), "unknown_function")
            .about(object(request, route, Some(*service)))
            .sized(data.len()),
    }
}

/// What can be told from an answer alone: its service, of no known path. An envelope's answers tell how grave it was.
pub(super) fn symbol_of_answer(service: u8) -> Symbol {
    match common(service, &Path::default()) {
        Some((verb @ "multiple_service_packet", _)) => Symbol::new(VerbClass::Connect, verb),
        Some((verb, class)) => Symbol::new(class, verb),
        None => Symbol::new(VerbClass::Admin, "unknown_function").about(Object::Code(u64::from(service))),
    }
}

/// An envelope whose content is what is really asked.
pub(super) fn is_unconnected_send(request: &Request<'_>) -> bool {
    request.service == service::UNCONNECTED_SEND && request.path.class == Some(class::CONNECTION_MANAGER)
}

/// Its answer is the answering station's own identity. Over a route it would be another module's.
pub(super) fn asks_identity(symbol: &Symbol) -> bool {
    symbol.verb == "get_attributes_all" && matches!(&symbol.object, Object::Name(name) if name == "0x1/1")
}

fn is_pccc(request: &Request<'_>) -> bool {
    request.service == service::EXECUTE_PCCC && request.path.class == Some(class::PCCC)
}

/// Services that only the addressed class has.
fn specific(service: u8, path: &Path<'_>) -> Option<Verb> {
    match path.class {
        _ if path.symbolic => tag(service),
        Some(class::SYMBOL | class::TEMPLATE) => tag(service),
        Some(class::CONNECTION_MANAGER) => connection_manager(service),
        Some(class::FILE) => file(service),
        Some(class::MODBUS) => modbus(service),
        _ => None,
    }
}

const fn tag(service: u8) -> Option<Verb> {
    Some(match service {
        0x4c => ("read_tag", VerbClass::Read),
        0x4d => ("write_tag", VerbClass::Write),
        0x4e => ("read_modify_write_tag", VerbClass::Write),
        0x52 => ("read_tag_fragmented", VerbClass::Read),
        0x53 => ("write_tag_fragmented", VerbClass::Write),
        0x55 => ("get_instance_attribute_list", VerbClass::Read),
        _ => return None,
    })
}

const fn connection_manager(service: u8) -> Option<Verb> {
    Some(match service {
        service::FORWARD_CLOSE => ("forward_close", VerbClass::Connect),
        service::FORWARD_OPEN => ("forward_open", VerbClass::Connect),
        service::LARGE_FORWARD_OPEN => ("large_forward_open", VerbClass::Connect),
        0x56 => ("get_connection_data", VerbClass::Diagnose),
        0x57 => ("search_connection_data", VerbClass::Diagnose),
        0x5a => ("get_connection_owner", VerbClass::Diagnose),
        _ => return None,
    })
}

/// The File object moves firmware and configuration images (Volume 1, 5-42).
const fn file(service: u8) -> Option<Verb> {
    Some(match service {
        0x4b => ("initiate_upload", VerbClass::Firmware),
        0x4c => ("initiate_download", VerbClass::Firmware),
        0x4d => ("initiate_partial_read", VerbClass::Firmware),
        0x4e => ("initiate_partial_write", VerbClass::Firmware),
        0x4f => ("upload_transfer", VerbClass::Firmware),
        0x50 => ("download_transfer", VerbClass::Firmware),
        0x51 => ("clear_file", VerbClass::Firmware),
        _ => return None,
    })
}

const fn modbus(service: u8) -> Option<Verb> {
    Some(match service {
        0x4b => ("read_discrete_inputs", VerbClass::Read),
        0x4c => ("read_coils", VerbClass::Read),
        0x4d => ("read_input_registers", VerbClass::Read),
        0x4e => ("read_holding_registers", VerbClass::Read),
        0x4f => ("write_coils", VerbClass::Write),
        0x50 => ("write_holding_registers", VerbClass::Write),
        _ => return None,
    })
}

fn common(service: u8, path: &Path<'_>) -> Option<Verb> {
    let change = change_of(path);
    Some(match service {
        service::GET_ATTRIBUTES_ALL if path.class == Some(class::IDENTITY) => {
            ("get_attributes_all", VerbClass::Discover)
        }
        service::GET_ATTRIBUTES_ALL => ("get_attributes_all", VerbClass::Read),
        0x02 => ("set_attributes_all", change.unwrap_or(VerbClass::Write)),
        service::GET_ATTRIBUTE_LIST => ("get_attribute_list", VerbClass::Read),
        0x04 => ("set_attribute_list", change.unwrap_or(VerbClass::Write)),
        0x05 => ("reset", VerbClass::Command),
        0x06 => ("start", VerbClass::Command),
        0x07 => ("stop", VerbClass::Command),
        0x08 => ("create", change.unwrap_or(VerbClass::Configure)),
        0x09 => ("delete", change.unwrap_or(VerbClass::Configure)),
        service::MULTIPLE_SERVICE_PACKET => ("multiple_service_packet", VerbClass::Admin),
        0x0d => ("apply_attributes", change.unwrap_or(VerbClass::Configure)),
        0x0e => ("get_attribute_single", VerbClass::Read),
        0x10 => ("set_attribute_single", change.unwrap_or(VerbClass::Write)),
        0x11 => ("find_next_object_instance", VerbClass::Read),
        0x15 => ("restore", change.unwrap_or(VerbClass::Configure)),
        0x16 => ("save", change.unwrap_or(VerbClass::Configure)),
        0x17 => ("no_operation", VerbClass::Diagnose),
        0x18 => ("get_member", VerbClass::Read),
        0x19 => ("set_member", change.unwrap_or(VerbClass::Write)),
        0x1a => ("insert_member", change.unwrap_or(VerbClass::Configure)),
        0x1b => ("remove_member", change.unwrap_or(VerbClass::Configure)),
        0x1c => ("group_sync", VerbClass::Configure),
        _ => return None,
    })
}

/// What changing this object amounts to, where that is more than writing a value.
const fn change_of(path: &Path<'_>) -> Option<VerbClass> {
    Some(match path.class {
        // Identity, message router, connections, time, ring, QoS, port, TCP/IP, link, LLDP; the wall clock.
        Some(0x01 | 0x02 | 0x05 | 0x06 | 0x43 | 0x47 | 0x48 | 0xf4..=0xf6 | 0x109 | 0x10a | 0x8b) => {
            VerbClass::Configure
        }
        Some(class::FILE | class::FLASH) => VerbClass::Firmware,
        Some(class::PROGRAM | class::TEMPLATE | class::ROUTINE | class::TASK) => VerbClass::Program,
        // CIP Security, EtherNet/IP Security, Certificate Management.
        Some(0x5d..=0x5f) => VerbClass::Admin,
        _ => return None,
    })
}

/// The class of a service nobody has told us: what the object is for, or the highest.
const fn gravest(path: &Path<'_>) -> VerbClass {
    match change_of(path) {
        Some(class @ (VerbClass::Firmware | VerbClass::Program)) => class,
        _ => VerbClass::Admin,
    }
}

/// `1,0:0x6b/1/3`: the way there, the path, and the attributes of a list or the connection that is opened.
fn object(request: &Request<'_>, route: Option<&Path<'_>>, unknown: Option<u8>) -> Object {
    let mut name = SmolStrBuilder::new();
    // Writing to the builder cannot fail.
    if let Some(route) = route {
        let _ = write!(name, "{route}:");
    }
    let _ = match opened(request) {
        Some(path) => write!(name, "{path}"),
        None => write!(name, "{}", request.path),
    };
    if let Some(service) = unknown {
        let _ = write!(name, " service {service:#04x}");
    }
    if request.service == service::GET_ATTRIBUTE_LIST {
        write_attributes(&mut name, request.data);
    }
    Object::name(name.as_str())
}

/// The path of a connection that this request opens or closes.
fn opened<'a>(request: &Request<'a>) -> Option<Path<'a>> {
    let opens = matches!(
        request.service,
        service::FORWARD_OPEN | service::FORWARD_CLOSE | service::LARGE_FORWARD_OPEN
    );
    if !opens || request.path.class != Some(class::CONNECTION_MANAGER) {
        return None;
    }
    cip::connection_path(request.service, request.data).ok()
}

fn write_attributes(name: &mut SmolStrBuilder, data: &[u8]) {
    let Ok(attributes) = cip::attribute_list(data) else { return };
    for (position, attribute) in attributes.enumerate() {
        // Writing to the builder cannot fail.
        let _ = match position {
            0 => write!(name, "/{attribute}"),
            1..MAX_LISTED => write!(name, ",{attribute}"),
            _ => {
                name.push('…');
                return;
            }
        };
    }
}

fn pccc_symbol(data: &[u8]) -> Symbol {
    let Ok(command) = pccc::command(data) else {
        return Symbol::new(VerbClass::Admin, "execute_pccc").sized(data.len());
    };
    let (verb, class) = pccc_verb(command.command, command.function);
    match command.file {
        Some(file) => Symbol::new(class, verb).about(file_object(file)),
        None if verb == "execute_pccc" => {
            let code = u64::from(command.command) << 8 | u64::from(command.function);
            Symbol::new(class, verb).about(Object::Code(code)).sized(data.len())
        }
        None => Symbol::new(class, verb),
    }
}

/// Commands of 1770-6.5.16, chapter 7. What is not named may change the program.
const fn pccc_verb(command: u8, function: u8) -> Verb {
    match (command, function) {
        (0x06, 0x00) => ("pccc_echo", VerbClass::Diagnose),
        (0x06, 0x01 | 0x03 | 0x09) => ("pccc_diagnostic_status", VerbClass::Diagnose),
        (0x06, 0x07) => ("pccc_reset_diagnostic_counters", VerbClass::Diagnose),
        (0x06, _) => ("pccc_set_link_parameters", VerbClass::Configure),
        (pccc::EXTENDED, 0x00) => ("pccc_word_range_write", VerbClass::Write),
        (pccc::EXTENDED, 0x01) => ("pccc_word_range_read", VerbClass::Read),
        (pccc::EXTENDED, 0x02) => ("pccc_bit_write", VerbClass::Write),
        (pccc::EXTENDED, 0x07) => ("pccc_shutdown", VerbClass::Command),
        (pccc::EXTENDED, 0x0a) => ("pccc_restart_request", VerbClass::Command),
        (pccc::EXTENDED, 0x26 | 0x79) => ("pccc_read_modify_write", VerbClass::Write),
        (pccc::EXTENDED, 0x29) => ("pccc_read_section_size", VerbClass::Read),
        (pccc::EXTENDED, 0x3a) => ("pccc_set_cpu_mode", VerbClass::Command),
        (pccc::EXTENDED, 0x41) => ("pccc_disable_forces", VerbClass::Command),
        (pccc::EXTENDED, 0x50 | 0x52 | 0x05) => ("pccc_download", VerbClass::Program),
        (pccc::EXTENDED, 0x53 | 0x55 | 0x06) => ("pccc_upload", VerbClass::Program),
        (pccc::EXTENDED, 0x57) => ("pccc_initialize_memory", VerbClass::Program),
        (pccc::EXTENDED, 0x67) => ("pccc_typed_write", VerbClass::Write),
        (pccc::EXTENDED, 0x68) => ("pccc_typed_read", VerbClass::Read),
        (pccc::EXTENDED, 0x80) => ("pccc_change_cpu_mode", VerbClass::Command),
        (pccc::EXTENDED, 0x8f) => ("pccc_apply_port_configuration", VerbClass::Configure),
        (pccc::EXTENDED, 0xa1 | 0xa2) => ("pccc_typed_logical_read", VerbClass::Read),
        (pccc::EXTENDED, 0xa7) => ("pccc_typed_file_read", VerbClass::Program),
        (pccc::EXTENDED, 0xa9..=0xab) => ("pccc_typed_logical_write", VerbClass::Write),
        (pccc::EXTENDED, 0xaf) => ("pccc_typed_file_write", VerbClass::Program),
        _ => ("execute_pccc", VerbClass::Program),
    }
}

/// `N7[3..5]`. A file of a kind without a known element size is counted in bytes.
fn file_object(file: pccc::FileRange) -> Object {
    let (name, size) = match file.kind {
        0x82 | 0x8b => ("O", 2),
        0x83 | 0x8c => ("I", 2),
        0x84 => ("S", 2),
        0x85 => ("B", 2),
        0x86 => ("T", 6),
        0x87 => ("C", 6),
        0x88 => ("R", 6),
        0x89 => ("N", 2),
        0x8a => ("F", 4),
        0x8d => ("ST", 84),
        0x8e => ("A", 2),
        _ => ("file", 1),
    };
    let space = Space { name, number: Some(u32::from(file.file)) };
    let count = u32::from(file.bytes).div_ceil(size).max(1);
    Object::Range { space, first: u32::from(file.element), count }
}
