//! The scenarios that py2p tells of itself, with one of its nodes replaced by ours: in every place, over TCP and in its SSL
//! mode, whoever dials.
#![cfg(not(target_arch = "wasm32"))]

mod support {
    #![allow(dead_code, reason = "other tests use more of it")]
    pub(crate) mod member;
    pub(crate) mod node;
    pub(crate) mod py2p;
    pub(crate) mod seconds;
    pub(crate) mod told;
}

use std::time::Duration;

use rs2p::mesh::CloseReason;
use rs2p::native::ServerIdentity;
use rs2p::{Builder, Event, Failure, MeshError, MeshSocket, NodeId, Scheme};
use support::member::{By, Member, Received, Whose, family};
use support::node::{Node, soon, text};
use support::py2p::Py2p;
use support::seconds;

const SUBNET: &str = "scenarios";
/// Who of two members is ours.
const PAIRS: [[Whose; 2]; 2] = [[Whose::Ours, Whose::Theirs], [Whose::Theirs, Whose::Ours]];
/// Who of three.
const TRIOS: [[Whose; 3]; 3] = [
    [Whose::Ours, Whose::Theirs, Whose::Theirs],
    [Whose::Theirs, Whose::Ours, Whose::Theirs],
    [Whose::Theirs, Whose::Theirs, Whose::Ours],
];
/// Who of two neighbours dials the other.
const DIALLERS: [Dialler; 2] = [Dialler::Former, Dialler::Latter];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialler {
    Former,
    Latter,
}

async fn link(scheme: Scheme, dialler: Dialler, former: &mut Member, latter: &mut Member) {
    match dialler {
        Dialler::Former => former.dials(&latter.address(scheme)).await,
        Dialler::Latter => latter.dials(&former.address(scheme)).await,
    }
    former.has_peers(&[latter.id()]).await;
    latter.has_peers(&[former.id()]).await;
}

/// Plays a scenario with two members, either of which is ours and either of which dials. A test that fails has printed the cast.
async fn for_each_pair(scheme: Scheme, scenario: impl AsyncFn([Member; 2])) {
    for whose in PAIRS {
        for dialler in DIALLERS {
            println!("{whose:?} over {scheme}, dialled by the {dialler:?}");
            let [former, latter] = whose.map(|whose| Member::start(whose, SUBNET, scheme));
            let (mut former, mut latter) = tokio::join!(former, latter);
            link(scheme, dialler, &mut former, &mut latter).await;
            scenario([former, latter]).await;
        }
    }
}

/// A message that one member sent and another received.
fn is_from(received: &Received, sender: &NodeId, text: &str, is_whisper: bool) {
    assert_eq!(
        (received.sender(), &*received.text(), received.is_whisper()),
        (sender, text, is_whisper)
    );
}

#[tokio::test]
async fn what_each_of_three_says_reaches_both_others() {
    propagation(Scheme::Tcp).await;
}

#[tokio::test]
async fn what_each_of_three_says_reaches_both_others_in_ssl_mode() {
    propagation(Scheme::Tls).await;
}

/// Three in a row, each told of the next; then those at the ends are told of each other, and all are neighbours.
async fn propagation(scheme: Scheme) {
    for whose in TRIOS {
        for dialler in DIALLERS {
            println!("{whose:?} over {scheme}, dialled by the {dialler:?}");
            let [first, middle, last] = whose.map(|whose| Member::start(whose, SUBNET, scheme));
            let (mut first, mut middle, mut last) = tokio::join!(first, middle, last);
            link(scheme, dialler, &mut first, &mut middle).await;
            match dialler {
                Dialler::Former => middle.dials(&last.address(scheme)).await,
                Dialler::Latter => last.dials(&middle.address(scheme)).await,
            }
            let mut trio = [first, middle, last];
            let ids = trio.each_ref().map(|member| member.id().clone());
            for (place, member) in trio.iter_mut().enumerate() {
                member.has_peers(&others(&ids, place)).await;
                assert_eq!(member.connected().await, 1, "once, with the first");
            }
            each_is_heard(&mut trio).await;
        }
    }
}

