//! The decoder of WebSocket frames, in both roles: however the stream is cut it says the same; and what is put together
//! is taken apart.

use bytes::BytesMut;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::native::framing::{self, Decoder, End};

/// All that came of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
struct Heard {
    payload: Vec<u8>,
    ping: Option<Vec<u8>>,
    pong: bool,
    end: Option<End>,
}

pub fn websocket(bytes: &[u8]) {
    let Some((&[first, a, b, c, d, e], stream)) = bytes.split_first_chunk() else {
        return;
    };
    let role = [Role::Server, Role::Client][usize::from(first & 1)];
    let limit = [125, 1_000, 70_000, usize::MAX][usize::from(first >> 1 & 3)];
    if first >> 3 & 7 == 7 {
        return back(role, stream, [a, b, c, d]);
    }
    let sizes = [a, b, c, d, e].map(|size| usize::from(size) + 1);
    let whole = hear(role, limit, stream, &[stream.len() + 1]);
    assert_eq!(hear(role, limit, stream, &sizes), whole);
    assert!(whole.payload.len() <= stream.len());
}

/// What comes of a stream in chunks of `sizes`, again and again.
fn hear(role: Role, limit: usize, stream: &[u8], sizes: &[usize]) -> Heard {
    let mut decoder = Decoder::new(role, limit);
    let mut heard = Heard::default();
    let (mut rest, mut sizes) = (stream, sizes.iter().cycle());
    while let (false, None, Some(&size)) = (rest.is_empty(), &heard.end, sizes.next()) {
        let (chunk, after) = rest.split_at(size.min(rest.len()));
        rest = after;
        let mut chunk = chunk.to_vec();
        let decoded = decoder.decode(&mut chunk);
        heard.payload.extend_from_slice(&chunk[decoded.payload]);
        heard.ping = decoded.pings.into_iter().next_back().or(heard.ping);
        heard.pong |= decoded.pong;
        heard.end = decoded.end;
    }
    if let Some(ping) = &heard.ping {
        assert!(ping.len() <= 125, "a control frame is short");
    }
    heard
}

/// A message, a ping, a pong and a Close with this content, as the far end of `role` would send them.
fn back(role: Role, content: &[u8], mask: [u8; 4]) {
    let mask = (role == Role::Server).then_some(mask);
    let reason = String::from_utf8_lossy(content);
    let short = &content[..content.len().min(125)];
    let mut stream = BytesMut::new();
    stream.extend_from_slice(&framing::binary_header(content.len(), mask));
    match mask {
        Some(mask) => stream.extend_from_slice(&framing::masked(content, mask)),
        None => stream.extend_from_slice(content),
    }
    stream.extend_from_slice(&framing::ping(mask));
    stream.extend_from_slice(&framing::pong(short, mask));
    stream.extend_from_slice(&framing::close(Some(4000), &reason, mask));
    let heard = hear(role, content.len(), &stream, &[stream.len()]);
    assert_eq!(heard.payload, content);
    assert!(heard.pong && heard.ping.is_some_and(|ping| ping.is_empty()));
    let Some(End::Close {
        code: Some(4000),
        reason: said,
    }) = heard.end
    else {
        panic!("a Close is no {:?}", heard.end);
    };
    let shown: String = reason.chars().filter(|c| !c.is_control()).collect();
    assert!(shown.starts_with(&said));
}
