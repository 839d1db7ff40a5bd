//! Short writes to a socket without a look at whether it is known to have room, as it nearly always has: where one goes to each of
//! a thousand sockets, that knowledge is fetched from far. Who is refused asks tokio, which writes once more and waits for room.
//!
//! That it writes once more is what makes this right: room that came between the two refusals would else be waited for in vain.

use std::io::{self, ErrorKind};

use socket2::SockRef;
use tokio::net::TcpStream;

/// Most that is written so: 4 KiB. A longer write costs more than the look, and fills a socket more often, which would then be asked
/// twice in vain.
const SHORT: usize = 4 << 10;
/// A peer that is gone is an error and no signal to the process: `MSG_NOSIGNAL` (send(2)).
const NO_SIGNAL: i32 = 0x4000;

/// How many bytes the socket took; `None` if it is tokio's to write them.
pub(super) fn write(stream: &TcpStream, bytes: &[u8]) -> Option<io::Result<usize>> {
    if bytes.len() > SHORT {
        return None;
    }
    match SockRef::from(stream).send_with_flags(bytes, NO_SIGNAL) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            None
        }
        sent => Some(sent),
    }
}
