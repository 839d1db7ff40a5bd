//! js2p 0.7.870 from npm, unmodified, as a peer over TCP and over WebSockets.
#![cfg(not(target_arch = "wasm32"))]

mod support {
    #![allow(dead_code, reason = "other tests use more of it")]
    pub(crate) mod door;
    pub(crate) mod js2p;
    pub(crate) mod node;
    pub(crate) mod tap;
    pub(crate) mod told;
}

use std::collections::BTreeMap;

use rs2p::mesh::CloseReason;
use rs2p::wire::Kind;
use rs2p::{Address, Builder, Event, Failure, MeshError, MeshSocket, NodeId, Scheme, Value};
use serde_json::json;
use support::door::Door;
use support::js2p::Js2p;
use support::node::{Node, soon, text};
use support::tap::Tap;
use support::told::Heard;

const SUBNET: &str = "family";
/// The transports on which js2p speaks with us.
const BOTH: [Scheme; 2] = [Scheme::Tcp, Scheme::Ws];
/// Messages from each node in the tests that count.
const EACH: usize = 200;

fn node() -> Builder {
    MeshSocket::builder(SUBNET).hearsay(rs2p::Hearsay::Any)
}

/// A node of ours that listens on both transports.
fn relay() -> Builder {
    BOTH.iter().fold(node(), |builder, scheme| {
        builder.listen(format!("{scheme}://127.0.0.1:0"))
    })
}

/// A node of ours and a js2p that has dialled it.
async fn dialled_by_js2p(scheme: Scheme) -> (Node, Js2p) {
    let mut ours = Node::start(relay()).await;
    let mut theirs = Js2p::start(SUBNET, scheme).await;
    theirs.connect(&ours.address(scheme)).await;
    are_linked(&mut ours, &mut theirs).await;
    (ours, theirs)
}

/// A node of ours that has dialled a js2p.
async fn dialled_by_us(scheme: Scheme) -> (Node, Js2p) {
    let mut theirs = Js2p::start(SUBNET, scheme).await;
    let mut ours = Node::start(relay().peer(theirs.address().to_string())).await;
    are_linked(&mut ours, &mut theirs).await;
    (ours, theirs)
}

/// Waits until each is the other's only peer.
async fn are_linked(ours: &mut Node, theirs: &mut Js2p) {
    ours.has_peers(&[theirs.id()]).await;
    assert_eq!(theirs.has_peers(1).await, [ours.id().clone()]);
}

/// A link of every kind, one after the other: on which transport and who dialled.
async fn on_every_link(test: impl AsyncFn(Node, Js2p)) {
    for scheme in BOTH {
        let (ours, theirs) = dialled_by_js2p(scheme).await;
        test(ours, theirs).await;
        let (ours, theirs) = dialled_by_us(scheme).await;
        test(ours, theirs).await;
    }
}

/// What one node says in a test that counts.
fn texts() -> Vec<String> {
    (0..EACH)
        .map(|number| format!("message {number}"))
        .collect()
}

/// Sends [`texts`].
async fn talk(node: &Node) {
    for text in texts() {
        node.say(&text).await;
    }
}

/// What a node hears, by who said it.
type Texts = BTreeMap<NodeId, Vec<String>>;

/// That each of these said [`texts`], in order and once.
fn said_by<const N: usize>(ids: [&NodeId; N]) -> Texts {
    ids.map(|id| (id.clone(), texts())).into()
}

/// The next `count` messages of a node of ours.
async fn hear(node: &Node, count: usize) -> Texts {
    let mut heard = Texts::new();
    for _ in 0..count {
        let message = node.hears().await;
        let from = heard.entry(message.sender().clone()).or_default();
        from.push(text(&message));
    }
    heard
}

/// The next `count` messages of a js2p.
async fn hear_there(node: &mut Js2p, count: usize) -> Texts {
    let mut heard = Texts::new();
    for _ in 0..count {
        let message = node.hears().await;
        let text = message.text().to_owned();
        heard.entry(message.sender).or_default().push(text);
    }
    heard
}

