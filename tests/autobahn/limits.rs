//! 9 and 10: large messages in few and many pieces, many small ones, and fragments that the sender makes by itself.

use rs2p::native::TransportOptions;
use tokio::io::AsyncWriteExt;

use crate::case::{Case, End, UNSUPPORTED, case};
use crate::frame::{BINARY, TEXT, close, fragments, last};
use crate::player::{Client, Server, code_of, play};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// Longest message of these cases.
const LARGE: usize = 16 * MIB;
/// Messages that go there and back in 9.7 and 9.8.
const ROUNDS: usize = 1_000;

/// A server for messages of that length.
async fn server() -> Server {
    let mut options = TransportOptions::default();
    options.max_frame = LARGE;
    Server::start(options).await
}

/// 9.1 to 9.6. Text is refused at its first frame, so of a large one only the first byte matters; as binary messages they
/// are the cases beside them.
pub(crate) async fn large() {
    let server = server().await;
    let kinds = [(1, 3, 5, TEXT), (2, 4, 6, BINARY)];
    let mut count = 0;
    for (sizes, fragmented, chopped, opcode) in kinds {
        let cases = by_size(sizes, opcode)
            .into_iter()
            .chain(by_fragment(fragmented, opcode))
            .chain(by_chop(chopped, opcode));
        for case in cases {
            // The first of the two ways to play it: as it is.
            play(&server, &case.plays()[0]).await;
            count += 1;
        }
    }
    assert_eq!(count, 42);
    println!(
        "9.1 to 9.6 limits: {count} cases, up to {} MiB",
        LARGE / MIB
    );
}

fn message(length: usize) -> Vec<u8> {
    let mut message = b"BAsd7&jh23".repeat(length / 10 + 1);
    message.truncate(length);
    message
}

fn by_size(section: usize, opcode: u8) -> Vec<Case> {
    let sizes = [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB];
    let cases = (1..).zip(sizes).map(|(number, size)| {
        let frames = [last(opcode, message(size))];
        case(format!("9.{section}.{number}"), frames).echo(message(size))
    });
    cases.collect()
}

fn by_fragment(section: usize, opcode: u8) -> Vec<Case> {
    let whole = message(4 * MIB);
    let sizes = (0..9)
        .map(|step| 64 << (2 * step))
        .map(|size: usize| size.min(4 * MIB));
    let cases = (1..).zip(sizes).map(|(number, size)| {
        let frames = fragments(opcode, &whole, size);
        case(format!("9.{section}.{number}"), frames).echo(&whole)
    });
    cases.collect()
}

fn by_chop(section: usize, opcode: u8) -> Vec<Case> {
    let sizes = [64, 128, 256, 512, KIB, 2 * KIB];
    let cases = (1..).zip(sizes).map(|(number, size)| {
        let frames = [last(opcode, message(MIB))];
        let case = case(format!("9.{section}.{number}"), frames);
        case.echo(message(MIB)).chop(size)
    });
    cases.collect()
}

/// 9.7 and 9.8: a message goes there and back a thousand times.
pub(crate) async fn round_trips() {
    let server = server().await;
    let sizes = [0, 16, 64, 256, KIB, 4 * KIB];
    for (number, size) in (1..).zip(sizes) {
        let text = case(format!("9.7.{number}"), [last(TEXT, vec![b'*'; size])]);
        play(&server, &text.end(UNSUPPORTED)).await;
        let mut client = server.connect().await;
        for _ in 0..ROUNDS {
            round_trip(&mut client, size).await;
        }
        let goodbye = close(1000, "").encode();
        client.to.write_all(&goodbye).await.expect("it reads");
        let end = client.next().await.expect("an answer");
        assert_eq!(code_of(&end), Some(1000), "9.8.{number}: {end:?}");
    }
    println!("9.7 and 9.8 round trips: 12 cases, {ROUNDS} messages each");
}

async fn round_trip(client: &mut Client, size: usize) {
    let frame = last(BINARY, vec![0xfe; size]);
    client
        .to
        .write_all(&frame.encode())
        .await
        .expect("it reads");
    let mut back = Vec::new();
    while back.len() < size {
        let frame = client.next().await.expect("it answers");
        assert_eq!(frame.opcode(), BINARY, "{frame:?}");
        back.extend(frame.payload);
    }
    assert_eq!(back, frame.payload);
}

/// 10.1.1: a message whose sender cuts it into fragments.
pub(crate) fn misc() -> Vec<Case> {
    let message = vec![b'*'; 65_536];
    vec![case("10.1.1", fragments(TEXT, &message, 1_300)).echo(message)]
}

/// What Autobahn leaves to the server: a message beyond its limit, in one frame and in many.
pub(crate) async fn beyond() {
    let mut options = TransportOptions::default();
    options.max_frame = 100_000;
    let server = Server::start(options).await;
    let long = message(210_000);
    let too_big = End::Close(Some(1009));
    let whole = case("beyond the limit", [last(BINARY, long.clone())]);
    play(&server, &whole.end(too_big)).await;
    let parts = case("beyond it in parts", fragments(BINARY, &long, 1_000));
    play(&server, &parts.echo(long).end(too_big)).await;
}
