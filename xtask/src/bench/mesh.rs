//! Twenty relays that are each linked to four others, a publisher at the first, and a subscriber at each.
//!
//! Their links make a ring in which each relay also knows one a few places on: no relay is far from any other, and there are
//! more ways than a message needs, so that what is sent twice shows.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::cell::Setting;
use super::contestant::{Contestant, Entrances, Ports, relay};
use super::launch::{self, Running};
use super::measure::Measurer;
use super::results::Sample;
use crate::process::Outcome;

pub(crate) const RELAYS: usize = 20;
/// Links of each relay, of which it dials half: to those so many places on.
const LINKS: f64 = 4.0;
const PLACES_ON: [usize; 2] = [1, 6];

/// How long relays have to find each other.
const JOINING: Duration = Duration::from_secs(20);
/// Relays make a page of figures at most once a second.
const PAGE: Duration = Duration::from_millis(1_100);

pub(crate) fn measure(measurer: &Measurer<'_>, setting: &Setting) -> Outcome<Sample> {
    let (ports, relays) = start(measurer)?;
    await_links(&ports)?;
    thread::sleep(PAGE);
    let before = figures(&ports)?;
    let entrances = Entrances {
        publisher: ports[0].main,
        subscribers: ports.iter().map(|ports| ports.main).collect(),
    };
    let ids: Vec<u32> = relays.iter().map(Running::id).collect();
    let mut sample = measurer.load(Contestant::Mesh, &entrances, setting, &ids)?;
    thread::sleep(PAGE);
    let after = figures(&ports)?;
    let copies = copies(&before, &after);
    sample.insert("copies_per_del".to_owned(), copies);
    let cpu = ["srv_cpu_us_per_del", "load_cpu_us_per_del"].map(|key| sample.get(key).copied());
    if let [Some(relays), Some(load)] = cpu {
        sample.insert("all_cpu_us_per_del".to_owned(), relays + load);
    }
    Ok(sample)
}

/// All relays, each of which dials its neighbours until they are there.
fn start(measurer: &Measurer<'_>) -> Outcome<(Vec<Ports>, Vec<Running>)> {
    let ports: Vec<Ports> = (0..RELAYS)
        .map(|_| launch::free_ports())
        .collect::<Outcome<_>>()?;
    let mut relays = Vec::new();
    for (number, own) in ports.iter().enumerate() {
        let mut relay = relay(measurer.project, *own);
        for places in PLACES_ON {
            let neighbour = ports[(number + places) % RELAYS].other;
            relay.args(["--peer", &format!("tcp://127.0.0.1:{neighbour}")]);
        }
        relays.push(measurer.start(Contestant::Mesh, launch::placed(&relay, None))?);
    }
    for (relay, ports) in relays.iter_mut().zip(&ports) {
        relay.await_port(ports.main)?;
    }
    Ok((ports, relays))
}

fn await_links(ports: &[Ports]) -> Outcome {
    let deadline = Instant::now() + JOINING;
    loop {
        let peers: Vec<f64> = figures(ports)?
            .iter()
            .map(|figures| figures.peers)
            .collect();
        if peers.iter().all(|peers| *peers == LINKS) {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!("relays have {peers:?} links, and not {LINKS} each").into());
        }
        thread::sleep(PAGE);
    }
}

/// What a relay tells of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Figures {
    peers: f64,
    /// Messages that it had for the first time.
    delivered: f64,
    /// Messages that it had before.
    duplicates: f64,
}

fn figures(ports: &[Ports]) -> Outcome<Vec<Figures>> {
    ports
        .iter()
        .map(|ports| metrics(ports.main).map(|page| read(&page)))
        .collect()
}

fn read(page: &str) -> Figures {
    let value = |name: &str| {
        let line = page
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.trim().parse().ok())
            .unwrap_or(0.0)
    };
    Figures {
        peers: value("rs2p_peers"),
        delivered: value("rs2p_delivered_messages_total"),
        duplicates: value("rs2p_dropped_total{reason=\"duplicate\"}"),
    }
}

/// How often a relay had a message, of those that it had from another: the first has each from its publisher.
fn copies(before: &[Figures], after: &[Figures]) -> f64 {
    let grown = |of: fn(&Figures) -> f64, from: usize| {
        let pairs = before.iter().zip(after).skip(from);
        pairs
            .map(|(before, after)| of(after) - of(before))
            .sum::<f64>()
    };
    let first = grown(|figures| figures.delivered, 1);
    (first + grown(|figures| figures.duplicates, 0)) / first
}

/// The page `/metrics` of a relay.
fn metrics(port: u16) -> Outcome<String> {
    let request =
        format!("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    let mut page = String::new();
    let asked = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).and_then(|mut stream| {
        stream.set_read_timeout(Some(JOINING))?;
        stream.write_all(request.as_bytes())?;
        stream.read_to_string(&mut page)
    });
    match asked {
        Ok(_) if page.starts_with("HTTP/1.1 200") => Ok(page),
        Ok(_) => Err(format!("the relay shows no figures: {page}").into()),
        Err(error) => Err(format!("the relay cannot be asked for figures: {error}").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_by_their_whole_names() {
        let page = "# TYPE rs2p_peers gauge\nrs2p_peers_known 9\nrs2p_peers 4\n\
                    rs2p_delivered_messages_total 70\nrs2p_dropped_total{reason=\"duplicate\"} 3\n";
        let wanted = Figures {
            peers: 4.0,
            delivered: 70.0,
            duplicates: 3.0,
        };
        assert_eq!(read(page), wanted);
    }

    #[test]
    fn copies_are_counted_of_what_came_from_another_relay() {
        let figures = |delivered, duplicates| Figures {
            peers: LINKS,
            delivered,
            duplicates,
        };
        let before = [figures(5.0, 1.0), figures(5.0, 0.0), figures(0.0, 0.0)];
        let after = [
            figures(105.0, 2.0),
            figures(105.0, 1.0),
            figures(100.0, 2.0),
        ];
        assert_eq!(copies(&before, &after), 1.02);
    }

    #[test]
    fn each_relay_has_four_neighbours() {
        let ends =
            (0..RELAYS).flat_map(|one| PLACES_ON.map(|places| (one, (one + places) % RELAYS)));
        let mut pairs: Vec<_> = ends
            .map(|(one, other)| (one.min(other), one.max(other)))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        assert_eq!(pairs.len() as f64, RELAYS as f64 * LINKS / 2.0);
    }
}
