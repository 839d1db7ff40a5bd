//! TLS that says nothing: records without content and new keys, by turns, without end. No limit of a TLS library ends that, for
//! each kind is allowed a few times in a row; the honest are not to notice.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rs2p::Scheme;
use rs2p::wire::Capabilities;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore};
use socket2::SockRef;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::beside::Undisturbed;
use crate::figures::Figures;
use crate::hostile::Strangers;
use crate::pace::{Pace, Size, attack};
use crate::peer::{greeting, name};
use crate::relay::{Door, Relay};
use crate::support::certificates::Authority;
use crate::support::folder::Folder;
use crate::support::hollow;
use crate::wire::{Caller, header, request, upgrade};

/// Bytes of such records in one write: some 330 records.
const BATCH: usize = 8 << 10;
/// And where a byte of something stands behind them, so that some come through: some 16 records.
const SMALL: usize = 400;
/// Of a frame that is short enough, its length. Zeros follow.
const BEGINNING: [u8; 4] = (1_u32 << 19).to_be_bytes();
/// Writes a second: more than a core takes of records, and no more than clients of the same machine have time to make.
const RATE: u32 = 200;
/// What a stranger's side of the network holds, in bytes: little, so that what is not taken off it soon keeps it from making more.
const ROOM: usize = 16 << 10;
/// Cores that the relay may use: it reads slowly of those, not as fast as it can.
const CORES: f64 = 0.3;
/// MiB by which the relay may grow.
const MEMORY: f64 = 16.0;

/// When a stranger goes over to saying nothing.
#[derive(Clone, Copy, Debug)]
enum After {
    /// The TLS handshake: it is no peer, and asked for nothing.
    Tls,
    /// Its greeting.
    Greeting,
    /// The same, but a byte of something stands behind each batch.
    GreetingAndNowAndThenAByte,
}

const EACH: [(Scheme, After); 6] = [
    (Scheme::Tls, After::Tls),
    (Scheme::Tls, After::Greeting),
    (Scheme::Tls, After::GreetingAndNowAndThenAByte),
    (Scheme::Wss, After::Tls),
    (Scheme::Wss, After::Greeting),
    (Scheme::Wss, After::GreetingAndNowAndThenAByte),
];

/// What trusts the authority, and can be hollow.
fn connector(authority: &Authority) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(authority.own().certificate.as_bytes());
    roots.add(root.expect("PEM")).expect("an authority");
    let config = ClientConfig::builder_with_provider(hollow::provider())
        .with_protocol_versions(&[&TLS13])
        .expect("a version")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config).into()
}

/// A session in which everything was said that stands before nothing.
async fn begin(
    connector: TlsConnector,
    caller: Caller,
    door: Door,
    after: After,
) -> io::Result<TlsStream<TcpStream>> {
    let socket = caller.connect(door.at).await?;
    SockRef::from(&socket).set_send_buffer_size(ROOM)?;
    let server = ServerName::try_from("localhost").expect("a name");
    let mut session = connector.connect(server, socket).await?;
    if !matches!(after, After::Tls) {
        let mut words = Vec::new();
        let greeting = greeting(&name(), door.scheme, Some(Capabilities::HEARTBEAT));
        if door.scheme.is_websocket() {
            upgrade(&mut session, &request(door, "")).await?.early()?;
            header(0x2, greeting.len() as u64, &mut words);
        }
        words.extend_from_slice(&greeting);
        session.write_all(&words).await?;
        session.flush().await?;
    }
    Ok(session)
}

/// Says nothing, as fast as it is taken, until it is thrown out; counts the bytes. What comes meanwhile has room in its socket.
async fn say_nothing(
    mut session: TlsStream<TcpStream>,
    door: Door,
    after: After,
    taken: Arc<AtomicU64>,
) -> io::Result<()> {
    let says_something = matches!(after, After::GreetingAndNowAndThenAByte);
    if says_something {
        session.write_all(&beginning(door)).await?;
    }
    let batch = if says_something { SMALL } else { BATCH };
    let mut pace = Pace::new(RATE);
    loop {
        pace.next().await;
        hollow::say_nothing(&mut session, batch).await?;
        taken.fetch_add(batch as u64, Ordering::Relaxed);
        if says_something {
            session.write_all(&[0]).await?;
            session.flush().await?;
        }
    }
}

