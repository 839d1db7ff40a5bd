//! A connection made of bytes: TCP, or a WebSocket that does only what it must, so that a thousand cost little.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};

use bytes::{Buf, Bytes, BytesMut};
use rs2p::Scheme;
use rs2p::wire::{Frame, FrameReader};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};

use crate::relay::Door;

/// Longest frame that an honest peer takes, as a relay's own limit.
const FRAME: usize = 1 << 20;
/// Most bytes that are read at once.
const READ: usize = 16 << 10;
/// Largest segment on the internet.
const SEGMENT: u32 = 1_460;
/// The longest answer to an upgrade.
const HEAD: usize = 8 << 10;
/// The bit of a WebSocket frame's second byte that says that a key follows (RFC 6455, 5.2).
const MASKED: u8 = 0x80;

/// Whence somebody calls. Strangers are told apart by their address, and all of 127.0.0.0/8 is this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    from: Ipv4Addr,
    /// It is far away and has little room: what it does not read fills up the relay's side soon, as on the internet, where
    /// loopback's buffers hold megabytes.
    is_narrow: bool,
}

impl Caller {
    /// Who calls from 127.0.0.1, as any program of this machine.
    pub(crate) const HERE: Self = Self {
        from: Ipv4Addr::LOCALHOST,
        is_narrow: false,
    };

    /// A stranger with an address of its own, from 127.0.0.2 on.
    pub(crate) fn stranger(number: usize) -> Self {
        let bits = u32::from(Ipv4Addr::LOCALHOST) + 1 + u32::try_from(number).expect("a few");
        Self {
            from: bits.into(),
            is_narrow: false,
        }
    }

    /// An honest peer, which has an address of its own too, far from those of strangers.
    pub(crate) fn honest(number: usize) -> Self {
        Self::stranger((1 << 16) + number)
    }

    pub(crate) fn narrow(self) -> Self {
        Self {
            is_narrow: true,
            ..self
        }
    }

    /// A connection over which nothing was said.
    pub(crate) async fn connect(self, to: SocketAddr) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        if self.is_narrow {
            socket.set_recv_buffer_size(4 << 10)?;
            SockRef::from(&socket).set_tcp_mss(SEGMENT)?;
        }
        socket.bind((self.from, 0).into())?;
        let stream = socket.connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Both ends of a link over which nothing was said, over a WebSocket after its opening handshake.
    pub(crate) async fn dial(self, door: Door) -> io::Result<(Reader, Writer)> {
        let mut stream = self.connect(door.at).await?;
        let is_websocket = door.scheme == Scheme::Ws;
        let early = match is_websocket {
            true => upgrade(&mut stream, &request(door, "")).await?.early()?,
            false => BytesMut::new(),
        };
        let (from, to) = stream.into_split();
        let reader = Reader {
            from,
            bytes: early,
            is_websocket,
            frames: FrameReader::new(FRAME),
        };
        Ok((reader, Writer { to, is_websocket }))
    }
}

/// A request for a WebSocket, with further lines in its head.
pub(crate) fn request(door: Door, lines: &str) -> String {
    let host = door.at;
    format!(
        "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{lines}\r\n"
    )
}

/// An answer to such a request.
pub(crate) struct Answer {
    pub(crate) status: u16,
    behind: BytesMut,
}

impl Answer {
    /// What came right behind the answer, if it was a yes.
    pub(crate) fn early(self) -> io::Result<BytesMut> {
        match self.status {
            101 => Ok(self.behind),
            _ => Err(ErrorKind::ConnectionRefused.into()),
        }
    }
}

/// Asks for a WebSocket.
pub(crate) async fn upgrade<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    request: &str,
) -> io::Result<Answer> {
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut bytes = BytesMut::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            let status = status(&bytes).ok_or(ErrorKind::InvalidData)?;
            bytes.advance(end + 4);
            let behind = bytes;
            return Ok(Answer { status, behind });
        }
        if bytes.len() > HEAD || stream.read_buf(&mut bytes).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
}

