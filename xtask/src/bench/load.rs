//! The load generator: its command, and the sample that it prints.

use std::process::Command;
use std::time::Duration;

use super::cell::{Mode, Setting};
use super::contestant::{Contestant, Entrances};
use super::install;
use super::json::{self, Value};
use super::launch;
use super::results::Sample;
use super::task::Task;
use crate::process::Outcome;
use crate::project::Project;

/// How long everything around what is measured may take: a slow server has to take thousands of connections.
const PATIENCE: Duration = Duration::from_secs(150);
/// Handshakes at once: what the relay's `--pending` takes, and no server minds.
const INFLIGHT: &str = "64";

/// Puts load on what serves at these entrances, and whose processes these are.
pub(crate) fn run(
    project: &Project,
    task: &Task,
    contestant: Contestant,
    entrances: &Entrances,
    setting: &Setting,
    servers: &[u32],
) -> Outcome<Sample> {
    let mut load = Command::new(install::program(project, "load"));
    load.args(words(task, contestant, entrances, setting));
    let servers: Vec<_> = servers.iter().map(u32::to_string).collect();
    load.args(["--server-pid", &servers.join(",")]);
    sample_of(&load, setting, task)
}

/// Runs a program that loads and measures, and reads its sample.
pub(crate) fn sample_of(load: &Command, setting: &Setting, task: &Task) -> Outcome<Sample> {
    let [_, processor] = setting.place.processors();
    let length = Duration::from_secs_f64(task.lasting(setting.seconds));
    let printed = launch::output(&mut launch::placed(load, processor), PATIENCE + length)?;
    sample(&printed).ok_or_else(|| format!("this is no sample: {printed}").into())
}

/// What the load generator is told.
fn words(
    task: &Task,
    contestant: Contestant,
    entrances: &Entrances,
    setting: &Setting,
) -> Vec<String> {
    let (mode, value) = match setting.mode {
        Mode::Saturate { window } => ("saturate", Some(("--window", window))),
        Mode::Pace { rate } => ("pace", Some(("--rate", rate))),
        Mode::Idle => ("idle", None),
    };
    let address = |port: &u16| format!("127.0.0.1:{port}");
    let (subscribers, publisher) = contestant.protocols();
    let addresses: Vec<_> = entrances.subscribers.iter().map(address).collect();
    let mut words = vec![mode.to_owned()];
    let mut add = |name: &str, value: String| words.extend([name.to_owned(), value]);
    add("--proto", subscribers.to_owned());
    add("--addr", addresses.join(","));
    add("--pub-proto", publisher.to_owned());
    add("--pub-addr", address(&entrances.publisher));
    add("--subs", setting.subscribers.to_string());
    add("--size", setting.size.to_string());
    add("--secs", task.lasting(setting.seconds).to_string());
    add("--warm", task.lasting(setting.warm).to_string());
    add("--hold", setting.seconds.to_string());
    add("--inflight", INFLIGHT.to_owned());
    if let Some((name, value)) = value {
        add(name, value.to_string());
    }
    if contestant == Contestant::Repeated {
        add("--copies", (1.0 + Contestant::REPEATS).to_string());
    }
    words
}

/// The last line that was printed, if it is a sample; with what is made of its numbers.
pub(crate) fn sample(printed: &str) -> Option<Sample> {
    let object = json::parse(printed.lines().last()?)?;
    let numbers = object.into_iter().filter_map(|(name, value)| match value {
        Value::Number(number) => Some((name, number)),
        Value::Text(_) => None,
    });
    let mut sample: Sample = numbers.collect();
    if let (Some(first), Some(last)) = (sample.get("first_per_s"), sample.get("last_per_s")) {
        sample.insert("kept".to_owned(), last / first);
    }
    Some(sample)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_the_sample() {
        let sample = sample("hello\n{\"first_per_s\":100,\"last_per_s\":90,\"stalled\":false}\n");
        let sample = sample.expect("a sample");
        assert_eq!(sample["kept"], 0.9);
        assert_eq!(sample["stalled"], 0.0);
        assert!(super::sample("").is_none() && super::sample("no").is_none());
    }
}
