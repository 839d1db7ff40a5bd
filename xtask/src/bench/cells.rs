//! The cells.

use super::cell::Measure::{Beyond, Itself, Of, OfEach};
use super::cell::Place::{self, Anywhere, Apart, Together};
use super::cell::{Bound, Cell, Figure, Goal, Mode, Row, Setting};
use super::contestant::Contestant::{self, FortyLines, Limit, Mosquitto, Nats, Py2p, Relay};
use super::contestant::Contestant::{BarePage, Bridge, Gossip, Mesh, Page, RelayTcp, Repeated};
use super::format::{self, Unit};
use super::mesh;
use crate::process::Outcome;

const RATE: Figure = figure("del_per_s", "deliveries/s", Unit::Rate);
const CPU: Figure = figure(
    "srv_cpu_us_per_del",
    "server CPU per delivery",
    Unit::Microseconds,
);
const CPU_PER_MESSAGE: Figure = figure(
    "srv_cpu_us_per_pub",
    "server CPU per message",
    Unit::Microseconds,
);
const SERVER_BUSY: Figure = figure("srv_util", "server busy", Unit::Ratio);
const LOAD_BUSY: Figure = figure("load_util", "load generator busy", Unit::Ratio);
const P50: Figure = figure("p50_us", "median delay", Unit::Microseconds);
const P99: Figure = figure("p99_us", "99 % within", Unit::Microseconds);
const CONNECT: Figure = figure("connect_s", "all accepted in", Unit::Seconds);
const MEMORY: Figure = figure("bytes_per_conn", "user memory each", Unit::Bytes);
const CPU_PER_CONNECTION: Figure =
    figure("srv_cpu_us_per_conn", "server CPU each", Unit::Microseconds);
const COPIES: Figure = figure("copies_per_del", "copies per delivery", Unit::Ratio);
const ALL_CPU: Figure = figure(
    "all_cpu_us_per_del",
    "CPU of all per delivery",
    Unit::Microseconds,
);
const KEPT: Figure = figure("kept", "last 10 s to first 10 s", Unit::Ratio);

/// Who a saturated relay is measured beside.
const BESIDE: [Contestant; 5] = [Limit, FortyLines, Nats, Mosquitto, Relay];
/// The peers among them: what people would use instead.
const PEERS: &[Contestant] = &[FortyLines, Nats, Mosquitto];

/// Most messages on their way, and most bytes of them; less towards a thousand.
const WINDOW: u32 = 256;
const WINDOW_BYTES: u32 = 1 << 20;

const MEASURED: f64 = 1.2;
const WARM: f64 = 0.4;
/// On py2p's wire, a relay spares who may be py2p, until a second has shown that it is not.
const PY2P_WARM: f64 = 2.0;

/// All cells, in the order of the document.
pub(crate) fn all() -> Vec<Cell> {
    let cells = [
        saturation(),
        vec![window_1(), latency(), idle()],
        family(),
        ways(),
        meshes(),
        vec![page()],
    ];
    cells.concat()
}

/// Those of these names, in the order of the document; of no names, all that are not optional.
pub(crate) fn selected(names: &[String]) -> Outcome<Vec<Cell>> {
    let mut all = all();
    let is_there = |name: &&String| all.iter().any(|cell| cell.name == **name);
    if let Some(unknown) = names.iter().find(|name| !is_there(name)) {
        let known: Vec<_> = all.iter().map(|cell| cell.name).collect();
        return Err(format!(
            "there is no cell `{unknown}`; there are {}",
            known.join(", ")
        )
        .into());
    }
    all.retain(|cell| match names {
        [] => !cell.is_optional,
        names => names.iter().any(|name| name == cell.name),
    });
    Ok(all)
}

/// As many messages as go through, of three sizes; the small ones with each side on a processor of its own, as otherwise
/// the scheduler is measured.
fn saturation() -> Vec<Cell> {
    [
        ("saturation-64", 64, Apart, false),
        ("saturation-64-floating", 64, Anywhere, true),
        ("saturation-1k", 1 << 10, Anywhere, false),
        ("saturation-1k-pinned", 1 << 10, Apart, true),
        ("saturation-64k", 64 << 10, Anywhere, false),
        ("saturation-64k-pinned", 64 << 10, Apart, true),
    ]
    .map(|(name, size, place, is_optional)| saturation_of(name, size, place, is_optional))
    .to_vec()
}

fn saturation_of(name: &'static str, size: u32, place: Place, is_optional: bool) -> Cell {
    let title = match size {
        64 => "As many messages of 64 B as go through",
        1024 => "As many messages of 1 KiB as go through",
        _ => "As many messages of 64 KiB as go through",
    };
    let rows = [1, 10, 100, 1_000].map(|subscribers| {
        let most = if subscribers < 1_000 {
            WINDOW_BYTES
        } else {
            WINDOW_BYTES / 4
        };
        let window = (most / size).clamp(2, WINDOW);
        let setting = saturated(subscribers, size, window, place);
        row(setting, &BESIDE, saturation_goals(size, subscribers))
    });
    Cell {
        name,
        title,
        is_optional,
        ours: Relay,
        figures: &[RATE, CPU, SERVER_BUSY, LOAD_BUSY],
        rows: rows.to_vec(),
    }
}

