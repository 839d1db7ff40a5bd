//! A cell in Markdown: what was measured, and which goals are met.

use super::cell::{Cell, Figure, Row};
use super::contestant::Contestant;
use super::format::{self, Unit};
use super::results::Results;
use super::verdict;

/// All that is written down of a cell.
pub(crate) fn block(cell: &Cell, results: &Results) -> String {
    let mut text = format!("{}\n\n{}", origin(cell, results), heading(cell));
    for row in &cell.rows {
        for &contestant in &row.contestants {
            text += &line(cell, row, contestant, results);
        }
    }
    text + &goals(cell, results)
}

/// Where the figures come from.
fn origin(cell: &Cell, results: &Results) -> String {
    let told = |name: &str| results.header.get(name).map_or("?", String::as_str);
    let (commit, machine, versions) = (told("commit"), told("machine"), told("versions"));
    let place = cell.rows[0].setting.place.told();
    let beside = if versions.is_empty() {
        String::new()
    } else {
        format!(" Beside it: {versions}.")
    };
    format!(
        "`cargo xtask bench --cell {} --runs {}`, commit {commit}, {machine}; {place}.{beside}",
        cell.name,
        results.runs()
    )
}

fn heading(cell: &Cell) -> String {
    let figures = cell
        .figures
        .iter()
        .map(|figure| format!(" {} |", figure.heading));
    let lines = " --- |".repeat(cell.figures.len());
    format!(
        "| | |{} {} ÷ this |\n| --- | --- |{lines} --- |\n",
        figures.collect::<String>(),
        cell.ours.title(),
    )
}

fn line(cell: &Cell, row: &Row, contestant: Contestant, results: &Results) -> String {
    let name = if contestant == cell.ours {
        format!("**{}**", contestant.title())
    } else {
        contestant.title().to_owned()
    };
    let cells = cell.figures.iter().enumerate().map(|(at, figure)| {
        let spread = results.spread(row, contestant, *figure);
        let Some(spread) = spread else {
            return " |".to_owned();
        };
        let [median, least, most] = [spread.median, spread.least, spread.most]
            .map(|value| format::number(value, figure.unit));
        if at == 0 {
            format!(" {median} ({least} to {most}) |")
        } else {
            format!(" {median} |")
        }
    });
    let cells = cells.collect::<String>();
    let faults = results.faults(row, contestant).join("; ");
    let note = if faults.is_empty() {
        String::new()
    } else {
        format!(": {faults}")
    };
    let ratio = ratio(cell, row, contestant, cell.figures[0], results);
    format!("| {} | {name}{note} |{cells} {ratio} |\n", row.label)
}

/// What ours is of this one, by the first figure.
fn ratio(cell: &Cell, row: &Row, other: Contestant, figure: Figure, results: &Results) -> String {
    if other == cell.ours {
        return String::new();
    }
    let ratio = results.paired(row, [cell.ours, other], figure, |ours, other| ours / other);
    ratio.map_or_else(String::new, |ratio| {
        format::number(ratio.median, Unit::Ratio)
    })
}

fn goals(cell: &Cell, results: &Results) -> String {
    let verdicts = verdict::all(cell, results);
    if verdicts.is_empty() {
        return String::new();
    }
    let lines = verdicts.iter().map(|verdict| {
        let met = if verdict.is_met() {
            "met"
        } else {
            "**not met**"
        };
        format!(
            "| {} | {} | {} | {met} |\n",
            verdict.row,
            verdict.goal,
            verdict.measured()
        )
    });
    let head = "\n| | goal | measured | |\n| --- | --- | --- | --- |\n";
    head.to_owned() + &lines.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::rates;
    use super::*;

    #[test]
    fn a_table_tells_medians_ratios_and_goals() {
        let (cell, results) = rates(&[10.0, 30.0, 50.0], &[10.0, 10.0, 25.0]);
        let text = block(&cell, &results);
        assert!(
            text.contains("| 1 subscriber | **rs2p** | 30.0 (10.0 to 50.0) |"),
            "{text}"
        );
        assert!(
            text.contains("| 1 subscriber | NATS | 10.0 (10.0 to 25.0) |"),
            "{text}"
        );
        assert!(text.contains(" 2.00 |"), "{text}");
        assert!(
            text.contains("at least 1.2 × NATS | 2.00 (1.00 to 3.00) | met |"),
            "{text}"
        );
        assert!(
            text.contains("at least 0.5 × the limit | not measured | **not met** |"),
            "{text}"
        );
    }

    #[test]
    fn every_line_of_a_table_has_as_many_columns() {
        let (cell, results) = rates(&[10.0], &[5.0]);
        let text = block(&cell, &results);
        let first = text.lines().skip(2).take_while(|line| !line.is_empty());
        let columns: Vec<_> = first.map(|line| line.matches('|').count()).collect();
        assert!(
            columns.len() > 20 && columns.iter().all(|count| *count == columns[0]),
            "{text}"
        );
    }
}
