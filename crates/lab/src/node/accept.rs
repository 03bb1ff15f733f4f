//! A TCP server of the plant: both families, a limit of clients, and a reason in the log when one leaves.

use super::journal::note;
use anyhow::{Context as _, Result};
use std::future::Future;
use std::io;
use std::net::Ipv6Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Clients at a time: a flood of connections must not eat a device's memory.
const MAX_CLIENTS: usize = 64;
/// Pause after a failure to accept, so that a lack of descriptors does not become a busy loop.
const BREATH: Duration = Duration::from_millis(100);

/// Serves `port` for good, each client by `serve`.
pub(super) async fn accept<F, S>(port: u16, serve: S) -> Result<()>
where
    S: Fn(TcpStream) -> F,
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind((Ipv6Addr::UNSPECIFIED, port))
        .await
        .with_context(|| format!("port {port} is taken"))?;
    let places = Arc::new(Semaphore::new(MAX_CLIENTS));
    loop {
        let place = Arc::clone(&places).acquire_owned().await?;
        match listener.accept().await {
            Ok((stream, peer)) => {
                // a small answer is wanted at once
                let _ = stream.set_nodelay(true);
                let served = serve(stream);
                tokio::spawn(async move {
                    if let Err(error) = served.await {
                        note(format_args!("{peer}: {error}"));
                    }
                    drop(place);
                });
            }
            Err(error) => {
                note(format_args!("accept: {error}"));
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}
