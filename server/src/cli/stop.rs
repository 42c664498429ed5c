//! SIGTERM and Ctrl-C.

/// Resolves when the process is asked to stop.
#[cfg(unix)]
pub(super) async fn asked() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Resolves when the process is asked to stop.
#[cfg(not(unix))]
pub(super) async fn asked() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
