//! The results of a suite: the source of its page and its Markdown.

use serde::{Deserialize, Serialize};

use super::suite::{MissingCell, Suite, ZeroShotPair};
use super::suite_cell::CellReport;
use super::{PairedTest, Spread, Stance};

/// A suite's result. It does not depend on times, interruptions or the number of workers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SuiteReport {
    /// The version of the program.
    pub version: String,
    /// The command that reproduces the result.
    pub command: String,
    /// [`Suite::hash`].
    pub hash: String,
    /// The suite's file, as text.
    pub file: String,
    /// Everything that determined the result.
    pub suite: Suite,
    /// Facts about [`Suite::tables`], in the same order.
    pub tables: Vec<SuiteTableFacts>,
    /// Sentences for and against the method.
    pub findings: Vec<SuiteFinding>,
    /// Changes by pruning: over all cells, and for each table and model.
    pub changes: Vec<ChangeSummary>,
    /// The selection rule compared with the control and with the best subset in hindsight; absent without a pruned
    /// cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleSummary>,
    /// Scorers and readings of SEND by regret; absent where not every subset was trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub methods: Option<MethodComparison>,
    /// Errors of all models on all tables.
    pub models: ModelComparison,
    /// Models on tables that they were not trained on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zero_shot: Vec<ZeroShotResult>,
    /// Results of each cell that has some.
    pub cells: Vec<CellReport>,
    /// Combinations without a result: those of [`Suite::missing`], then those whose computation failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<MissingCell>,
}

/// Mean changes that a paper reports, in percent.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)]
pub struct PublishedChanges {
    pub macs: f64,
    pub params: f64,
    pub mse: f64,
    pub mae: f64,
}

impl PublishedChanges {
    /// arXiv 2505.08768: MSE, MAE and FLOPs of its abstract, parameters of a public digest.
    pub const SPAT: Self = Self {
        macs: -35.274,
        params: -28.191,
        mse: -2.842,
        mae: -1.996,
    };
}

/// Facts about a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteTableFacts {
    /// Rows after repair.
    pub rows: usize,
    /// Rows that the split uses.
    pub used_rows: usize,
    /// Channels in use.
    pub channels: usize,
    /// The frequency as text ("1 h"), or "row number".
    pub frequency: String,
}

/// One sentence derived from the numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SuiteFinding {
    /// Whether it supports the method.
    pub stance: Stance,
    /// The sentence, with its numbers.
    pub text: String,
}

/// A mean with its 95 % interval over tables and seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Mean over cells of the means over seeds.
    pub mean: f64,
    /// Lower and upper end; `None` where there is one seed of one table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<(f64, f64)>,
    /// Number of cells.
    pub cells: usize,
}

impl Estimate {
    /// Whether the value is below 0: `None` if the interval contains 0, or if there is none.
    pub fn is_below_zero(&self) -> Option<bool> {
        match self.interval? {
            (_, high) if high < 0.0 => Some(true),
            (low, _) if low > 0.0 => Some(false),
            _ => None,
        }
    }
}

/// How the removed modules were chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pruning {
    /// Those with the lowest SEND, as many as the suite's ratio: the paper's setting.
    Ratio,
    /// By the selection rule of one standard error, on the validation part.
    Rule,
    /// The subset with the lowest test error, which is known in hindsight only.
    Best,
}

/// What a pruned model is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// The dense model after training.
    Dense,
    /// The dense model fine-tuned as long as the pruned one.
    Control,
}

/// The cells of a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuiteScope {
    /// All cells.
    All,
    /// Those of a table, by its index.
    Table(usize),
    /// Those of a model, by its index.
    Model(usize),
}

/// Changes by pruning, in percent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeSummary {
    /// The cells.
    pub scope: SuiteScope,
    /// The pruned models.
    pub pruning: Pruning,
    /// What they are compared with.
    pub against: Reference,
    /// Multiply–accumulates of one window.
    pub macs: Estimate,
    /// Trainable parameters.
    pub params: Estimate,
    /// Mean squared error on test windows.
    pub mse: Estimate,
    /// Mean absolute error on test windows.
    pub mae: Estimate,
}

/// The selection rule over all cells. Figures are percentages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleSummary {
    /// MACs saved, over all cells.
    pub saved: Estimate,
    /// MACs saved, over the models of which the best subset in hindsight saves [`RuleSummary::GOAL`] or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_where_possible: Option<Estimate>,
    /// Test MSE relative to the control.
    pub against_control: Estimate,
    /// Test MSE above that of the best subset in hindsight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above_best: Option<Estimate>,
    /// Each cell.
    pub cells: Vec<RuleCell>,
    /// Each table: the differences of all its cells and seeds together.
    pub tables: Vec<RuleTable>,
}

impl RuleSummary {
    /// The share of MACs that the rule should save where the best subset in hindsight does, in percent.
    pub const GOAL: f64 = 35.0;

    /// Cells in which the rule's model is worse than the control by more than the interval.
    pub fn worse_cells(&self) -> impl Iterator<Item = &RuleCell> {
        self.cells
            .iter()
            .filter(|cell| is_worse(&cell.against_control))
    }

    /// Tables in which it is.
    pub fn worse_tables(&self) -> impl Iterator<Item = &RuleTable> {
        self.tables
            .iter()
            .filter(|table| is_worse(&table.against_control))
    }
}

/// Whether the whole interval is above 0.
fn is_worse(test: &PairedTest) -> bool {
    test.pairs > 1 && test.low > 0.0
}

