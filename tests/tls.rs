//! TLS links: whom a node trusts, what a relay shows, and py2p 0.7.878 and js2p 0.7.870 in their SSL mode.
#![cfg(not(target_arch = "wasm32"))]

mod support {
    #![allow(dead_code, reason = "other tests use more of it")]
    pub(crate) mod certificates;
    pub(crate) mod folder;
    pub(crate) mod hollow;
    pub(crate) mod js2p;
    pub(crate) mod node;
    pub(crate) mod py2p;
    pub(crate) mod raw;
    pub(crate) mod seconds;
    pub(crate) mod told;
}

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use rs2p::mesh::CloseReason;
use rs2p::native::{Authorities, Fingerprint, ServerIdentity, TransportOptions, Trust};
use rs2p::wire::{Kind, Trailer};
use rs2p::{Address, Builder, Event, Failure, MeshError, MeshSocket, NodeId, Scheme, Value};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use serde_json::json;
use support::certificates::{Authority, Issued};
use support::folder::Folder;
use support::js2p::Js2p;
use support::node::{Node, soon, text};
use support::py2p::Py2p;
use support::{hollow, raw, seconds};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

const SUBNET: &str = "family";
/// Versions of TLS that a peer speaks which is not made of this code.
type Versions = &'static [&'static SupportedProtocolVersion];
const EACH_VERSION: [Versions; 2] = [&[&TLS12], &[&TLS13]];
const ALL_VERSIONS: Versions = &[&TLS12, &TLS13];
/// Years in which a certificate is valid.
const NOW: [i32; 2] = [2000, 2500];
const ALL: [&str; 4] = [
    "tcp://127.0.0.1:0",
    "tls://127.0.0.1:0",
    "ws://127.0.0.1:0",
    "wss://127.0.0.1:0",
];

fn node() -> Builder {
    MeshSocket::builder(SUBNET).hearsay(rs2p::Hearsay::Any)
}

/// Starts a node with changes to its transport.
async fn with(builder: Builder, change: impl FnOnce(&mut TransportOptions)) -> Node {
    Node::of(builder.spawn_with(change).await.expect("a node"))
}

fn identity(issued: &Issued) -> ServerIdentity {
    ServerIdentity::from_pem(&issued.certificate, &issued.key).expect("a pair")
}

fn fingerprint(issued: &Issued) -> Fingerprint {
    identity(issued).fingerprint()
}

fn trusted(authority: &Authority) -> Authorities {
    Authorities::from_pem(&authority.own().certificate).expect("a certificate")
}

/// A relay on every kind of transport that shows a certificate.
async fn showing(identity: ServerIdentity) -> Node {
    let relay = ALL.iter().fold(node(), rs2p::Builder::listen);
    with(relay, |options| options.tls.identity = Some(identity)).await
}

/// A node that trusts.
async fn trusting(trust: Trust) -> Node {
    with(node(), |options| options.tls.trust = trust).await
}

/// A node with a certificate of its own, which trusts whoever answers: the family's SSL mode.
async fn family(builder: Builder) -> Node {
    let identity = ServerIdentity::self_signed().expect("a certificate");
    with(builder, |options| {
        options.tls.identity = Some(identity);
        options.tls.trust = Trust::DangerousVerifyNothing;
    })
    .await
}

/// What comes of a dial by a node that trusts: a link, or why there is none.
async fn dial(trust: &Trust, address: &Address) -> Result<(), String> {
    let node = trusting(trust.clone()).await;
    let outcome = soon("an outcome of a dial", node.socket.connect(address)).await;
    node.close().await;
    match outcome {
        Ok(()) => Ok(()),
        Err(MeshError::Failure(Failure::Unreachable(text) | Failure::Refused(text))) => Err(text),
        Err(other) => panic!("{other:?}"),
    }
}

/// That over TLS and over a WebSocket with TLS, those who trust so link with a server that shows this.
async fn is_taken(shown: &Issued, trusts: &[Trust]) {
    let relay = showing(identity(shown)).await;
    for scheme in [Scheme::Tls, Scheme::Wss] {
        for trust in trusts {
            let outcome = dial(trust, &relay.address(scheme)).await;
            assert_eq!(outcome, Ok(()), "{scheme} {trust:?}");
        }
    }
}