/// The status of an answer, `HTTP/1.1 101 …`.
fn status(head: &[u8]) -> Option<u16> {
    let text = core::str::from_utf8(head.get(9..12)?).ok()?;
    text.parse().ok()
}

/// What can be said over a link.
#[derive(Debug)]
pub(crate) struct Writer {
    to: OwnedWriteHalf,
    is_websocket: bool,
}

impl Writer {
    /// Sends bytes, over a WebSocket as one binary message.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.send_as(0x2, bytes).await
    }

    /// Answers a ping of the WebSocket.
    pub(crate) async fn pong(&mut self, content: &[u8]) -> io::Result<()> {
        self.send_as(0xa, content).await
    }

    async fn send_as(&mut self, opcode: u8, bytes: &[u8]) -> io::Result<()> {
        let mut all = Vec::with_capacity(bytes.len() + 14);
        self.wrap(opcode, bytes, &mut all);
        self.to.write_all(&all).await
    }

    /// Appends bytes to `all` as they go over this link.
    pub(crate) fn wrap(&self, opcode: u8, bytes: &[u8], all: &mut Vec<u8>) {
        if self.is_websocket {
            header(opcode, bytes.len() as u64, all);
        }
        all.extend_from_slice(bytes);
    }

    /// Sends bytes as they are, whatever the link is.
    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to.write_all(bytes).await
    }
}

/// The header of a WebSocket frame. Its key is zero, which leaves the payload as it is.
pub(crate) fn header(opcode: u8, length: u64, out: &mut Vec<u8>) {
    out.push(0x80 | opcode);
    match length {
        0..126 => out.push(MASKED | length as u8),
        126..=0xffff => {
            out.push(MASKED | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(MASKED | 127);
            out.extend_from_slice(&length.to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
}

/// What is heard over a link.
pub(crate) struct Reader {
    from: OwnedReadHalf,
    bytes: BytesMut,
    is_websocket: bool,
    frames: FrameReader,
}

/// Something that was heard.
pub(crate) enum Heard {
    Frame(Frame),
    /// A ping of the WebSocket.
    Ping(Bytes),
}

impl Reader {
    /// What is heard next.
    ///
    /// # Errors
    /// The end of the link, however it came about.
    pub(crate) async fn next(&mut self) -> io::Result<Heard> {
        loop {
            if let Some(heard) = self.take()? {
                return Ok(heard);
            }
            self.bytes.reserve(READ);
            if self.from.read_buf(&mut self.bytes).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Reads on without a look at what comes, until the link ends.
    pub(crate) async fn drain(mut self) {
        let mut bytes = vec![0; READ];
        while self.from.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
    }

    fn take(&mut self) -> io::Result<Option<Heard>> {
        loop {
            let frame = self.frames.next_frame();
            if let Some(frame) = frame.map_err(|_| ErrorKind::InvalidData)? {
                return Ok(Some(Heard::Frame(frame)));
            }
            if self.bytes.is_empty() {
                return Ok(None);
            }
            if !self.is_websocket {
                self.frames.push(self.bytes.split().freeze());
                continue;
            }
            match unwrap(&mut self.bytes) {
                None => return Ok(None),
                Some((0x0 | 0x2, payload)) => self.frames.push(payload),
                Some((0x8, _)) => return Err(ErrorKind::ConnectionAborted.into()),
                Some((0x9, payload)) => return Ok(Some(Heard::Ping(payload))),
                Some(_) => {}
            }
        }
    }
}

/// Takes a whole WebSocket frame off the front: its opcode and its payload, which servers do not mask.
fn unwrap(bytes: &mut BytesMut) -> Option<(u8, Bytes)> {
    let opcode = bytes.first()? & 0x0f;
    let (head, length) = match *bytes.get(1)? {
        126 => (
            4,
            u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?).into(),
        ),
        127 => (10, u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?)),
        short => (2, u64::from(short)),
    };
    let length = usize::try_from(length).ok()?;
    if bytes.len() < head + length {
        return None;
    }
    bytes.advance(head);
    Some((opcode, bytes.split_to(length).freeze()))
}
