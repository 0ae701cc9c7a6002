//! Ways of fine-tuning.

use spat_spec::{DepthReport, FinetunedErrors, FinetuningResult};

use super::{difference, spread};
use crate::table::Table;

/// One table for the dense model and one for the pruned one; none if they were not compared.
pub(super) fn tables(depth: &DepthReport) -> Vec<(&'static str, Table)> {
    if depth.finetuning.is_empty() {
        return Vec::new();
    }
    let table = |title: &'static str, of: fn(&FinetuningResult) -> &FinetunedErrors| {
        let mut table = Table::new(
            title,
            [
                String::new(),
                depth.measure.validation().to_owned(),
                "against the study's way".to_owned(),
                depth.measure.test().to_owned(),
                "against the study's way".to_owned(),
                "p".to_owned(),
                "to dense before".to_owned(),
                "epochs".to_owned(),
            ],
        );
        for (place, way) in depth.finetuning.iter().enumerate() {
            let errors = of(way);
            let against = |test: String| if place == 0 { String::new() } else { test };
            let percent = &errors.percent_to_dense;
            table.row([
                way.title.clone(),
                spread(&errors.val),
                against(difference(&errors.val_against_own)),
                spread(&errors.test),
                against(difference(&errors.test_against_own)),
                against(format!("{:.2}", errors.test_against_own.p_permutation)),
                format!("{:+.1} % ± {:.1}", percent.mean, percent.sd).replace('-', "−"),
                format!("{:.1}", errors.epochs.mean),
            ]);
        }
        (title, table)
    };
    vec![
        table("Ways to fine-tune the dense model", |way| &way.dense),
        table("Ways to fine-tune the pruned model", |way| &way.pruned),
    ]
}
