//! The table that windows are cut from; `sweep.py` generates the same one.

use serde_json::Value;
use spat_series::{Series, SplitRule, TimeIndex};

/// An hourly series with as many training windows as a batch has, one validation window and `test_windows`
/// test windows.
pub(crate) fn table(request: &Value, test_windows: usize) -> (Series, SplitRule) {
    let size = |name: &str| request[name].as_u64().unwrap() as usize;
    let (channels, horizon) = (size("channels"), size("horizon"));
    let train = size("lookback") + horizon + size("batch");
    let (val, test) = (horizon, horizon + test_windows - 1);
    let rows = train + val + test;
    let values = (0..rows * channels)
        .map(|place| ((place * 7919 % 1009) as f32 / 500.0) - 1.0)
        .collect();
    let names = (0..channels).map(|channel| format!("c{channel}")).collect();
    let timestamps = (0..rows as i64).map(|hour| hour * 3600).collect();
    let series =
        Series::from_values(names, values, TimeIndex::from_timestamps(timestamps)).unwrap();
    (series, SplitRule::Rows { train, val, test })
}
