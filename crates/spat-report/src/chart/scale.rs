//! Mapping from values to positions in a drawing.

/// A linear mapping from a range of values to a range of pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) low: f64,
    pub(crate) high: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// Maps `low` to the pixel `start` and `high` to `end`. An empty range is widened, so that a constant
    /// line is in the middle.
    pub(crate) fn new((low, high): (f64, f64), (start, end): (f64, f64)) -> Self {
        let (low, high) = match (low.is_finite() && high.is_finite(), high > low) {
            (true, true) => (low, high),
            (true, false) => {
                let room = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
                (low - room, low + room)
            }
            (false, _) => (0.0, 1.0),
        };
        Self {
            low,
            high,
            start,
            end,
        }
    }

    pub(crate) fn at(&self, value: f64) -> f64 {
        self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)
    }

    /// The scale, widened to whole steps of about `marks` ticks.
    pub(crate) fn rounded(self, marks: usize) -> Self {
        let step = self.step(marks);
        Self {
            low: (self.low / step).floor() * step,
            high: (self.high / step).ceil() * step,
            ..self
        }
    }

    /// A step of 1, 2 or 5 times a power of ten that gives about `marks` intervals or fewer.
    pub(crate) fn step(&self, marks: usize) -> f64 {
        let rough = (self.high - self.low) / marks.max(1) as f64;
        let power = 10_f64.powi(rough.log10().floor() as i32);
        let first = [1.0, 2.0, 5.0]
            .into_iter()
            .find(|factor| factor * power >= rough * 0.999);
        first.unwrap_or(10.0) * power
    }

    /// Multiples of `step` inside the range.
    pub(crate) fn ticks(&self, step: f64) -> Vec<f64> {
        let first = (self.low / step - 1e-9).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        // Bounded, for ranges in which the step vanishes against the values.
        (first..=last.min(first.saturating_add(100)))
            .map(|k| k as f64 * step)
            .collect()
    }
}

/// Smallest and largest of the finite values.
pub(crate) fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside_the_range() {
        let scale = Scale::new((0.13, 0.94), (0.0, 100.0));
        let step = scale.step(5);
        assert_eq!(step, 0.2);
        assert_eq!(scale.ticks(step).len(), 4);
        let wide = scale.rounded(5);
        assert!((wide.low - 0.0).abs() < 1e-12 && (wide.high - 1.0).abs() < 1e-12);
    }

    #[test]
    fn degenerate_ranges_stay_finite() {
        for range in [
            (3.0, 3.0),
            (0.0, 0.0),
            extent([f64::NAN].into_iter()),
            (-1e-30, 1e-30),
            (1e30, 2e30),
        ] {
            let scale = Scale::new(range, (0.0, 10.0)).rounded(4);
            assert!(scale.at(scale.low).is_finite() && scale.at(scale.high).is_finite());
            assert!(scale.ticks(scale.step(4)).len() < 50);
        }
    }
}
