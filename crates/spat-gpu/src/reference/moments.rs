//! CPU reference of `shaders/moments.wgsl`.

/// Mean and spread, in units of the largest magnitude seen.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moments {
    /// Number of values.
    pub count: f32,
    /// Largest magnitude; the unit of the other fields.
    pub scale: f32,
    /// Mean.
    pub mean: f32,
    /// Sum of squared deviations from the mean.
    pub squares: f32,
}

impl Moments {
    fn rescaled(self, scale: f32) -> Self {
        if scale <= self.scale {
            return self;
        }
        let ratio = self.scale / scale;
        Self {
            scale,
            mean: self.mean * ratio,
            squares: self.squares * ratio * ratio,
            ..self
        }
    }

    /// The moments of both together (Chan, Golub, LeVeque 1979).
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        if self.count == 0.0 {
            return other;
        }
        if other.count == 0.0 {
            return self;
        }
        let scale = self.scale.max(other.scale);
        let (a, b) = (self.rescaled(scale), other.rescaled(scale));
        let count = a.count + b.count;
        let delta = b.mean - a.mean;
        Self {
            count,
            scale,
            mean: a.mean + delta * (b.count / count),
            squares: a.squares + b.squares + delta * delta * (a.count * (b.count / count)),
        }
    }
}
