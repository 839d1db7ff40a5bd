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
/// Links of each relay: to those so many places away, on both sides.
const LINKS: usize = 4;
const PLACES: [usize; 2] = [1, 6];

/// How long relays have to find each other.
const JOINING: Duration = Duration::from_secs(20);
/// What the load generator does before it publishes.
const SETTLING: Duration = Duration::from_millis(500);
/// Relays make a page of figures at most once a second.
const PAGE: Duration = Duration::from_millis(1_100);

pub(crate) fn measure(measurer: &Measurer<'_>, setting: &Setting) -> Outcome<Sample> {
    let (ports, relays) = start(measurer)?;
    await_links(&ports)?;
    let entrances = Entrances {
        publisher: ports[0].main,
        subscribers: ports.iter().map(|ports| ports.main).collect(),
    };
    let ids: Vec<u32> = relays.iter().map(Running::id).collect();
    // Relays find their tree while nothing is measured yet.
    let warm = Duration::from_secs_f64(measurer.task.lasting(setting.warm)) + SETTLING;
    let (before, sample) = thread::scope(|scope| {
        let before = scope.spawn(|| {
            thread::sleep(warm);
            figures(&ports)
        });
        let sample = measurer.load(Contestant::Mesh, &entrances, setting, &ids);
        (before.join(), sample)
    });
    let before = before.map_err(|_| "the relays' figures were not read")??;
    let mut sample = sample?;
    thread::sleep(PAGE);
    let copies = copies(&before, &figures(&ports)?);
    sample.insert("copies_per_del".to_owned(), copies);
    let cpu = ["srv_cpu_us_per_del", "load_cpu_us_per_del"].map(|key| sample.get(key).copied());
    if let [Some(relays), Some(load)] = cpu {
        sample.insert("all_cpu_us_per_del".to_owned(), relays + load);
    }
    Ok(sample)
}

/// All relays, one after the other: each dials those of its neighbours that are there already.
fn start(measurer: &Measurer<'_>) -> Outcome<(Vec<Ports>, Vec<Running>)> {
    let mut ports: Vec<Ports> = Vec::new();
    let mut relays = Vec::new();
    for number in 0..RELAYS {
        let own = launch::free_ports()?;
        let mut relay = relay(measurer.project, own);
        for neighbour in neighbours(number)
            .iter()
            .filter_map(|number| ports.get(*number))
        {
            relay.args(["--peer", &format!("tcp://127.0.0.1:{}", neighbour.other)]);
        }
        let mut relay = measurer.start(Contestant::Mesh, launch::placed(&relay, None))?;
        relay.await_port(own.main)?;
        ports.push(own);
        relays.push(relay);
    }
    Ok((ports, relays))
}

fn neighbours(number: usize) -> [usize; LINKS] {
    let [near, far] = PLACES;
    [near, far, RELAYS - near, RELAYS - far].map(|places| (number + places) % RELAYS)
}

fn await_links(ports: &[Ports]) -> Outcome {
    let deadline = Instant::now() + JOINING;
    loop {
        let peers: Vec<f64> = figures(ports)?
            .iter()
            .map(|figures| figures.peers)
            .collect();
        if peers.iter().all(|peers| *peers == LINKS as f64) {
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
    /// Frames that came, hardly any of which are no broadcasts: of these there is one for hundreds.
    received: f64,
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
        received: value("rs2p_received_frames_total"),
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
    let first = grown(|figures| figures.received - figures.duplicates, 1);
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
                    rs2p_received_frames_total 73\nrs2p_dropped_total{reason=\"duplicate\"} 3\n";
        let wanted = Figures {
            peers: 4.0,
            received: 73.0,
            duplicates: 3.0,
        };
        assert_eq!(read(page), wanted);
    }

    #[test]
    fn copies_are_counted_of_what_came_from_another_relay() {
        let figures = |received, duplicates| Figures {
            peers: 4.0,
            received,
            duplicates,
        };
        let before = [figures(6.0, 1.0), figures(5.0, 0.0), figures(0.0, 0.0)];
        let after = [
            figures(107.0, 2.0),
            figures(106.0, 1.0),
            figures(102.0, 2.0),
        ];
        assert_eq!(copies(&before, &after), 1.02);
    }

    #[test]
    fn neighbours_are_four_others_and_each_other() {
        for number in 0..RELAYS {
            let mut all = neighbours(number).to_vec();
            assert!(all.iter().all(|other| neighbours(*other).contains(&number)));
            all.extend([number]);
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), LINKS + 1);
        }
    }
}
