//! The delivery contract of docs/DELIVERY.md, a test for each cell: what becomes of a broadcast, a whisper and a request while
//! all are connected, while one end is without a link, and while the mesh is in two parts.
#![cfg(not(target_arch = "wasm32"))]

#[path = "support/node.rs"]
#[allow(dead_code, reason = "other tests use more of it")]
mod node;

use std::time::Duration;

use node::soon;
use rs2p::testing::Relay;
use rs2p::{MeshError, MeshSocket, Message, NodeId, SendOptions};

type Outcome = Result<(), MeshError>;

/// Longer than an answer takes on one machine, and what a test loses where none comes.
const PATIENCE: Duration = Duration::from_secs(2);

async fn node_at(relay: &Relay) -> Result<MeshSocket, MeshError> {
    let node = relay.node().spawn().await?;
    soon("a relay", node.joined()).await?;
    Ok(node)
}

/// Two relays, linked, and a node at each.
struct TwoParts {
    relays: [Relay; 2],
    near: MeshSocket,
    far: MeshSocket,
}

impl TwoParts {
    async fn joined() -> Result<Self, MeshError> {
        let relays = [Relay::start().await?, Relay::start().await?];
        let (near, far) = (node_at(&relays[0]).await?, node_at(&relays[1]).await?);
        let parts = Self { relays, near, far };
        parts.link().await?;
        Ok(parts)
    }

    fn relay(&self, number: usize) -> &MeshSocket {
        self.relays[number].socket().expect("a relay that runs")
    }

    async fn link(&self) -> Outcome {
        let to = self.relays[1].tcp();
        soon("the other relay", self.relay(0).connect(to)).await
    }

    async fn cut(&self) -> Outcome {
        self.relay(0).disconnect(self.relays[1].id()).await?;
        soon("the cut at both ends", async {
            while !self
                .relay(1)
                .peers()
                .iter()
                .all(|peer| &peer.node != self.relays[0].id())
            {
                tokio::task::yield_now().await;
            }
        })
        .await;
        Ok(())
    }
}

async fn heard(node: &MeshSocket) -> Message {
    soon("a message", node.recv()).await.expect("an open node")
}

async fn hears(node: &MeshSocket, text: &str) {
    assert_eq!(heard(node).await.decode::<String>().as_deref(), Ok(text));
}

/// Answers each question that comes with what was asked, for as long as the node lives.
fn answering(node: &MeshSocket) {
    let node = node.clone();
    tokio::spawn(async move {
        while let Some(question) = node.recv().await {
            if let Ok(text) = question.decode::<String>() {
                question.reply(&text).await.expect("a way back");
            }
        }
    });
}

async fn ask(asker: &MeshSocket, of: &NodeId) -> Result<String, MeshError> {
    let answer = soon("an end", asker.request(of, "?", PATIENCE)).await?;
    answer.decode()
}

mod connected {
    use super::*;

    #[tokio::test]
    async fn a_broadcast_reaches_every_other_node_once() -> Outcome {
        let parts = TwoParts::joined().await?;
        let sent = parts.near.send("one").await?;
        assert_eq!(sent.peers, 1);
        parts.near.send("two").await?;
        for node in [&parts.far, parts.relay(0), parts.relay(1)] {
            hears(node, "one").await;
            hears(node, "two").await;
            assert!(node.try_recv().is_none());
        }
        assert!(parts.near.try_recv().is_none());
        Ok(())
    }

    #[tokio::test]
    async fn a_whisper_reaches_its_node_alone() -> Outcome {
        let parts = TwoParts::joined().await?;
        soon("an end", parts.near.whisper(parts.far.id(), "psst")).await?;
        hears(&parts.far, "psst").await;
        assert!(parts.relay(0).try_recv().is_none() && parts.relay(1).try_recv().is_none());
        Ok(())
    }

    #[tokio::test]
    async fn a_request_ends_in_its_answer() -> Outcome {
        let parts = TwoParts::joined().await?;
        answering(&parts.far);
        assert_eq!(ask(&parts.near, parts.far.id()).await?, "?");
        Ok(())
    }
}

mod reconnecting {
    use super::*;

