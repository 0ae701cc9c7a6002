//! One student's result, read from a report.

use spat_report::csv_field;
use spat_spec::Report;

/// Largest report file, in bytes.
pub(super) const MAX_REPORT_BYTES: f64 = (64 << 20) as f64;

/// Figures of one model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Side {
    /// Test error in scaled space.
    pub(super) mse: f64,
    pub(super) params: u64,
    /// Multiply–accumulates of one window.
    pub(super) macs: u64,
    /// Median time of the forecasts of one batch, milliseconds.
    pub(super) ms: f64,
}

/// The values of a report that the comparison shows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    /// The student's name; initially from the file name.
    pub(super) name: String,
    pub(super) seed: u64,
    pub(super) ratio: f64,
    pub(super) model: &'static str,
    /// Table and window lengths: errors of different tasks cannot be compared.
    pub(super) task: String,
    pub(super) device: String,
    pub(super) dense: Side,
    pub(super) pruned: Side,
    /// Change of the error in percent.
    pub(super) mse_percent: f64,
    /// Change of the multiply–accumulates in percent.
    pub(super) macs_percent: f64,
}

impl Member {
    /// Reads a report.
    ///
    /// # Errors
    /// The file is not a report of this program; the message has the cause.
    pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Self, String> {
        let report: Report = serde_json::from_slice(bytes).map_err(|error| {
            format!("`{file}` is not a report.json of this program ({error}); it is skipped")
        })?;
        let forecaster = &report.experiment.forecaster;
        let side = |model: &spat_spec::ModelResult| Side {
            mse: model.test.mse,
            params: model.params,
            macs: model.macs,
            ms: model.infer_ms_median,
        };
        Ok(Self {
            name: name_of(file),
            seed: report.seed,
            ratio: report.plan.ratio,
            model: forecaster.name(),
            task: format!(
                "{}, {} channels, {} → {} rows",
                report.data.name,
                report.data.channels,
                forecaster.lookback(),
                forecaster.horizon()
            ),
            device: report.device.name.clone(),
            dense: side(&report.dense),
            pruned: side(&report.pruned),
            mse_percent: report.change.mse_percent,
            macs_percent: report.change.macs_percent,
        })
    }

    /// Whether two results are equal except for their names.
    pub(super) fn is_copy_of(&self, other: &Self) -> bool {
        let nameless = |member: &Self| Self {
            name: String::new(),
            ..member.clone()
        };
        nameless(self) == nameless(other)
    }
}

/// "Ann" for `spat-report Ann.json`.
fn name_of(file: &str) -> String {
    let name = file.strip_suffix(".json").unwrap_or(file);
    let rest = name
        .strip_prefix("spat-report")
        .or(name.strip_prefix("report"));
    let rest = rest.unwrap_or(name).trim_matches([' ', '-', '_', '.']);
    if rest.is_empty() { name } else { rest }.to_owned()
}

/// The joint table as CSV.
pub(super) fn csv(members: &[Member]) -> String {
    let mut text = String::from(
        "name,task,model,seed,ratio,dense_mse,pruned_mse,mse_change_percent,dense_params,pruned_params,\
         dense_macs,pruned_macs,macs_change_percent,dense_ms,pruned_ms,device\n",
    );
    for member in members {
        let Member { dense, pruned, .. } = member;
        let cells = [
            csv_field(&member.name),
            csv_field(&member.task),
            csv_field(member.model),
            member.seed.to_string(),
            member.ratio.to_string(),
            dense.mse.to_string(),
            pruned.mse.to_string(),
            member.mse_percent.to_string(),
            dense.params.to_string(),
            pruned.params.to_string(),
            dense.macs.to_string(),
            pruned.macs.to_string(),
            member.macs_percent.to_string(),
            dense.ms.to_string(),
            pruned.ms.to_string(),
            csv_field(&member.device),
        ];
        text += &cells.join(",");
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_file_names() {
        assert_eq!(name_of("spat-report-Ann.json"), "Ann");
        assert_eq!(name_of("report.json"), "report");
        assert_eq!(name_of("spat-report (2).json"), "(2)");
        assert_eq!(name_of("Bo.json"), "Bo");
    }

    #[test]
    fn the_error_of_a_broken_file_has_its_name() {
        for bytes in [
            &b""[..],
            b"{",
            b"{\"version\":\"1\"}",
            b"[1,2]",
            b"\xff\xfe",
        ] {
            let error = Member::read("cat.json", bytes).map(|member| member.name);
            assert!(
                error.is_err_and(|error| error.contains("`cat.json`") && error.contains("skipped"))
            );
        }
    }
}
