//! `docs/PERFORMANCE.md`: what is measured is put between the marks of each cell, and all around them is left as it is.

use super::cell::Cell;
use super::cells;
use super::contestant::write as write_file;
use super::picture;
use super::results::Results;
use super::table;
use super::task::Task;
use super::verdict;
use crate::process::Outcome;
use crate::project::{self, Project};

const DOCUMENT: &str = "docs/PERFORMANCE.md";
const PICTURE: &str = "docs/performance.svg";
/// Whose marks hold the list of goals that are not met.
const GOALS: &str = "goals";

/// Puts the cells that were measured, and what follows from all, into the document; that of a quick task is a copy, so that
/// no short run becomes a figure.
pub(crate) fn write(project: &Project, task: &Task, measured: &[Cell]) -> Outcome {
    let mut text = project::read(&project.path(DOCUMENT))?;
    let mut known = Vec::new();
    for cell in cells::all() {
        let Some(results) = Results::load(project, task, &cell)? else {
            continue;
        };
        let is_new = measured.iter().any(|measured| measured.name == cell.name);
        if is_new && let Some(changed) = replaced(&text, cell.name, &table::block(&cell, &results))
        {
            text = changed;
        }
        known.push((cell, results));
    }
    let judged = goals(&known);
    println!("{judged}");
    let (document, picture) = places(task);
    text = replaced(&text, GOALS, &judged).unwrap_or(text);
    write_file(&project.path(&picture), &picture::draw(&known))?;
    println!("Written: {picture}");
    write_file(&project.path(&document), &text)?;
    println!("Written: {document}");
    Ok(())
}

fn places(task: &Task) -> (String, String) {
    if !task.quick {
        return (DOCUMENT.to_owned(), PICTURE.to_owned());
    }
    let copy = |name: &str| name.replacen("docs", task.folder(), 1);
    (copy(DOCUMENT), copy(PICTURE))
}

/// The cells that are not optional and have no results in `target/bench`.
fn unmeasured(known: &[(Cell, Results)]) -> Vec<&'static str> {
    let usual = cells::all().into_iter().filter(|cell| !cell.is_optional);
    let names = usual.map(|cell| cell.name);
    names
        .filter(|name| !known.iter().any(|(known, _)| known.name == *name))
        .collect()
}

/// How many goals are met, each that is not, and which cells were not measured.
fn goals(known: &[(Cell, Results)]) -> String {
    let verdicts: Vec<_> = known
        .iter()
        .flat_map(|(cell, results)| {
            let verdicts = verdict::all(cell, results).into_iter();
            verdicts.map(|verdict| (cell.name, verdict))
        })
        .collect();
    let missed = verdicts.iter().filter(|(_, verdict)| !verdict.is_met());
    let lines: String = missed
        .clone()
        .map(|(cell, verdict)| {
            let (row, goal, measured) = (&verdict.row, &verdict.goal, verdict.measured());
            format!("- `{cell}`, {row}: {goal}; measured: {measured}\n")
        })
        .collect();
    let met = verdicts.len() - missed.count();
    let rest = if lines.is_empty() {
        ".\n".to_owned()
    } else {
        format!("; not met:\n\n{lines}")
    };
    let left = match unmeasured(known).join("`, `") {
        none if none.is_empty() => none,
        names => format!("\nNot measured yet: `{names}`.\n"),
    };
    format!("{met} of {} goals are met{rest}{left}", verdicts.len())
}

/// `text` with `block` between the marks of `name`; `None` if it has no such marks.
fn replaced(text: &str, name: &str, block: &str) -> Option<String> {
    let (begin, end) = (
        format!("<!-- bench:{name} -->"),
        format!("<!-- /bench:{name} -->"),
    );
    let (before, rest) = text.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!(
        "{before}{begin}\n\n{}\n\n{end}{after}",
        block.trim()
    ))
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::rates;
    use super::*;

    #[test]
    fn what_stands_around_the_marks_stays() {
        let text = "Why.\n<!-- bench:a -->\nold\n<!-- /bench:a -->\nAnd so.\n";
        let changed = replaced(text, "a", "new\n").expect("marks");
        assert_eq!(
            changed,
            "Why.\n<!-- bench:a -->\n\nnew\n\n<!-- /bench:a -->\nAnd so.\n"
        );
        assert_eq!(
            replaced(&changed, "a", "new"),
            Some(changed),
            "twice is once"
        );
    }

    #[test]
    fn without_marks_nothing_is_replaced() {
        assert_eq!(replaced("text", "a", "new"), None);
        assert_eq!(replaced("<!-- bench:a --> no end", "a", "new"), None);
        assert_eq!(
            replaced("<!-- bench:ab --><!-- /bench:ab -->", "a", "new"),
            None
        );
    }

    #[test]
    fn the_goals_that_are_not_met_are_named() {
        let measured = rates(&[10.0], &[10.0]);
        let text = goals(&[measured]);
        assert!(text.starts_with("0 of "), "{text}");
        assert!(
            text.contains("at least 1.2 × NATS; measured: 1.00 (1.00 to 1.00)\n"),
            "{text}"
        );
    }

    #[test]
    fn the_document_has_marks_for_what_is_not_optional() {
        let project = Project::locate().expect("a checkout");
        let text = project::read(&project.path(DOCUMENT)).expect("a document");
        let usual = cells::all().into_iter().filter(|cell| !cell.is_optional);
        for name in usual.map(|cell| cell.name).chain([GOALS]) {
            assert!(replaced(&text, name, "x").is_some(), "{name}");
        }
    }

    #[test]
    fn a_quick_task_writes_beside_its_samples() {
        let task = Task::of(&["--quick"]).expect("a task");
        assert_eq!(places(&task).0, "target/bench/quick/PERFORMANCE.md");
    }
}