/// What each of two peers hears next is what is said last, and nothing has gone wrong.
async fn nothing_else_was_heard(ours: Node, mut theirs: Js2p) {
    ours.say("the end").await;
    assert_eq!(theirs.hears().await.text(), "the end");
    theirs.send(json!(["the end"])).await;
    assert_eq!(ours.hears_text().await, "the end");
    assert_eq!(theirs.complaints().await, json!([]));
    theirs.close().await;
    let rest = ours.close().await;
    assert!(rest.is_empty(), "heard besides: {rest:?}");
}

#[tokio::test]
async fn it_dials_us_and_each_hears_the_other() {
    for scheme in BOTH {
        let (ours, mut theirs) = dialled_by_js2p(scheme).await;
        assert_eq!(ours.socket.incoming(), [theirs.id().clone()]);
        is_known_for_what_it_is(&ours, &theirs, scheme);
        greet(&ours, &mut theirs, "hello").await;
        nothing_else_was_heard(ours, theirs).await;
    }
}

#[tokio::test]
async fn we_dial_it_and_each_hears_the_other() {
    for scheme in BOTH {
        let (ours, mut theirs) = dialled_by_us(scheme).await;
        assert_eq!(ours.socket.outgoing(), [theirs.id().clone()]);
        is_known_for_what_it_is(&ours, &theirs, scheme);
        greet(&ours, &mut theirs, "hello").await;
        nothing_else_was_heard(ours, theirs).await;
    }
}

fn is_known_for_what_it_is(ours: &Node, theirs: &Js2p, scheme: Scheme) {
    let peer = ours.socket.peers().pop().expect("a peer");
    assert!(!peer.capable, "it knows nothing of capabilities");
    let port = peer.endpoint.map(|endpoint| endpoint.port);
    assert_eq!((peer.scheme, port), (scheme, Some(theirs.port())));
}

/// Each says the text to the other.
async fn greet(ours: &Node, theirs: &mut Js2p, text: &str) {
    ours.say(text).await;
    let heard = theirs.hears().await;
    assert_eq!(
        (&heard.sender, heard.text(), heard.is_whisper),
        (ours.id(), text, false)
    );
    theirs.send(json!([text])).await;
    let heard = ours.hears().await;
    assert_eq!(
        (heard.sender(), heard.via(), heard.is_whisper()),
        (theirs.id(), theirs.id(), false)
    );
    assert_eq!(support::node::text(&heard), text);
    assert_eq!(theirs.complaints().await, json!([]));
}

#[tokio::test]
async fn every_kind_of_value_arrives_as_it_was_sent() {
    let values = [
        Value::Nil,
        true.into(),
        Value::Int(-(1 << 31)),
        Value::UInt((1 << 31) - 1),
        Value::F64(0.1),
        "text \u{1f980}".into(),
        b"bytes\xff".into(),
        Value::Array(vec![1_u64.into(), Value::Array(Vec::new())]),
        Value::Map(vec![("key".into(), "value".into())]),
    ];
    let in_javascript = json!([null, true, -(1_i64 << 31), (1_u64 << 31) - 1, 0.1, "text \u{1f980}", { "bytes": "6279746573ff" }, [1, []], { "key": "value" }]);
    on_every_link(async |ours, mut theirs| {
        ours.socket.send_values(&values).await.expect("a peer");
        assert_eq!(theirs.hears().await.packets, in_javascript);
        theirs.send(in_javascript.clone()).await;
        assert_eq!(ours.hears().await.packets(), values);
        nothing_else_was_heard(ours, theirs).await;
    })
    .await;
}

#[tokio::test]
async fn whole_numbers_are_exact_as_far_as_javascript_is() {
    const LAST: u64 = (1 << 53) - 1;
    on_every_link(async |ours, mut theirs| {
        let numbers = [LAST.into(), Value::Int(-(1 << 53) + 1)];
        ours.socket.send_values(&numbers).await.expect("a peer");
        let heard = theirs.hears().await;
        assert_eq!(heard.packets, json!([LAST, -(1_i64 << 53) + 1]));
        // js2p writes what has more than 32 bits as a float.
        theirs.send(heard.packets).await;
        let packets = ours.hears().await.packets();
        assert_eq!(packets, [LAST as f64, -(LAST as f64)].map(Value::F64));
        nothing_else_was_heard(ours, theirs).await;
    })
    .await;
}