/// That over both, those who trust so link with no server that shows this, and are told the fingerprint and all of `told`.
async fn is_refused(shown: &Issued, trusts: &[Trust], told: &[&str]) {
    let relay = showing(identity(shown)).await;
    let fingerprint = format!("SHA-256 {}", fingerprint(shown));
    for scheme in [Scheme::Tls, Scheme::Wss] {
        for trust in trusts {
            let outcome = dial(trust, &relay.address(scheme)).await;
            let text = outcome.expect_err("somebody to distrust");
            for told in [&*fingerprint, "is not trusted as 127.0.0.1"]
                .iter()
                .chain(told)
            {
                assert!(text.contains(told), "{scheme} {trust:?}: {told} in {text}");
            }
        }
    }
    assert_eq!(relay.socket.peers(), []);
}

#[tokio::test]
async fn what_a_trusted_authority_has_signed_is_taken() {
    let authority = Authority::new("ours");
    let trusts = [
        Trust::Only(trusted(&authority)),
        Trust::SystemAnd(trusted(&authority)),
    ];
    is_taken(&authority.issue_for_loopback(), &trusts).await;
}

#[tokio::test]
async fn what_nobody_trusted_has_signed_is_refused() {
    let authority = Authority::new("ours");
    let trusts = [
        Trust::System,
        Trust::Only(trusted(&Authority::new("theirs"))),
        // Of the same name, with another key.
        Trust::SystemAnd(trusted(&Authority::new("ours"))),
    ];
    let told = ["--tls-ca", "Trust::Only", "--tls-pin", "Trust::Pinned"];
    is_refused(&authority.issue_for_loopback(), &trusts, &told).await;
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::new("ours");
    let trust = [Trust::Only(trusted(&authority))];
    let shown = authority.issue(&["relay.example", "10.0.0.1"], NOW);
    is_refused(&shown, &trust, &["relay.example", "dial it by that name"]).await;
    let nameless = authority.issue(&[], NOW);
    is_refused(&nameless, &trust, &["is for no name at all"]).await;
}

#[tokio::test]
async fn a_name_is_what_was_dialled() {
    let authority = Authority::new("ours");
    let relay = showing(identity(&authority.issue(&["localhost"], NOW))).await;
    let trust = Trust::Only(trusted(&authority));
    for scheme in [Scheme::Tls, Scheme::Wss] {
        let by_number = relay.address(scheme);
        let by_name = by_number
            .with_endpoint("localhost", by_number.port())
            .expect("an address");
        assert_eq!(dial(&trust, &by_name).await, Ok(()));
        assert!(dial(&trust, &by_number).await.is_err());
    }
}

#[tokio::test]
async fn a_certificate_out_of_its_time_is_refused() {
    let authority = Authority::new("ours");
    let trust = [Trust::Only(trusted(&authority))];
    let old = authority.issue(&["127.0.0.1"], [2000, 2001]);
    is_refused(&old, &trust, &["has expired", "clock"]).await;
    let new = authority.issue(&["127.0.0.1"], [2400, 2500]);
    is_refused(&new, &trust, &["is not valid yet", "clock"]).await;
}

#[tokio::test]
async fn an_authority_that_is_shown_as_a_server_is_refused_but_may_be_pinned() {
    let authority = Authority::new("a server");
    let shown = authority.own();

    is_refused(
        shown,
        &[Trust::Only(trusted(&authority))],
        &["an authority's own", "pin it"],
    )
    .await;
    is_taken(shown, &[Trust::Pinned(vec![fingerprint(shown)])]).await;
}

#[tokio::test]
async fn what_is_pinned_is_taken_whatever_it_says_and_nothing_else() {
    let authority = Authority::new("unknown");
    let shown = authority.issue(&["relay.example"], [2000, 2001]);
    let other = Fingerprint::of(b"another certificate");
    let pins = vec![other, fingerprint(&shown)];
    is_taken(&shown, &[Trust::Pinned(pins)]).await;
    // Though everything else about it would be right.
    let told = ["none of those that are pinned", "somebody else answers"];
    let good = authority.issue_for_loopback();
    is_refused(
        &good,
        &[Trust::Pinned(vec![other]), Trust::Pinned(vec![])],
        &told,
    )
    .await;
}

