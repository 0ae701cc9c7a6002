//! CPU reference of `shaders/exponentials.wgsl`, where the formula is explained.

/// Factor on a sensitivity, as two factors.
pub(super) type Unit = [f32; 2];

/// A softmax row relative to a shift.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Exponentials {
    pub(super) count: f32,
    shift: f32,
    total: f32,
    mean: f32,
    squares: f32,
}

impl Exponentials {
    /// The state of a few finite sensitivities.
    pub(super) fn of(values: &mut [f32], unit: Unit) -> Self {
        let Some(shift) = values.iter().copied().reduce(f32::max) else {
            return Self::default();
        };
        let count = values.len() as f32;
        for value in values.iter_mut() {
            *value = expm1_between(*value, shift, unit);
        }
        let total: f32 = values.iter().sum();
        let mean = total / count;
        let squares = values.iter().map(|d| (d - mean).powi(2)).sum();
        Self {
            count,
            shift,
            total: count + total,
            mean,
            squares,
        }
    }

    fn shifted(self, shift: f32, unit: Unit) -> Self {
        if self.count == 0.0 || shift <= self.shift {
            return self;
        }
        let growth = expm1_between(self.shift, shift, unit);
        let ratio = 1.0 + growth;
        Self {
            shift,
            total: self.total * ratio,
            mean: self.mean * ratio + growth,
            squares: self.squares * ratio * ratio,
            ..self
        }
    }

    pub(super) fn merged(self, other: Self, unit: Unit) -> Self {
        if self.count == 0.0 {
            return other;
        }
        if other.count == 0.0 {
            return self;
        }
        let shift = self.shift.max(other.shift);
        let (a, b) = (self.shifted(shift, unit), other.shifted(shift, unit));
        let count = a.count + b.count;
        let delta = b.mean - a.mean;
        Self {
            count,
            shift,
            total: a.total + b.total,
            mean: a.mean + delta * (b.count / count),
            squares: a.squares + b.squares + delta * delta * (a.count * (b.count / count)),
        }
    }

    /// The standard deviation of the row's softmax.
    pub(super) fn deviation(self, unbiased: bool) -> f32 {
        let divisor = (self.count - f32::from(u8::from(unbiased))).max(1.0);
        (self.squares / divisor).sqrt() / self.total
    }
}

/// expm1 of the scaled difference of two sensitivities.
fn expm1_between(value: f32, shift: f32, unit: Unit) -> f32 {
    ((value - shift) * unit[0] * unit[1]).exp_m1()
}