#[tokio::test]
async fn hundreds_of_messages_each_way_arrive_once() {
    on_every_link(async |ours, mut theirs| {
        theirs.echo("echo of ").await;
        let ((), here, there) = tokio::join!(
            talk(&ours),
            hear(&ours, EACH),
            hear_there(&mut theirs, EACH)
        );
        let echoes = texts()
            .iter()
            .map(|text| format!("echo of {text}"))
            .collect();
        assert_eq!(here, BTreeMap::from([(theirs.id().clone(), echoes)]));
        assert_eq!(there, said_by([ours.id()]));
        theirs.echo("").await;
        nothing_else_was_heard(ours, theirs).await;
    })
    .await;
}

#[tokio::test]
async fn one_of_ours_joins_those_on_tcp_and_those_on_websockets() {
    let mut ours = Node::start(relay()).await;
    let mut nodes = Vec::new();
    for scheme in BOTH {
        let mut theirs = Js2p::start(SUBNET, scheme).await;
        theirs.connect(&ours.address(scheme)).await;
        theirs.has_peers(1).await;
        nodes.push(theirs);
    }
    let [tcp, ws] = &mut nodes[..] else {
        panic!("two nodes");
    };
    ours.has_peers(&[tcp.id(), ws.id()]).await;
    tcp.send_many(&texts()).await;
    assert_eq!(hear_there(ws, EACH).await, said_by([tcp.id()]));
    ws.send_many(&texts()).await;
    assert_eq!(hear_there(tcp, EACH).await, said_by([ws.id()]));
    assert_eq!(hear(&ours, 2 * EACH).await, said_by([tcp.id(), ws.id()]));
    for theirs in &mut nodes {
        assert_eq!(theirs.complaints().await, json!([]));
    }
}

#[tokio::test]
async fn whispers_are_replied_to_both_ways() {
    on_every_link(async |ours, mut theirs| {
        theirs.whisper(ours.id(), json!(["are you there?"])).await;
        let question = ours.hears().await;
        assert!(question.is_whisper() && question.sender() == theirs.id());
        assert_eq!(text(&question), "are you there?");
        soon("a reply on its way", question.reply("here I am"))
            .await
            .expect("a neighbour");
        let answer = theirs.hears().await;
        is_from(&answer, &ours, "here I am", true);
        theirs.reply(&answer, json!(["so am I"])).await;
        let last = ours.hears().await;
        assert!(last.is_whisper());
        assert_eq!(text(&last), "so am I");
        nothing_else_was_heard(ours, theirs).await;
    })
    .await;
}

#[tokio::test]
async fn broadcasts_are_replied_to_both_ways() {
    on_every_link(async |ours, mut theirs| {
        ours.say("who is there?").await;
        let question = theirs.hears().await;
        is_from(&question, &ours, "who is there?", false);
        theirs.reply(&question, json!(["js2p"])).await;
        let answer = ours.hears().await;
        assert!(answer.is_whisper() && answer.sender() == theirs.id());
        assert_eq!(text(&answer), "js2p");
        theirs.send(json!(["and who are you?"])).await;
        let question = ours.hears().await;
        assert!(!question.is_whisper());
        soon("a reply on its way", question.reply("rs2p"))
            .await
            .expect("a neighbour");
        is_from(&theirs.hears().await, &ours, "rs2p", true);
        nothing_else_was_heard(ours, theirs).await;
    })
    .await;
}

fn is_from(heard: &Heard, node: &Node, text: &str, is_whisper: bool) {
    assert_eq!(
        (&heard.sender, heard.text(), heard.is_whisper),
        (node.id(), text, is_whisper)
    );
}

#[tokio::test]
async fn a_node_behind_the_relay_is_replied_to_and_replies() {
    for scheme in BOTH {
        let (mut relay, mut theirs) = dialled_by_js2p(scheme).await;
        let address = relay.address(Scheme::Ws).to_string();
        let mut far = Node::start(node().peer(address)).await;
        relay.has_peers(&[far.id(), theirs.id()]).await;
        far.has_peers(&[relay.id()]).await;
        theirs.send(json!(["who is there?"])).await;
        let question = far.hears().await;
        soon(
            "a reply on its way",
            question.reply("one who cannot be dialled"),
        )
        .await
        .expect("the way on which it was heard");
        let answer = theirs.hears().await;
        is_from(&answer, &far, "one who cannot be dialled", true);
        theirs
            .reply(&answer, json!(["hello, whoever you are"]))
            .await;
        let last = far.hears().await;
        assert!(last.is_whisper() && last.sender() == theirs.id());
        assert_eq!(text(&last), "hello, whoever you are");
        assert_eq!(theirs.complaints().await, json!([]));
        assert_eq!(relay.hears_text().await, "who is there?");
        assert!(relay.close().await.is_empty(), "a whisper is for one node");
    }
}