#[tokio::test]
async fn who_verifies_nothing_takes_everything() {
    let shown = Authority::new("unknown").issue(&["relay.example"], [2000, 2001]);
    is_taken(&shown, &[Trust::DangerousVerifyNothing]).await;
    is_taken(
        Authority::new("a server").own(),
        &[Trust::DangerousVerifyNothing],
    )
    .await;
}

#[tokio::test]
async fn tls_and_no_tls_at_one_address_are_called_so() {
    let relay = showing(ServerIdentity::self_signed().expect("a certificate")).await;
    let at = |dialled: &str, listening: Scheme| -> Address {
        let url = format!("{dialled}://{}", relay.address(listening).authority());
        url.parse().expect("an address")
    };
    let nothing = Trust::DangerousVerifyNothing;
    for (dialled, listening, told) in [
        (
            "tls",
            Scheme::Tcp,
            "speaks no TLS: is it a tcp:// or ws:// address?",
        ),
        (
            "wss",
            Scheme::Tcp,
            "speaks no TLS: is it a tcp:// or ws:// address?",
        ),
        ("tls", Scheme::Ws, "is it a tcp:// or ws:// address?"),
        ("wss", Scheme::Ws, "is it a tcp:// or ws:// address?"),
        (
            "ws",
            Scheme::Tls,
            "is it a tcp://, tls:// or wss:// address?",
        ),
        (
            "ws",
            Scheme::Wss,
            "is it a tcp://, tls:// or wss:// address?",
        ),
        ("wss", Scheme::Tls, "is it a tls:// address?"),
    ] {
        let text = dial(&nothing, &at(dialled, listening)).await;
        let text = text.expect_err("no link");
        assert!(text.contains(told), "{dialled} on {listening}: {text}");
    }
}

#[tokio::test]
async fn frames_as_long_as_they_may_be_go_both_ways() {
    let mut relay = family(ALL.iter().fold(node(), rs2p::Builder::listen)).await;
    for scheme in [Scheme::Tls, Scheme::Wss] {
        let mut near = family(node().peer(relay.address(scheme).to_string())).await;
        near.has_peers(&[relay.id()]).await;
        relay.has_peers(&[near.id()]).await;
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|at| ((at * 7) >> 3) as u8).collect();
        let value = Value::from(bytes);
        for _ in 0..3 {
            let values = [value.clone()];
            let (there, back) = tokio::join!(
                relay.socket.send_values(&values),
                near.socket.send_values(&values)
            );
            assert!(there.is_ok() && back.is_ok(), "{scheme}");
            for node in [&near, &relay] {
                assert!(node.hears().await.packets() == values, "{scheme}");
            }
        }
        near.close().await;
        relay.has_peers(&[]).await;
    }
}

#[tokio::test]
async fn a_new_certificate_is_shown_without_a_restart() {
    let authority = Authority::new("ours");
    let (old, new) = (
        authority.issue_for_loopback(),
        authority.issue_for_loopback(),
    );
    let folder = Folder::new();
    let certificate = folder.put("cert.pem", &old.certificate);
    let key = folder.put("key.pem", &old.key);
    let identity = ServerIdentity::from_files(certificate, key).expect("a pair");
    let relay = showing(identity.clone()).await;
    let linked = trusting(Trust::Pinned(vec![fingerprint(&old)])).await;
    let address = relay.address(Scheme::Wss);
    soon("a link", linked.socket.connect(&address))
        .await
        .expect("the old one");
    folder.put("cert.pem", &new.certificate);
    folder.put("key.pem", &new.key);
    // It looks at the files when somebody comes, once a second.
    let pinned = Trust::Pinned(vec![fingerprint(&new)]);
    soon("the new certificate", async {
        while dial(&pinned, &address).await.is_err() {}
    })
    .await;
    assert_eq!(identity.fingerprint(), fingerprint(&new));
    assert!(
        dial(&Trust::Pinned(vec![fingerprint(&old)]), &address)
            .await
            .is_err()
    );
    // Who was linked before stays so.
    linked.say("still here").await;
    assert_eq!(relay.hears_text().await, "still here");
}

