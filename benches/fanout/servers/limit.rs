//! The physical reference: what the kernel allows a server on one thread.
//!
//! It parses nothing but where frames end. Whatever one read brought goes to every other socket in one write, as frames
//! whose headers were made once. No limits, no heartbeats, no queues that end: it is no product.
//!
//! Usage: `limit PORT`

use std::io::{Error, ErrorKind, Result};
use std::net::{Ipv4Addr, SocketAddrV4};

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, accept_with, bind, listen, recv,
    send, socket_with, sockopt,
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// Names the listener among the sockets.
const LISTENER: u64 = u64::MAX;
/// Connections that wait to be accepted.
const BACKLOG: i32 = 4096;
const EVENTS: usize = 1024;
/// The most that one read takes.
const READ: usize = 256 << 10;

fn main() -> Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok());
    let port = port.ok_or_else(|| Error::other("usage: limit PORT"))?;
    Server::listen(port)?.run()
}

struct Client {
    socket: OwnedFd,
    is_open: bool,
    /// What came and is no whole frame yet.
    received: Vec<u8>,
    /// What the socket did not take, and how much of it has left since.
    waiting: Vec<u8>,
    written: usize,
}

struct Server {
    listener: OwnedFd,
    epoll: OwnedFd,
    /// By the number that each is known by; one that is gone leaves its place empty.
    clients: Vec<Option<Client>>,
    buffer: Vec<u8>,
}

impl Server {
    fn listen(port: u16) -> Result<Self> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let listener = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
        sockopt::set_socket_reuseaddr(&listener, true)?;
        bind(&listener, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))?;
        listen(&listener, BACKLOG)?;
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(
            &epoll,
            &listener,
            EventData::new_u64(LISTENER),
            EventFlags::IN,
        )?;
        Ok(Self {
            listener,
            epoll,
            clients: Vec::new(),
            buffer: vec![0; READ],
        })
    }

    fn run(mut self) -> Result<()> {
        let mut events = Vec::<Event>::with_capacity(EVENTS);
        let mut frames = Vec::new();
        loop {
            events.clear();
            epoll::wait(
                &self.epoll,
                rustix::buffer::spare_capacity(&mut events),
                None,
            )?;
            for event in &events {
                // The structure is packed.
                let (id, flags) = (event.data.u64(), event.flags);
                if id == LISTENER {
                    self.accept()?;
                } else {
                    self.handle(id, flags, &mut frames)?;
                }
            }
        }
    }

    fn accept(&mut self) -> Result<()> {
        while let Ok(socket) = accept_with(&self.listener, SocketFlags::NONBLOCK) {
            sockopt::set_tcp_nodelay(&socket, true)?;
            let id = EventData::new_u64(self.clients.len() as u64);
            epoll::add(&self.epoll, &socket, id, EventFlags::IN)?;
            let client = Client {
                socket,
                is_open: false,
                received: Vec::new(),
                waiting: Vec::new(),
                written: 0,
            };
            self.clients.push(Some(client));
        }
        Ok(())
    }

    fn handle(&mut self, id: u64, flags: EventFlags, frames: &mut Vec<u8>) -> Result<()> {
        let place = &mut self.clients[id as usize];
        let Some(client) = place else { return Ok(()) };
        if flags.contains(EventFlags::OUT) {
            client.write_waiting(&self.epoll, id)?;
        }
        if !flags.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR) {
            return Ok(());
        }
        match recv(&client.socket, &mut self.buffer[..], RecvFlags::empty()) {
            Err(Errno::AGAIN) => return Ok(()),
            Ok((_, 0)) | Err(_) => {
                *place = None;
                return Ok(());
            }
            Ok((_, count)) => client.received.extend_from_slice(&self.buffer[..count]),
        }
        if !client.is_open {
            return client.open(&self.epoll, id);
        }
        frames.clear();
        let taken = unmask(&client.received, frames)?;
        client.received.drain(..taken);
        self.send_to_others(id, frames)
    }

    fn send_to_others(&mut self, from: u64, frames: &[u8]) -> Result<()> {
        if frames.is_empty() {
            return Ok(());
        }
        for (id, client) in (0..).zip(&mut self.clients) {
            let client = client
                .as_mut()
                .filter(|client| id != from && client.is_open);
            if let Some(client) = client {
                client.send(&self.epoll, id, frames)?;
            }
        }
        Ok(())
    }
}

