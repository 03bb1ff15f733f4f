//! What the browser says of the page it answered for (§5.8.1, `CollectedClientData`).

use super::Refused;
use aws_lc_rs::constant_time;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    top_origin: Option<String>,
}

/// The answer is to our question, of this kind, and given on our page, not on ours within another's.
pub(super) fn check(bytes: &[u8], kind: &str, challenge: &str, origin: &str) -> Result<(), Refused> {
    let data: ClientData = serde_json::from_slice(bytes).map_err(|_| Refused::Form)?;
    if data.r#type != kind {
        return Err(Refused::Form);
    }
    constant_time::verify_slices_are_equal(data.challenge.as_bytes(), challenge.as_bytes())
        .map_err(|_| Refused::Challenge)?;
    if data.origin != origin || data.cross_origin || data.top_origin.is_some() {
        return Err(Refused::Origin);
    }
    Ok(())
}
