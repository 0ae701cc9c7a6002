//! The average of the weights of a training.

use std::collections::BTreeMap;

use spat_model::{Forecaster, WeightError};
use spat_spec::{Array, WeightAveraging};

/// The running average, on the device without autodiff.
#[derive(Debug, Clone)]
pub(crate) struct WeightAverage {
    rule: WeightAveraging,
    /// The average; before the first point its value is not used.
    model: Forecaster,
    /// Steps of a moving average, validations of a mean.
    points: usize,
}

impl WeightAverage {
    /// The average before the first step, with the weights of then.
    pub(crate) fn new(rule: WeightAveraging, start: Forecaster) -> Self {
        Self {
            rule,
            model: start,
            points: 0,
        }
    }

    /// Adds the weights after a step.
    pub(crate) fn add_step(&mut self, current: &Forecaster) {
        if let WeightAveraging::Ema { decay } = self.rule {
            self.points += 1;
            let step = self.points as f64;
            self.move_towards(current, 1.0 - decay.min((1.0 + step) / (10.0 + step)));
        }
    }

    /// Adds the weights at a validation.
    pub(crate) fn add_validation(&mut self, current: &Forecaster) {
        if self.rule == WeightAveraging::Epochs {
            self.points += 1;
            if self.points == 1 {
                self.model = current.clone();
            } else {
                self.move_towards(current, 1.0 / self.points as f64);
            }
        }
    }

    fn move_towards(&mut self, current: &Forecaster, share: f64) {
        self.model = self.model.clone().interpolated(current, share as f32);
    }

    /// The averaged weights, if they are others than the current ones.
    pub(crate) fn candidate(&self) -> Option<Forecaster> {
        let fewest = match self.rule {
            WeightAveraging::None => return None,
            WeightAveraging::Ema { .. } => 1,
            WeightAveraging::Epochs => 2,
        };
        (self.points >= fewest).then(|| self.model.clone())
    }

    /// The state for a resumable run: the number of points, and the weights, if any depend on it.
    pub(crate) async fn state(&self) -> Result<(usize, BTreeMap<String, Array>), WeightError> {
        let weights = match self.points {
            0 => BTreeMap::new(),
            _ => self.model.weights().await?,
        };
        Ok((self.points, weights))
    }

    /// Restores the result of [`WeightAverage::state`].
    pub(crate) fn with_state(
        mut self,
        points: usize,
        weights: BTreeMap<String, Array>,
    ) -> Result<Self, WeightError> {
        if points > 0 {
            self.model = self.model.with_weights(weights)?;
        }
        self.points = points;
        Ok(self)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::Device;
    use spat_spec::{RLinearConfig, Structure, Window};

    use super::*;

    /// A linear model all of whose weights are `value`.
    fn constant(value: f32) -> Forecaster {
        let structure = Structure::dense(RLinearConfig::new(Window::new(4, 2, 1)).into());
        let model = Forecaster::try_init(&structure, 1, &Device::flex()).unwrap();
        let mut weights = pollster::block_on(model.weights()).unwrap();
        for array in weights.values_mut() {
            array.values.fill(value);
        }
        model.with_weights(weights).unwrap()
    }

    fn value(model: &Forecaster) -> f32 {
        let weights = pollster::block_on(model.weights()).unwrap();
        weights.values().next().unwrap().values[0]
    }

    /// From 0: the first step keeps min(0.5, 2/11) of it, the second min(0.5, 3/12), the tenth 0.5 again.
    #[test]
    fn a_moving_average_starts_fast() {
        let rule = WeightAveraging::Ema { decay: 0.5 };
        let mut average = WeightAverage::new(rule, constant(0.0));
        assert!(average.candidate().is_none());
        average.add_step(&constant(1.0));
        let first = 1.0 - 2.0 / 11.0;
        assert!((value(&average.candidate().unwrap()) - first).abs() < 1e-6);
        average.add_step(&constant(0.0));
        assert!((value(&average.candidate().unwrap()) - first * 0.25).abs() < 1e-6);
        average.add_validation(&constant(9.0));
        assert!((value(&average.candidate().unwrap()) - first * 0.25).abs() < 1e-6);
    }

    /// 1, 2 and 6 have the mean 3; one point alone is the current weights.
    #[test]
    fn a_mean_weighs_every_validation_alike() {
        let mut average = WeightAverage::new(WeightAveraging::Epochs, constant(7.0));
        average.add_step(&constant(5.0));
        average.add_validation(&constant(1.0));
        assert!(average.candidate().is_none());
        average.add_validation(&constant(2.0));
        average.add_validation(&constant(6.0));
        assert!((value(&average.candidate().unwrap()) - 3.0).abs() < 1e-6);

        let (points, weights) = pollster::block_on(average.state()).unwrap();
        let restored = WeightAverage::new(WeightAveraging::Epochs, constant(0.0));
        let restored = restored.with_state(points, weights).unwrap();
        assert_eq!(
            value(&restored.candidate().unwrap()),
            value(&average.candidate().unwrap())
        );
    }

    #[test]
    fn without_an_average_there_is_no_candidate() {
        let mut average = WeightAverage::new(WeightAveraging::None, constant(0.0));
        average.add_step(&constant(1.0));
        average.add_validation(&constant(1.0));
        average.add_validation(&constant(2.0));
        assert!(average.candidate().is_none());
        assert!(pollster::block_on(average.state()).unwrap().1.is_empty());
    }
}