/// A proxy that ends TLS in front of a listener, as web servers do.
struct Proxy {
    address: Address,
    _connections: JoinSet<()>,
}

impl Proxy {
    async fn before(node: Address, shown: &Issued, versions: Versions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("a bound socket").port();
        let acceptor = acceptor(shown, versions);
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, node) = (acceptor.clone(), node.clone());
                connections.spawn(async move {
                    let Ok(mut near) = acceptor.accept(stream).await else {
                        return;
                    };
                    let far = TcpStream::connect((node.host(), node.port())).await;
                    // How a connection ends is the nodes' affair.
                    let _ = copy_bidirectional(&mut near, &mut far.expect("a listener")).await;
                });
            }
        });
        let address = format!("wss://127.0.0.1:{port}").parse();
        Self {
            address: address.expect("an address"),
            _connections: connections,
        }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// An acceptor that does not ask whether certificate and key belong together.
fn acceptor(shown: &Issued, versions: Versions) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_slice(shown.certificate.as_bytes());
    let key = PrivateKeyDer::from_pem_slice(shown.key.as_bytes()).expect("PEM");
    let key = provider().key_provider.load_private_key(key);
    let pair = CertifiedKey::new(vec![certificate.expect("PEM")], key.expect("a key"));
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .expect("versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(pair)));
    Arc::new(config).into()
}

fn connector(authority: &Authority, versions: Versions) -> TlsConnector {
    connector_with(provider(), authority, versions)
}

fn connector_with(
    provider: Arc<CryptoProvider>,
    authority: &Authority,
    versions: Versions,
) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(authority.own().certificate.as_bytes());
    roots.add(root.expect("PEM")).expect("an authority");
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config).into()
}

#[tokio::test]
async fn a_proxy_that_ends_tls_may_stand_before_a_websocket_listener() {
    let authority = Authority::new("ours");
    let mut relay = Node::start(
        node()
            .listen("ws://127.0.0.1:0")
            .listen("tcp://127.0.0.1:0"),
    )
    .await;
    let proxy = Proxy::before(
        relay.address(Scheme::Ws),
        &authority.issue_for_loopback(),
        ALL_VERSIONS,
    )
    .await;
    let trust = Trust::Only(trusted(&authority));
    let change = |options: &mut TransportOptions| options.tls.trust = trust;
    let mut far = with(node().peer(proxy.address.to_string()), change).await;
    far.has_peers(&[relay.id()]).await;
    let mut near = Node::start(node().peer(relay.address(Scheme::Tcp).to_string())).await;
    near.has_peers(&[relay.id()]).await;
    relay.has_peers(&[far.id(), near.id()]).await;
    far.say("by wss").await;
    assert_eq!(near.hears_text().await, "by wss");
    near.say("by tcp").await;
    let heard = far.hears().await;
    assert_eq!(text(&heard), "by tcp");
    soon("a reply on its way", heard.reply("I heard you"))
        .await
        .expect("a way back");
    assert_eq!(near.hears_text().await, "I heard you");
}