/// The selection rule in one cell. Figures are means over seeds, in percent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleCell {
    /// Index in [`Suite::cells`].
    pub cell: usize,
    /// MACs saved.
    pub saved: f64,
    /// MACs saved by the best subset in hindsight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_saves: Option<f64>,
    /// Test MSE relative to the control, pair by pair.
    pub against_control: PairedTest,
    /// Test MSE above that of the best subset in hindsight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above_best: Option<f64>,
}

/// The selection rule on one table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleTable {
    /// Index in [`Suite::tables`].
    pub table: usize,
    /// Test MSE relative to the control in percent, over cells and seeds.
    pub against_control: PairedTest,
}

/// The kind of a ranking method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodKind {
    /// SEND with the suite's options.
    Send,
    /// SEND with other options.
    Reading,
    /// A baseline scorer.
    Scorer,
    /// The mean over all choices of the same size.
    Random,
}

/// A way to choose the modules to remove.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankingMethodName {
    /// A scorer, a reading, or "random choice".
    pub name: String,
    /// Its description.
    pub title: String,
    /// Its kind.
    pub kind: MethodKind,
}

/// Ranking methods compared by their regret: test MSE above that of the best subset of the same size in percent, mean
/// over all sizes that leave a choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MethodComparison {
    /// The methods by ascending mean regret.
    pub methods: Vec<MethodSummary>,
    /// Number of cells whose every method has a regret; mean ranks are over these.
    pub cells: usize,
    /// Differences of mean ranks below this are no differences at a level of 5 % (Nemenyi); `None` without a cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical_difference: Option<f64>,
}

impl MethodComparison {
    /// The methods that are better than both a random choice and the removal of the last modules first, beyond the
    /// intervals.
    pub fn better_than_blind(&self) -> impl Iterator<Item = &MethodSummary> {
        let is_blind = |method: &&MethodSummary| {
            let below = |difference: &Option<Estimate>| {
                difference.and_then(|one| one.is_below_zero()) == Some(true)
            };
            below(&method.against_random) && below(&method.against_last)
        };
        self.methods.iter().filter(is_blind)
    }
}

/// A ranking method over all cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MethodSummary {
    /// The method.
    pub method: RankingMethodName,
    /// Regret in percent.
    pub regret: Estimate,
    /// Regret minus that of a random choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against_random: Option<Estimate>,
    /// Regret minus that of removing the last modules first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against_last: Option<Estimate>,
    /// Mean rank among all methods over cells; 1 is the lowest regret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_rank: Option<f64>,
    /// Cells with a lower, an equal and a higher regret than removing the last modules first.
    pub cells_against_last: WinLoss,
}

/// Counts of a comparison, and the two-sided p of the sign test without ties.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WinLoss {
    /// Lower error.
    pub wins: usize,
    /// Equal error.
    pub ties: usize,
    /// Higher error.
    pub losses: usize,
    /// Two-sided p of the sign test.
    pub p: f64,
}

/// All models on all tables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelComparison {
    /// A table and a horizon each.
    pub columns: Vec<ModelColumn>,
    /// The models by ascending mean rank.
    pub rows: Vec<ComparedModel>,
    /// Each pruned model against each model without attention.
    pub pairs: Vec<ModelPair>,
}

/// A table with a horizon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelColumn {
    /// Index in [`Suite::tables`].
    pub table: usize,
    /// Forecast rows.
    pub horizon: usize,
}

/// The form in which a model is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelForm {
    /// After training. The only form of a model without attention.
    Dense,
    /// Dense, fine-tuned as long as the pruned ones.
    Control,
    /// Pruned.
    Pruned(Pruning),
}

/// A model in one form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedModel {
    /// Index in [`Suite::models`].
    pub model: usize,
    /// Its form.
    pub form: ModelForm,
    /// Whether it has attention before pruning.
    pub attention: bool,
    /// Parameters, mean over columns and seeds.
    pub params: f64,
    /// MACs, mean over columns and seeds.
    pub macs: f64,
    /// Test MSE over seeds, by column.
    pub mse: Vec<Option<Spread>>,
    /// Test MAE, mean over seeds, by column.
    pub mae: Vec<Option<f64>>,
    /// Mean rank over the columns that every model has; 1 is the lowest MSE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_rank: Option<f64>,
    /// Test MSE above the lowest of the column in percent, mean over the same columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above_lowest: Option<f64>,
}

/// Two models over the columns that both have.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ModelPair {
    /// Index in [`ModelComparison::rows`].
    pub row: usize,
    /// Index of the other.
    pub other: usize,
    /// Columns in which the first has the lower test MSE, mean over seeds.
    pub columns: WinLoss,
}

/// A model on a table that it was not trained on. Test MSE over seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ZeroShotResult {
    /// The tables.
    pub pair: ZeroShotPair,
    /// Index in [`Suite::cells`] of the model.
    pub cell: usize,
    /// After training.
    pub dense: Spread,
    /// The other forms; absent of a model that is not pruned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pruned: Option<ZeroShotPruned>,
    /// The same model trained on the forecast table, after training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained_there: Option<Spread>,
}

/// The forms of a pruned model on another table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ZeroShotPruned {
    /// Dense, fine-tuned as long.
    pub control: Spread,
    /// SEND at the ratio.
    pub ratio: Spread,
    /// The selection rule.
    pub rule: Spread,
    /// SEND at the ratio against the control, in percent.
    pub ratio_against_control: PairedTest,
    /// The selection rule against the control, in percent.
    pub rule_against_control: PairedTest,
}
