//! A server that sends back what it receives, made of the public transport, and the client that plays a case against it.

use core::future::poll_fn;
use core::task::{Context, Poll};
use core::time::Duration;

use rs2p::Address;
use rs2p::native::{NativeLink, NativeTransport, TransportOptions};
use rs2p::transport::{Link, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::{AbortHandle, JoinSet};

use crate::case::{Case, End};
use crate::frame::{BINARY, CLOSE, Frame, LAST, PONG, close};

/// Longer than any case takes.
const DEADLINE: Duration = Duration::from_secs(60);

/// A listener, and the links that it made.
pub(crate) struct Server {
    address: Address,
    task: AbortHandle,
}

impl Server {
    pub(crate) async fn start(options: TransportOptions) -> Self {
        let mut transport = NativeTransport::new(options);
        let any = "ws://127.0.0.1:0".parse().expect("an address");
        let address = transport.listen(&any).await.expect("a free port");
        let task = tokio::spawn(serve(transport)).abort_handle();
        Self { address, task }
    }

    /// A connection that has become a WebSocket.
    pub(crate) async fn connect(&self) -> Client {
        let at = (self.address.host(), self.address.port());
        let stream = TcpStream::connect(at).await.expect("it listens");
        stream.set_nodelay(true).expect("an option");
        let (from, mut to) = stream.into_split();
        let mut from = BufReader::new(from);
        let request = "GET / HTTP/1.1\r\nHost: relay\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        to.write_all(request.as_bytes()).await.expect("it reads");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(from.read_u8().await.expect("an answer"));
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "), "no WebSocket");
        Client { from, to }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut transport: NativeTransport) {
    let mut links = JoinSet::new();
    loop {
        let mut link = poll_fn(|cx| transport.poll_accept(cx)).await;
        links.spawn(async move { poll_fn(|cx| poll_echo(&mut link, cx)).await });
        while links.try_join_next().is_some() {}
    }
}

/// Sends back what comes, until the link has ended.
fn poll_echo(link: &mut NativeLink, cx: &mut Context<'_>) -> Poll<()> {
    loop {
        let flushed = link.poll_flush(cx);
        match link.poll_receive(cx) {
            Poll::Ready(Ok(bytes)) => link.send(bytes),
            Poll::Ready(Err(_)) => return Poll::Ready(()),
            Poll::Pending if matches!(flushed, Poll::Ready(Ok(1..))) => {}
            Poll::Pending => return Poll::Pending,
        }
    }
}

/// The client's end of a WebSocket.
pub(crate) struct Client {
    pub(crate) from: BufReader<OwnedReadHalf>,
    pub(crate) to: OwnedWriteHalf,
}

impl Client {
    /// The next frame of the server; `None` at the end of the connection.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        next(&mut self.from).await
    }
}

async fn next(from: &mut BufReader<OwnedReadHalf>) -> Option<Frame> {
    let first = from.read_u8().await.ok()?;
    let length = match from.read_u8().await.ok()? {
        126 => usize::from(from.read_u16().await.ok()?),
        127 => usize::try_from(from.read_u64().await.ok()?).expect("it fits"),
        length @ ..126 => usize::from(length),
        // The bit that says that it is masked, which a server's must not be (RFC 6455, 5.1).
        128.. => panic!("a masked frame of a server"),
    };
    let mut payload = vec![0; length];
    from.read_exact(&mut payload).await.ok()?;
    Some(Frame { first, payload })
}

/// Writes all, unless the server has enough of it before.
async fn write(to: &mut OwnedWriteHalf, bytes: &[u8], chop: Option<usize>) {
    for piece in bytes.chunks(chop.unwrap_or(usize::MAX)) {
        if to.write_all(piece).await.is_err() {
            return;
        }
        if chop.is_some() {
            tokio::task::yield_now().await;
        }
    }
}

/// What came from the server.
#[derive(Debug, Default)]
struct Heard {
    pongs: Vec<Vec<u8>>,
    echo: Vec<u8>,
}

impl Heard {
    fn is_all_of(&self, case: &Case) -> bool {
        self.pongs.len() >= case.pongs.len() && self.echo.len() >= case.echo.len()
    }
}

/// Plays a case; panics if anything else comes of it than should.
pub(crate) async fn play(server: &Server, case: &Case) {
    let played = tokio::time::timeout(DEADLINE, play_within(server, case)).await;
    assert!(played.is_ok(), "{}: no end", case.number);
}

async fn play_within(server: &Server, case: &Case) {
    let Client { mut from, mut to } = server.connect().await;
    let frames: Vec<_> = case.frames.iter().map(Frame::encode).collect();
    let bytes = frames.concat();
    let chop = case.chop;
    let writing = async move {
        write(&mut to, &bytes, chop).await;
        to
    };
    let ((heard, end), mut to) = tokio::join!(hear(&mut from, case), writing);
    let number = &case.number;
    let end = if case.end == End::Orderly {
        assert_eq!(end, None, "{number}: ended before its time");
        write(&mut to, &close(1000, "").encode(), None).await;
        hear_close(&mut from, number).await
    } else {
        end.expect("heard to its end")
    };
    assert_eq!(
        end,
        expected_code(case.end),
        "{number}: the code of its end"
    );
    assert!(heard.pongs == case.pongs, "{number}: {:?}", heard.pongs);
    let is_echo = match case.end {
        End::Orderly => heard.echo == case.echo,
        End::Close(_) => case.echo.starts_with(&heard.echo),
    };
    assert!(is_echo, "{number}: other bytes came back");
    assert_eq!(next(&mut from).await, None, "{number}: more behind the end");
}

fn expected_code(end: End) -> Option<u16> {
    match end {
        End::Orderly => Some(1000),
        End::Close(code) => code,
    }
}

/// What comes, until all has that should, or a Close does, with its code.
async fn hear(from: &mut BufReader<OwnedReadHalf>, case: &Case) -> (Heard, Option<Option<u16>>) {
    let mut heard = Heard::default();
    while case.end != End::Orderly || !heard.is_all_of(case) {
        let Some(frame) = next(from).await else {
            panic!("{}: no Close, after {heard:?}", case.number);
        };
        match frame.first & 0x0f {
            _ if frame.first & 0xf0 != LAST => panic!("{}: {frame:?}", case.number),
            BINARY => heard.echo.extend(frame.payload),
            PONG => heard.pongs.push(frame.payload),
            CLOSE => return (heard, Some(code_of(&frame))),
            _ => panic!("{}: {frame:?}", case.number),
        }
    }
    (heard, None)
}

async fn hear_close(from: &mut BufReader<OwnedReadHalf>, number: &str) -> Option<u16> {
    let frame = next(from).await;
    let frame = frame.unwrap_or_else(|| panic!("{number}: its Close is not answered"));
    assert_eq!(frame.first, LAST | CLOSE, "{number}: {frame:?}");
    code_of(&frame)
}

/// The code of a Close, if it has one.
pub(crate) fn code_of(frame: &Frame) -> Option<u16> {
    let code = frame.payload.first_chunk()?;
    Some(u16::from_be_bytes(*code))
}
