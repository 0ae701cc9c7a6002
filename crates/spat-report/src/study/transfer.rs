//! Known orders, and transfer to other tables.

use spat_spec::{GroundTruthResult, Transfer};

use super::{difference, spread, tau};
use crate::{
    page::{aside, section},
    table::Table,
};

/// Modules of known importance.
pub(super) fn ground_truth(results: &[GroundTruthResult]) -> String {
    let mut body = String::new();
    for result in results {
        body += &ground_truth_table(result).html();
    }
    if !body.is_empty() {
        body = aside("Modules were made redundant on purpose, so that the true order is known.")
            + &body;
    }
    section("ground-truth", "Modules with a known order", &body)
}

/// Every table's models on every table.
pub(super) fn matrix(all: &[Transfer]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let words = aside(
        "Test MSE. The forecast table is split by the same rule and scaled by its own train rows, as its own models are.",
    );
    section(
        "zero-shot",
        "Tables never seen",
        &(words + &transfers(all).html()),
    )
}

pub(super) fn transfers(all: &[Transfer]) -> Table {
    let mut table = Table::new(
        "",
        [
            "trained on → forecast",
            "dense",
            "dense, fine-tuned",
            "pruned, fine-tuned",
            "pruned against dense, fine-tuned",
            "p",
        ],
    );
    for transfer in all {
        table.row([
            format!("{} → {}", transfer.from, transfer.to),
            spread(&transfer.dense),
            spread(&transfer.dense_finetuned),
            spread(&transfer.pruned),
            difference(&transfer.paired),
            format!("{:.2}", transfer.paired.p_permutation),
        ]);
    }
    table
}

pub(super) fn ground_truth_table(result: &GroundTruthResult) -> Table {
    let mut table = Table::new(
        result.constraints.clone(),
        [
            "",
            "tau with the known order",
            "redundant ones at the bottom",
        ],
    );
    let mut rows: Vec<_> = result.tau.iter().collect();
    rows.sort_by(|a, b| b.1.mean.total_cmp(&a.1.mean));
    for (name, agreement) in rows {
        let found = result.found.get(name).copied().unwrap_or_default();
        let own = if result.own.as_ref() == Some(name) {
            ", as studied"
        } else {
            ""
        };
        table.row([
            format!("{name}{own}"),
            tau(Some(agreement)),
            format!("{:.0} % of seeds", 100.0 * found),
        ]);
    }
    table
}
