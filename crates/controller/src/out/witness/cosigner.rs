//! A witness of C2SP's kind, asked to cosign (<https://c2sp.org/tlog-witness>, `add-checkpoint`).

use super::Signed;
use crate::out::desk::Desk;
use crate::out::sink::{Trouble, http};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nullius_store::audit;
use reqwest::{Client, StatusCode, Url, header};

/// Times it is asked about one checkpoint: once, and once more from where it says it is.
const TRIES: u32 = 2;

/// A witness on the other side of HTTP.
#[derive(Debug)]
pub(super) struct Cosigner {
    client: Client,
    url: Url,
    token: Option<String>,
}

impl Cosigner {
    /// The address is the witness's prefix; the call's name is put behind it.
    pub(super) fn new(client: Client, prefix: &Url, token: Option<String>) -> Result<Self, Trouble> {
        let mut url = prefix.clone();
        url.path_segments_mut()
            .map_err(|()| Trouble::new("its address takes no path"))?
            .pop_if_empty()
            .push("add-checkpoint");
        Ok(Self { client, url, token })
    }

    /// The witness says which size it saw last where that is not `seen`: it may have been told by a log that was
    /// restored since. One that saw more than there is, or something else, is what witnesses are for.
    pub(super) async fn push(&self, desk: &Desk, seen: u64, signed: &Signed) -> Result<(), Trouble> {
        let mut old = seen;
        for _ in 0..TRIES {
            let (status, answer) = self.post(body(desk, old, signed).await?).await?;
            match status {
                StatusCode::CONFLICT => old = size(&answer)?,
                status if status.is_success() => return Ok(()),
                status => return Err(Trouble::new(format!("it answered {status}"))),
            }
            if old > signed.size {
                return Err(Trouble::new(format!(
                    "it has seen {old} records, but the log has {}",
                    signed.size
                )));
            }
        }
        Err(Trouble::new(format!("it has seen another log of {old} records")))
    }

    async fn post(&self, body: String) -> Result<(StatusCode, Vec<u8>), Trouble> {
        let mut request = self.client.post(self.url.clone()).header(header::CONTENT_TYPE, "text/plain");
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.body(body).send().await.map_err(|error| Trouble::new(http::chain(&error)))?;
        Ok((answer.status(), http::read(answer).await?))
    }
}

async fn body(desk: &Desk, old: u64, signed: &Signed) -> Result<String, Trouble> {
    let size = signed.size;
    let proof = desk.app.read(move |tx| audit::consistency(tx, old, size)).await?;
    let hashes: String = proof.iter().map(|hash| STANDARD.encode(hash.0) + "\n").collect();
    Ok(format!("old {old}\n{hashes}\n{}", signed.note))
}

fn size(answer: &[u8]) -> Result<u64, Trouble> {
    let text = std::str::from_utf8(answer).unwrap_or_default();
    text.trim_end()
        .parse()
        .map_err(|_| Trouble::new("it has seen another checkpoint, and does not say which"))
}
