//! `/metrics`: Prometheus' text exposition format 0.0.4, in base units. Counters never go down while a node runs.

use core::fmt::{Display, Write};
use core::time::Duration;
use std::collections::BTreeMap;

use super::desk::Surroundings;
use super::{state, states};
use crate::mesh::{LinkKind, LinkReport, Named, Report, Tally};

/// Ages by which links are counted: the longest of each, and its name.
const AGES: [(Duration, &str); 4] = [
    (Duration::from_secs(60), "under_1m"),
    (Duration::from_secs(600), "under_10m"),
    (Duration::from_secs(3_600), "under_1h"),
    (Duration::from_secs(86_400), "under_1d"),
];
/// Whatever is older.
const OLDER: &str = "over_1d";

/// The page.
pub(super) fn page(report: &Report, around: &Surroundings) -> String {
    let mut text = Exposition::default();
    node(&mut text, report, around);
    links(&mut text, &report.links);
    queues(&mut text, &report.links);
    traffic(&mut text, report);
    ends(&mut text, report);
    limits(&mut text, report);
    text.text
}

fn node(text: &mut Exposition, report: &Report, around: &Surroundings) {
    text.gauge("build_info", "The version, as a label.");
    text.sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    text.gauge(
        "start_time_seconds",
        "When the node began, in seconds since 1970.",
    );
    text.sample(&[], around.began);
    text.gauge("status", "1 for the state that the node is in.");
    for word in states() {
        text.sample(&[("status", word)], u8::from(state(report) == word));
    }
    text.gauge(
        "draining",
        "1 while the node ends its links and takes no new ones.",
    );
    text.sample(&[], u8::from(report.pulse.is_draining));
    text.gauge("peers", "Nodes with a link to this one.");
    text.sample(&[], report.peers);
    text.gauge("members", "Nodes in the mesh besides this one.");
    text.sample(&[], report.members.len());
}

fn links(text: &mut Exposition, links: &[LinkReport]) {
    let mut kinds = BTreeMap::<(&str, LinkKind, &str), usize>::new();
    let mut ages: BTreeMap<&str, usize> = AGES.iter().map(|&(_, name)| (name, 0)).collect();
    ages.insert(OLDER, 0);
    for link in links {
        let direction = if link.dialled { "out" } else { "in" };
        *kinds
            .entry((link.scheme.as_str(), link.kind, direction))
            .or_default() += 1;
        let age = AGES.iter().find(|(longest, _)| link.age < *longest);
        *ages.entry(age.map_or(OLDER, |(_, name)| name)).or_default() += 1;
    }
    text.gauge(
        "links",
        "Links by transport, by who they lead to, and by who dialled.",
    );
    for ((scheme, kind, direction), count) in kinds {
        let labels = [
            ("scheme", scheme),
            ("kind", kind.as_str()),
            ("direction", direction),
        ];
        text.sample(&labels, count);
    }
    text.gauge("links_by_age", "Links by how long they have been up.");
    for (age, count) in ages {
        text.sample(&[("age", age)], count);
    }
    text.gauge("links_asleep", "Links whose peer sleeps.");
    text.sample(&[], links.iter().filter(|link| link.is_asleep).count());
}

fn queues(text: &mut Exposition, links: &[LinkReport]) {
    let sum = |of: fn(&LinkReport) -> usize| links.iter().map(of).sum::<usize>();
    text.gauge("queue_frames", "Frames that wait for peers.");
    text.sample(&[], sum(|link| link.queue_frames));
    text.gauge("queue_bytes", "Bytes of frames that wait for peers.");
    text.sample(&[], sum(|link| link.queue_bytes));
    text.gauge(
        "unwritten_bytes",
        "Bytes of frames that transports were given and have not written.",
    );
    text.sample(&[], sum(|link| link.unwritten_bytes));
}