fn others(ids: &[NodeId; 3], place: usize) -> [&NodeId; 2] {
    [&ids[(place + 1) % 3], &ids[(place + 2) % 3]]
}

/// Each in turn, twice: what came more than once would be heard instead of what comes next.
async fn each_is_heard(members: &mut [Member]) {
    for round in 0..2 {
        for speaker in 0..members.len() {
            let (id, text) = (members[speaker].id().clone(), format!("{speaker} {round}"));
            seconds::have_left(Duration::from_millis(200)).await;
            members[speaker].says(&text).await;
            for hearer in (0..members.len()).filter(|&hearer| hearer != speaker) {
                is_from(&members[hearer].hears().await, &id, &text, false);
            }
        }
    }
    for member in members {
        member.is_content().await;
    }
}

/// The middle is all that the ends have: they are on two transports, or the one of ours cannot be dialled and dials nobody else.
#[tokio::test]
async fn what_each_of_three_in_a_line_says_reaches_both_others() {
    let both = |builder: Builder| {
        builder
            .listen("tcp://127.0.0.1:0")
            .listen("tls://127.0.0.1:0")
    };
    for dialler in DIALLERS {
        let mut first = Member::start(Whose::Theirs, SUBNET, Scheme::Tcp).await;
        let mut middle = Member::ours(both(
            MeshSocket::builder(SUBNET).hearsay(rs2p::Hearsay::Any),
        ))
        .await;
        let mut last = Member::start(Whose::Theirs, SUBNET, Scheme::Tls).await;
        link(Scheme::Tcp, dialler, &mut first, &mut middle).await;
        match dialler {
            Dialler::Former => middle.dials(&last.address(Scheme::Tls)).await,
            Dialler::Latter => last.dials(&middle.address(Scheme::Tls)).await,
        }
        middle.has_peers(&[first.id(), last.id()]).await;
        last.has_peers(&[middle.id()]).await;
        each_is_heard(&mut [first, middle, last]).await;
    }
}

#[tokio::test]
async fn one_of_ours_behind_a_py2p_hears_and_is_heard_beyond_it() {
    for scheme in [Scheme::Tcp, Scheme::Tls] {
        let [first, mut middle, last] = line_behind_py2p(scheme).await;
        middle.has_peers(&[first.id(), last.id()]).await;
        each_is_heard(&mut [first, middle, last]).await;
    }
}

/// One of ours that has one link, and two of theirs.
async fn line_behind_py2p(scheme: Scheme) -> [Member; 3] {
    let quiet = MeshSocket::builder(SUBNET)
        .hearsay(rs2p::Hearsay::Any)
        .configure(|config| config.outgoing = 0);
    let middle = Member::start(Whose::Theirs, SUBNET, scheme);
    let last = Member::start(Whose::Theirs, SUBNET, scheme);
    let (mut first, mut middle, mut last) = tokio::join!(Member::ours(quiet), middle, last);
    link(scheme, Dialler::Latter, &mut middle, &mut last).await;
    first.dials(&middle.address(scheme)).await;
    first.has_peers(&[middle.id()]).await;
    [first, middle, last]
}

#[tokio::test]
async fn another_subnet_is_refused() {
    refusal(Scheme::Tcp).await;
}

#[tokio::test]
async fn another_subnet_is_refused_in_ssl_mode() {
    refusal(Scheme::Tls).await;
}

async fn refusal(scheme: Scheme) {
    let listening = format!("{scheme}://127.0.0.1:0");
    let ours = MeshSocket::builder("test")
        .hearsay(rs2p::Hearsay::Any)
        .listen(listening);
    let (mut ours, mut theirs) = tokio::join!(family(ours), Py2p::start_on("test2", scheme));
    for dialler in [Whose::Ours, Whose::Theirs] {
        println!("over {scheme}, dialled by {dialler:?}");
        match dialler {
            Whose::Ours => {
                let refused = soon("a refusal", ours.socket.connect(&theirs.address())).await;
                let subnet = "test".to_owned();
                let expected = Failure::WrongSubnet { subnet };
                assert_eq!(refused, Err(MeshError::Failure(expected)));
            }
            Whose::Theirs => theirs.connect(&ours.address(scheme)).await,
        }
        // py2p says nothing of it; ours does.
        ours.happens("a refusal", wrong_subnet).await;
        assert_eq!(ours.socket.peers(), []);
        assert_eq!(theirs.has_peers(0).await, []);
        assert_eq!(theirs.connected().await, 0);
    }
    // It was the subnet that was wrong, and nothing else.
    theirs.start_again("test", None).await;
    theirs.connect(&ours.address(scheme)).await;
    ours.has_peers(&[theirs.id()]).await;
}

