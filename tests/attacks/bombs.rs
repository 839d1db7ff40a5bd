//! Frames that unfold to far more than they are: none is passed on, and each costs little time and memory.

use core::iter::repeat_n;
use std::io::{self, Write};
use std::time::Duration;

use bytes::Bytes;
use rs2p::Scheme;
use rs2p::id::MessageId;
use rs2p::wire::{Capabilities, Compression, Kind, Signal, sub_flag};

use crate::crowd::Crowd;
use crate::figures::{Figures, mebibytes};
use crate::pace::{Size, attack};
use crate::peer::{join, name, open, signal, wall};
use crate::relay::Relay;
use crate::wire::{Caller, Heard, Reader, Writer};

/// MiB by which one may make the relay grow.
const MEMORY: f64 = 2.0;
/// Milliseconds of the relay's that one may take, with the link that it comes over.
const TIME: f64 = 5.0;
/// Longer than a relay needs to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// What a peer says that can be sent zlib.
const ZLIB: Capabilities = Capabilities::HEARTBEAT.union(Capabilities::ZLIB);

/// A frame, and what it is.
pub(crate) struct Bomb {
    pub(crate) name: &'static str,
    pub(crate) frame: Bytes,
}

/// All of them; those of compressions unfold to so many bytes.
pub(crate) fn all(unfolded: usize) -> Vec<Bomb> {
    let zeros = vec![0; unfolded];
    let whole = |name, body: Vec<u8>| Bomb {
        name,
        frame: frame(&body),
    };
    let packed = |method: Compression, zeros: &[u8]| method.compress(zeros).expect("it compresses");
    let mut bombs = vec![
        whole("zlib", packed(Compression::Zlib, &zeros)),
        whole("gzip", packed(Compression::Gzip, &zeros)),
        // Snappy makes of 16 MiB what a frame may just hold.
        whole(
            "snappy",
            packed(Compression::Snappy, &zeros[..unfolded.min(16 << 20)]),
        ),
        whole("bz2", bz2(&zeros)),
        whole("lzma", lzma(&zeros)),
    ];
    bombs.extend(nested());
    bombs
}

fn bz2(plain: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder
        .write_all(plain)
        .and_then(|()| encoder.finish())
        .expect("into memory")
}

fn lzma(plain: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
    encoder
        .write_all(plain)
        .and_then(|()| encoder.finish())
        .expect("into memory")
}

/// Messages whose msgpack is deep, or announces more than comes.
fn nested() -> Vec<Bomb> {
    let announced: [(&str, &[u8]); 5] = [
        ("an array of 2^32 items", &[0xdd]),
        ("a map of 2^32 items", &[0xdf]),
        ("a text of 4 GiB", &[0xdb]),
        ("4 GiB of bytes", &[0xc6]),
        ("an extension of 4 GiB", &[0xc9]),
    ];
    let mut bombs: Vec<_> = announced
        .into_iter()
        .map(|(name, marker)| {
            bomb(
                name,
                Kind::Broadcast,
                &[marker, &[0xff; 4], &[1; 8]].concat(),
            )
        })
        .collect();
    bombs.push(bomb(
        "100,000 arrays in each other",
        Kind::Broadcast,
        &vec![0x91; 100_000],
    ));
    bombs.push(bomb(
        "100,000 maps in each other",
        Kind::Broadcast,
        &[0x81, 0xc0].repeat(100_000),
    ));
    let mut nils = vec![0xdd, 0, 15, 0, 0];
    nils.extend(repeat_n(0xc0, 15 << 16));
    bombs.push(bomb("an array of 983,040 items", Kind::Broadcast, &nils));
    // As many as are allowed, and of no use.
    let mut nils = vec![0xdd, 0, 0, 0xff, 0];
    nils.extend(repeat_n(0xc0, 0xff00));
    bombs.push(bomb(
        "a list of 65,280 peers that are none",
        Kind::Whisper,
        &nils,
    ));
    bombs
}

