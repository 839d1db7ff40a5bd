//! `docs/performance.svg`: for each goal a bar, as long as what was measured is good, and one line that all have to reach.

use super::cell::Cell;
use super::results::Results;
use super::verdict::{self, Verdict};

const WIDTH: f64 = 1000.0;
/// Where bars begin, and how long one is that just meets its goal.
const LEFT: f64 = 500.0;
const GOAL: f64 = 150.0;
/// The longest bar, as a multiple of its goal; longer ones end with an arrow.
const MOST: f64 = 2.2;
const LINE: f64 = 18.0;
const HEAD: f64 = 26.0;
const TOP: f64 = 44.0;

/// Colours for light and for dark surroundings; the card brings its own ground, so that it can be read on any.
const STYLE: &str = "\
text{font:12px system-ui,sans-serif;fill:#1f2328}.head{font-weight:600}.note{fill:#59636e;paint-order:stroke;stroke:#fff;stroke-width:4px}.card{fill:#fff;stroke:#d1d9e0}\
.met{fill:#2da44e}.not{fill:#d1242f}.none{fill:#8c959f}.goal{stroke:#1f2328;stroke-width:1.5;stroke-dasharray:4 3}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.note{fill:#9198a1;stroke:#0d1117}.card{fill:#0d1117;stroke:#3d444d}\
.met{fill:#3fb950}.not{fill:#f85149}.none{fill:#656c76}.goal{stroke:#e6edf3}}";

pub(crate) fn draw(known: &[(Cell, Results)]) -> String {
    let mut body = String::new();
    let mut top = TOP;
    for (cell, results) in known {
        let verdicts = verdict::all(cell, results);
        if verdicts.is_empty() {
            continue;
        }
        top += HEAD;
        body += &text(16.0, top - 7.0, "head", "start", cell.title);
        for verdict in &verdicts {
            body += &bar(verdict, top);
            top += LINE;
        }
    }
    let height = top + 16.0;
    let goal = LEFT + GOAL;
    let caption = text(goal, 24.0, "head", "middle", "the goal");
    let note = text(
        16.0,
        24.0,
        "note",
        "start",
        "What is measured as a multiple of its goal: longer is better",
    );
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\">\
         <title>How far each goal is met</title><style>{STYLE}</style>\n\
         <rect class=\"card\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"6\"/>\n\
         {note}{caption}<line class=\"goal\" x1=\"{goal}\" y1=\"32\" x2=\"{goal}\" y2=\"{}\"/>\n\
         {body}</svg>\n",
        WIDTH - 1.0,
        height - 1.0,
        height - 10.0,
    )
}

/// One goal: what it is, the bar, and what was measured.
fn bar(verdict: &Verdict, top: f64) -> String {
    let share = verdict.share().unwrap_or(0.0).clamp(0.0, MOST);
    let class = match verdict.share() {
        None => "none",
        Some(_) if verdict.is_met() => "met",
        Some(_) => "not",
    };
    let length = (share * GOAL).max(2.0);
    let arrow = if share < MOST { "" } else { " ›" };
    let middle = top + LINE / 2.0 + 4.0;
    let label = format!("{}, {}", verdict.row, verdict.goal);
    let measured = format!(
        "{}{arrow}",
        verdict.measured().split(" (").next().unwrap_or_default()
    );
    format!(
        "{}<rect class=\"{class}\" x=\"{LEFT}\" y=\"{}\" width=\"{length:.1}\" height=\"{}\" rx=\"2\"/>\n{}",
        text(LEFT - 8.0, middle, "", "end", &label),
        top + 3.0,
        LINE - 6.0,
        text(LEFT + length + 6.0, middle, "note", "start", &measured),
    )
}

fn text(x: f64, y: f64, class: &str, anchor: &str, words: &str) -> String {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\" text-anchor=\"{anchor}\">{words}</text>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::rates;
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_goal_is_met() {
        let svg = draw(&[rates(&[18.0], &[10.0])]);
        let length = format!("width=\"{:.1}\"", 1.5 * GOAL);
        assert!(
            svg.contains("class=\"met\"") && svg.contains(&length),
            "{svg}"
        );
        assert!(
            svg.contains("class=\"none\""),
            "what was not measured has a place too"
        );
    }

    #[test]
    fn a_goal_that_is_not_met_has_another_colour_and_a_long_bar_an_end() {
        let svg = draw(&[rates(&[6.0], &[10.0])]);
        assert!(svg.contains("<rect class=\"not\""), "{svg}");
        let svg = draw(&[rates(&[600.0], &[10.0])]);
        assert!(svg.contains("60.0 ›"), "{svg}");
    }
}
