//! Which goals are met.

use super::cell::{Bound, Cell, Goal, Measure, Row};
use super::contestant::Contestant;
use super::format::{self, Unit};
use super::results::Results;
use super::statistics::Spread;

/// A goal, and what was measured.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    /// Such as "deliveries/s: at least 4 × NATS".
    pub(crate) goal: String,
    /// Such as "100 subscribers".
    pub(crate) row: String,
    /// `None` if it was not measured.
    pub(crate) value: Option<Spread>,
    pub(crate) bound: Bound,
    unit: Unit,
    /// What makes the measurement worthless, if anything does.
    fault: Option<String>,
}

/// A verdict on each goal of a cell.
pub(crate) fn all(cell: &Cell, results: &Results) -> Vec<Verdict> {
    let goals = cell
        .rows
        .iter()
        .flat_map(|row| row.goals.iter().map(move |goal| (row, goal)));
    goals
        .map(|(row, goal)| Verdict::on(cell, row, goal, results))
        .collect()
}

impl Verdict {
    fn on(cell: &Cell, row: &Row, goal: &Goal, results: &Results) -> Self {
        let faults = results.faults(row, cell.ours);
        Self {
            goal: words(goal),
            row: row.label.clone(),
            value: value(cell.ours, row, goal, results),
            bound: goal.bound,
            unit: match goal.measure {
                Measure::Itself | Measure::Beyond(..) => goal.figure.unit,
                Measure::Of(_) | Measure::OfEach(_) => Unit::Ratio,
            },
            fault: faults.into_iter().next(),
        }
    }

    /// Whether it is met. What was not measured is not, nor what lost anything.
    pub(crate) fn is_met(&self) -> bool {
        self.fault.is_none()
            && self
                .value
                .is_some_and(|value| self.bound.is_met_by(value.median))
    }

    /// What was measured, for people.
    pub(crate) fn measured(&self) -> String {
        let Some(value) = self.value else {
            return self
                .fault
                .clone()
                .unwrap_or_else(|| "not measured".to_owned());
        };
        let [median, least, most] =
            [value.median, value.least, value.most].map(|value| format::number(value, self.unit));
        let fault = self
            .fault
            .as_ref()
            .map_or_else(String::new, |fault| format!(", but {fault}"));
        format!("{median} ({least} to {most}){fault}")
    }

    /// How what was measured does: 1 just meets the goal, and more is better.
    pub(crate) fn share(&self) -> Option<f64> {
        self.value.map(|value| self.bound.share(value.median))
    }
}

fn value(ours: Contestant, row: &Row, goal: &Goal, results: &Results) -> Option<Spread> {
    let ratio = |other| results.paired(row, [ours, other], goal.figure, |ours, other| ours / other);
    match goal.measure {
        Measure::Itself => results.spread(row, ours, goal.figure),
        Measure::Of(other) => ratio(other),
        Measure::OfEach(others) => {
            let ratios: Option<Vec<Spread>> = others.iter().map(|other| ratio(*other)).collect();
            ratios?.into_iter().min_by(|one, other| {
                let share = |spread: &Spread| goal.bound.share(spread.median);
                share(one).total_cmp(&share(other))
            })
        }
        Measure::Beyond(other, parts) => {
            let pair = [ours, other];
            results.paired(row, pair, goal.figure, |ours, other| (ours - other) / parts)
        }
    }
}

fn words(goal: &Goal) -> String {
    let figure = goal.figure.heading;
    let (bound, value) = match goal.bound {
        Bound::AtLeast(value) => ("at least", value),
        Bound::AtMost(value) => ("at most", value),
    };
    let plain = || format::number(value, goal.figure.unit);
    match goal.measure {
        Measure::Itself => format!("{figure}: {bound} {}", plain()),
        Measure::Of(other) => format!("{figure}: {bound} {value} × {}", other.title()),
        Measure::OfEach(_) => format!("{figure}: {bound} {value} × the best peer"),
        Measure::Beyond(_, _) => format!("{figure}: {bound} {} for each one more", plain()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::rates;
    use super::*;

    /// The verdict on "at least 1.2 × NATS".
    fn verdict(ours: &[f64], nats: &[f64]) -> Verdict {
        let (cell, results) = rates(ours, nats);
        all(&cell, &results).remove(0)
    }

    #[test]
    fn a_goal_is_met_by_the_median_of_the_ratios() {
        let met = verdict(&[11.0, 13.0, 20.0], &[10.0, 10.0, 10.0]);
        assert!(met.is_met(), "{met:?}");
        assert_eq!(met.measured(), "1.30 (1.10 to 2.00)");
        assert_eq!(met.goal, "deliveries/s: at least 1.2 × NATS");
        assert!(!verdict(&[11.0, 11.9, 20.0], &[10.0, 10.0, 10.0]).is_met());
    }

    #[test]
    fn what_was_not_measured_is_not_met() {
        let none = verdict(&[11.0], &[]);
        assert!(!none.is_met());
        assert_eq!(none.measured(), "not measured");
        assert_eq!(none.share(), None);
    }

    #[test]
    fn what_lost_a_message_meets_nothing() {
        let (cell, mut results) = rates(&[20.0, 20.0], &[10.0, 10.0]);
        let lost = [("del_per_s".to_owned(), 90.0), ("gaps".to_owned(), 1.0)];
        results.add(
            &cell.rows[0],
            Contestant::Relay,
            2,
            Ok(lost.into_iter().collect()),
        );
        let verdict = all(&cell, &results).remove(0);
        assert!(!verdict.is_met(), "{verdict:?}");
        assert!(
            verdict
                .measured()
                .ends_with("but lost messages or their order")
        );
    }

    #[test]
    fn of_several_peers_the_best_one_counts() {
        let (cell, mut results) = rates(&[20.0], &[10.0]);
        let row = &cell.rows[0];
        let sample = [("del_per_s".to_owned(), 16.0)];
        results.add(
            row,
            Contestant::Mosquitto,
            0,
            Ok(sample.into_iter().collect()),
        );
        let goal = Goal {
            figure: cell.figures[0],
            measure: Measure::OfEach(&[Contestant::Nats, Contestant::Mosquitto]),
            bound: Bound::AtLeast(1.1),
        };
        let value = value(cell.ours, row, &goal, &results).expect("runs");
        assert_eq!(value.median, 1.25);
    }
}
