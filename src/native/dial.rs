//! From an address to a link: names to sockets, TLS and WebSockets over them, and failures to words that help.
//!
//! Tries once. Whether and when to try again is the core's affair, and so is the time that a dial may take in all.

use core::time::Duration;
use std::io;
use std::net::SocketAddr;

use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::link::NativeLink;
use super::opening::open;
use super::socket::{self, Shared};
use super::stream::Stream;
use super::tls::Connector;
use super::websocket::WebSocketLink;
use crate::address::{Address, Scheme};
use crate::mesh::LinkDown;

/// Most addresses of one name that are tried.
const ATTEMPTS: usize = 8;
/// Time for one address of a name while another is left: a name may have an IPv6 address that leads nowhere.
const PATIENCE: Duration = Duration::from_secs(2);

/// Dials `address`.
pub(super) async fn dial(
    address: Address,
    tls: Connector,
    buffer: Shared,
    max_frame: usize,
) -> Result<NativeLink, LinkDown> {
    let scheme = address.scheme();
    if scheme == Scheme::Memory {
        return Err(LinkDown::Unreachable(format!(
            "{address} is inside one process: dial a tcp://, tls://, ws:// or wss:// address"
        )));
    }
    let request = scheme.is_websocket().then(|| request(&address));
    let request = request.transpose()?;
    let socket = connect(&address).await?;
    let info = socket::describe(scheme, &socket);
    let stream = match scheme {
        Scheme::Tls | Scheme::Wss => tls.connect(&address, socket).await?,
        _ => Stream::Plain(socket),
    };
    let Some(request) = request else {
        return Ok(NativeLink::bytes(info, stream, buffer));
    };
    let opened = open(request, stream).await;
    let (stream, early) =
        opened.map_err(|error| LinkDown::Unreachable(no_websocket(&address, &error)))?;
    let link = WebSocketLink::new(stream, &early, Role::Client, buffer, max_frame);
    Ok(NativeLink::websocket(info, link))
}

/// The opening handshake's request: its `Host` names the address, its path is the address's.
fn request(address: &Address) -> Result<Request, LinkDown> {
    // A zone means something on this machine only, and has no place in a URI's host (RFC 6874).
    let host = address.host().split('%').next().unwrap_or_default();
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    let port = match (address.scheme(), address.port()) {
        (Scheme::Ws, 80) | (Scheme::Wss, 443) => String::new(),
        (_, port) => format!(":{port}"),
    };
    let path = if address.path().is_empty() {
        "/"
    } else {
        address.path()
    };
    let scheme = address.scheme();
    format!("{scheme}://{host}{port}{path}").into_client_request().map_err(|error| {
        let text =
            format!("{address} cannot be asked for ({error}): write the host in ASCII (xn--…), the path escaped");
        LinkDown::Unreachable(text)
    })
}

/// A connected socket to one of the addresses that the host has, tried in turn.
async fn connect(address: &Address) -> Result<TcpStream, LinkDown> {
    let mut candidates = resolve(address).await?.into_iter().peekable();
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    while let Some(candidate) = candidates.next() {
        let attempt = TcpStream::connect(candidate);
        let outcome = if candidates.peek().is_some() {
            tokio::time::timeout(PATIENCE, attempt)
                .await
                .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        } else {
            attempt.await
        };
        match outcome {
            Ok(stream) => {
                socket::tune(&stream);
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(LinkDown::Unreachable(no_connection(address, &last)))
}

async fn resolve(address: &Address) -> Result<Vec<SocketAddr>, LinkDown> {
    let host = address.host();
    let found = tokio::net::lookup_host((host, address.port())).await;
    let found: Vec<_> = found
        .map(|all| all.take(ATTEMPTS).collect())
        .unwrap_or_default();
    if found.is_empty() {
        return Err(LinkDown::Unreachable(format!(
            "no such host \"{host}\": check the name, and that there is a network"
        )));
    }
    Ok(found)
}

fn no_connection(address: &Address, error: &io::Error) -> String {
    let at = address.authority();
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            format!(
                "nobody listens at {at} (connection refused): is the relay running, and is the port right?"
            )
        }
        io::ErrorKind::TimedOut => {
            format!("{at} does not answer: is the machine on, and no firewall between?")
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            format!("there is no way to {at} from this machine ({error}): check its network")
        }
        _ => format!("{at} could not be reached: {error}"),
    }
}

fn no_websocket(address: &Address, error: &Error) -> String {
    let at = address.authority();
    // What else it may be, given that TLS was spoken or not.
    let other = match address.scheme() {
        Scheme::Wss => "tls://",
        _ => "tcp://, tls:// or wss://",
    };
    match error {
        Error::Http(response) => {
            format!(
                "{at} is no WebSocket server (HTTP {}): check port and path",
                response.status().as_u16()
            )
        }
        Error::Io(_) | Error::Protocol(ProtocolError::HandshakeIncomplete) => {
            format!(
                "{at} closed the connection instead of a WebSocket handshake: is it a {other} address?"
            )
        }
        error => {
            format!("{at} is no WebSocket server ({error}): is it a {other} address?")
        }
    }
}