#[tokio::test]
async fn a_js2p_that_joins_where_many_are_keeps_its_link() {
    for scheme in BOTH {
        let mut relay = Node::start(relay()).await;
        let mut others = Vec::new();
        for host in ["127.0.0.2", "127.0.0.3", "127.0.0.4"] {
            let other = node().listen(format!("{scheme}://{host}:0"));
            let relay = relay.address(scheme).to_string();
            others.push(Node::start(other.peer(relay)).await);
        }
        let ids: Vec<_> = others.iter().map(|other| other.id().clone()).collect();
        relay.has_peers(&ids.iter().collect::<Vec<_>>()).await;
        let mut theirs = Js2p::start(SUBNET, scheme).await;
        theirs.connect(&relay.address(scheme)).await;
        let all: Vec<_> = ids.iter().chain([theirs.id()]).collect();
        relay.has_peers(&all).await;
        for text in ["one", "two", "three"] {
            relay.say(text).await;
            assert_eq!(theirs.hears().await.text(), text);
            theirs.send(json!([text])).await;
            assert_eq!(relay.hears_text().await, text);
        }
        assert_eq!(theirs.complaints().await, json!([]), "{scheme}");
    }
}

#[tokio::test]
async fn another_subnet_is_refused_and_told() {
    for scheme in BOTH {
        let mut ours = Node::start(relay()).await;
        let mut stranger = Js2p::start("another family", scheme).await;
        let refusal = soon("a refusal", ours.socket.connect(&stranger.address())).await;
        let explained = match &refusal {
            Err(MeshError::Failure(Failure::WrongSubnet { subnet })) => subnet == SUBNET,
            Err(MeshError::Failure(Failure::Refused(reason))) => reason.contains("subnet"),
            _ => false,
        };
        assert!(explained, "{scheme}: {refusal:?}");
        stranger.connect(&ours.address(scheme)).await;
        ours.happens("a refusal", wrong_subnet).await;
        stranger.has_peers(0).await;
        assert_eq!(ours.socket.peers(), []);
    }
}

fn wrong_subnet(event: Event) -> Option<()> {
    matches!(
        event,
        Event::LinkClosed {
            reason: CloseReason::WrongSubnet { .. },
            ..
        }
    )
    .then_some(())
}

#[tokio::test]
async fn ten_equal_messages_are_ten_also_behind_a_js2p() {
    for scheme in BOTH {
        // The far one is reached over the near one alone.
        let mut far = Js2p::start(SUBNET, scheme).await;
        let mut near = Js2p::start(SUBNET, scheme).await;
        near.connect(&far.address()).await;
        near.has_peers(1).await;
        let alone = |config: &mut rs2p::Config| config.outgoing = 1;
        let near_address = near.address().to_string();
        let mut ours = Node::start(relay().configure(alone).peer(near_address)).await;
        ours.has_peers(&[near.id()]).await;
        near.has_peers(2).await;
        let mut ids = std::collections::BTreeSet::new();
        for _ in 0..10 {
            let sent = ours.socket.send("again").await.expect("a peer");
            ids.insert(sent.id.to_string());
        }
        assert_eq!(ids.len(), 10);
        ours.say("the end").await;
        let mut wanted = vec!["again"; 10];
        wanted.push("the end");
        for theirs in [&mut near, &mut far] {
            let heard = hear_there(theirs, wanted.len()).await;
            assert_eq!(heard[ours.id()], wanted, "{scheme}");
            assert_eq!(theirs.complaints().await, json!([]));
        }
    }
}