fn saturation_goals(size: u32, subscribers: u32) -> Vec<Goal> {
    let at_least = |bound, contestant| at_least(RATE, bound, Of(contestant));
    match (size, subscribers) {
        (64, 1) => vec![at_least(1.2, Nats), at_least(0.5, Limit)],
        (64, 10) => vec![at_least(2.0, Nats), at_least(0.6, Limit)],
        (1024, 1) => vec![at_least(1.3, Nats)],
        (64 | 1024, _) => vec![at_least(4.0, Nats), at_least(0.6, Limit)],
        (_, 1 | 10) => vec![at_least(2.0, Nats), at_least(1.0, FortyLines)],
        _ => vec![at_least(4.0, Nats), at_least(0.9, Limit)],
    }
}

/// One message at a time: nothing can be put together. Of a hundred subscribers some still read while others are written to, so
/// both sides have work.
fn window_1() -> Cell {
    let goals = vec![
        at_least(RATE, 0.95, Of(Limit)),
        at_least(RATE, 1.9, Of(Nats)),
    ];
    Cell {
        name: "window-1",
        title: "One message of 64 B at a time",
        is_optional: false,
        ours: Relay,
        figures: &[RATE, CPU, SERVER_BUSY, LOAD_BUSY],
        rows: vec![row(saturated(100, 64, 1, Apart), &BESIDE, goals)],
    }
}

/// 10,000 deliveries a second: a relay with time to spare.
fn latency() -> Cell {
    let goals = || {
        [P50, CPU]
            .map(|figure| {
                let limit = at_most(figure, 1.1, Of(Limit));
                [limit, at_most(figure, 0.75, OfEach(PEERS))]
            })
            .concat()
    };
    let rows = [100, 1_000].map(|subscribers| {
        let setting = Setting {
            mode: Mode::Pace {
                rate: 10_000 / subscribers,
            },
            subscribers,
            size: 64,
            seconds: 3.0,
            warm: WARM,
            place: Apart,
        };
        row(setting, &BESIDE, goals())
    });
    Cell {
        name: "latency",
        title: "10,000 deliveries of 64 B a second",
        is_optional: false,
        ours: Relay,
        figures: &[P50, P99, CPU],
        rows: rows.to_vec(),
    }
}

fn idle() -> Cell {
    let setting = Setting {
        mode: Mode::Idle,
        subscribers: 5_000,
        size: 64,
        seconds: 0.7,
        warm: 0.0,
        place: Anywhere,
    };
    let goals = vec![
        at_most(MEMORY, 4096.0, Itself),
        at_most(CONNECT, 2.5, Of(Limit)),
    ];
    Cell {
        name: "idle",
        title: "5,000 connections that do nothing",
        is_optional: false,
        ours: Relay,
        figures: &[CONNECT, MEMORY, CPU_PER_CONNECTION],
        rows: vec![row(setting, &BESIDE, goals)],
    }
}

/// The family's own wire. py2p loses its place in a stream that comes in a window, so messages come one at a time, and server
/// and load share a processor.
fn family() -> Vec<Cell> {
    let one_at_a_time = |subscribers| Setting {
        warm: PY2P_WARM,
        ..saturated(subscribers, 64, 1, Together)
    };
    let beside = [Py2p, RelayTcp];
    let rows = [1, 10].map(|subscribers| {
        let setting = one_at_a_time(subscribers);
        row(setting, &beside, vec![at_least(RATE, 15.0, Of(Py2p))])
    });
    let lasting = Setting {
        seconds: 60.0,
        ..one_at_a_time(1)
    };
    vec![
        Cell {
            name: "py2p",
            title: "py2p's own wire over TCP, one message of 64 B at a time",
            is_optional: false,
            ours: RelayTcp,
            figures: &[RATE, CPU],
            rows: rows.to_vec(),
        },
        Cell {
            name: "decay",
            title: "py2p's own wire over TCP, for a minute",
            is_optional: false,
            ours: RelayTcp,
            figures: &[KEPT, RATE],
            rows: vec![row(lasting, &beside, vec![at_least(KEPT, 0.9, Itself)])],
        },
    ]
}

