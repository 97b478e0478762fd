//! `larder serve`: the mirror for a team.

use std::io::Write;

use anyhow::Context;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use crate::{engine::Engine, open_files, settings::Settings};

/// Serves until the process is told to stop.
pub(crate) async fn serve(settings: &Settings) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot catch signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot catch signals")?;
    open_files::raise();
    let engine = Engine::start(settings).await?;
    let listen = &settings.listen.value;
    let listener = TcpListener::bind((listen.host.as_str(), listen.port)).await.with_context(|| {
        format!("cannot listen on {listen}: choose another address with --listen, or port 0 for any free one")
    })?;
    let address = listener.local_addr().context("the address that was bound")?;
    // Nobody reading this line is no reason to stop.
    let mut stdout = std::io::stdout().lock();
    drop(writeln!(stdout, "serving http://{address}").and_then(|()| stdout.flush()));
    drop(stdout);
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: no new requests, running ones may finish");
    };
    engine.serve(listener, settings, stop).await;
    Ok(())
}