impl Client {
    /// Answers the WebSocket handshake once it is whole.
    fn open(&mut self, epoll: &OwnedFd, id: u64) -> Result<()> {
        let end = self
            .received
            .windows(4)
            .position(|four| four == b"\r\n\r\n");
        let Some(end) = end else { return Ok(()) };
        let request = String::from_utf8_lossy(&self.received[..end]);
        let key = request
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
        let accept = derive_accept_key(key.unwrap_or_default().as_bytes());
        let response = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        self.received.drain(..end + 4);
        if self.received.is_empty() {
            self.received = Vec::new();
        }
        self.is_open = true;
        self.send(epoll, id, response.as_bytes())
    }

    fn send(&mut self, epoll: &OwnedFd, id: u64, bytes: &[u8]) -> Result<()> {
        if self.written < self.waiting.len() {
            self.waiting.extend_from_slice(bytes);
            return Ok(());
        }
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        // A socket that is gone is found out when it is read.
        let count = send(&self.socket, bytes, flags).unwrap_or(0);
        if count < bytes.len() {
            self.waiting.clear();
            self.written = 0;
            self.waiting.extend_from_slice(&bytes[count..]);
            let both = EventFlags::IN | EventFlags::OUT;
            epoll::modify(epoll, &self.socket, EventData::new_u64(id), both)?;
        }
        Ok(())
    }

    fn write_waiting(&mut self, epoll: &OwnedFd, id: u64) -> Result<()> {
        let rest = &self.waiting[self.written..];
        self.written += send(&self.socket, rest, SendFlags::NOSIGNAL).unwrap_or(0);
        if self.written == self.waiting.len() {
            self.waiting.clear();
            self.written = 0;
            epoll::modify(epoll, &self.socket, EventData::new_u64(id), EventFlags::IN)?;
        }
        Ok(())
    }
}

/// Appends to `frames` the whole frames of `bytes` as a server sends them (RFC 6455, 5.1), and says how much that took.
fn unmask(bytes: &[u8], frames: &mut Vec<u8>) -> Result<usize> {
    let mut taken = 0;
    while let Some((header, length)) = header(&bytes[taken..]) {
        let frame = &bytes[taken..];
        let is_masked = frame[1] & 128 != 0;
        if !is_masked {
            let message = "a client's frame is not masked";
            return Err(Error::new(ErrorKind::InvalidData, message));
        }
        let body = header + 4;
        if frame.len() < body + length {
            break;
        }
        let start = frames.len();
        frames.extend_from_slice(&frame[..header]);
        frames[start + 1] &= 127;
        frames.extend_from_slice(&frame[body..body + length]);
        let mask = [
            frame[header],
            frame[header + 1],
            frame[header + 2],
            frame[header + 3],
        ];
        xor(&mut frames[start + header..], mask);
        taken += body + length;
    }
    Ok(taken)
}

/// The length of the header without the mask, and that of the payload; `None` if more has to come.
fn header(frame: &[u8]) -> Option<(usize, usize)> {
    match frame.get(1)? & 127 {
        126 => {
            let length = frame.get(2..4)?.try_into().ok()?;
            Some((4, u16::from_be_bytes(length).into()))
        }
        127 => {
            let length = frame.get(2..10)?.try_into().ok()?;
            Some((10, usize::try_from(u64::from_be_bytes(length)).ok()?))
        }
        length => Some((2, length.into())),
    }
}

fn xor(bytes: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let mask_of_eight = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (eights, rest) = bytes.as_chunks_mut::<8>();
    for eight in eights {
        *eight = (u64::from_ne_bytes(*eight) ^ mask_of_eight).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip([a, b, c, d, a, b, c]) {
        *byte ^= mask;
    }
}
