//! What a user would write in forty lines: tokio's broadcast channel and tokio-tungstenite.
//!
//! Usage: `forty_lines PORT`

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::{self, Sender, error::RecvError};
use tokio_tungstenite::{accept_async, tungstenite::Message};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok());
    let port: u16 = port.ok_or_else(|| std::io::Error::other("usage: forty_lines PORT"))?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let (sender, _) = broadcast::channel::<(u64, Message)>(1024);
    let mut id = 0;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        id += 1;
        tokio::spawn(client(stream, id, sender.clone()));
    }
}

async fn client(stream: TcpStream, id: u64, sender: Sender<(u64, Message)>) {
    let Ok(websocket) = accept_async(stream).await else {
        return;
    };
    let (mut sink, mut stream) = websocket.split();
    let mut receiver = sender.subscribe();
    let writer = tokio::spawn(async move {
        loop {
            match receiver.recv().await {
                Ok((from, message)) if from != id => {
                    if sink.send(message).await.is_err() {
                        return;
                    }
                }
                Ok(_) => {}
                Err(RecvError::Lagged(count)) => eprintln!("{count} messages lost"),
                Err(RecvError::Closed) => return,
            }
        }
    });
    while let Some(Ok(message)) = stream.next().await {
        if message.is_binary() || message.is_text() {
            // That nobody else is here is no fault.
            let _ = sender.send((id, message));
        }
    }
    writer.abort();
}
