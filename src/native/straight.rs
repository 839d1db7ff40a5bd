//! Writes to a socket without a look at whether it is known to have room, as it nearly always has: where one goes to each of a
//! thousand sockets, that knowledge is fetched from far. Who is refused asks tokio, which waits for room.

use std::io;

use tokio::net::TcpStream;

/// How many bytes the socket took; `None` if it has no room now.
#[cfg(target_os = "linux")]
pub(super) fn write(stream: &TcpStream, bytes: &[u8]) -> Option<io::Result<usize>> {
    /// A peer that is gone is an error and no signal: `MSG_NOSIGNAL` (send(2)).
    const NO_SIGNAL: i32 = 0x4000;
    match socket2::SockRef::from(stream).send_with_flags(bytes, NO_SIGNAL) {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
            ) =>
        {
            None
        }
        sent => Some(sent),
    }
}

/// Other systems have other ways to be spared the signal: tokio knows them.
#[cfg(not(target_os = "linux"))]
pub(super) fn write(_: &TcpStream, _: &[u8]) -> Option<io::Result<usize>> {
    None
}
