//! Made-up results of a suite for the tests of its summaries.

use spat_spec::{
    CellReport, DataConfig, ErrorSpread, MethodKind, MethodRegret, ModelKind, ModuleId, PruneRule,
    PrunedCell, PrunedModels, RankingMethodName, SendOptions, Spread, Suite, SuiteCell, SuiteModel,
    SuiteTable, TableFacts, Window, WindowCounts,
};

/// Two tables, A and B; a model with attention that is pruned, and one without; two seeds. Cells 0 and 2 are of the
/// model with attention.
pub(super) fn suite() -> Suite {
    let window = Window::new(24, 12, 3);
    let experiment = spat_testing::experiment(spat_testing::itransformer(window, 2, true));
    let model = |id: &str, name: &str| SuiteModel {
        name: name.to_owned(),
        kind: ModelKind::find(id).unwrap_or_default(),
        pruned: true,
    };
    let cell = |table, model: usize| SuiteCell {
        table,
        model,
        forecaster: match model {
            0 => experiment.forecaster.clone(),
            _ => {
                ModelKind::find("dlinear")
                    .unwrap_or_default()
                    .defaults(window, true)
                    .0
            }
        },
        training: experiment.training.clone(),
        finetune: experiment.finetune.clone(),
    };
    Suite {
        title: "made up".to_owned(),
        tables: ["A", "B"]
            .map(|name| SuiteTable {
                name: name.to_owned(),
                facts: TableFacts {
                    name: format!("{name}.csv"),
                    sha256: name.to_owned(),
                },
                data: DataConfig::default(),
            })
            .to_vec(),
        models: vec![
            model("itransformer", "attentive"),
            model("dlinear", "light"),
        ],
        seeds: vec![1, 2],
        send: SendOptions::default(),
        prune: PruneRule::default(),
        scorers: Vec::new(),
        readings: Vec::new(),
        every_subset: 2,
        score_batches: 1,
        cells: vec![cell(0, 0), cell(0, 1), cell(1, 0), cell(1, 1)],
        zero_shot: Vec::new(),
        missing: Vec::new(),
    }
}

pub(super) fn method_names() -> Vec<RankingMethodName> {
    let name = |name: &str, kind| RankingMethodName {
        name: name.to_owned(),
        title: String::new(),
        kind,
    };
    vec![
        name("send", MethodKind::Send),
        name("last", MethodKind::Scorer),
        name("random choice", MethodKind::Random),
    ]
}

pub(super) fn cells() -> Vec<CellReport> {
    vec![
        CellReport {
            pruned: Some(PrunedCell {
                control: errors([0.9, 1.8]),
                ratio: pruned([0.9, 1.98], [60, 60]),
                rule: pruned([0.81, 1.8], [60, 100]),
                best: Some(pruned([0.81, 1.62], [60, 60])),
                ..attentive(&[
                    ("send", [1.0, 3.0]),
                    ("last", [2.0, 2.0]),
                    ("random choice", [2.0, 4.0]),
                ])
            }),
            ..cell(0, [1.0, 2.0])
        },
        cell(1, [0.95, 1.85]),
        CellReport {
            pruned: Some(PrunedCell {
                control: errors([4.0, 4.0]),
                ratio: pruned([4.4, 3.6], [80, 80]),
                rule: pruned([4.0, 4.0], [100, 100]),
                best: Some(pruned([3.6, 3.6], [80, 80])),
                ..attentive(&[
                    ("send", [4.0, 4.0]),
                    ("last", [4.0, 4.0]),
                    ("random choice", [6.0, 6.0]),
                ])
            }),
            ..cell(2, [4.0, 4.0])
        },
        cell(3, [5.0, 5.0]),
    ]
}

fn cell(cell: usize, test: [f64; 2]) -> CellReport {
    CellReport {
        cell,
        windows: WindowCounts {
            train: 100,
            val: 20,
            test: 20,
        },
        dense: errors(test),
        pruned: None,
    }
}

/// 100 MACs and 50 parameters.
fn errors(test: [f64; 2]) -> ErrorSpread {
    let spread = || Spread::of(test.to_vec());
    ErrorSpread {
        val: spread(),
        test: spread(),
        test_mae: spread(),
        params: 50,
        macs: 100,
    }
}

fn pruned(mse: [f64; 2], macs: [u64; 2]) -> PrunedModels {
    PrunedModels {
        removed: macs
            .map(|macs| if macs < 100 { vec![0] } else { Vec::new() })
            .to_vec(),
        params: macs.map(|macs| macs / 2).to_vec(),
        macs: macs.to_vec(),
        mse: mse.to_vec(),
        mae: mse.to_vec(),
    }
}

fn attentive(regrets: &[(&str, [f64; 2])]) -> PrunedCell {
    PrunedCell {
        modules: vec![ModuleId::encoder(0), ModuleId::encoder(1)],
        control: errors([0.0; 2]),
        ratio: pruned([0.0; 2], [0; 2]),
        rule: pruned([0.0; 2], [0; 2]),
        best: None,
        regrets: regrets
            .iter()
            .map(|(name, percent)| MethodRegret {
                name: (*name).to_owned(),
                percent: percent.to_vec(),
            })
            .collect(),
    }
}
