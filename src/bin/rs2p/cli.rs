//! From words on the command line to an exit code.
//!
//! Knows no protocol: what the program can do is the library's, what it says is here.
//!
//! | module | its one idea |
//! | --- | --- |
//! | `args`, `parse` | the words and the help; what is wrong with words |
//! | `settings` | the limits of a relay: flags, variables, a file |
//! | `relay`, `send`, `listen`, `sim`, `with_relay` | one command each |
//! | `join` | into the mesh, through at least one of several peers |
//! | `advertise` | where others are told to dial a relay |
//! | `tls` | whom to trust, and what to show |
//! | `lines` | stdin as messages |
//! | `received`, `json`, `words` | a message for programs, and for people |
//! | `output`, `say`, `log` | stdout, and the two voices of stderr |
//! | `signal`, `fault` | how it ends |
//! | `descriptors` | how many files it may open |

mod advertise;
mod args;
mod descriptors;
mod fault;
mod frequent;
mod join;
mod json;
mod lines;
mod listen;
mod log;
mod output;
mod parse;
mod received;
mod relay;
mod say;
mod send;
mod settings;
mod signal;
mod sim;
mod tls;
mod with_relay;
mod words;

use std::process::ExitCode;

use args::{Cli, Command};
use fault::Fault;
use log::Log;
use parse::Unparsed;
use settings::World;

/// Runs the program.
pub(crate) fn main() -> ExitCode {
    let outcome = match parse::parse(std::env::args_os(), &World::SYSTEM) {
        Ok(cli) => run(cli),
        Err(Unparsed::Shown(text)) => say::whole(&text),
        Err(Unparsed::Fault(fault)) => Err(fault),
        // Help, the version, and what clap words better than one line could.
        Err(Unparsed::Clap(error)) => error.exit(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            say::fault(&fault);
            fault.code()
        }
    }
}

fn run(cli: Cli) -> Result<(), Fault> {
    let log = Log::start(cli.log.as_deref(), cli.command.default_log())?;
    // One thread: a node is one task, and a thread beside it would only add wake-ups between the two.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // A node that is busy is one task that never rests: it looks after each turn for what has come, not after 61.
        .event_interval(1)
        .build()
        .map_err(|error| Fault::job(format!("the system gives no event loop: {error}")))?;
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Relay(relay) => relay::run(*relay).await,
            Command::Send(send) => send::run(send).await,
            Command::Listen(listen) => listen::run(listen).await,
            Command::Sim(sim) => sim::run(sim).await,
            Command::WithRelay(with) => with_relay::run(with).await,
        }
    });
    // A name that is still looked up, or a write that nobody reads, must not hold the exit.
    runtime.shutdown_background();
    log.finish();
    outcome
}
