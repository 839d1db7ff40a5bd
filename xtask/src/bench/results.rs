//! What was measured of a cell: its samples, and the file in which they are kept.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::cell::{Cell, Figure, Row};
use super::contestant::{Contestant, write};
use super::json::{self, Object, Value};
use super::statistics::Spread;
use super::task::Task;
use crate::process::Outcome;
use crate::project::{self, Project};

/// After so many failures of one row, a contestant has no further turn in it.
const MOST_FAILURES: usize = 2;

/// The numbers of one run.
pub(crate) type Sample = BTreeMap<String, f64>;

/// The samples of a cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Results {
    /// What was measured where, and with what.
    pub(crate) header: BTreeMap<String, String>,
    taken: Vec<Taken>,
}

#[derive(Clone, Debug, PartialEq)]
struct Taken {
    row: String,
    contestant: Contestant,
    run: u32,
    /// Or what went wrong.
    sample: Result<Sample, String>,
}

impl Results {
    pub(crate) fn new(header: BTreeMap<String, String>) -> Self {
        let taken = Vec::new();
        Self { header, taken }
    }

    pub(crate) fn add(
        &mut self,
        row: &Row,
        contestant: Contestant,
        run: u32,
        sample: Outcome<Sample>,
    ) {
        self.taken.push(Taken {
            row: row.label.clone(),
            contestant,
            run,
            sample: sample.map_err(|failure| failure.to_string()),
        });
    }

    /// Whether a contestant has failed too often to be asked again.
    pub(crate) fn gave_up(&self, row: &Row, contestant: Contestant) -> bool {
        let failed = self
            .of(row, contestant)
            .filter(|taken| taken.sample.is_err());
        failed.count() >= MOST_FAILURES
    }

    fn of(&self, row: &Row, contestant: Contestant) -> impl Iterator<Item = &Taken> {
        let is_meant =
            move |taken: &&Taken| taken.row == row.label && taken.contestant == contestant;
        self.taken.iter().filter(is_meant)
    }

    /// A figure of a contestant, in each run that has it.
    pub(crate) fn values(
        &self,
        row: &Row,
        contestant: Contestant,
        figure: Figure,
    ) -> BTreeMap<u32, f64> {
        let values = self.of(row, contestant).filter_map(|taken| {
            let value = taken.sample.as_ref().ok()?.get(figure.key)?;
            Some((taken.run, *value))
        });
        values.collect()
    }

    pub(crate) fn spread(
        &self,
        row: &Row,
        contestant: Contestant,
        figure: Figure,
    ) -> Option<Spread> {
        let values = self.values(row, contestant, figure);
        Spread::of(&values.into_values().collect::<Vec<_>>())
    }

    /// One contestant's figure and another's, put together by `of`, of each run that has both.
    pub(crate) fn paired(
        &self,
        row: &Row,
        [one, other]: [Contestant; 2],
        figure: Figure,
        of: impl Fn(f64, f64) -> f64,
    ) -> Option<Spread> {
        let others = self.values(row, other, figure);
        let ones = self.values(row, one, figure).into_iter();
        let both = ones.filter_map(|(run, value)| Some(of(value, *others.get(&run)?)));
        Spread::of(&both.filter(|value| value.is_finite()).collect::<Vec<_>>())
    }

    /// What went wrong with a contestant, each thing once.
    pub(crate) fn faults(&self, row: &Row, contestant: Contestant) -> Vec<String> {
        let mut faults: Vec<_> = self.of(row, contestant).filter_map(Taken::fault).collect();
        faults.sort();
        faults.dedup();
        faults
    }

    /// How many runs there were of the contestant that had most.
    pub(crate) fn runs(&self) -> u32 {
        self.taken
            .iter()
            .map(|taken| taken.run + 1)
            .max()
            .unwrap_or(0)
    }

    pub(crate) fn save(&self, project: &Project, task: &Task, cell: &Cell) -> Outcome {
        write(&file(project, task, cell), &self.lines())
    }

    /// What was measured of a cell last; `None` if nothing was.
    pub(crate) fn load(project: &Project, task: &Task, cell: &Cell) -> Outcome<Option<Self>> {
        let file = file(project, task, cell);
        if !file.is_file() {
            return Ok(None);
        }
        let text = project::read(&file)?;
        match Self::of_lines(&text) {
            Some(results) => Ok(Some(results)),
            None => Err(format!("{} holds no results: remove it", file.display()).into()),
        }
    }

    fn lines(&self) -> String {
        let header = self.header.iter();
        let header: Object = header
            .map(|(name, value)| (name.clone(), Value::Text(value.clone())))
            .collect();
        let lines = [header]
            .into_iter()
            .chain(self.taken.iter().map(Taken::object));
        lines.map(|object| json::write(&object) + "\n").collect()
    }

