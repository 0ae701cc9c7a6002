//! A synthetic table with known relations between its channels.

use std::fmt::Write as _;

use spat_series::format_timestamp;

/// The table's description.
pub(super) const DESCRIPTION: &str = "A synthetic table with known relations: \u{201c}lead\u{201d} has seasons of 24 and 168 hours, \u{201c}echo\u{201d} repeats it 6 hours later, \u{201c}tide\u{201d} has 12 hours of its own, \u{201c}walk\u{201d} is a random walk and \u{201c}noise\u{201d} is white noise. Attention can help to forecast echo, but not noise.";

const ROWS: usize = 2_000;

/// Hours by which `echo` follows `lead`.
const LAG: usize = 6;

/// 2024-01-01, seconds since 1970.
const FIRST: i64 = 1_704_067_200;

/// The table as CSV: five channels, hourly, always the same.
pub(super) fn csv() -> String {
    let mut random = Uniform(7);
    let (mut day, mut week, mut tides) = (Wave::of(DAY), Wave::of(WEEK), Wave::of(TIDES));
    let lead: Vec<f64> = (0..ROWS + LAG)
        .map(|_| day.draw() + 0.6 * week.draw() + 0.15 * random.draw())
        .collect();
    let mut walk = 0.0;
    let mut text = String::from("date,lead,echo,tide,walk,noise\n");
    for row in 0..ROWS {
        walk += 0.2 * random.draw();
        let echo = lead[row] + 0.05 * random.draw();
        let tide = tides.draw() + 0.1 * random.draw();
        // Writing to a string cannot fail.
        writeln!(
            text,
            "{},{:.4},{echo:.4},{tide:.4},{walk:.4},{:.4}",
            format_timestamp(FIRST + 3_600 * row as i64),
            lead[row + LAG],
            random.draw(),
        )
        .ok();
    }
    text
}

/// Sine and cosine of a wave's phase per hour.
type Hour = (f64, f64);

/// Waves of 24, of 168 and of 12 hours.
const DAY: Hour = (0.25881904510252074, 0.9659258262890683);
const WEEK: Hour = (0.037391194276325625, 0.9993007047883985);
const TIDES: Hour = (0.5, 0.8660254037844387);

/// A wave with hourly values, computed by rotating a point on the unit circle.
struct Wave {
    hour: Hour,
    sine: f64,
    cosine: f64,
}

impl Wave {
    fn of(hour: Hour) -> Self {
        Self {
            hour,
            sine: 0.0,
            cosine: 1.0,
        }
    }

    fn draw(&mut self) -> f64 {
        let (here, (sine, cosine)) = (self.sine, self.hour);
        self.sine = here * cosine + self.cosine * sine;
        self.cosine = self.cosine * cosine - here * sine;
        here
    }
}

/// Random numbers from -1 to 1 (Marsaglia's xorshift, 2003).
struct Uniform(u64);

impl Uniform {
    fn draw(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}