fn traffic(text: &mut Exposition, report: &Report) {
    let stats = &report.stats;
    let counters = [
        (
            "received_frames",
            "Frames received, duplicates included.",
            stats.received,
        ),
        (
            "received_bytes",
            "Bytes of frames received.",
            stats.received_bytes,
        ),
        (
            "sent_frames",
            "Frames given to links, each once for each link.",
            stats.transmitted,
        ),
        (
            "sent_bytes",
            "Bytes of frames given to links.",
            stats.transmitted_bytes,
        ),
        (
            "delivered_messages",
            "Messages given to the application.",
            stats.delivered,
        ),
        (
            "grafts",
            "Broadcasts that were late, and asked for.",
            stats.grafts,
        ),
        (
            "fetched",
            "Missed broadcasts that a neighbour was asked for.",
            stats.fetched,
        ),
    ];
    for (name, help, count) in counters {
        text.counter(name, help);
        text.sample(&[], count);
    }
    text.counter(
        "dropped",
        "Messages and frames that were dropped, by reason.",
    );
    for (reason, count) in stats.dropped() {
        text.sample(&[("reason", reason)], count);
    }
}

fn ends(text: &mut Exposition, report: &Report) {
    let stats = &report.stats;
    text.counter("links_opened", "Links that came up.");
    text.sample(&[], stats.links_opened);
    text.counter("links_greeted", "Links on which both ends have greeted.");
    text.sample(&[], stats.links_greeted);
    text.counter(
        "links_closed",
        "Links that were up and ended, by how they did.",
    );
    text.tally("reason", &stats.links_closed);
    text.counter(
        "faulty_links",
        "Links that this node ended for a fault of the peer.",
    );
    text.sample(&[], stats.faulty_links);
    text.counter("dials", "Addresses that were dialled.");
    text.sample(&[], stats.dials);
    text.counter(
        "dials_failed",
        "Dials that became no link, by how they ended.",
    );
    text.tally("reason", &stats.dials_failed);
}

fn limits(text: &mut Exposition, report: &Report) {
    text.counter("limits_struck", "How often a limit was struck.");
    text.tally("limit", &report.stats.struck);
    text.gauge(
        "limit_used",
        "How much there is of what others can make grow; of what each link has, the most on any one.",
    );
    for usage in &report.usage {
        text.sample(&[("limit", usage.what)], usage.used);
    }
    text.gauge("limit_max", "How much there may be of it.");
    for usage in &report.usage {
        text.sample(&[("limit", usage.what)], usage.limit);
    }
}

/// Text in the format, written from the top down.
#[derive(Default)]
struct Exposition {
    text: String,
    /// Of the metric whose samples are written.
    name: String,
}

impl Exposition {
    fn gauge(&mut self, name: &str, help: &str) {
        self.begin(name, "gauge", help);
    }

    /// A counter, whose name gets the ending that counters have.
    fn counter(&mut self, name: &str, help: &str) {
        self.begin(&format!("{name}_total"), "counter", help);
    }

    fn begin(&mut self, name: &str, kind: &str, help: &str) {
        self.name = format!("rs2p_{name}");
        let (name, help) = (&self.name, escaped(help, false));
        // Writing into memory does not fail.
        let _ = write!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        let pairs = labels
            .iter()
            .map(|(label, value)| format!("{label}=\"{}\"", escaped(value, true)));
        let pairs = pairs.collect::<Vec<_>>().join(",");
        let labels = match pairs.as_str() {
            "" => String::new(),
            pairs => format!("{{{pairs}}}"),
        };
        let _ = writeln!(self.text, "{}{labels} {value}", self.name);
    }

    fn tally<T: Named, const N: usize>(&mut self, label: &str, tally: &Tally<T, N>) {
        for (name, count) in tally.iter() {
            self.sample(&[(label, name.as_str())], count);
        }
    }
}

/// Text within its line, and a label within its quotes.
fn escaped(text: &str, is_label: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if is_label {
        text.replace('"', "\\\"")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_within_its_line_and_its_quotes() {
        let mut text = Exposition::default();
        text.gauge("odd", "One\nline with \\ and \".");
        text.sample(&[("a", "\"\\\n"), ("b", "")], 0.5);
        let lines: Vec<_> = text.text.lines().collect();
        assert_eq!(
            lines,
            [
                r#"# HELP rs2p_odd One\nline with \\ and "."#,
                "# TYPE rs2p_odd gauge",
                r#"rs2p_odd{a="\"\\\n",b=""} 0.5"#,
            ]
        );
    }
}