#[tokio::test]
async fn it_is_never_sent_a_renegotiation() {
    let mut theirs = Js2p::start(SUBNET, Scheme::Tcp).await;
    let tap = Tap::of(theirs.address()).await;
    let mut ours = Node::start(node().peer(tap.address().to_string())).await;
    are_linked(&mut ours, &mut theirs).await;
    greet(&ours, &mut theirs, "hello").await;
    // Lists of compressions, and a wish to hear the last message again.
    for packets in [json!([1, []]), json!([1, [0x13]]), json!([9])] {
        theirs.renegotiate(packets).await;
    }
    greet(&ours, &mut theirs, "still there").await;
    assert_eq!(theirs.has_peers(1).await, [ours.id().clone()]);
    let said = tap.messages();
    assert!(said.len() > 3, "{said:?}");
    assert!(
        said.iter().all(|said| said.kind() != Kind::Renegotiate),
        "{said:?}"
    );
    nothing_else_was_heard(ours, theirs).await;
}

#[tokio::test]
async fn a_link_that_js2p_drops_is_made_again_and_nothing_is_lost() {
    on_every_link(async |mut ours, mut theirs| {
        for round in 0..3 {
            greet(&ours, &mut theirs, &format!("hello {round}")).await;
            theirs.drop_links().await;
            // These go over a link that ends, or wait for the next; js2p knows its own messages.
            ours.happens("a peer that goes", peer_down).await;
            are_linked(&mut ours, &mut theirs).await;
        }
        nothing_else_was_heard(ours, theirs).await;
    })
    .await;
}

fn peer_down(event: Event) -> Option<()> {
    matches!(event, Event::PeerDown { .. }).then_some(())
}

/// A node of ours, another for it to speak to meanwhile, and a door to a js2p.
struct Absence {
    scheme: Scheme,
    door: Door,
    ours: Node,
    other: Node,
}

impl Absence {
    /// All are linked, and ours has said "before".
    async fn before(scheme: Scheme) -> (Self, Js2p) {
        let mut theirs = Js2p::start(SUBNET, scheme).await;
        let door = Door::to(theirs.address()).await;
        let mut ours = Node::start(relay().peer(door.address().to_string())).await;
        let mut other = Node::start(node().peer(ours.address(Scheme::Ws).to_string())).await;
        other.has_peers(&[ours.id()]).await;
        ours.has_peers(&[other.id(), theirs.id()]).await;
        theirs.has_peers(1).await;
        ours.say("before").await;
        assert_eq!(theirs.hears().await.text(), "before");
        let absence = Self {
            scheme,
            door,
            ours,
            other,
        };
        (absence, theirs)
    }

    /// From now on nobody is behind the door.
    fn shuts_the_door(&self) {
        let nobody = Address::new(self.scheme, "127.0.0.1", 1);
        self.door.lead_to(nobody.expect("an address"));
    }

    /// The js2p is gone; ours says "meanwhile".
    async fn meanwhile(&mut self) {
        self.ours.has_peers(&[self.other.id()]).await;
        self.ours.say("meanwhile").await;
    }

    /// The js2p behind the door is back, and hears this, and no more.
    async fn after(mut self, mut theirs: Js2p, heard: &[&str]) {
        self.door.lead_to(theirs.address());
        let (ours, other) = (&mut self.ours, &self.other);
        ours.has_peers(&[other.id(), theirs.id()]).await;
        ours.say("after").await;
        let texts = hear_there(&mut theirs, heard.len()).await;
        assert_eq!(texts[ours.id()], heard, "{}", self.scheme);
        for text in ["before", "meanwhile", "after"] {
            assert_eq!(other.hears_text().await, text);
        }
        nothing_else_was_heard(self.ours, theirs).await;
    }
}

#[tokio::test]
async fn what_was_said_while_it_was_away_is_heard_once_when_it_is_back() {
    for scheme in BOTH {
        let (mut absence, mut theirs) = Absence::before(scheme).await;
        absence.shuts_the_door();
        theirs.drop_links().await;
        absence.meanwhile().await;
        absence.after(theirs, &["meanwhile", "after"]).await;
    }
}

#[tokio::test]
async fn one_that_starts_anew_is_told_what_was_said_meanwhile() {
    for scheme in BOTH {
        let (mut absence, theirs) = Absence::before(scheme).await;
        drop(theirs);
        absence.meanwhile().await;
        let theirs = Js2p::start(SUBNET, scheme).await;
        absence.after(theirs, &["meanwhile", "after"]).await;
    }
}