    /// A node whose relay is down.
    async fn alone() -> Result<(MeshSocket, Relay), MeshError> {
        let mut relay = Relay::start().await?;
        let node = node_at(&relay).await?;
        relay.kill().await;
        soon("the loss", async {
            while !node.peers().is_empty() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        Ok((node, relay))
    }

    #[tokio::test]
    async fn a_broadcast_is_refused_at_once_and_nothing_of_it_is_sent_later() -> Outcome {
        let (node, mut relay) = alone().await?;
        let refused = node.send("lost").await.expect_err("nobody is there");
        assert_eq!(refused.code(), "not-joined");
        relay.restart().await?;
        soon("the relay", node.joined()).await?;
        node.send("said").await?;
        hears(relay.socket().expect("a relay that runs"), "said").await;
        Ok(())
    }

    #[tokio::test]
    async fn a_broadcast_that_may_wait_goes_to_the_first_peer_that_comes() -> Outcome {
        let (node, mut relay) = alone().await?;
        let options = SendOptions::new().wait(Duration::from_secs(10));
        let (sent, restarted) = tokio::join!(node.send_with(&options, "patient"), relay.restart());
        restarted?;
        assert_eq!(sent?.peers, 1);
        hears(relay.socket().expect("a relay that runs"), "patient").await;
        Ok(())
    }

    #[tokio::test]
    async fn a_broadcast_reaches_who_was_away_for_less_than_a_minute() -> Outcome {
        let parts = TwoParts::joined().await?;
        let TwoParts {
            mut relays,
            near,
            far,
        } = parts;
        relays[1].kill().await;
        near.send("meanwhile").await?;
        relays[1].restart().await?;
        let link = relays[0].socket().expect("a relay that runs");
        soon("the other relay", link.connect(relays[1].tcp())).await?;
        soon("its relay", far.joined()).await?;
        hears(&far, "meanwhile").await;
        Ok(())
    }

    #[tokio::test]
    async fn a_whisper_is_refused_at_once() -> Outcome {
        let (node, relay) = alone().await?;
        let refused = node.whisper(relay.id(), "psst").await;
        assert_eq!(refused.expect_err("nobody is there").code(), "not-joined");
        Ok(())
    }

    #[tokio::test]
    async fn a_request_is_refused_at_once() -> Outcome {
        let (node, relay) = alone().await?;
        let refused = ask(&node, relay.id()).await;
        assert_eq!(refused.expect_err("nobody is there").code(), "not-joined");
        Ok(())
    }
}

mod partitioned {
    use super::*;

    #[tokio::test]
    async fn a_broadcast_reaches_the_other_part_when_the_parts_meet_again() -> Outcome {
        let parts = TwoParts::joined().await?;
        parts.cut().await?;
        parts.near.send("over here").await?;
        parts.far.send("over there").await?;
        hears(parts.relay(0), "over here").await;
        hears(parts.relay(1), "over there").await;
        assert!(parts.far.try_recv().is_none() && parts.near.try_recv().is_none());
        parts.link().await?;
        hears(&parts.far, "over here").await;
        hears(&parts.near, "over there").await;
        Ok(())
    }

    #[tokio::test]
    async fn a_whisper_ends_without_a_route() -> Outcome {
        let mut relays = [Relay::start().await?, Relay::start().await?];
        let quick = |relay: &Relay| {
            let node = relay.node();
            node.configure(|config| config.lookup_timeout = PATIENCE)
        };
        let (near, far) = (quick(&relays[0]).spawn().await?, node_at(&relays[1]).await?);
        soon("a relay", near.joined()).await?;
        relays[1].kill().await;
        let failed = soon("an end", near.whisper(far.id(), "psst")).await;
        assert_eq!(failed.expect_err("no way leads there").code(), "no-route");
        Ok(())
    }

    #[tokio::test]
    async fn a_request_ends_without_an_answer_when_its_time_is_over() -> Outcome {
        let parts = TwoParts::joined().await?;
        answering(&parts.far);
        parts.cut().await?;
        let failed = ask(&parts.near, parts.far.id()).await;
        assert_eq!(failed.expect_err("no way leads there").code(), "no-answer");
        Ok(())
    }
}
