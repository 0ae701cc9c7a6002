//! The window counts of the published protocol, to the digit: no file needed.
//!
//! Source: Time-Series-Library data_provider/data_loader.py; look-back 96, every window counted.
#![allow(clippy::unwrap_used)]

use spat_series::{Part, SplitRule, Windows};

const LOOKBACK: usize = 96;
const HORIZONS: [usize; 4] = [96, 192, 336, 720];

fn counts(rule: SplitRule, rows: usize, part: Part) -> [usize; 4] {
    HORIZONS.map(|horizon| {
        let split = rule.apply(rows, LOOKBACK, horizon).unwrap();
        Windows::of(&split, part, LOOKBACK, horizon).len()
    })
}

#[test]
fn ett_hourly() {
    assert_eq!(
        counts(SplitRule::EttHourly, 17_420, Part::Train),
        [8449, 8353, 8209, 7825]
    );
    assert_eq!(
        counts(SplitRule::EttHourly, 17_420, Part::Val),
        [2785, 2689, 2545, 2161]
    );
    assert_eq!(
        counts(SplitRule::EttHourly, 17_420, Part::Test),
        [2785, 2689, 2545, 2161]
    );
}

#[test]
fn ett_quarter_hourly() {
    let rule = SplitRule::EttQuarterHourly;
    assert_eq!(
        counts(rule, 69_680, Part::Train),
        [34_369, 34_273, 34_129, 33_745]
    );
    assert_eq!(
        counts(rule, 69_680, Part::Val),
        [11_425, 11_329, 11_185, 10_801]
    );
    assert_eq!(
        counts(rule, 69_680, Part::Test),
        [11_425, 11_329, 11_185, 10_801]
    );
}

#[test]
fn weather() {
    let rule = SplitRule::default();
    assert_eq!(
        counts(rule, 52_696, Part::Train),
        [36_696, 36_600, 36_456, 36_072]
    );
    assert_eq!(counts(rule, 52_696, Part::Val), [5175, 5079, 4935, 4551]);
    assert_eq!(
        counts(rule, 52_696, Part::Test),
        [10_444, 10_348, 10_204, 9820]
    );
}

#[test]
fn exchange() {
    let rule = SplitRule::default();
    assert_eq!(counts(rule, 7588, Part::Train), [5120, 5024, 4880, 4496]);
    assert_eq!(counts(rule, 7588, Part::Val), [665, 569, 425, 41]);
    assert_eq!(counts(rule, 7588, Part::Test), [1422, 1326, 1182, 798]);
}

#[test]
fn the_first_target_is_the_first_row_of_its_part() {
    let split = SplitRule::EttHourly.apply(17_420, LOOKBACK, 96).unwrap();
    for part in [Part::Val, Part::Test] {
        let windows = Windows::of(&split, part, LOOKBACK, 96);
        assert_eq!(windows.start_row(0) + LOOKBACK, split.part(part).start);
        assert_eq!(
            windows.start_row(windows.len() - 1) + LOOKBACK + 96,
            split.part(part).end
        );
    }
}
