//! `rs2p relay`: a node that listens, and runs until it is told to end.

use core::pin::pin;
use std::path::{Path, PathBuf};

use rs2p::native::{Fingerprint, ServerIdentity};
use rs2p::socket::{InboxLimits, Overflow};
use rs2p::{Builder, Hearsay, MeshSocket};

use super::advertise;
use super::args::Relay;
use super::fault::Fault;
use super::output::{Output, Reader};
use super::signal::Signals;
use super::{descriptors, join, json, log, tls, words};

/// What waits to be logged.
const INBOX: InboxLimits = InboxLimits {
    events: 4_096,
    bytes: 4 << 20,
    overflow: Overflow::DropOldest,
};

/// Runs the command.
pub(super) async fn run(args: Relay) -> Result<(), Fault> {
    let mut signals = Signals::take_over()?;
    descriptors::raise_limit();
    let www = folder(&args)?;
    let has_page = www.is_some();
    let shown = www.clone();
    let identity = tls::identity(&args.identity, &args.listen)?;
    let pin = identity.as_ref().map(ServerIdentity::fingerprint);
    let trust = tls::trust_of_relay(&args.trust, &args.identity)?;
    let socket = node(&args)?
        .spawn_with(|options| {
            args.limits.configure_transport(options);
            options.www = shown;
            options.reports = args.reports;
            options.tls.identity = identity;
            options.tls.trust = trust;
        })
        .await?;
    if let Some(folder) = www {
        tracing::info!("showing the page in {}", folder.display());
    }
    // Taken before anything is waited for, so that the log is whole.
    let mut following = pin!(log::follow(socket.events()));
    let mut announced = pin!(announce(
        &socket,
        Output::new(args.style.json),
        has_page,
        pin
    ));
    tokio::select! {
        () = &mut following => return Err(Fault::job("the node has ended by itself")),
        () = signals.first() => {}
        () = async { announced.as_mut().await; core::future::pending().await } => {}
    }
    let links = socket.peers().len();
    tracing::info!(
        links,
        "ending every link, one after the other; another signal ends them at once"
    );
    let (ended, ()) = tokio::join!(socket.drain(), following);
    Ok(ended?)
}

fn node(args: &Relay) -> Result<Builder, Fault> {
    let advertised = advertise::addresses(&args.advertise, &args.listen).map_err(Fault::usage)?;
    // Whoever reaches a relay is a stranger, on whatever machine it listens.
    let node = join::node(&args.mesh.subnet, &args.peer)
        .hearsay(Hearsay::Public)
        .inbox(INBOX)
        .configure(|config| {
            args.limits.configure(config);
            // It has no use for messages but to pass them on.
            config.delivers = false;
        });
    let node = match &args.id_file {
        Some(file) => node.identity_file(file)?,
        None => node,
    };
    let node = args
        .listen
        .iter()
        .fold(node, |node, address| node.listen(address.to_string()));
    Ok(advertised
        .iter()
        .fold(node, |node, address| node.advertise(address.to_string())))
}

/// One line for each listener, in the order in which they were given.
async fn announce(
    socket: &MeshSocket,
    mut output: Output,
    has_page: bool,
    pin: Option<Fingerprint>,
) {
    for url in socket.listening() {
        let pin = pin.filter(|_| tls::is_secure(url));
        let line = match output.reader() {
            Reader::Program => json::listening(url, socket.id(), pin),
            Reader::Person { .. } => words::listening(url, has_page, pin),
        };
        // A relay serves its peers, whoever reads what it says.
        if let Err(fault) = output.line(line).await {
            tracing::warn!("{fault}");
        }
    }
}

/// The folder to show over HTTP, if there is one and somewhere to show it.
fn folder(args: &Relay) -> Result<Option<PathBuf>, Fault> {
    let shows = args
        .listen
        .iter()
        .any(|address| address.scheme().is_websocket());
    match &args.www {
        Some(folder) if !folder.is_dir() => Err(Fault::job(format!(
            "--www: {} is no folder: name one, or leave --www out",
            folder.display()
        ))),
        Some(_) if !shows => {
            tracing::warn!("--www is shown by ws:// and wss:// listeners only, and there is none");
            Ok(None)
        }
        Some(folder) => Ok(Some(folder.clone())),
        None => Ok(built_page().filter(|_| shows)),
    }
}

/// The demo page, where a build puts it: `target/www` for `target/release/rs2p`.
fn built_page() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let folder = program.parent().and_then(Path::parent)?.join("www");
    if !folder.join("index.html").is_file() {
        tracing::debug!(
            "no page is shown: there is none in {}, and no --www",
            folder.display()
        );
        return None;
    }
    Some(folder)
}
