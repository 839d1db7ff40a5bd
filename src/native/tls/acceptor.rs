//! The listening side: a TLS session over an accepted socket.

use std::io;
use std::time::Instant;

use rustls::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::ServerIdentity;
use super::connector::within;
use crate::address::Scheme;
use crate::native::metered::Metered;
use crate::native::stream::{Records, Secure, Stream};

/// Why there is no session, for a log.
#[derive(Debug)]
pub(in crate::native) enum NoSession {
    /// The connection ended before there was anything wrong.
    Left(String),
    /// By what was said.
    Refused(String),
}

/// A session with who came to a listener of `scheme`. It is shown what `identity` is by now. How long it may take is the
/// caller's affair.
///
/// # Errors
/// There is no session.
pub(in crate::native) async fn accept(
    scheme: Scheme,
    identity: &ServerIdentity,
    stream: TcpStream,
) -> Result<Stream, NoSession> {
    let acceptor = TlsAcceptor::from(identity.config(Instant::now()));
    let session = acceptor.accept(Metered::new(stream)).await;
    let session = session.map_err(|error| no_session(&error))?;
    let secure = Secure::new(session, Records::for_links_of(scheme));
    Ok(Stream::Secure(Box::new(secure)))
}

fn no_session(error: &io::Error) -> NoSession {
    NoSession::Refused(match within(error) {
        None => return NoSession::Left(error.to_string()),
        Some(Error::InvalidMessage(_) | Error::PeerSentOversizedRecord) => {
            "it speaks no TLS: does it dial tcp:// or ws:// where it should be tls:// or wss://?"
                .to_owned()
        }
        Some(Error::AlertReceived(alert)) => {
            format!("it does not want this certificate, or this TLS ({alert:?})")
        }
        Some(other) => other.to_string(),
    })
}
