//! Colours of a map.

/// Number of colour levels; odd, so that zero has its own.
pub(crate) const LEVELS: usize = 65;

/// Index of the colour for NaN, after the levels.
const MISSING: [u8; 3] = [0x9a, 0x9a, 0x9a];

/// Mapping from values to colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Palette {
    /// From 0, pale, to the largest value, deep blue.
    Sequential,
    /// Blue below 0, pale at 0, orange above, with a symmetric range.
    Diverging,
}

impl Palette {
    /// The value at the end of the palette for these values: their largest magnitude.
    pub fn reach(self, values: &[f64]) -> f64 {
        let size = |value: f64| match self {
            Self::Sequential => value,
            Self::Diverging => value.abs(),
        };
        values
            .iter()
            .map(|&value| size(value))
            .filter(|size| size.is_finite())
            .fold(0.0, f64::max)
    }

    /// Index of the colour of `value` in [`Self::colours`]; the last one for NaN.
    pub fn level(self, value: f64, reach: f64) -> u8 {
        if !value.is_finite() {
            return LEVELS as u8;
        }
        let share = if reach > 0.0 { value / reach } else { 0.0 };
        let share = match self {
            Self::Sequential => share,
            Self::Diverging => (share + 1.0) / 2.0,
        };
        (share.clamp(0.0, 1.0) * (LEVELS - 1) as f64).round() as u8
    }

    /// All colours in order, then the one for missing values.
    pub fn colours(self) -> Vec<[u8; 3]> {
        let stops: &[[u8; 3]] = match self {
            Self::Sequential => &[
                [0xf5, 0xf8, 0xfb],
                [0xb9, 0xd9, 0xee],
                [0x5a, 0xa9, 0xd6],
                [0x00, 0x72, 0xb2],
                [0x00, 0x2d, 0x52],
            ],
            Self::Diverging => &[
                [0x00, 0x3d, 0x66],
                [0x00, 0x72, 0xb2],
                [0xf7, 0xf7, 0xf5],
                [0xd5, 0x5e, 0x00],
                [0x7d, 0x32, 0x00],
            ],
        };
        let between = |level: usize| {
            let place = level as f64 / (LEVELS - 1) as f64 * (stops.len() - 1) as f64;
            let first = (place as usize).min(stops.len() - 2);
            let share = place - first as f64;
            let mix = |c: usize| {
                let (a, b) = (f64::from(stops[first][c]), f64::from(stops[first + 1][c]));
                (a + (b - a) * share).round() as u8
            };
            [mix(0), mix(1), mix(2)]
        };
        (0..LEVELS).map(between).chain([MISSING]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_pale_and_missing_is_grey() {
        assert_eq!(Palette::Sequential.level(0.0, 2.0), 0);
        assert_eq!(Palette::Diverging.level(0.0, 2.0), 32);
        assert_eq!(Palette::Diverging.level(-2.0, 2.0), 0);
        assert_eq!(Palette::Diverging.level(f64::NAN, 2.0), 65);
        assert_eq!(Palette::Diverging.colours()[32], [0xf7, 0xf7, 0xf5]);
        assert_eq!(Palette::Sequential.level(1.0, 0.0), 0);
    }
}
