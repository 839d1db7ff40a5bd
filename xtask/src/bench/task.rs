//! What the words behind `bench` ask for.

/// Runs of each contestant if nothing is said.
const RUNS: u32 = 5;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    /// The names of cells; all that are not optional if there is none.
    pub(crate) cells: Vec<String>,
    pub(crate) runs: u32,
    /// Whether short runs are enough, to see that it works. They change no document.
    pub(crate) quick: bool,
}

impl Task {
    /// Nothing if the words make no sense.
    pub(crate) fn of(words: &[&str]) -> Option<Self> {
        let mut task = Self {
            cells: Vec::new(),
            runs: 0,
            quick: false,
        };
        let mut words = words.iter();
        while let Some(&word) = words.next() {
            match word {
                "--cell" => task.cells.push((*words.next()?).to_owned()),
                "--runs" => task.runs = words.next()?.parse().ok().filter(|runs| *runs > 0)?,
                "--quick" => task.quick = true,
                _ => return None,
            }
        }
        if task.runs == 0 {
            task.runs = if task.quick { 1 } else { RUNS };
        }
        Some(task)
    }

    /// Where what was measured is kept.
    pub(crate) fn folder(&self) -> &'static str {
        if self.quick {
            "target/bench/quick"
        } else {
            "target/bench"
        }
    }

    /// A phase that takes so many seconds, as long as this task wants it.
    pub(crate) fn lasting(&self, seconds: f64) -> f64 {
        if self.quick { seconds / 2.0 } else { seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_any_order() {
        let task = Task::of(&["--runs", "7", "--cell", "idle", "--quick", "--cell", "page"]);
        let wanted = Task {
            cells: vec!["idle".to_owned(), "page".to_owned()],
            runs: 7,
            quick: true,
        };
        assert_eq!(task, Some(wanted));
    }

    #[test]
    fn five_runs_are_usual_and_one_is_quick() {
        let runs = |words: &[&str]| Task::of(words).map(|task| task.runs);
        assert_eq!(runs(&[]), Some(RUNS));
        assert_eq!(runs(&["--quick"]), Some(1));
        assert_eq!(runs(&["--runs", "3", "--quick"]), Some(3));
    }

    #[test]
    fn words_that_make_no_sense_are_refused() {
        for words in [
            &["--cell"][..],
            &["--runs", "0"],
            &["--runs", "many"],
            &["idle"],
        ] {
            assert_eq!(Task::of(words), None, "{words:?}");
        }
    }
}
