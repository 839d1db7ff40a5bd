//! SIGINT and SIGTERM: the first asks the program to end, the second ends it.

use std::process;

use tokio::sync::oneshot;

use super::fault::Fault;

/// The signals from here on. Made before anything runs that would have to be ended well.
#[derive(Debug)]
pub(super) struct Signals {
    first: oneshot::Receiver<()>,
}

impl Signals {
    /// Takes the signals over.
    pub(super) fn take_over() -> Result<Self, Fault> {
        let mut source = platform::Source::new()
            .map_err(|error| Fault::job(format!("the system gives no signals: {error}")))?;
        let (tell, first) = oneshot::channel();
        tokio::spawn(async move {
            source.next().await;
            // Who ends already need not be told to.
            let _ = tell.send(());
            source.next().await;
            process::exit(1);
        });
        Ok(Self { first })
    }

    /// Done when the first one has come.
    pub(super) async fn first(&mut self) {
        if (&mut self.first).await.is_err() {
            // The source is gone with the runtime, so there is nobody left to wait.
            core::future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
mod platform {
    use std::io;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    pub(super) struct Source {
        interrupt: Signal,
        terminate: Signal,
    }

    impl Source {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
            })
        }

        pub(super) async fn next(&mut self) {
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
            }
        }
    }
}

#[cfg(windows)]
mod platform {
    use std::io;

    use tokio::signal::windows::{CtrlC, CtrlClose, ctrl_c, ctrl_close};

    pub(super) struct Source {
        interrupt: CtrlC,
        close: CtrlClose,
    }

    impl Source {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self {
                interrupt: ctrl_c()?,
                close: ctrl_close()?,
            })
        }

        pub(super) async fn next(&mut self) {
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.close.recv() => {}
            }
        }
    }
}
