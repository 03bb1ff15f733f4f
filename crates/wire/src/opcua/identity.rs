//! What applications say of themselves: their description (OPC 10000-4 §7.2) and the build of a server (OPC 10000-5
//! §12.4).

use super::request::skip_request_header;
use super::types::{
    NodeId, Scalar, read_bytes, read_count, read_localized_text, skip_array, skip_bytes, skip_node_id,
};
use crate::reader::{Parse, Reader};
use crate::text;
use nullius_model::Attribute;

/// A claim: what about, and the text.
pub(super) type Claim<'a> = (Attribute, &'a [u8]);

/// What is told in one message.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Identity<'a> {
    pub(super) claims: [Option<Claim<'a>>; 5],
    /// X.509, DER; of a chain the first is the sender's own. Empty where none was sent.
    pub(super) certificate: &'a [u8],
}

impl Identity<'_> {
    /// Gives every claim to `say`, as text.
    pub(super) fn for_each(&self, mut say: impl FnMut(Attribute, &str)) {
        for (attribute, bytes) in self.claims.iter().flatten() {
            say(*attribute, &text::utf8(bytes));
        }
    }
}

/// The client, as it creates a session; `reader` stands behind the type of the request.
pub(super) fn of_session_request<'a>(mut reader: Reader<'a>) -> Parse<Identity<'a>> {
    skip_request_header(&mut reader)?;
    let claims = read_application(&mut reader)?;
    for _ in ["server URI", "endpoint URL", "session name", "nonce"] {
        skip_bytes(&mut reader)?;
    }
    Ok(Identity { claims, certificate: read_bytes(&mut reader)? })
}

/// The server, in its answer to that; `reader` stands behind the header of the answer.
pub(super) fn of_session_response<'a>(mut reader: Reader<'a>) -> Parse<Identity<'a>> {
    const TIMEOUT: usize = 8;
    skip_node_id(&mut reader)?;
    skip_node_id(&mut reader)?;
    reader.skip(TIMEOUT)?;
    skip_bytes(&mut reader)?;
    let certificate = read_bytes(&mut reader)?;
    Ok(Identity { certificate, ..of_endpoints(reader)? })
}

/// The server, as it lists its endpoints: the first speaks for all.
pub(super) fn of_endpoints<'a>(mut reader: Reader<'a>) -> Parse<Identity<'a>> {
    if read_count(&mut reader)? == 0 {
        return Ok(Identity::default());
    }
    skip_bytes(&mut reader)?;
    let claims = read_application(&mut reader)?;
    Ok(Identity { claims, certificate: read_bytes(&mut reader)? })
}

fn read_application<'a>(reader: &mut Reader<'a>) -> Parse<[Option<Claim<'a>>; 5]> {
    const APPLICATION_TYPE: usize = 4;
    let (uri, product) = (read_bytes(reader)?, read_bytes(reader)?);
    let name = read_localized_text(reader)?;
    reader.skip(APPLICATION_TYPE)?;
    skip_bytes(reader)?;
    skip_bytes(reader)?;
    skip_array(reader, skip_bytes)?;
    Ok([
        Some((Attribute::Application, uri)),
        Some((Attribute::ProductCode, product)),
        Some((Attribute::Description, name)),
        None,
        None,
    ])
}

/// What the value of a node of the standard's namespace tells of the server's build.
pub(super) fn of_node<'a>(node: &str, value: Scalar<'a>) -> [Option<Claim<'a>>; 5] {
    let one = |attribute, text| [Some((attribute, text)), None, None, None, None];
    match (node, value) {
        ("i=2261", Scalar::Text(text)) => one(Attribute::Model, text),
        ("i=2262", Scalar::Text(text)) => one(Attribute::ProductCode, text),
        ("i=2263", Scalar::Text(text)) => one(Attribute::Vendor, text),
        ("i=2264", Scalar::Text(text)) => one(Attribute::Firmware, text),
        ("i=2256" | "i=2260", Scalar::Extension(r#type, body)) => {
            read_status(r#type, body).unwrap_or_default()
        }
        _ => [None; 5],
    }
}

/// The server's status, which contains its build, or the build alone.
fn read_status<'a>(r#type: NodeId<'_>, body: &'a [u8]) -> Parse<[Option<Claim<'a>>; 5]> {
    const BUILD_INFO: u32 = 340;
    const SERVER_STATUS: u32 = 864;
    const START_CURRENT_STATE: usize = 20;
    let mut reader = Reader::new(body);
    match r#type.standard() {
        Some(BUILD_INFO) => {}
        Some(SERVER_STATUS) => reader.skip(START_CURRENT_STATE)?,
        _ => return Ok([None; 5]),
    }
    let order = [Attribute::ProductCode, Attribute::Vendor, Attribute::Model, Attribute::Firmware];
    let mut claims = [None; 5];
    for (claim, attribute) in claims.iter_mut().zip(order) {
        *claim = Some((attribute, read_bytes(&mut reader)?));
    }
    Ok(claims)
}
