//! Views of a study: its page and its terminal tables.

mod depth;
mod findings;
mod markdown;
mod rankings;
mod terminal;
mod transfer;

use spat_spec::{PairedTest, Spread, StudyReport, StudyTimings};

use crate::{
    escape::escape,
    number,
    page::{ORIGIN, document, paragraph, section},
};

pub use markdown::study_markdown;
pub use terminal::study_tables;

/// The self-contained page about a study: `study.html`. With `timings` it also shows what the clock
/// said.
///
/// Like [`crate::html`] it fetches nothing and runs no script.
pub fn study_html(report: &StudyReport, timings: Option<&StudyTimings>) -> String {
    let mut sections = vec![opening(report), findings::section(report)];
    for depth in &report.depths {
        let times = timings.and_then(|timings| {
            timings
                .depths
                .iter()
                .find(|times| times.layers == depth.layers)
        });
        sections.push(depth::section(depth, times));
    }
    sections.push(transfer::planted(report));
    sections.push(transfer::matrix(report));
    sections.push(origin(report, timings));
    document(&title(report), &sections.join("\n"))
}

fn title(report: &StudyReport) -> String {
    format!(
        "Study of {} on {}",
        report.study.base.forecaster.name(),
        report.data.name
    )
}

fn opening(report: &StudyReport) -> String {
    format!(
        "<header><p class=\"kicker\">Attention pruning study</p><h1>{}</h1><p class=\"setting\">{}</p>\
         <p class=\"verdict\">{}</p></header>",
        escape(&title(report)),
        escape(&setting(report)),
        escape(&findings::verdict(report)),
    )
}

/// Sizes and lengths, in words.
fn setting(report: &StudyReport) -> String {
    let base = &report.study.base;
    let depths: Vec<String> = report
        .study
        .depths
        .iter()
        .map(ToString::to_string)
        .collect();
    format!(
        "{} in, {} out, {}; {} layers; {}, {} of training and {} of fine-tuning at most. Errors are in scaled space over all {}; ± is one deviation over seeds.",
        number::plural(base.forecaster.lookback(), "row"),
        number::count(base.forecaster.horizon() as u64),
        number::plural(report.data.channels, "channel"),
        depths.join(" and "),
        number::plural(report.study.seeds.len(), "seed"),
        number::plural(base.training.epochs, "epoch"),
        number::plural(base.finetune.epochs, "epoch"),
        number::plural(report.data.windows.test, "test window"),
    )
}

fn origin(report: &StudyReport, timings: Option<&StudyTimings>) -> String {
    let mut body = paragraph(ORIGIN);
    body += &paragraph(
        "Every sentence and figure on this page is computed from study.json. Choices are made without test windows; \
         the oracle, the best subset in hindsight, is not. Intervals and p values are of paired differences over \
         seeds and are not corrected for the number of comparisons.",
    );
    body += &format!("<pre class=\"command\">{}</pre>", escape(&report.command));
    if let Some(timings) = timings {
        body += &paragraph(&format!(
            "Times were measured on {} with {}, all numbers of modules in turn, nothing else running.",
            timings.device.name,
            number::plural(timings.device.threads, "thread")
        ));
    }
    let settings = serde_json::to_string_pretty(&report.study).unwrap_or_default();
    body += &format!(
        "<details><summary>Everything that decided the result ({})</summary><pre>{}</pre></details>",
        escape(&report.hash),
        escape(&settings)
    );
    section("origin", "Where this comes from", &body)
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
        // One pair has no interval.
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
