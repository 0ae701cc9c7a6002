//! Views of a study: its page, its Markdown and its terminal tables.

mod depth;
mod findings;
mod finetuning;
mod markdown;
mod rankings;
mod sheet;
mod terminal;
mod transfer;

use spat_spec::{PairedTest, Spread, StudyReport, StudyTimings, SyntheticReport};

use crate::{
    escape::escape,
    number,
    page::{ORIGIN, document, paragraph, section},
};

pub(crate) use findings::stance;
use sheet::Sheet;
pub(crate) use terminal::wrapped;

/// The self-contained page of a study: `study.html`. With `timings` it includes measured times.
///
/// Like [`crate::html`] it fetches nothing and runs no script.
pub fn study_html(report: &StudyReport, timings: Option<&StudyTimings>) -> String {
    html(&Sheet::new(report, timings))
}

/// The page of a study without a table.
pub fn synthetic_html(report: &SyntheticReport) -> String {
    html(&Sheet::of_synthetic(report))
}

/// A study as a Markdown document: its setup, the findings, and the tables behind them.
pub fn study_markdown(report: &StudyReport, timings: Option<&StudyTimings>) -> String {
    markdown::markdown(&Sheet::new(report, timings))
}

/// The Markdown document of a study without a table.
pub fn synthetic_markdown(report: &SyntheticReport) -> String {
    markdown::markdown(&Sheet::of_synthetic(report))
}

/// A study in plain text, at most 100 columns wide.
pub fn study_tables(report: &StudyReport) -> String {
    terminal::tables(&Sheet::new(report, None))
}

/// The text of a study without a table.
pub fn synthetic_tables(report: &SyntheticReport) -> String {
    terminal::tables(&Sheet::of_synthetic(report))
}

fn html(sheet: &Sheet<'_>) -> String {
    let mut sections = vec![opening(sheet), findings::section(sheet)];
    for depth in sheet.depths {
        let times = sheet.timings.and_then(|timings| {
            timings
                .depths
                .iter()
                .find(|times| times.module_count == depth.module_count)
        });
        sections.push(depth::section(depth, times));
    }
    sections.push(transfer::ground_truth(sheet.ground_truth));
    sections.push(transfer::matrix(sheet.transfers));
    sections.push(origin(sheet));
    document(&sheet.title, &sections.join("\n"))
}

fn opening(sheet: &Sheet<'_>) -> String {
    format!(
        "<header><p class=\"kicker\">Attention pruning study</p><h1>{}</h1><p class=\"setting\">{}</p>\
         <p class=\"verdict\">{}</p></header>",
        escape(&sheet.title),
        escape(&sheet.setting),
        escape(&findings::verdict(sheet)),
    )
}

fn origin(sheet: &Sheet<'_>) -> String {
    let mut body = paragraph(ORIGIN);
    body += &paragraph(
        "Every sentence and figure on this page is computed from study.json. Choices are made without test data; \
         the oracle, the best subset in hindsight, is not. Intervals and p values are of paired differences over \
         seeds and are not corrected for the number of comparisons.",
    );
    body += &format!("<pre class=\"command\">{}</pre>", escape(sheet.command));
    if let Some(timings) = sheet.timings {
        body += &paragraph(&format!(
            "Times were measured on {} with {}, all numbers of modules in turn, nothing else running.",
            timings.device.name,
            number::plural(timings.device.threads, "thread")
        ));
    }
    body += &format!(
        "<details><summary>Everything that determines the result ({})</summary><pre>{}</pre></details>",
        escape(sheet.hash),
        escape(&sheet.settings)
    );
    section("origin", "Origin of the results", &body)
}

/// `0.3874 ± 0.0021`.
fn spread(spread: &Spread) -> String {
    format!(
        "{} ± {}",
        number::error(spread.mean),
        number::error(spread.sd)
    )
}

/// `−0.0021 [−0.0040, −0.0002]`.
fn difference(test: &PairedTest) -> String {
    if test.pairs < 2 {
        // A single pair has no interval.
        return signed(test.difference);
    }
    format!(
        "{} [{}, {}]",
        signed(test.difference),
        signed(test.low),
        signed(test.high)
    )
}

fn signed(x: f64) -> String {
    if x.is_finite() {
        format!("{x:+.4}").replace('-', "−")
    } else {
        number::NONE.to_owned()
    }
}

fn tau(spread: Option<&Spread>) -> String {
    spread.map_or_else(String::new, |tau| {
        format!("{:.2} ± {:.2}", tau.mean, tau.sd).replace('-', "−")
    })
}

/// "0, 2", or "none".
fn places(places: &[usize]) -> String {
    if places.is_empty() {
        return "none".to_owned();
    }
    let list: Vec<String> = places.iter().map(ToString::to_string).collect();
    list.join(", ")
}