fn wrong_subnet(event: Event) -> Option<()> {
    let Event::LinkClosed { reason, .. } = event else {
        return None;
    };
    matches!(reason, CloseReason::WrongSubnet { .. }).then_some(())
}

#[tokio::test]
async fn what_a_handler_keeps_nobody_receives_and_what_it_leaves_is_received() {
    handlers(Scheme::Tcp).await;
}

#[tokio::test]
async fn what_a_handler_keeps_nobody_receives_in_ssl_mode() {
    handlers(Scheme::Tls).await;
}

/// The former handles, the latter asks: by both kinds of answers.
async fn handlers(scheme: Scheme) {
    for_each_pair(scheme, async |[mut handling, mut asking]| {
        for member in [&mut handling, &mut asking] {
            assert_eq!(member.connected().await, 1);
        }
        handling.handles("test", "success", By::Link).await;
        handling.handles("another test", "replied", By::Reply).await;
        for (question, answer) in [("test", "success"), ("another test", "replied")] {
            asking.says(question).await;
            is_from(&asking.hears().await, handling.id(), answer, true);
            // What it had not kept would be heard instead.
            let other = format!("not {question}");
            asking.says(&other).await;
            is_from(&handling.hears().await, asking.id(), &other, false);
        }
        // An answer to that would be heard instead.
        handling.says("the end").await;
        is_from(&asking.hears().await, handling.id(), "the end", false);
        for member in [&mut handling, &mut asking] {
            member.is_content().await;
        }
    })
    .await;
}

#[tokio::test]
async fn broadcasts_and_whispers_of_a_neighbour_are_replied_to() {
    replies(Scheme::Tcp).await;
}

#[tokio::test]
async fn broadcasts_and_whispers_of_a_neighbour_are_replied_to_in_ssl_mode() {
    replies(Scheme::Tls).await;
}

async fn replies(scheme: Scheme) {
    for_each_pair(scheme, async |[mut asking, mut replying]| {
        asking.says("to all").await;
        let broadcast = replying.hears().await;
        is_from(&broadcast, asking.id(), "to all", false);
        asking.whispers(replying.id(), "to you").await;
        let whisper = replying.hears().await;
        is_from(&whisper, asking.id(), "to you", true);
        for (question, answer) in [(&broadcast, "one"), (&whisper, "two")] {
            replying.replies(question, answer).await;
            let reply = asking.hears().await;
            is_from(&reply, replying.id(), answer, true);
            asking.replies(&reply, "thanks").await;
            is_from(&replying.hears().await, asking.id(), "thanks", true);
        }
        for member in [&mut asking, &mut replying] {
            member.is_content().await;
        }
    })
    .await;
}

#[tokio::test]
async fn ten_equal_messages_of_ours_are_ten_at_a_py2p_and_behind_it() {
    for scheme in [Scheme::Tcp, Scheme::Tls] {
        let mut line = line_behind_py2p(scheme).await;
        let speaker = line[0].id().clone();
        for _ in 0..10 {
            line[0].says("equal").await;
        }
        line[0].says("and another").await;
        for hearer in &mut line[1..] {
            for _ in 0..10 {
                is_from(&hearer.hears().await, &speaker, "equal", false);
            }
            is_from(&hearer.hears().await, &speaker, "and another", false);
            hearer.is_content().await;
        }
    }
}

