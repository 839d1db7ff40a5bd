//! The relay for others' tests: killed and started again, it is the same to its nodes.
#![cfg(not(target_arch = "wasm32"))]

#[path = "support/node.rs"]
#[allow(dead_code)]
mod node;

use node::soon;
use rs2p::MeshError;
use rs2p::testing::Relay;

#[tokio::test]
async fn nodes_of_a_relay_hear_each_other() {
    let relay = Relay::start_in("kit").await.expect("free ports");
    let a = relay.node().spawn().await.expect("a node");
    let b = relay.node().spawn().await.expect("a node");
    soon("a joins", a.joined()).await.expect("a relay");
    soon("b joins", b.joined()).await.expect("a relay");

    a.send("hello").await.expect("a peer");
    let heard = soon("a message", b.recv()).await.expect("an open node");
    assert_eq!(heard.decode::<String>().as_deref(), Ok("hello"));
    assert_eq!(relay.socket().map(|relay| relay.peers().len()), Some(2));
}

#[tokio::test]
async fn a_relay_that_was_killed_comes_back_as_itself() -> Result<(), MeshError> {
    let mut relay = Relay::start().await?;
    let node = relay.node().spawn().await?;
    soon("a relay", node.joined()).await?;
    let mut events = Box::pin(node.events());

    relay.kill().await;
    assert!(relay.socket().is_none());
    soon("the loss", async {
        use futures::StreamExt;
        while let Some(event) = events.next().await {
            if matches!(event, rs2p::Event::Disconnected) {
                return;
            }
        }
        panic!("the node has ended");
    })
    .await;

    relay.restart().await?;
    soon("the relay again", node.joined()).await?;
    assert_eq!(&node.peers()[0].node, relay.id());
    Ok(())
}

#[tokio::test]
async fn a_relay_that_is_dropped_frees_its_ports() {
    let relay = Relay::start().await.expect("free ports");
    let (ws, task) = (relay.ws().clone(), relay.node().spawn().await);
    soon("a relay", task.expect("a node").joined())
        .await
        .expect("a relay");
    drop(relay);
    let again = rs2p::MeshSocket::builder("other").listen(ws.to_string());
    soon("the port", async {
        while again.clone().spawn().await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
