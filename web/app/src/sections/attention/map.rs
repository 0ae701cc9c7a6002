//! Selects one map of a module's maps.

use spat_report::{HeatMap, Palette, module_name};
use spat_spec::ModuleMaps;

/// The values that a map shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A.
    Attention,
    /// S = A ⊙ ∂L/∂A.
    Sensitivity,
}

impl Kind {
    /// At the start of a title.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Attention => "Attention",
            Self::Sensitivity => "Sensitivity",
        }
    }

    fn palette(self) -> Palette {
        match self {
            Self::Attention => Palette::Sequential,
            Self::Sensitivity => Palette::Diverging,
        }
    }

    /// `[heads × queries × keys]`.
    fn values(self, maps: &ModuleMaps) -> &[f32] {
        match self {
            Self::Attention => &maps.attention,
            Self::Sensitivity => &maps.sensitivity,
        }
    }

    /// The largest absolute value over all heads, as their common scale.
    pub(super) fn reach(self, maps: &ModuleMaps) -> f64 {
        let values: Vec<f64> = self.values(maps).iter().map(|&v| f64::from(v)).collect();
        self.palette().reach(&values)
    }

    /// The map of one head, or the mean of all.
    pub(super) fn map(self, maps: &ModuleMaps, head: Option<usize>) -> HeatMap {
        let size = (maps.queries * maps.keys).max(1);
        let heads = self.values(maps).chunks_exact(size);
        let values = match head {
            Some(head) => heads
                .skip(head)
                .take(1)
                .flatten()
                .map(|&value| f64::from(value))
                .collect(),
            None => {
                let mut mean = vec![0.0; size];
                for values in heads {
                    for (sum, &value) in mean.iter_mut().zip(values) {
                        *sum += f64::from(value) / maps.heads.max(1) as f64;
                    }
                }
                mean
            }
        };
        HeatMap {
            title: format!(
                "{} · {}, {}",
                self.name(),
                module_name(&maps.module),
                head_name(head)
            ),
            description: format!(
                "{} queries in rows, {} keys in columns.",
                maps.queries, maps.keys
            ),
            rows: maps.queries,
            columns: maps.keys,
            values,
            row_labels: maps.row_labels().to_vec(),
            column_labels: maps.labels.clone(),
            row_title: "query".to_owned(),
            column_title: "key".to_owned(),
            palette: self.palette(),
            reach: None,
            side: 0.0,
            bare: false,
        }
    }
}

/// A head's label.
pub(super) fn head_name(head: Option<usize>) -> String {
    head.map_or_else(|| "mean of heads".to_owned(), |head| format!("head {head}"))
}