    fn of_lines(text: &str) -> Option<Self> {
        let mut objects = text.lines().map(json::parse);
        let header = objects
            .next()??
            .into_iter()
            .filter_map(|(name, value)| match value {
                Value::Text(text) => Some((name, text)),
                Value::Number(_) => None,
            });
        Some(Self {
            header: header.collect(),
            taken: objects
                .map(|object| Taken::of(object?))
                .collect::<Option<_>>()?,
        })
    }
}

impl Taken {
    /// Why this run shows nothing good, if it does not.
    fn fault(&self) -> Option<String> {
        let sample = match &self.sample {
            Err(failure) => return Some(format!("failed: {failure}")),
            Ok(sample) => sample,
        };
        let is_set = |name| sample.get(name).is_some_and(|value| *value > 0.0);
        if is_set("stalled") {
            return Some("stalled for 5 s".to_owned());
        }
        (is_set("gaps") || is_set("lost")).then(|| "lost messages or their order".to_owned())
    }

    fn object(&self) -> Object {
        let mut object = Object::from([
            ("row".to_owned(), Value::Text(self.row.clone())),
            (
                "contestant".to_owned(),
                Value::Text(self.contestant.key().to_owned()),
            ),
            ("run".to_owned(), Value::Number(self.run.into())),
        ]);
        match &self.sample {
            Ok(sample) => {
                let numbers = sample.iter();
                object.extend(numbers.map(|(name, value)| (name.clone(), Value::Number(*value))));
            }
            Err(failure) => {
                object.insert("error".to_owned(), Value::Text(failure.clone()));
            }
        }
        object
    }

    fn of(mut object: Object) -> Option<Self> {
        let mut text = |name: &str| match object.remove(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        };
        let (row, contestant, error) = (text("row")?, text("contestant")?, text("error"));
        let Some(Value::Number(run)) = object.remove("run") else {
            return None;
        };
        let numbers = object.into_iter().filter_map(|(name, value)| match value {
            Value::Number(number) => Some((name, number)),
            Value::Text(_) => None,
        });
        Some(Self {
            row,
            contestant: Contestant::of_key(&contestant)?,
            run: run as u32,
            sample: error.map_or_else(|| Ok(numbers.collect()), Err),
        })
    }
}

fn file(project: &Project, task: &Task, cell: &Cell) -> PathBuf {
    project
        .path(task.folder())
        .join(format!("{}.jsonl", cell.name))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::cells;
    use super::*;

    /// Results of the first row of the first cell, with these rates of the relay and of NATS.
    pub(crate) fn rates(ours: &[f64], nats: &[f64]) -> (Cell, Results) {
        let cell = cells::all().remove(0);
        let mut results = Results::default();
        for (contestant, rates) in [(Contestant::Relay, ours), (Contestant::Nats, nats)] {
            for (run, rate) in (0..).zip(rates) {
                let sample = Sample::from([("del_per_s".to_owned(), *rate)]);
                results.add(&cell.rows[0], contestant, run, Ok(sample));
            }
        }
        (cell, results)
    }

    #[test]
    fn ratios_are_taken_within_a_run() {
        let (cell, results) = rates(&[10.0, 30.0, 50.0], &[10.0, 10.0, 25.0]);
        let pair = [Contestant::Relay, Contestant::Nats];
        let ratio = results.paired(&cell.rows[0], pair, cell.figures[0], |one, other| {
            one / other
        });
        let ratio = ratio.expect("runs");
        assert_eq!((ratio.least, ratio.median, ratio.most), (1.0, 2.0, 3.0));
    }

    #[test]
    fn a_run_that_one_has_missed_makes_no_pair() {
        let (cell, results) = rates(&[10.0, 30.0], &[10.0]);
        let pair = [Contestant::Relay, Contestant::Nats];
        let ratio = results.paired(&cell.rows[0], pair, cell.figures[0], |one, other| {
            one / other
        });
        assert_eq!(ratio.map(|ratio| ratio.most), Some(1.0));
        let none = [Contestant::Relay, Contestant::Limit];
        assert_eq!(
            results.paired(&cell.rows[0], none, cell.figures[0], f64::max),
            None
        );
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let (cell, mut results) = rates(&[10.0], &[5.5]);
        results.header.insert("commit".to_owned(), "abc".to_owned());
        results.add(
            &cell.rows[1],
            Contestant::Limit,
            0,
            Err("it \"fell\"".into()),
        );
        assert_eq!(Results::of_lines(&results.lines()), Some(results));
    }

    #[test]
    fn what_failed_twice_is_given_up() {
        let (cell, mut results) = rates(&[10.0], &[5.5]);
        let row = &cell.rows[0];
        results.add(row, Contestant::Nats, 1, Err("no".into()));
        assert!(!results.gave_up(row, Contestant::Nats));
        results.add(row, Contestant::Nats, 2, Err("no".into()));
        assert!(results.gave_up(row, Contestant::Nats));
        assert_eq!(results.faults(row, Contestant::Nats), ["failed: no"]);
        assert!(!results.gave_up(row, Contestant::Relay));
    }
}
