//! A peer made of bytes: it says what a test wants, whether a node would or not.

use std::time::SystemTime;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use rs2p::id::MessageId;
use rs2p::time::WallSeconds;
use rs2p::wire::{Draft, Handshake, IdForm, Kind, Message, Signal, Trailer, Value};
use rs2p::{Address, NodeId, Scheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message as WebSocketMessage;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::node::soon;

/// A connection to a node.
pub(crate) enum Raw {
    Tcp(TcpStream),
    Ws(Box<WebSocketStream<TcpStream>>),
}

impl Raw {
    /// Connects, over a WebSocket with its opening handshake, and says nothing.
    pub(crate) async fn dial(node: &Address) -> Self {
        let connecting = TcpStream::connect((node.host(), node.port()));
        let stream = soon("a connection", connecting)
            .await
            .expect("a node that listens");
        match node.scheme() {
            Scheme::Ws => {
                let upgrading = client_async(node.to_string(), stream);
                let (socket, _) = soon("a WebSocket", upgrading).await.expect("a WebSocket");
                Self::Ws(Box::new(socket))
            }
            _ => Self::Tcp(stream),
        }
    }

    /// Sends bytes, over a WebSocket in one binary message.
    pub(crate) async fn send(&mut self, bytes: impl Into<Bytes>) {
        match self {
            Self::Tcp(stream) => soon("room to write", stream.write_all(&bytes.into()))
                .await
                .expect("a connection"),
            Self::Ws(socket) => {
                let sending = socket.send(WebSocketMessage::Binary(bytes.into()));
                soon("room to write", sending).await.expect("a connection");
            }
        }
    }

    /// Ends the connection, over a WebSocket too without a word.
    pub(crate) async fn hang_up(mut self) {
        let stream = match &mut self {
            Self::Tcp(stream) => stream,
            Self::Ws(socket) => socket.get_mut(),
        };
        stream.shutdown().await.expect("a connection");
        // A socket that is dropped with bytes unread resets the connection, which would be another end.
        self.end().await;
    }

    /// Reads until the node ends the connection; returns the code with which it closed a WebSocket.
    pub(crate) async fn end(self) -> Option<u16> {
        match self {
            Self::Tcp(mut stream) => {
                let mut rest = Vec::new();
                soon("the end of a connection", stream.read_to_end(&mut rest))
                    .await
                    .expect("an orderly end");
                None
            }
            Self::Ws(mut socket) => {
                let mut code = None;
                while let Some(Ok(message)) = soon("the end of a WebSocket", socket.next()).await {
                    if let WebSocketMessage::Close(Some(close)) = message {
                        code = Some(close.code.into());
                    }
                }
                code
            }
        }
    }
}

/// The seconds since 1970.
fn now() -> WallSeconds {
    let elapsed = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("a time after 1970");
    WallSeconds(elapsed.as_secs())
}

/// A message of this moment, to be changed and encoded.
pub(crate) fn draft(kind: Kind, sender: &NodeId) -> Draft<'_> {
    Draft::new(kind, sender, now())
}

/// The payload of a handshake of a node without address.
pub(crate) fn handshake(sender: &NodeId, scheme: Scheme, subnet: &str) -> Vec<Value> {
    let protocol = scheme.protocol(subnet).as_str().as_bytes().to_vec();
    let handshake = Handshake {
        node: sender.clone(),
        form: IdForm::Bytes,
        protocol,
        endpoint: None,
        compression: Vec::new(),
    };
    Signal::Handshake(handshake).payload()
}

/// The frame of a whisper.
pub(crate) fn whisper(sender: &NodeId, payload: &[Value], trailer: Trailer) -> Bytes {
    draft(Kind::Whisper, sender)
        .trailer(trailer)
        .encode(payload)
        .frame()
        .into_bytes()
}

/// A broadcast of one text.
pub(crate) fn broadcast(sender: &NodeId, text: &str) -> Message {
    draft(Kind::Broadcast, sender).encode(&[0_u64.into(), text.into()])
}

/// The frame of these packed bytes, whose checksum holds.
pub(crate) fn frame_of(packed: &[u8]) -> Bytes {
    let id = MessageId::of(packed).0;
    let length = u32::try_from(id.len() + packed.len()).expect("a short body");
    [&length.to_be_bytes()[..], &id, packed].concat().into()
}