#[tokio::test]
async fn one_relay_bridges_every_kind_of_transport() {
    let mut relay = family(ALL.iter().fold(node(), rs2p::Builder::listen)).await;
    let mut nodes = Vec::new();
    for scheme in [Scheme::Tcp, Scheme::Tls, Scheme::Ws, Scheme::Wss] {
        // Without further links, or they would find each other.
        let alone = node().configure(|config| config.outgoing = 0);
        let mut node = family(alone.peer(relay.address(scheme).to_string())).await;
        node.has_peers(&[relay.id()]).await;
        nodes.push(node);
    }
    let mut relatives = [
        Py2p::start(SUBNET).await,
        Py2p::start_on(SUBNET, Scheme::Tls).await,
    ];
    for (relative, scheme) in relatives.iter_mut().zip([Scheme::Tcp, Scheme::Tls]) {
        relative.connect(&relay.address(scheme)).await;
        relative.has_peers(1).await;
    }
    let ids = nodes.iter().map(|node| node.id().clone());
    let ids: Vec<NodeId> = ids
        .chain(relatives.iter().map(|one| one.id().clone()))
        .collect();
    relay.has_peers(&ids.iter().collect::<Vec<_>>()).await;
    for speaker in 0..nodes.len() + relatives.len() {
        let said = format!("from number {speaker}");
        match speaker.checked_sub(nodes.len()) {
            None => nodes[speaker].say(&said).await,
            Some(relative) => relatives[relative].send(json!([said])).await,
        }
        let told = (ids[speaker].clone(), said);
        for (_, node) in nodes.iter().enumerate().filter(|(at, _)| *at != speaker) {
            let heard = node.hears().await;
            assert_eq!((heard.sender().clone(), text(&heard)), told);
        }
        for (at, relative) in relatives.iter_mut().enumerate() {
            if at + nodes.len() != speaker {
                let heard = relative.hears().await;
                assert_eq!((heard.sender.clone(), heard.text().to_owned()), told);
            }
        }
        assert_eq!(relay.hears_text().await, told.1);
    }
    for relative in &mut relatives {
        assert_eq!(relative.complaints().await, json!([]));
    }
}

/// A node of ours and a py2p that has dialled it.
async fn dialled_by_py2p() -> (Node, Py2p) {
    let mut ours = family(node().listen("tls://127.0.0.1:0")).await;
    let mut theirs = Py2p::start_on(SUBNET, Scheme::Tls).await;
    theirs.connect(&ours.address(Scheme::Tls)).await;
    ours.has_peers(&[theirs.id()]).await;
    assert_eq!(theirs.has_peers(1).await, [ours.id().clone()]);
    (ours, theirs)
}

/// A node of ours that has dialled a py2p.
async fn dialled_by_us() -> (Node, Py2p) {
    let mut theirs = Py2p::start_on(SUBNET, Scheme::Tls).await;
    let mut ours = family(node().peer(theirs.address().to_string())).await;
    ours.has_peers(&[theirs.id()]).await;
    assert_eq!(theirs.has_peers(1).await, [ours.id().clone()]);
    (ours, theirs)
}

#[tokio::test]
async fn py2p_in_ssl_mode_links_both_ways_and_each_hears_the_other() {
    for (ours, mut theirs) in [dialled_by_py2p().await, dialled_by_us().await] {
        ours.say("hello").await;
        let heard = theirs.hears().await;
        assert_eq!((&heard.sender, heard.text()), (ours.id(), "hello"));
        theirs.send(json!(["hello"])).await;
        let heard = ours.hears().await;
        assert_eq!((heard.sender(), &*text(&heard)), (theirs.id(), "hello"));
        assert_eq!(theirs.complaints().await, json!([]));
        theirs.close().await;
        assert!(ours.close().await.is_empty());
    }
}

#[tokio::test]
async fn py2p_in_ssl_mode_is_replied_to_and_replies() {
    for (ours, mut theirs) in [dialled_by_py2p().await, dialled_by_us().await] {
        theirs.whisper(ours.id(), json!(["are you there?"])).await;
        let question = ours.hears().await;
        assert!(question.is_whisper() && question.sender() == theirs.id());
        soon("a reply on its way", question.reply("here I am"))
            .await
            .expect("a neighbour");
        let answer = theirs.hears().await;
        assert_eq!(
            (&answer.sender, answer.text(), answer.is_whisper),
            (ours.id(), "here I am", true)
        );
        theirs.reply(&answer, json!(["so am I"])).await;
        assert_eq!(ours.hears_text().await, "so am I");
        ours.say("to all").await;
        let broadcast = theirs.hears().await;
        theirs.reply(&broadcast, json!(["to you"])).await;
        let last = ours.hears().await;
        assert!(last.is_whisper());
        assert_eq!(text(&last), "to you");
        assert_eq!(theirs.complaints().await, json!([]));
    }
}