/// What a way through the relay costs beside another.
fn ways() -> Vec<Cell> {
    let rows = [10, 100].map(|subscribers| {
        let setting = saturated(subscribers, 64, WINDOW, Apart);
        row(
            setting,
            &[Relay, Bridge],
            vec![at_least(RATE, 0.9, Of(Relay))],
        )
    });
    let repeated = at_most(CPU_PER_MESSAGE, 0.1, Beyond(Relay, Contestant::REPEATS));
    let setting = saturated(1, 64, WINDOW, Apart);
    vec![
        Cell {
            name: "bridge",
            title: "From TCP to WebSocket, 64 B",
            is_optional: false,
            ours: Bridge,
            figures: &[RATE, CPU],
            rows: rows.to_vec(),
        },
        Cell {
            name: "duplicate",
            title: "Each message of 64 B eleven times instead of once",
            is_optional: false,
            ours: Repeated,
            figures: &[CPU_PER_MESSAGE, RATE],
            rows: vec![row(setting, &[Relay, Repeated], vec![repeated])],
        },
    ]
}

/// Relays among each other; and, if it is asked for, what an overlay without relays does.
fn meshes() -> Vec<Cell> {
    let setting = Setting {
        seconds: 3.0,
        warm: 2.0,
        ..saturated(mesh::RELAYS as u32, 64, 64, Anywhere)
    };
    let copies = at_most(COPIES, 1.02, Itself);
    let cpu = at_most(ALL_CPU, 0.5, Of(Gossip));
    let cell = |name, title, is_optional, contestants: &[Contestant], goals| Cell {
        name,
        title,
        is_optional,
        ours: Mesh,
        figures: &[ALL_CPU, COPIES, RATE, CPU],
        rows: vec![row(setting, contestants, goals)],
    };
    vec![
        cell(
            "mesh",
            "20 relays with four links each, 64 B",
            false,
            &[Mesh],
            vec![copies],
        ),
        cell(
            "overlay",
            "20 relays with four links each, and 20 nodes of iroh-gossip, 64 B",
            true,
            &[Gossip, Mesh],
            vec![copies, cpu],
        ),
    ]
}

/// A page as the only subscriber, and it is elsewhere.
fn page() -> Cell {
    let setting = Setting {
        seconds: 3.0,
        warm: 1.0,
        ..saturated(0, 64, 1_000, Anywhere)
    };
    let goals = vec![at_least(RATE, 5.0, Of(BarePage))];
    Cell {
        name: "page",
        title: "A page in Chromium as the subscriber, 64 B",
        is_optional: false,
        ours: Page,
        figures: &[RATE, CPU],
        rows: vec![row(setting, &[BarePage, Page], goals)],
    }
}

fn saturated(subscribers: u32, size: u32, window: u32, place: Place) -> Setting {
    Setting {
        mode: Mode::Saturate { window },
        subscribers,
        size,
        seconds: MEASURED,
        warm: WARM,
        place,
    }
}

fn row(setting: Setting, contestants: &[Contestant], goals: Vec<Goal>) -> Row {
    let label = match setting.subscribers {
        0 => "1 page".to_owned(),
        1 => "1 subscriber".to_owned(),
        count if setting.mode == Mode::Idle => {
            format!("{} connections", format::thousands(count.into()))
        }
        count => format!("{} subscribers", format::thousands(count.into())),
    };
    Row {
        label,
        setting,
        contestants: contestants.to_vec(),
        goals,
    }
}

const fn figure(key: &'static str, heading: &'static str, unit: Unit) -> Figure {
    Figure { key, heading, unit }
}

const fn at_least(figure: Figure, bound: f64, measure: super::cell::Measure) -> Goal {
    Goal {
        figure,
        measure,
        bound: Bound::AtLeast(bound),
    }
}

const fn at_most(figure: Figure, bound: f64, measure: super::cell::Measure) -> Goal {
    Goal {
        figure,
        measure,
        bound: Bound::AtMost(bound),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_select() {
        let mut names: Vec<_> = all().iter().map(|cell| cell.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        let picked = selected(&["idle".to_owned()]).expect("a cell");
        assert!(picked.len() == 1 && picked[0].name == "idle");
        assert!(selected(&["ilde".to_owned()]).is_err());
    }

    #[test]
    fn what_is_optional_is_measured_only_if_it_is_named() {
        let usual = selected(&[]).expect("cells");
        assert!(usual.iter().all(|cell| !cell.is_optional));
        assert!(all().iter().any(|cell| cell.is_optional));
    }

    #[test]
    fn a_goal_is_about_contestants_that_are_measured() {
        for row in all().iter().flat_map(|cell| &cell.rows) {
            for goal in &row.goals {
                let others = match goal.measure {
                    Itself => &[][..],
                    Of(other) | Beyond(other, _) => &[other],
                    OfEach(others) => others,
                };
                assert!(others.iter().all(|other| row.contestants.contains(other)));
            }
        }
    }

    #[test]
    fn a_window_is_bounded_in_bytes() {
        let cells = all();
        let cell = cells
            .iter()
            .find(|cell| cell.name == "saturation-64k")
            .expect("a cell");
        let windows: Vec<_> = cell.rows.iter().map(|row| row.setting.mode).collect();
        let window = |window| Mode::Saturate { window };
        assert_eq!(windows, [16, 16, 16, 4].map(window));
    }
}
