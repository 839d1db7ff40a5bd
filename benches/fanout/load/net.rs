//! All connections, over one epoll: sockets that never block, and what waits for them.

use std::io::{Error, Result};
use std::net::SocketAddrV4;

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send, socket_with,
    sockopt,
};

use crate::clock;
use crate::options::Options;
use crate::peer::{Peer, Stamp};
use crate::proto::Session;

/// The most that one read takes.
const READ: usize = 256 << 10;
/// How often a connection is read before others are.
const READS: usize = 4;
const EVENTS: usize = 2048;

/// One connection.
pub(crate) struct Connection {
    socket: OwnedFd,
    is_publisher: bool,
    pub(crate) peer: Peer,
    /// What the socket did not take yet, and how much of it has left.
    out: Vec<u8>,
    written: usize,
    waits_to_write: bool,
    /// How many messages it received.
    received: u64,
    /// When it was begun.
    pub(crate) began: u64,
}

impl Connection {
    /// Whether the socket has taken everything.
    pub(crate) fn is_written(&self) -> bool {
        self.written == self.out.len()
    }

    /// How much waits to be written.
    pub(crate) fn waiting(&self) -> usize {
        self.out.len()
    }
}

/// All connections. The publisher, if there is one, is the first.
pub(crate) struct Net {
    epoll: OwnedFd,
    publisher: Session,
    subscriber: Session,
    pub(crate) connections: Vec<Connection>,
    buffer: Vec<u8>,
    events: Vec<Event>,
}

/// Told of each message: how many the connection had before, and how the payload begins.
pub(crate) type OnMessage<'a> = &'a mut dyn FnMut(u64, Stamp);

impl Net {
    pub(crate) fn new(options: &Options) -> Result<Self> {
        Ok(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            publisher: options.publisher.clone(),
            subscriber: options.subscriber.clone(),
            connections: Vec::new(),
            buffer: vec![0; READ],
            events: Vec::with_capacity(EVENTS),
        })
    }

    pub(crate) fn open(&mut self, address: SocketAddrV4, is_publisher: bool) -> Result<()> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
        sockopt::set_tcp_nodelay(&socket, true)?;
        match connect(&socket, &address) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(error) => return Err(error.into()),
        }
        let number = self.connections.len();
        let session = if is_publisher {
            &self.publisher
        } else {
            &self.subscriber
        };
        let (peer, out) = Peer::new(session, number, is_publisher, &address.to_string());
        let both = EventFlags::IN | EventFlags::OUT;
        epoll::add(
            &self.epoll,
            &socket,
            EventData::new_u64(number as u64),
            both,
        )?;
        self.connections.push(Connection {
            socket,
            is_publisher,
            peer,
            out,
            written: 0,
            waits_to_write: true,
            received: 0,
            began: clock::now(),
        });
        Ok(())
    }

    /// Publishes the message of this number, so many times; [`flush`](Self::flush) sends it.
    pub(crate) fn publish(&mut self, number: u64, now: u64, copies: usize) {
        let Connection { peer, out, .. } = &mut self.connections[0];
        peer.publish(&self.publisher, number, now, copies, out);
    }

    /// Waits for events for at most so many nanoseconds and handles them. Says which connections became ready.
    pub(crate) fn poll(
        &mut self,
        nanoseconds: u64,
        on_message: OnMessage<'_>,
    ) -> Result<Vec<usize>> {
        let timeout = Timespec {
            tv_sec: (nanoseconds / 1_000_000_000) as i64,
            tv_nsec: (nanoseconds % 1_000_000_000) as i64,
        };
        let mut events = std::mem::take(&mut self.events);
        events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut ready = Vec::new();
        for event in &events {
            // The structure is packed.
            let (number, flags) = (event.data.u64() as usize, event.flags);
            if self.handle(number, flags, on_message)? {
                ready.push(number);
            }
        }
        self.events = events;
        Ok(ready)
    }

    /// Handles the events of one connection. Says whether it became ready.
    fn handle(
        &mut self,
        number: usize,
        flags: EventFlags,
        on_message: OnMessage<'_>,
    ) -> Result<bool> {
        let mut became_ready = false;
        if flags.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR) {
            became_ready = self.read(number, on_message)?;
        }
        if flags.contains(EventFlags::OUT) {
            self.flush(number)?;
        }
        Ok(became_ready)
    }

    fn read(&mut self, number: usize, on_message: OnMessage<'_>) -> Result<bool> {
        let mut became_ready = false;
        for _ in 0..READS {
            let connection = &mut self.connections[number];
            let was_ready = connection.peer.is_ready();
            let count = match recv(&connection.socket, &mut self.buffer[..], RecvFlags::empty()) {
                Ok((_, 0)) => return Err(ended(number, was_ready, "the server closed it")),
                Ok((_, count)) => count,
                Err(Errno::AGAIN) => break,
                Err(error) => return Err(ended(number, was_ready, &error.to_string())),
            };
            let session = if connection.is_publisher {
                &self.publisher
            } else {
                &self.subscriber
            };
            let Connection {
                peer,
                out,
                received,
                ..
            } = connection;
            peer.handle(session, &self.buffer[..count], out, &mut |stamp| {
                on_message(*received, stamp);
                *received += 1;
            })?;
            became_ready |= !was_ready && peer.is_ready();
            if !connection.is_written() {
                self.flush(number)?;
            }
            if count < self.buffer.len() {
                break;
            }
        }
        Ok(became_ready)
    }

    /// Writes what the socket takes, and waits for it if that is not all.
    pub(crate) fn flush(&mut self, number: usize) -> Result<()> {
        let connection = &mut self.connections[number];
        while !connection.is_written() {
            let rest = &connection.out[connection.written..];
            match send(&connection.socket, rest, SendFlags::NOSIGNAL) {
                Ok(count) => connection.written += count,
                Err(Errno::AGAIN | Errno::NOTCONN) => return self.wait_to_write(number, true),
                Err(error) => {
                    return Err(ended(
                        number,
                        connection.peer.is_ready(),
                        &error.to_string(),
                    ));
                }
            }
        }
        connection.out.clear();
        connection.written = 0;
        self.wait_to_write(number, false)
    }

    fn wait_to_write(&mut self, number: usize, waits: bool) -> Result<()> {
        let connection = &mut self.connections[number];
        if connection.waits_to_write == waits {
            return Ok(());
        }
        connection.waits_to_write = waits;
        let out = if waits {
            EventFlags::OUT
        } else {
            EventFlags::empty()
        };
        let data = EventData::new_u64(number as u64);
        epoll::modify(&self.epoll, &connection.socket, data, EventFlags::IN | out)?;
        Ok(())
    }
}

fn ended(number: usize, was_ready: bool, how: &str) -> Error {
    let when = if was_ready {
        ""
    } else {
        ", before it was ready"
    };
    Error::other(format!("connection {number} ended{when}: {how}"))
}