/// A message whose payload is a sub-flag and these bytes of msgpack.
fn bomb(what: &'static str, kind: Kind, item: &[u8]) -> Bomb {
    let flag = match kind {
        Kind::Whisper => sub_flag::PEERS,
        _ => sub_flag::BROADCAST,
    };
    let node = name();
    let mut packed = vec![0x95, kind.code() as u8, 0xc4, node.as_bytes().len() as u8];
    packed.extend_from_slice(node.as_bytes());
    packed.push(0xcf);
    packed.extend_from_slice(&wall().0.to_be_bytes());
    packed.push(flag as u8);
    packed.extend_from_slice(item);
    let id = MessageId::of(&packed).0;
    Bomb {
        name: what,
        frame: frame(&[&id[..], &packed].concat()),
    }
}

fn frame(body: &[u8]) -> Bytes {
    let length = u32::try_from(body.len()).expect("a short body");
    [&length.to_be_bytes()[..], body].concat().into()
}

/// What became of who sent one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    ThrownOut,
    /// The relay goes on with it.
    Ignored,
}

/// Greets, sends it, and waits until the relay has dealt with it: it answers what comes behind, or has ended the link.
async fn throw(relay: &Relay, number: usize, bomb: &Bomb) -> io::Result<Fate> {
    let node = name();
    let (caller, door) = (Caller::stranger(number), relay.door(Scheme::Ws));
    let (mut reader, mut writer) = join(caller, door, &node, ZLIB).await?;
    let asking = ask(&mut writer, bomb, signal(&node, &Signal::Ping(1)));
    let dealt_with = async {
        // Who is thrown out while it speaks notices as it reads.
        let _ = asking.await;
        answered(&mut reader).await
    };
    let answered = tokio::time::timeout(PATIENCE, dealt_with).await;
    Ok(match answered.map_err(|_| io::ErrorKind::TimedOut)? {
        true => Fate::Ignored,
        false => Fate::ThrownOut,
    })
}

async fn ask(writer: &mut Writer, bomb: &Bomb, ping: Bytes) -> io::Result<()> {
    writer.send(&bomb.frame).await?;
    writer.send(&ping).await
}

/// Whether a heartbeat is answered before the link ends.
async fn answered(reader: &mut Reader) -> bool {
    while let Ok(heard) = reader.next().await {
        if let Heard::Frame(frame) = heard
            && let Some(message) = open(&frame)
            && let Ok(Signal::Pong(_)) = Signal::parse(&message)
        {
            return true;
        }
    }
    false
}

async fn run(size: Size) {
    let mut figures = Figures::of("bombs", size);
    let relay = Relay::start();
    let crowd = Crowd::join(&relay, 2, 0).await;
    let times = size.of(2, 40);
    for bomb in all(size.of(16 << 20, 200 << 20)) {
        // What it is for the first time, as a page of code that was never run, it is not for the next.
        throw(&relay, 0, &bomb).await.expect("the relay goes on");
        let (memory, processor) = (relay.memory(), relay.processor());
        relay.forget_peak();
        let mut thrown_out = 0;
        for number in 0..times {
            let fate = throw(&relay, number, &bomb)
                .await
                .expect("the relay goes on");
            thrown_out += usize::from(fate == Fate::ThrownOut);
        }
        let took = (relay.processor() - processor).as_secs_f64() * 1e3 / times as f64;
        let grown = mebibytes(relay.peak().saturating_sub(memory));
        let what = format!("{} ({} KiB)", bomb.name, bomb.frame.len() >> 10);
        figures.note(&what, format!("{thrown_out} of {times} are thrown out"));
        figures.timed(&format!("{what}: ms of the relay's"), took, TIME);
        figures.at_most(&format!("{what}: memory up, in MiB"), grown, MEMORY);
    }
    figures.is("passed on to others", crowd.others(), 0);
    figures.is("honest links lost", crowd.ended(), 0);
    figures.finish();
}

#[test]
fn what_unfolds_is_refused() {
    attack(run(Size::Short));
}

#[test]
#[ignore = "long: run by cargo xtask test --long"]
fn two_hundred_mebibytes_in_a_frame_cost_next_to_nothing() {
    attack(run(Size::Long));
}
