//! Scorers and readings of SEND by regret.

use spat_spec::{MethodComparison, MethodKind, SuiteReport};

use super::Block;
use crate::{
    chart::{Bar, BarChart, bar_chart},
    number::{self, estimated_change, estimated_share},
    table::Table,
};

pub(super) fn blocks(report: &SuiteReport) -> Vec<Block> {
    let Some(comparison) = &report.methods else {
        return Vec::new();
    };
    let rank = comparison.critical_difference.map_or_else(String::new, |difference| {
        format!(
            " Mean ranks are over the {} in which every method has a regret; differences below {difference:.1} are none at a level of 5 % (Nemenyi).",
            number::plural(comparison.cells, "cell")
        )
    });
    vec![
        Block::Note(format!(
            "Regret is the test MSE above that of the best subset of the same size in percent, mean over all sizes that leave a choice; every subset was fine-tuned. Differences below 0 mean that the method chooses better. Wins, ties and losses are cells, with the p of the sign test.{rank}"
        )),
        drawing(comparison),
        Block::Table(table(comparison)),
    ]
}

fn table(comparison: &MethodComparison) -> Table {
    let mut table = Table::new(
        "",
        [
            "",
            "regret",
            "against a random choice",
            "against \"last\"",
            "wins, ties, losses against \"last\"",
            "p",
            "mean rank",
        ],
    );
    for summary in &comparison.methods {
        let method = &summary.method;
        let name = match method.kind {
            MethodKind::Reading => format!("SEND, {} ({})", method.name, method.title),
            MethodKind::Send | MethodKind::Scorer | MethodKind::Random => {
                format!("{} ({})", method.name, method.title)
            }
        };
        let difference =
            |estimate: &Option<_>| estimate.as_ref().map_or_else(String::new, estimated_change);
        let cells = &summary.cells_against_last;
        table.row([
            name,
            estimated_share(&summary.regret),
            difference(&summary.against_random),
            difference(&summary.against_last),
            format!("{}, {}, {}", cells.wins, cells.ties, cells.losses),
            format!("{:.2}", cells.p),
            summary
                .mean_rank
                .map_or_else(String::new, |rank| format!("{rank:.1}")),
        ]);
    }
    table
}

fn drawing(comparison: &MethodComparison) -> Block {
    let bars = comparison.methods.iter().map(|summary| {
        let (low, high) = summary
            .regret
            .interval
            .unwrap_or((summary.regret.mean, summary.regret.mean));
        Bar {
            label: summary.method.name.clone(),
            value: summary.regret.mean,
            spread: (high - low) / 2.0,
            parts: Vec::new(),
            removed: false,
            note: match summary.method.kind {
                MethodKind::Send => "← SEND",
                MethodKind::Random => "← random",
                MethodKind::Reading | MethodKind::Scorer => "",
            }
            .to_owned(),
            module: String::new(),
        }
    });
    let label = "Regret in percent of the test MSE";
    let chart = BarChart {
        title: "Regret of scorers and readings of SEND".to_owned(),
        description: format!("{label}, mean over cells, lowest first"),
        value_label: label.to_owned(),
        part_label: "cell".to_owned(),
        bars: bars.collect(),
        ..BarChart::default()
    };
    Block::Figure {
        svg: bar_chart(&chart),
        caption:
            "Lower is better. A whisker is half the length of the interval over tables and seeds."
                .to_owned(),
        data: chart.table(),
    }
}