#[tokio::test]
async fn ten_equal_messages_of_ours_are_ten_whoever_dialled() {
    for scheme in [Scheme::Tcp, Scheme::Tls] {
        for_each_pair(scheme, async |[former, latter]| {
            let (mut ours, mut theirs) = match former {
                Member::Ours { .. } => (former, latter),
                Member::Theirs(_) => (latter, former),
            };
            for _ in 0..10 {
                ours.says("equal").await;
            }
            for _ in 0..10 {
                ours.whispers(theirs.id(), "equal").await;
            }
            for is_whisper in [[false; 10], [true; 10]].concat() {
                is_from(&theirs.hears().await, ours.id(), "equal", is_whisper);
            }
            theirs.is_content().await;
        })
        .await;
    }
}

/// As browser tabs are: they cannot be dialled, and are two links away.
#[tokio::test]
async fn a_py2p_replies_to_each_of_two_tabs_behind_the_relay() {
    for scheme in [Scheme::Tcp, Scheme::Tls] {
        for dialler in DIALLERS {
            println!("over {scheme}, dialled by the {dialler:?}");
            let relay = MeshSocket::builder(SUBNET)
                .hearsay(rs2p::Hearsay::Any)
                .listen("ws://127.0.0.1:0")
                .listen(format!("{scheme}://127.0.0.1:0"));
            let theirs = Member::start(Whose::Theirs, SUBNET, scheme);
            let (mut relay, mut theirs) = tokio::join!(Member::ours(relay), theirs);
            link(scheme, dialler, &mut relay, &mut theirs).await;
            let at = relay.address(Scheme::Ws).to_string();
            let tab = || {
                Node::start(
                    MeshSocket::builder(SUBNET)
                        .hearsay(rs2p::Hearsay::Any)
                        .peer(&at),
                )
            };
            let mut tabs = <[Node; 2]>::from(tokio::join!(tab(), tab()));
            for tab in &mut tabs {
                tab.has_peers(&[relay.id()]).await;
            }
            relay
                .has_peers(&[theirs.id(), tabs[0].id(), tabs[1].id()])
                .await;
            each_tab_is_replied_to(&tabs, &mut theirs).await;
            for member in [&mut relay, &mut theirs] {
                member.is_content().await;
            }
        }
    }
}

/// Both tabs ask the same, at once; and again, when the relay knows them.
async fn each_tab_is_replied_to(tabs: &[Node; 2], theirs: &mut Member) {
    for round in 0..3 {
        let [one, other] = tabs
            .each_ref()
            .map(|tab| tab.socket.whisper(theirs.id(), "who am I?"));
        let asked = soon("whispers on their way", async { tokio::join!(one, other) }).await;
        assert_eq!(asked, (Ok(()), Ok(())));
        for _ in tabs {
            let question = theirs.hears().await;
            is_from(&question, question.sender(), "who am I?", true);
            let answer = format!("{round}: you are {}", question.sender());
            theirs.replies(&question, &answer).await;
        }
        for tab in tabs {
            let reply = tab.hears().await;
            let answer = format!("{round}: you are {}", tab.id());
            assert_eq!((reply.sender(), text(&reply)), (theirs.id(), answer));
            assert!(reply.is_whisper());
        }
    }
    for tab in tabs {
        assert!(tab.socket.try_recv().is_none(), "each gets only its own");
    }
}

#[tokio::test]
async fn a_port_that_a_py2p_holds_is_in_use_for_each_transport_of_ours() {
    let theirs = Py2p::start(SUBNET).await;
    let port = theirs.port();
    for scheme in [Scheme::Tcp, Scheme::Tls, Scheme::Ws, Scheme::Wss] {
        let ours = MeshSocket::builder(SUBNET)
            .hearsay(rs2p::Hearsay::Any)
            .listen(format!("{scheme}://127.0.0.1:{port}"));
        let identity = ServerIdentity::self_signed().expect("a certificate");
        let started = ours.spawn_with(|options| options.tls.identity = Some(identity));
        let error = started.await.expect_err("a port that is held");
        assert!(matches!(error, MeshError::Listen(_)), "{scheme}: {error:?}");
        assert_eq!(error.code(), "cannot-listen");
    }
}
