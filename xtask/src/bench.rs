//! What the relay is worth beside what else there is: `cargo xtask bench`.
//!
//! Each [`cell`] is one question, such as how many deliveries a second go to a hundred subscribers. For each row of it, the
//! [`contestant`]s are measured in turn, A, B, C, A, B, C, so that whatever else the machine does meets all of them; what counts
//! is the median of the ratios within a run. Raw samples go to `target/bench`, one line of JSON each, and tables, a list of
//! the goals and a picture into `docs`. What is measured with is in `benches/fanout`.

mod cell;
mod cells;
mod contestant;
mod document;
mod format;
mod install;
mod json;
mod launch;
mod load;
mod machine;
mod measure;
mod mesh;
mod page;
mod picture;
mod progress;
mod results;
mod statistics;
mod table;
mod task;
mod verdict;

use crate::process::Outcome;
use crate::project::Project;
use cell::Cell;
use machine::Facts;
use measure::Measurer;
use progress::Progress;
use results::Results;
pub(crate) use task::Task;

/// Measures the cells that were asked for, and writes down what came of it.
pub(crate) fn run(project: &Project, task: &Task) -> Outcome {
    let cells = cells::selected(&task.cells)?;
    install::check_machine()?;
    install::build(project)?;
    for contestant in cells.iter().flat_map(Cell::contestants) {
        contestant.install(project)?;
    }
    let facts = Facts::gather(project, task)?;
    let measurer = Measurer::new(project, task)?;
    let mut progress = Progress::new(cells.iter().map(|cell| cell.seconds(task)).sum());
    for cell in &cells {
        let results = measure_cell(cell, &measurer, &facts, &mut progress)?;
        results.save(project, task, cell)?;
        println!("\n{}", table::block(cell, &results));
    }
    document::write(project, task, &cells)
}

/// All samples of one cell: row by row, run by run, contestant by contestant.
fn measure_cell(
    cell: &Cell,
    measurer: &Measurer<'_>,
    facts: &Facts,
    progress: &mut Progress,
) -> Outcome<Results> {
    println!("\n== {}: {}\n", cell.name, cell.title);
    let mut results = Results::new(facts.header(cell));
    for row in &cell.rows {
        for run in 0..measurer.runs() {
            for &contestant in &row.contestants {
                if results.gave_up(row, contestant) {
                    continue;
                }
                let sample = measurer.measure(contestant, &row.setting);
                progress.tell(cell, row, contestant, run, measurer, &sample);
                results.add(row, contestant, run, sample);
            }
        }
    }
    Ok(results)
}
