//! A client's next line, without letting clients fill memory.
//!
//! Commands fit into [`SMALL`] bytes; only bundles are longer. Whoever sends more waits until nobody else holds a long
//! line, and then has to be quick about it.
//!
//! INVARIANT: all clients together hold one line of [`MAX_LINE`] bytes, and [`SMALL`] bytes each besides (attack 11).

use nullius_protocol::local::MAX_LINE;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Bytes of a line that anybody may hold at any time.
const SMALL: usize = 64 << 10;

/// How long a client may take over a long line once it is its turn: others wait for it.
const LONG_WITHIN: Duration = Duration::from_secs(10);

/// How long the rest of a line that is too long is read and thrown away, so that its sender can be told.
const DISCARD_WITHIN: Duration = Duration::from_secs(10);

/// What a client sent.
#[derive(Debug)]
pub(super) enum Line {
    /// A whole line without its end. A long one keeps others waiting until the turn is given back.
    Whole { bytes: Vec<u8>, turn: Option<OwnedSemaphorePermit> },
    /// More than [`MAX_LINE`] bytes.
    TooLong,
    /// Nothing more, or half a line.
    End,
}

/// Reads a line; `turns` has one permit, for a long line.
pub(super) async fn next(from: &mut (impl AsyncBufRead + Unpin), turns: &Arc<Semaphore>) -> io::Result<Line> {
    let mut bytes = Vec::new();
    if read_up_to(from, SMALL, &mut bytes).await? {
        return Ok(Line::Whole { bytes, turn: None });
    }
    if bytes.len() < SMALL {
        return Ok(Line::End);
    }
    let turn = Arc::clone(turns).acquire_owned().await.map_err(io::Error::other)?;
    if timeout(LONG_WITHIN, read_up_to(from, MAX_LINE, &mut bytes)).await?? {
        return Ok(Line::Whole { bytes, turn: Some(turn) });
    }
    if bytes.len() < MAX_LINE {
        return Ok(Line::End);
    }
    drop((bytes, turn));
    // whoever does not end it is told all the same
    let _ = timeout(DISCARD_WITHIN, discard(from)).await;
    Ok(Line::TooLong)
}

/// Reads until the line ends (`true`, and the end is taken off) or `limit` bytes are held.
async fn read_up_to(
    from: &mut (impl AsyncBufRead + Unpin),
    limit: usize,
    bytes: &mut Vec<u8>,
) -> io::Result<bool> {
    let room = u64::try_from(limit.saturating_sub(bytes.len())).unwrap_or_default();
    from.take(room).read_until(b'\n', bytes).await?;
    Ok(bytes.pop_if(|last| *last == b'\n').is_some())
}

async fn discard(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<()> {
    loop {
        let held = from.fill_buf().await?;
        let end = held.iter().position(|&byte| byte == b'\n');
        let count = held.len();
        from.consume(count);
        if count == 0 || end.is_some() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Line {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let mut from = text;
        runtime.block_on(next(&mut from, &Arc::new(Semaphore::new(1)))).unwrap()
    }

    fn of(length: usize, end: &str) -> Vec<u8> {
        [&vec![b'x'; length], end.as_bytes()].concat()
    }

    #[test]
    fn a_line_is_whole_or_too_long_or_none() {
        for length in [0, 1, SMALL - 1, SMALL, SMALL + 1, MAX_LINE - 1] {
            let Line::Whole { bytes, turn } = read(&of(length, "\n")) else { panic!("{length}") };
            assert_eq!((bytes.len(), turn.is_some()), (length, length >= SMALL));
        }
        for length in [0, 1, SMALL, MAX_LINE - 1] {
            assert!(matches!(read(&of(length, "")), Line::End), "{length}");
        }
        assert!(matches!(read(&of(MAX_LINE, "\n")), Line::TooLong));
        assert!(matches!(read(&of(2 * MAX_LINE, "")), Line::TooLong));
    }
}
