//! The accept loop: takes connections while there is room, and never dies of one that fails.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::config::Config;
use crate::connection;
use crate::site::Site;

/// Accepts until `shutdown` is done, then lets what runs finish within the configured grace, and cuts the rest.
pub(crate) async fn run(
    listener: TcpListener,
    site: Arc<Site>,
    config: &Config,
    shutdown: impl Future<Output = ()>,
) {
    let room = Arc::new(Semaphore::new(config.connections));
    let (close, closing) = watch::channel(false);
    let mut open = JoinSet::new();
    {
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            // No room: the next clients wait in the kernel's queue and are not turned away.
            let accepted = async {
                let Ok(place) = Arc::clone(&room).acquire_owned().await else { std::future::pending().await };
                (accept(&listener).await, place)
            };
            tokio::select! {
                () = &mut shutdown => break,
                ((stream, peer), place) = accepted => {
                    let (site, patience, closing) = (Arc::clone(&site), config.patience(), closing.clone());
                    let gauge = site.meters.connection();
                    open.spawn(async move {
                        connection::serve(stream, peer, site, patience, closing).await;
                        drop((gauge, place));
                    });
                }
                Some(ended) = open.join_next() => note(ended),
            }
        }
    }
    drop(listener);
    close.send_replace(true);
    let finished = async {
        while let Some(ended) = open.join_next().await {
            note(ended);
        }
    };
    if tokio::time::timeout(config.grace, finished).await.is_err() {
        tracing::warn!(connections = open.len(), "stopped with connections open, their responses are cut");
    }
    open.shutdown().await;
}

/// The next connection. Errors of a connection that broke while it waited are skipped; when the process or the
/// machine has no descriptors or memory left, it waits until there may be some again.
async fn accept(listener: &TcpListener) -> (TcpStream, IpAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Only latency suffers without it.
                let _ = stream.set_nodelay(true);
                return (stream, peer.ip());
            }
            Err(error) if of_the_peer(&error) => tracing::debug!(%error, "accept"),
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections; trying again, raise the limit of open files");
                tokio::time::sleep(EXHAUSTED).await;
            }
        }
    }
}

fn of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// A connection's task ends well or was cut by us; a panic in it was printed where it happened.
fn note(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a connection's task ended by a panic; please report it");
    }
}

const EXHAUSTED: Duration = Duration::from_millis(100);