#[tokio::test]
async fn hundreds_of_messages_each_way_with_py2p_in_ssl_mode_arrive_once() {
    let texts: Vec<String> = (0..200).map(|number| format!("message {number}")).collect();
    for (ours, mut theirs) in [dialled_by_py2p().await, dialled_by_us().await] {
        theirs.echo("echo of ").await;
        for text in &texts {
            ours.say(text).await;
        }
        for text in &texts {
            assert_eq!(theirs.hears().await.text(), text);
            assert_eq!(ours.hears_text().await, format!("echo of {text}"));
        }
        assert_eq!(theirs.complaints().await, json!([]));
    }
}

#[tokio::test]
async fn what_is_passed_on_to_py2p_in_ssl_mode_at_once_does_not_wait_there() {
    let relay = node()
        .listen("tls://127.0.0.1:0")
        .listen("tcp://127.0.0.1:0");
    let mut relay = family(relay).await;
    let mut theirs = Py2p::start_on(SUBNET, Scheme::Tls).await;
    theirs.connect(&relay.address(Scheme::Tls)).await;
    let mut far = Node::start(node().peer(relay.address(Scheme::Tcp).to_string())).await;
    far.has_peers(&[relay.id()]).await;
    relay.has_peers(&[far.id(), theirs.id()]).await;
    // The relay reads several in one go, and writes them so.
    let texts: Vec<String> = (0..200).map(|number| format!("message {number}")).collect();
    join_all(texts.iter().map(|text| far.say(text))).await;
    for text in &texts {
        assert_eq!(theirs.hears().await.text(), text);
    }
    assert_eq!(theirs.complaints().await, json!([]));
}

#[tokio::test]
async fn long_messages_to_and_from_py2p_in_ssl_mode_arrive_whole() {
    for (ours, mut theirs) in [dialled_by_py2p().await, dialled_by_us().await] {
        // Of several records, and several reads of py2p.
        for length in [1_000, 1_024, 20_000, 200_000] {
            let long = "x".repeat(length);
            ours.say(&long).await;
            assert_eq!(theirs.hears().await.text(), long);
            theirs.send(json!([long])).await;
            assert_eq!(ours.hears_text().await, long);
        }
        assert_eq!(theirs.complaints().await, json!([]));
    }
}

#[tokio::test]
async fn py2p_in_ssl_mode_of_another_subnet_is_refused_and_told() {
    let mut ours = family(node().listen("tls://127.0.0.1:0")).await;
    let mut stranger = Py2p::start_on("another family", Scheme::Tls).await;
    let error = soon("a refusal", ours.socket.connect(&stranger.address())).await;
    let subnet = SUBNET.to_owned();
    assert_eq!(
        error,
        Err(MeshError::Failure(Failure::WrongSubnet { subnet }))
    );
    ours.happens("a refusal", wrong_subnet).await;
    stranger.connect(&ours.address(Scheme::Tls)).await;
    ours.happens("a refusal", wrong_subnet).await;
    stranger.has_peers(0).await;
    assert_eq!(ours.socket.peers(), []);
    // It was the subnet that was wrong, and nothing else.
    stranger.start_again(SUBNET, None).await;
    stranger.connect(&ours.address(Scheme::Tls)).await;
    ours.has_peers(&[stranger.id()]).await;
}

fn wrong_subnet(event: Event) -> Option<()> {
    let Event::LinkClosed { reason, .. } = event else {
        return None;
    };
    matches!(reason, CloseReason::WrongSubnet { .. }).then_some(())
}

#[tokio::test]
async fn py2p_in_ssl_mode_that_drops_its_link_is_linked_again() {
    for (mut ours, mut theirs) in [dialled_by_us().await, dialled_by_py2p().await] {
        theirs.drop_links().await;
        let down = |event| matches!(event, Event::PeerDown { .. }).then_some(());
        ours.happens("a peer that goes", down).await;
        ours.has_peers(&[theirs.id()]).await;
        theirs.has_peers(1).await;
        ours.say("again").await;
        assert_eq!(theirs.hears().await.text(), "again");
    }
}

