//! The summary as a page: one file that needs no network, with the drawing of the mesh over time and the plots.
//!
//! What it looks like is in the folder `page`; here its parts are put together.

use rs2p::sim::scenario::Summary;

use super::json;

const FRAME: &str = include_str!("page/report.html");
const STYLE: &str = include_str!("page/style.css");
/// In the order in which they need each other.
const SCRIPTS: [&str; 7] = [
    include_str!("page/words.js"),
    include_str!("page/story.js"),
    include_str!("page/sky.js"),
    include_str!("page/plots.js"),
    include_str!("page/charts.js"),
    include_str!("page/player.js"),
    include_str!("page/page.js"),
];

/// The page of a summary.
pub(super) fn html(summary: &Summary) -> String {
    // Within a script element nothing may look like its end.
    let data = json(summary).replace('<', "\\u003c");
    let parts = [
        ("/*STYLE*/", STYLE),
        ("/*SUMMARY*/", &data),
        ("/*SCRIPT*/", &SCRIPTS.join("\n")),
    ];
    let (mut page, mut rest) = (String::with_capacity(data.len() + (64 << 10)), FRAME);
    for (mark, part) in parts {
        if let Some((before, after)) = rest.split_once(mark) {
            page.push_str(before);
            page.push_str(part);
            rest = after;
        }
    }
    page.push_str(rest);
    page
}

#[cfg(test)]
mod tests {
    use rs2p::sim::scenario::{Scenario, ScenarioOptions, run};

    use super::*;

    fn page() -> String {
        let mut options = ScenarioOptions::new(6, 1);
        options.picture = true;
        html(&run(Scenario::Start, &options, &mut |_| {}))
    }

    #[test]
    fn the_page_is_whole_and_asks_nobody_for_anything() {
        let page = page();
        for mark in ["/*STYLE*/", "/*SUMMARY*/", "/*SCRIPT*/"] {
            assert!(!page.contains(mark), "{mark}");
        }
        assert!(page.trim_end().ends_with("</html>"));
        let outside = page.replace("http://www.w3.org/2000/svg", "");
        for word in ["http:", "https:", "src=", "import(", "fetch("] {
            assert!(!outside.contains(word), "{word}");
        }
    }

    #[test]
    fn the_summary_stays_within_its_element() {
        let page = page();
        let (_, data) = page.split_once("application/json\">").expect("the data");
        let (data, _) = data.split_once("</script>").expect("its end");
        let data: serde_json::Value = serde_json::from_str(data).expect("JSON");
        assert_eq!(data["scenario"], "start");
        assert_eq!(data["picture"]["places"].as_array().map(Vec::len), Some(6));
    }
}
