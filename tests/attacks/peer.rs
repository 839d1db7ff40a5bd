//! Who speaks protocol 0.7: names, words, and an honest peer that hears, answers for itself, and remembers what it heard.

use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use rs2p::time::WallSeconds;
use rs2p::wire::{
    Capabilities, Draft, Frame, HEADER, Handshake, IdForm, Kind, Limits, Message, Signal, Trailer,
    Value, sub_flag,
};
use rs2p::{NodeId, Scheme};
use tokio::task::JoinHandle;

use crate::relay::Door;
use crate::wire::{Caller, Heard, Reader, Writer};

/// What a message of an honest peer ends with: this, its number, and when it was said.
const MARK: &[u8; 8] = b"\x00honest\xff";
/// Length of that end in bytes.
const TAIL: usize = 24;
/// The length of the checksum, behind which the message begins.
const ID: usize = 32;
/// Time for a relay's greeting.
const GREETING: Duration = Duration::from_secs(10);

/// A name that nobody else has.
pub(crate) fn name() -> NodeId {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let mut entropy = [7; 48];
    entropy[..8].copy_from_slice(&NUMBER.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    entropy[8..12].copy_from_slice(&std::process::id().to_be_bytes());
    NodeId::from_entropy(&entropy)
}

/// The seconds since 1970.
pub(crate) fn wall() -> WallSeconds {
    let elapsed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    WallSeconds(elapsed.expect("a time after 1970").as_secs())
}

/// What a node says of its links.
pub(crate) fn signal(sender: &NodeId, signal: &Signal) -> Bytes {
    words(sender, signal.kind(), &signal.payload())
}

/// A message of this moment.
pub(crate) fn words(sender: &NodeId, kind: Kind, payload: &[Value]) -> Bytes {
    let message = Draft::new(kind, sender, wall()).encode(payload);
    message.frame().into_bytes()
}

/// A greeting of a node that can so much and cannot be dialled.
pub(crate) fn greeting(node: &NodeId, scheme: Scheme, capabilities: Option<Capabilities>) -> Bytes {
    let handshake = Handshake {
        node: node.clone(),
        form: IdForm::Text,
        protocol: scheme.protocol("mesh").as_str().as_bytes().to_vec(),
        endpoint: None,
        compression: Vec::new(),
    };
    greeting_with(handshake, capabilities)
}

/// A greeting.
pub(crate) fn greeting_with(handshake: Handshake, capabilities: Option<Capabilities>) -> Bytes {
    let node = handshake.node.clone();
    let trailer = Trailer {
        capabilities,
        ..Trailer::default()
    };
    let draft = Draft::new(Kind::Whisper, &node, wall()).form(handshake.form);
    let message = draft
        .trailer(trailer)
        .encode(&Signal::Handshake(handshake).payload());
    message.frame().into_bytes()
}

/// The message in a frame of the relay's, which is plain.
pub(crate) fn open(frame: &Frame) -> Option<Message> {
    frame.open(&[], 1 << 20, &Limits::DEFAULT).ok()
}

/// A link that is greeted from both sides.
pub(crate) async fn join(
    caller: Caller,
    door: Door,
    node: &NodeId,
    capabilities: Capabilities,
) -> io::Result<(Reader, Writer)> {
    let joining = async {
        let (mut reader, mut writer) = caller.dial(door).await?;
        let greeting = greeting(node, door.scheme, Some(capabilities));
        writer.send(&greeting).await?;
        loop {
            if let Heard::Frame(frame) = reader.next().await?
                && let Some(message) = open(&frame)
                && let Ok(Signal::Handshake(_)) = Signal::parse(&message)
            {
                return Ok((reader, writer));
            }
        }
    };
    match tokio::time::timeout(GREETING, joining).await {
        Ok(joined) => joined,
        Err(_) => Err(ErrorKind::TimedOut.into()),
    }
}

/// What a peer heard.
#[derive(Debug, Default)]
pub(crate) struct Ear {
    /// For each number of an honest message how many microseconds after it was said it came; 0 if it has not.
    after: Vec<u32>,
    /// Honest messages that came again.
    pub(crate) twice: u64,
    /// Messages of others.
    pub(crate) others: u64,
    /// Whether the link has ended.
    pub(crate) has_ended: bool,
}

impl Ear {
    /// How long the message with this number took, if it came.
    pub(crate) fn after(&self, number: u64) -> Option<Duration> {
        let at = usize::try_from(number).ok()?;
        let micros = self.after.get(at).copied().filter(|micros| *micros > 0)?;
        Some(Duration::from_micros(micros.into()))
    }

    fn note(&mut self, number: u64, after: u64) {
        let at = usize::try_from(number).expect("numbers are counted up");
        if self.after.len() <= at {
            self.after.resize(at + 1, 0);
        }
        if self.after[at] > 0 {
            self.twice += 1;
        } else {
            self.after[at] = u32::try_from(after).unwrap_or(u32::MAX).max(1);
        }
    }
}

/// An honest peer.
pub(crate) struct Peer {
    node: NodeId,
    writer: Arc<tokio::sync::Mutex<Writer>>,
    ear: Arc<Mutex<Ear>>,
    listening: JoinHandle<()>,
}

impl Peer {
    /// A peer that is greeted and listens. It answers heartbeats, and wants everything by every path.
    pub(crate) async fn join(caller: Caller, door: Door) -> io::Result<Self> {
        let node = name();
        let (reader, writer) = join(caller, door, &node, Capabilities::HEARTBEAT).await?;
        let writer = Arc::new(tokio::sync::Mutex::new(writer));
        let ear = Arc::new(Mutex::new(Ear::default()));
        let listening = listen(node.clone(), reader, writer.clone(), ear.clone());
        Ok(Self {
            node,
            writer,
            ear,
            listening: tokio::spawn(listening),
        })
    }

    /// What it heard so far.
    pub(crate) fn ear(&self) -> MutexGuard<'_, Ear> {
        self.ear.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Broadcasts a message of so many bytes with this number, said at `at`. Who is not linked any more says nothing.
    pub(crate) async fn say(&self, number: u64, at: Instant, size: usize) {
        let mut content = vec![0; size.saturating_sub(TAIL)];
        content.extend_from_slice(MARK);
        content.extend_from_slice(&number.to_be_bytes());
        content.extend_from_slice(&micros(at).to_be_bytes());
        let payload = [sub_flag::BROADCAST.into(), content.into()];
        let frame = words(&self.node, Kind::Broadcast, &payload);
        // A link that has ended shows in what the others miss.
        let _ = self.writer.lock().await.send(&frame).await;
    }

    /// From now on it reads nothing, and its connection stays.
    pub(crate) fn stop_reading(&self) {
        self.listening.abort();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(
    node: NodeId,
    mut reader: Reader,
    writer: Arc<tokio::sync::Mutex<Writer>>,
    ear: Arc<Mutex<Ear>>,
) {
    let ear = || ear.lock().unwrap_or_else(PoisonError::into_inner);
    while let Ok(heard) = reader.next().await {
        let frame = match heard {
            Heard::Frame(frame) => frame,
            Heard::Ping(content) => {
                let _ = writer.lock().await.pong(&content).await;
                continue;
            }
        };
        match read_tail(&frame) {
            Some((number, said)) => {
                let after = micros(Instant::now()).saturating_sub(said);
                ear().note(number, after);
            }
            None if is_whisper(&frame) => answer(&node, &frame, &writer).await,
            None => ear().others += 1,
        }
    }
    ear().has_ended = true;
}

/// The number of an honest message, and when it was said. It is not unpacked: that is the relay's work, not what is measured.
fn read_tail(frame: &Frame) -> Option<(u64, u64)> {
    let tail: &[u8; TAIL] = frame.as_bytes().last_chunk()?;
    let (mark, numbers) = tail.split_at(MARK.len());
    let (number, said) = numbers.split_first_chunk()?;
    let said = u64::from_be_bytes(said.try_into().ok()?);
    (mark == MARK).then_some((u64::from_be_bytes(*number), said))
}

/// Whether a frame is about the link: its type is the first item of the array.
fn is_whisper(frame: &Frame) -> bool {
    let kind = frame.as_bytes().get(HEADER + ID + 1).copied();
    kind.map(u64::from) == Some(Kind::Whisper.code())
}

/// Answers a heartbeat.
async fn answer(node: &NodeId, frame: &Frame, writer: &tokio::sync::Mutex<Writer>) {
    let message = open(frame);
    if let Some(Ok(Signal::Ping(number))) = message.as_ref().map(Signal::parse) {
        let pong = signal(node, &Signal::Pong(number));
        let _ = writer.lock().await.send(&pong).await;
    }
}

/// A time as microseconds since some moment before the first call.
fn micros(at: Instant) -> u64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let start = START.get_or_init(|| Instant::now() - Duration::from_secs(1));
    u64::try_from(at.saturating_duration_since(*start).as_micros()).unwrap_or(u64::MAX)
}