#[tokio::test]
async fn two_py2p_in_ssl_mode_reach_each_other_through_one_of_ours() {
    let mut ours = family(node().listen("tls://127.0.0.1:0")).await;
    let mut pair = [
        Py2p::start_on(SUBNET, Scheme::Tls).await,
        Py2p::start_on(SUBNET, Scheme::Tls).await,
    ];
    for one in &mut pair {
        one.connect(&ours.address(Scheme::Tls)).await;
    }
    ours.has_peers(&[pair[0].id(), pair[1].id()]).await;
    for one in &mut pair {
        let peers = one.has_peers(2).await;
        assert!(BTreeSet::from_iter(&peers).contains(ours.id()));
    }
    for (from, to) in [(0, 1), (1, 0)] {
        let texts: Vec<String> = (0..50).map(|number| format!("{number}")).collect();
        seconds::have_left(Duration::from_millis(700)).await;
        for said in pair[from].send_many(&texts).await {
            assert_eq!(pair[to].hears().await.text(), said);
            assert_eq!(ours.hears_text().await, said);
        }
    }
}

#[tokio::test]
async fn a_page_comes_by_https_from_a_wss_listener() {
    let folder = Folder::new();
    folder.put("index.html", "<p>the page</p>");
    let authority = Authority::new("ours");
    let shown = identity(&authority.issue_for_loopback());
    let www = folder.path("");
    let relay = with(node().listen("wss://127.0.0.1:0"), |options| {
        options.www = Some(www);
        options.tls.identity = Some(shown);
    })
    .await;
    let at = relay.address(Scheme::Wss);
    for versions in EACH_VERSION {
        let answer = soon("a page", get(&at, connector(&authority, versions))).await;
        assert!(
            answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("<p>the page</p>"),
            "{versions:?}: {answer}"
        );
    }
}

/// A peer by hand, over TLS that can say nothing at length, and its id.
async fn hollow_peer(relay: &mut Node, authority: &Authority) -> (TlsStream<TcpStream>, NodeId) {
    let at = relay.address(Scheme::Tls);
    let connector = connector_with(hollow::provider(), authority, EACH_VERSION[1]);
    let socket = TcpStream::connect((at.host(), at.port())).await;
    let name = ServerName::try_from("localhost").expect("a name");
    let session = connector.connect(name, socket.expect("a listener")).await;
    let mut session = session.expect("a trusted server");
    let id = NodeId::from_entropy(&[7; 48]);
    let greeting = raw::handshake(&id, Scheme::Tls, SUBNET);
    let greeting = raw::whisper(&id, &greeting, Trailer::default());
    session.write_all(&greeting).await.expect("a connection");
    session.flush().await.expect("a connection");
    relay.has_peers(&[&id]).await;
    (session, id)
}

/// A broadcast of a peer by hand.
fn said(id: &NodeId, text: &str) -> Bytes {
    let payload = [Value::from(0), Value::from(text)];
    let said = raw::draft(Kind::Broadcast, id).encode(&payload);
    said.frame().into_bytes()
}

#[tokio::test]
async fn what_stands_behind_records_of_nothing_waits_while_others_are_heard() {
    let authority = Authority::new("ours");
    let mut relay = showing(identity(&authority.issue_for_loopback())).await;
    let (mut peer, id) = hollow_peer(&mut relay, &authority).await;
    // Some 2,600 records: what stands behind them is two minutes away.
    let nothing = hollow::say_nothing(&mut peer, 64 << 10).await;
    nothing.expect("a connection");
    let behind = said(&id, "behind nothing");
    peer.write_all(&behind).await.expect("a connection");
    peer.flush().await.expect("a connection");
    let honest = Node::start(node().peer(relay.address(Scheme::Tcp).to_string())).await;
    relay.has_peers(&[&id, honest.id()]).await;
    for number in 0..100 {
        honest.say(&number.to_string()).await;
        assert_eq!(relay.hears_text().await, number.to_string());
    }
}

#[tokio::test]
async fn a_record_of_nothing_now_and_then_and_a_record_for_each_byte_are_borne() {
    let authority = Authority::new("ours");
    let mut relay = showing(identity(&authority.issue_for_loopback())).await;
    let (mut peer, id) = hollow_peer(&mut relay, &authority).await;
    for number in 0..4 {
        let nothing = hollow::say_nothing(&mut peer, 1).await;
        nothing.expect("a connection");
        // More records than would come in time if each counted as nothing.
        let text = format!("{number}, of this peer{:300}", ' ');
        for byte in said(&id, &text) {
            peer.write_all(&[byte]).await.expect("a connection");
            peer.flush().await.expect("a connection");
        }
        assert_eq!(relay.hears_text().await, text);
    }
}