/// The beginning of a frame, over a WebSocket in a message that has room for what follows.
fn beginning(door: Door) -> Vec<u8> {
    let mut words = Vec::new();
    if door.scheme.is_websocket() {
        header(0x2, 1 << 19, &mut words);
    }
    words.extend_from_slice(&BEGINNING);
    words
}

/// One kind of stranger: how often it came, and how much it got rid of.
struct Kind {
    strangers: Strangers,
    taken: Arc<AtomicU64>,
    name: String,
}

impl Kind {
    fn start(
        relay: &Relay,
        connector: TlsConnector,
        number: usize,
        (scheme, after): (Scheme, After),
    ) -> Self {
        let (door, caller) = (relay.door(scheme), Caller::stranger(number));
        let (mut strangers, taken) = (Strangers::none(), Arc::new(AtomicU64::new(0)));
        let count = taken.clone();
        strangers.add(move || {
            let begun = begin(connector.clone(), caller, door, after);
            let count = count.clone();
            async move { say_nothing(begun.await?, door, after, count).await }
        });
        let name = format!("{scheme}, {after:?}");
        Self {
            strangers,
            taken,
            name,
        }
    }

    /// KiB that it got rid of by now, for each time that it came.
    fn each(&self) -> f64 {
        let taken = self.taken.load(Ordering::Relaxed) >> 10;
        taken as f64 / self.strangers.visits.load(Ordering::Relaxed) as f64
    }
}

/// KiB that one visit may get rid of: what the network holds at its two ends, and what the relay reads.
fn most_taken() -> f64 {
    let room = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_rmem").expect("Linux");
    let usual = room.split_whitespace().nth(1).expect("three sizes");
    usual.parse::<f64>().expect("bytes") / 1_024.0 + 192.0
}

async fn run(size: Size) {
    let mut figures = Figures::of("records of nothing", size);
    let (authority, folder) = (Authority::new("ours"), Folder::new());
    let shown = authority.issue_for_loopback();
    let [certificate, key] = [
        ("certificate.pem", &shown.certificate),
        ("key.pem", &shown.key),
    ]
    .map(|(name, text)| folder.put(name, text).display().to_string());
    let relay = Relay::with(
        &[
            "ws://127.0.0.1:0",
            "tcp://127.0.0.1:0",
            "tls://127.0.0.1:0",
            "wss://127.0.0.1:0",
        ],
        &["--tls-cert", &certificate, "--tls-key", &key],
    );
    let honest = Undisturbed::talk(&relay, size.seconds(6, 30)).await;

    let connector = connector(&authority);
    let kinds = EACH.into_iter().enumerate();
    let kinds = kinds.map(|(number, kind)| Kind::start(&relay, connector.clone(), number, kind));
    let kinds: Vec<_> = kinds.collect();
    let honest = honest.disturbed(size.seconds(6, 30)).await;
    let each: Vec<_> = kinds
        .iter()
        .map(|kind| (kind.name.clone(), kind.each()))
        .collect();
    drop(kinds);

    for (name, each) in each {
        figures.is(&format!("{name}: it came to say nothing"), each > 0.0, true);
        let what = format!("{name}: KiB of nothing taken of each visit");
        figures.at_most(&what, each, most_taken());
    }
    honest.report(&mut figures, CORES, MEMORY).await;
    figures.finish();
}

#[test]
fn the_honest_lose_nothing_beside_tls_that_says_nothing() {
    attack(run(Size::Short));
}

#[test]
#[ignore = "long: run by cargo xtask test --long"]
fn half_a_minute_of_tls_that_says_nothing() {
    attack(run(Size::Long));
}
