//! `rs2p with-relay`: runs a command, most often somebody's tests, beside a relay of its own.

use std::process::ExitStatus;

use rs2p::testing::{RELAY_TCP_VARIABLE, RELAY_VARIABLE, Relay};
use tokio::process::Command;

use super::args::WithRelay;
use super::fault::Fault;
use super::signal::Signals;

/// Runs the command.
pub(super) async fn run(args: WithRelay) -> Result<(), Fault> {
    let mut signals = Signals::take_over()?;
    let relay = Relay::start_in(&args.mesh.subnet).await?;
    tracing::info!("a relay listens on {} and {}", relay.ws(), relay.tcp());
    let (program, words) = args
        .command
        .split_first()
        .ok_or_else(|| Fault::usage("no COMMAND: say what to run beside the relay"))?;
    let name = program.to_string_lossy();
    let mut child = Command::new(program)
        .args(words)
        .env(RELAY_VARIABLE, relay.ws().to_string())
        .env(RELAY_TCP_VARIABLE, relay.tcp().to_string())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Fault::job(format!("{name} does not start: {error}")))?;
    tokio::select! {
        ended = child.wait() => match ended {
            Ok(status) => outcome(&name, status),
            Err(error) => Err(Fault::job(format!("{name} is lost: {error}"))),
        },
        () = signals.first() => Err(Fault::job(format!("{name} was ended by a signal to rs2p"))),
    }
}

/// The command's own end is this one's.
fn outcome(name: &str, status: ExitStatus) -> Result<(), Fault> {
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => Err(Fault::of_other(
            format!("{name} ended with exit code {code}"),
            code,
        )),
        None => Err(Fault::job(format!("{name} was killed: {status}"))),
    }
}