/// What a server answers to who asks for its page, and that it says in TLS that this is all.
async fn get(at: &Address, connector: TlsConnector) -> String {
    let stream = TcpStream::connect((at.host(), at.port())).await;
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = connector.connect(name, stream.expect("a listener")).await;
    let mut stream = stream.expect("a trusted server");
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.expect("a connection");
    let mut answer = String::new();
    let end = stream.read_to_string(&mut answer).await;
    end.expect("an orderly end");
    answer
}

#[tokio::test]
async fn servers_of_tls_1_2_and_of_1_3_are_dialled_and_judged() {
    let authority = Authority::new("ours");
    let shown = authority.issue_for_loopback();
    let relay = Node::start(node().listen("ws://127.0.0.1:0")).await;
    for versions in EACH_VERSION {
        let proxy = Proxy::before(relay.address(Scheme::Ws), &shown, versions).await;
        for trust in [
            Trust::Only(trusted(&authority)),
            Trust::Pinned(vec![fingerprint(&shown)]),
            Trust::DangerousVerifyNothing,
        ] {
            let outcome = dial(&trust, &proxy.address).await;
            assert_eq!(outcome, Ok(()), "{versions:?} {trust:?}");
        }
        let outcome = dial(&Trust::System, &proxy.address).await;
        assert!(outcome.is_err(), "{versions:?}");
    }
}

#[tokio::test]
async fn who_shows_a_certificate_without_having_its_key_is_refused() {
    let authority = Authority::new("ours");
    let Issued { certificate, .. } = authority.issue_for_loopback();
    let Issued { key, .. } = authority.issue_for_loopback();
    let identity = ServerIdentity::from_pem(&certificate, &key);
    assert!(identity.is_err(), "no listener of ours would show it");
    let der = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("PEM");
    let stolen = Issued { certificate, key };
    let relay = Node::start(node().listen("ws://127.0.0.1:0")).await;
    for versions in EACH_VERSION {
        let proxy = Proxy::before(relay.address(Scheme::Ws), &stolen, versions).await;
        for trust in [
            Trust::Only(trusted(&authority)),
            Trust::Pinned(vec![Fingerprint::of(&der)]),
        ] {
            let text = dial(&trust, &proxy.address).await.expect_err("an impostor");
            assert!(
                text.contains("does not have the key of the certificate that it shows"),
                "{versions:?} {trust:?}: {text}"
            );
        }
        // Which is what its name says.
        let outcome = dial(&Trust::DangerousVerifyNothing, &proxy.address).await;
        assert_eq!(outcome, Ok(()), "{versions:?}");
    }
}

#[tokio::test]
async fn js2p_in_ssl_mode_links_both_ways_and_each_hears_and_replies() {
    for is_dialled_by_us in [true, false] {
        let mut theirs = Js2p::start(SUBNET, Scheme::Tls).await;
        let mut ours = if is_dialled_by_us {
            family(node().peer(theirs.address().to_string())).await
        } else {
            let ours = family(node().listen("tls://127.0.0.1:0")).await;
            theirs.connect(&ours.address(Scheme::Tls)).await;
            ours
        };
        ours.has_peers(&[theirs.id()]).await;
        theirs.has_peers(1).await;
        ours.say("hello").await;
        let heard = theirs.hears().await;
        assert_eq!((&heard.sender, heard.text()), (ours.id(), "hello"));
        theirs.reply(&heard, json!(["hello yourself"])).await;
        let answer = ours.hears().await;
        assert!(answer.is_whisper() && answer.sender() == theirs.id());
        assert_eq!(text(&answer), "hello yourself");
        soon("a reply on its way", answer.reply("I heard you"))
            .await
            .expect("a neighbour");
        assert_eq!(theirs.hears().await.text(), "I heard you");
        theirs.send(json!(["to all"])).await;
        assert_eq!(ours.hears_text().await, "to all");
        assert_eq!(theirs.complaints().await, json!([]));
    }
}
